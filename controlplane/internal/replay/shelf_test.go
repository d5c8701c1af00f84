package replay

import (
	"errors"
	"testing"
	"time"
)

func TestShelf_BooksOfOwnersAreBounded(t *testing.T) {
	s := NewShelf[int](Limits{Keys: 10, Bytes: 100, Waiters: 1, Age: time.Minute}, 2, 1<<20)
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
	s := NewShelf[int](Limits{Keys: 10, Bytes: 100, Waiters: 1, Age: time.Minute}, 1, 1<<20)
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

func TestShelf_AnswersOfAllOwnersAreBounded(t *testing.T) {
	s := NewShelf[int](Limits{Keys: 10, Bytes: 100, Waiters: 1, Age: time.Minute}, 10, 250)
	now := time.Now()
	keep := func(owner, key string, size int) {
		t.Helper()
		b, first, err := s.Begin(Owner{Identity: owner}, key, now, nil)
		if !first || err != nil {
			t.Fatalf("%s %s: first %v, %v", owner, key, first, err)
		}
		b.Finish(key, 1, size, true, now)
		if used := s.budget.Used(); used > 250 {
			t.Errorf("%d bytes in 250", used)
		}
	}
	kept := func(owner, key string) (known bool) {
		t.Helper()
		b, first, err := s.Begin(Owner{Identity: owner}, key, now, func(int) { known = true })
		if err != nil {
			t.Fatal(err)
		}
		if first {
			b.Finish(key, 0, 0, false, now)
		}
		return known
	}
	keep("ann", "1", 40)
	keep("ann", "2", 60)
	keep("bob", "1", 90)
	keep("eve", "1", 50) // 240 of 250
	keep("eve", "2", 30)
	if kept("ann", "1") || !kept("ann", "2") || !kept("bob", "1") || !kept("eve", "1") || !kept("eve", "2") {
		t.Error("not the oldest of who had the most was forgotten")
	}
	// A shelf that has been quiet lets go of what is too old.
	now = now.Add(time.Minute)
	keep("joe", "1", 10)
	if used := s.budget.Used(); used != 10 || len(s.books) != 1 {
		t.Errorf("%d bytes in %d books after a minute", used, len(s.books))
	}
}
