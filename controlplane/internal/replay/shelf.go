package replay

import (
	"sync"
	"time"
)

// Owner is who the keys of a book belong to.
type Owner struct {
	Identity, Group string
}

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

// Book is the book of an owner. At the limit the books in which nothing is kept any
// more make room.
//
// Errors: ErrBusy when there are too many others.
func (s *Shelf[T]) Book(o Owner, now time.Time) (*Book[T], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.books[o]; b != nil {
		return b, nil
	}
	if len(s.books) >= s.most {
		for owner, b := range s.books {
			if b.empty(now) {
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

// empty reports whether nothing is kept any more.
func (b *Book[T]) empty(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expire(now)
	return len(b.byKey) == 0
}
