package engineio

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"
)

func TestRegistry_DrawsAgainOnCollision(t *testing.T) {
	r := newRegistry(0, "")
	one, two := bytes.Repeat([]byte{1}, idBytes), bytes.Repeat([]byte{2}, idBytes)
	r.random = bytes.NewReader(append(append(append([]byte{}, one...), one...), two...))
	a, b := new(Session), new(Session)
	if !r.add(a) || !r.add(b) || a.id == b.id {
		t.Fatalf("%q %q", a.id, b.id)
	}
	if r.find(a.id) != a || r.find(b.id) != b || r.count.Load() != 2 {
		t.Error("not found")
	}
}

func TestRegistry_RemoveIsForOneself(t *testing.T) {
	r := newRegistry(1, "")
	a := new(Session)
	if !r.add(a) || r.add(new(Session)) {
		t.Fatal("limit")
	}
	r.remove(&Session{id: a.id})
	r.remove(a)
	r.remove(a)
	if n := r.count.Load(); n != 0 {
		t.Errorf("count %d", n)
	}
}

func TestRegistry_ClosedSessionIsUnknown(t *testing.T) {
	r := newRegistry(0, "")
	s := new(Session)
	r.add(s)
	s.state = closed
	if r.find(s.id) != nil {
		t.Error("found")
	}
}

func TestSession_Moves(t *testing.T) {
	for _, row := range []struct {
		from, to state
		ok       bool
	}{
		{open, upgrading, true}, {upgrading, open, true}, {open, closing, true}, {upgrading, closing, true},
		{open, closed, true}, {upgrading, closed, true}, {closing, closed, true},
		{open, open, false}, {closing, open, false}, {closing, upgrading, false}, {closing, closing, false},
		{closed, open, false}, {closed, upgrading, false}, {closed, closing, false}, {closed, closed, false},
	} {
		l := &life{state: row.from}
		if ok := l.moveLocked(row.to); ok != row.ok || !ok && l.state != row.from {
			t.Errorf("%d to %d: %v", row.from, row.to, ok)
		}
	}
}

func TestTasks_CountsPanicsAndWaits(t *testing.T) {
	var seen []any
	c := &tasks{onPanic: func(v any) { seen = append(seen, v) }}
	if err := c.wait(context.Background()); err != nil {
		t.Error(err)
	}
	block := make(chan struct{})
	c.start(func() { <-block; panic("one") })
	ctx, cancel := context.WithTimeoutCause(context.Background(), time.Millisecond, errors.New("enough"))
	defer cancel()
	if err := c.wait(ctx); err == nil || err.Error() != "enough" {
		t.Errorf("%v", err)
	}
	close(block)
	if err := c.wait(context.Background()); err != nil || len(seen) != 1 {
		t.Errorf("%v %v", err, seen)
	}
}
