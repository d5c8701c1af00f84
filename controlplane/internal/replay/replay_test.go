package replay

import (
	"errors"
	"strconv"
	"testing"
	"time"
)

var limits = Limits{Keys: 3, Bytes: 100, Waiters: 2, Age: time.Minute}

func newBook(t *testing.T) *Book[string] {
	t.Helper()
	b, err := NewShelf[string](limits, 1, 1<<20).book(Owner{}, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func begin(t *testing.T, b *Book[string], key string, now time.Time) (first bool, again string) {
	t.Helper()
	first, err := b.Begin(key, now, func(s string) { again = s })
	if err != nil {
		t.Fatal(err)
	}
	return first, again
}

func TestBook_GivesTheFirstAnswerAgain(t *testing.T) {
	now := time.Unix(0, 0)
	b := newBook(t)
	if first, _ := begin(t, b, "k", now); !first {
		t.Fatal("not the first")
	}
	var waited string
	if first, _ := b.Begin("k", now, func(s string) { waited = s }); first {
		t.Fatal("twice the first")
	}
	b.Finish("k", "answer", 6, true, now)
	if waited != "answer" {
		t.Errorf("who waited got %q", waited)
	}
	if first, again := begin(t, b, "k", now.Add(59*time.Second)); first || again != "answer" {
		t.Errorf("first %v, again %q", first, again)
	}
	if first, _ := begin(t, b, "k", now.Add(time.Minute)); !first {
		t.Error("remembered for too long")
	}
}

func TestBook_ForgetsWhatIsNotKept(t *testing.T) {
	now := time.Unix(0, 0)
	b := newBook(t)
	begin(t, b, "k", now)
	b.Finish("k", "failed", 6, false, now)
	if first, _ := begin(t, b, "k", now); !first {
		t.Error("a failure was kept")
	}
}

func TestBook_IsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	b := newBook(t)
	for i := range 10 {
		key := strconv.Itoa(i)
		begin(t, b, key, now)
		b.Finish(key, key, 60, true, now)
		if b.Len() > 1 {
			t.Fatalf("%d answers of 60 bytes in 100", b.Len())
		}
	}
	for i := range 3 {
		begin(t, b, "open"+strconv.Itoa(i), now)
	}
	if _, err := b.Begin("one more", now, nil); !errors.Is(err, ErrBusy) {
		t.Errorf("four keys in three: %v", err)
	}
	b.Begin("open0", now, func(string) {})
	b.Begin("open0", now, func(string) {})
	if _, err := b.Begin("open0", now, nil); !errors.Is(err, ErrBusy) {
		t.Errorf("three wait in a room for two: %v", err)
	}
}
