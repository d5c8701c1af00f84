package replay

import (
	"errors"
	"testing"
	"time"
)

func TestShelf_BooksOfOwnersAreBounded(t *testing.T) {
	s := NewShelf[int](Limits{Keys: 10, Bytes: 100, Waiters: 1, Age: time.Minute}, 2)
	now := time.Now()
	ann, err := s.book(Owner{Identity: "id", Group: "a"}, now)
	if err != nil {
		t.Fatal(err)
	}
	if first, err := ann.Begin("k", now, nil); !first || err != nil {
		t.Fatal(first, err)
	}
	ann.Finish("k", 1, 1, true, now)
	bob, err := s.book(Owner{Identity: "id", Group: "b"}, now)
	if err != nil || bob == ann {
		t.Fatal("owners share a book", err)
	}
	if first, _ := bob.Begin("k", now, nil); !first {
		t.Error("a key of another owner")
	}
	third := Owner{Identity: "other"}
	if _, err := s.book(third, now); !errors.Is(err, ErrBusy) {
		t.Errorf("a third owner: %v", err)
	}
	if again, err := s.book(Owner{Identity: "id", Group: "a"}, now); err != nil || again != ann {
		t.Errorf("a known owner: %v", err)
	}
	// What ann's book keeps is too old by now; bob's command has no end yet.
	now = now.Add(2 * time.Minute)
	if _, err := s.book(third, now); err != nil {
		t.Errorf("after a book was emptied: %v", err)
	}
	if again, err := s.book(Owner{Identity: "id", Group: "b"}, now); err != nil || again != bob {
		t.Errorf("one that is in use was thrown away: %v", err)
	}
}

// A command gets the book of its owner; before it begins, another owner needs the room.
// The next command of the owner would not find it in that book.
func TestShelf_KeyIsNotBegunInABookThatMadeRoom(t *testing.T) {
	s := NewShelf[int](Limits{Keys: 10, Bytes: 100, Waiters: 1, Age: time.Minute}, 1)
	now := time.Now()
	ann := Owner{Identity: "ann"}
	book, err := s.book(ann, now)
	if err != nil {
		t.Fatal(err)
	}
	bobs, _, err := s.Begin(Owner{Identity: "bob"}, "k", now, nil)
	if err != nil {
		t.Fatal(err)
	}
	if first, err := book.Begin("k", now, nil); first || !errors.Is(err, errRetired) {
		t.Errorf("in a book that made room: first %v, %v", first, err)
	}
	bobs.Finish("k", 1, 1, false, now)
	if again, first, err := s.Begin(ann, "k", now, nil); again == book || !first || err != nil {
		t.Errorf("the next try: first %v, %v", first, err)
	}
}
