package pending

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

type item struct {
	name   string
	size   int64
	urgent bool
}

func (i item) Size() int64  { return i.size }
func (i item) Urgent() bool { return i.urgent }

func put(t *testing.T, q *Queue[item], names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := q.Put(item{name: name, size: 10}); err != nil {
			t.Fatal(name, err)
		}
	}
}

func names(items []item) (all []string) {
	for _, i := range items {
		all = append(all, i.name)
	}
	return all
}

func want(t *testing.T, q *Queue[item], bytes int64, all ...string) {
	t.Helper()
	if got := names(q.Waiting()); !slices.Equal(got, all) || q.Bytes() != bytes {
		t.Errorf("%v, %d bytes, want %v, %d", got, q.Bytes(), all, bytes)
	}
}

func TestQueue_IsBounded(t *testing.T) {
	q := New[item](30)
	put(t, q, "a", "b", "c")
	if bytes, err := q.Put(item{"d", 1, false}); !errors.Is(err, cluster.ErrFull) || bytes != 30 {
		t.Errorf("%d, %v", bytes, err)
	}
	if _, err := q.Put(item{"e", urgentBytes, true}); err != nil {
		t.Error("urgent:", err)
	}
	if _, err := q.Put(item{"f", 1, true}); !errors.Is(err, cluster.ErrFull) {
		t.Error("urgent, beyond its bound too:", err)
	}
	q.Done(4, nil)
	want(t, q, 0)
	put(t, q, "g")
}

// What failed comes first again, before what came meanwhile, and what the writer has looked at is not changed by it.
func TestQueue_WhatFailedComesFirst(t *testing.T) {
	q := New[item](1000)
	put(t, q, "a", "b", "c", "d")
	batch := q.Waiting()[:3]
	put(t, q, "e")
	q.Done(len(batch), batch[1:])
	want(t, q, 40, "b", "c", "d", "e")
	batch = q.Waiting()
	q.Done(len(batch), batch)
	put(t, q, "f")
	want(t, q, 50, "b", "c", "d", "e", "f")
	q.Done(2, nil)
	want(t, q, 30, "d", "e", "f")
	if left := names(q.Abandon()); !slices.Equal(left, []string{"d", "e", "f"}) {
		t.Errorf("left: %v", left)
	}
	want(t, q, 0)
}

func TestQueue_CloseWaitsUntilNothingWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[item](1000)
		put(t, q, "a", "b")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		q.Close(ctx)
		if ctx.Err() == nil {
			t.Fatal("something waits, and Close has not waited")
		}
		closed := make(chan struct{})
		for range 2 {
			go func() { q.Close(t.Context()); closed <- struct{}{} }()
		}
		synctest.Wait()
		if _, err := q.Put(item{"c", 1, true}); !errors.Is(err, cluster.ErrAway) {
			t.Error("after Close:", err)
		}
		q.Done(1, nil)
		synctest.Wait()
		select {
		case <-closed:
			t.Fatal("one waits yet")
		default:
		}
		q.Done(1, nil)
		<-closed
		<-closed
		q.Close(t.Context())
	})
}

// Who publishes waits while more than half of the bound does, unless it waits for the engine to come back.
func TestQueue_Behind(t *testing.T) {
	q := New[item](40)
	q.Connected(true)
	put(t, q, "a", "b")
	if q.Behind() != nil {
		t.Error("behind with half of it")
	}
	put(t, q, "c")
	behind := q.Behind()
	if behind == nil {
		t.Fatal("not behind")
	}
	q.Connected(false)
	<-behind
	if q.Behind() != nil {
		t.Error("behind while the engine is away")
	}
	q.Connected(true)
	behind = q.Behind()
	q.Done(1, nil)
	<-behind
}
