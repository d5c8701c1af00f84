package replay

import (
	"errors"
	"sync"
	"time"
)

// Owner is who the keys of a book belong to.
type Owner struct {
	Identity, Group string
}

// errRetired means that the book is no longer on its shelf.
var errRetired = errors.New("replay: the book is retired")

// Shelf has a book for each owner, at most that many. It is safe for concurrent use.
type Shelf[T any] struct {
	limits Limits
	most   int

	mu    sync.Mutex // guards books; taken before the lock of a book
	books map[Owner]*Book[T]
}

// NewShelf returns an empty shelf.
func NewShelf[T any](limits Limits, most int) *Shelf[T] {
	return &Shelf[T]{limits: limits, most: most, books: make(map[Owner]*Book[T])}
}

// Begin is Book.Begin in the book of an owner, which is where the first one calls Finish.
//
// Errors: ErrBusy; again is not called then.
func (s *Shelf[T]) Begin(o Owner, key string, now time.Time, again func(T)) (b *Book[T], first bool, err error) {
	for {
		b, err = s.book(o, now)
		if err != nil {
			return nil, false, err
		}
		if first, err = b.Begin(key, now, again); !errors.Is(err, errRetired) {
			return b, first, err
		}
		// It has made room for another owner in between.
	}
}

// book is the book of an owner. At the limit the books in which nothing is kept any
// more make room.
//
// Errors: ErrBusy when there are too many others.
func (s *Shelf[T]) book(o Owner, now time.Time) (*Book[T], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.books[o]; b != nil {
		return b, nil
	}
	if len(s.books) >= s.most {
		for owner, b := range s.books {
			if b.retire(now) {
				delete(s.books, owner)
			}
		}
	}
	if len(s.books) >= s.most {
		return nil, ErrBusy
	}
	b := NewBook[T](s.limits)
	s.books[o] = b
	return b, nil
}

// retire reports whether nothing is kept any more: then nothing may be begun either, for
// whoever has the book already would be alone with it.
func (b *Book[T]) retire(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expire(now)
	b.retired = len(b.byKey) == 0
	return b.retired
}
