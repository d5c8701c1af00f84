package replay

import (
	"errors"
	"sync"
	"time"

	"github.com/siohub/siohub/controlplane/internal/park"
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
	budget *park.Budget // of the answers in all books

	mu    sync.Mutex // guards the fields below; taken before the lock of a book
	books map[Owner]*Book[T]
	swept time.Time // when all books were looked through for what is too old
}

// NewShelf returns an empty shelf for that many books, with that many bytes in all.
func NewShelf[T any](limits Limits, most int, bytes int64) *Shelf[T] {
	return &Shelf[T]{limits: limits, most: most, budget: park.NewBudget(bytes), books: make(map[Owner]*Book[T])}
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

// book is the book of an owner. Now and then, and at the limit, the books in which
// nothing is kept any more make room.
//
// Errors: ErrBusy when there are too many others.
func (s *Shelf[T]) book(o Owner, now time.Time) (*Book[T], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.swept) >= s.limits.Age {
		s.sweep(now)
	}
	if b := s.books[o]; b != nil {
		return b, nil
	}
	if len(s.books) >= s.most {
		s.sweep(now)
	}
	if len(s.books) >= s.most {
		return nil, ErrBusy
	}
	b := &Book[T]{limits: s.limits, shelf: s, byKey: make(map[string]*page[T])}
	s.books[o] = b
	return b, nil
}

// sweep forgets what is too old in all books. The caller holds mu.
func (s *Shelf[T]) sweep(now time.Time) {
	s.swept = now
	for owner, b := range s.books {
		if b.retire(now) {
			delete(s.books, owner)
		}
	}
}

// take reserves bytes for an answer. If they do not fit, the oldest answers of the owner
// that has the most are forgotten. It reports false if that does not help either.
func (s *Shelf[T]) take(size int, now time.Time) bool {
	bytes := int64(size)
	if s.budget.Take(bytes) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	for !s.budget.Take(bytes) {
		var fullest *Book[T]
		most := 0
		for _, b := range s.books {
			if n := b.size(); n > most {
				fullest, most = b, n
			}
		}
		if fullest == nil {
			return false
		}
		fullest.shrink(size)
	}
	return true
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

// size is how many bytes the answers have.
func (b *Book[T]) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes
}

// shrink forgets the oldest answers, that many bytes of them if there are so many.
func (b *Book[T]) shrink(bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for target := b.bytes - bytes; b.bytes > target && len(b.order) > 0; {
		b.evict()
	}
}
