package controlplane

import (
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/controlplane/internal/outgoing"
)

// An attachment that is waited for too long ends, or a stream goes on with it. It does
// not end under a stream that has it.
func TestAttachment_ExpiresOrIsTakenOver(t *testing.T) {
	for range 2000 {
		a, st := &attachment{}, &stream{}
		a.lost = time.Now().Add(-time.Minute)
		var taken, over bool
		var both sync.WaitGroup
		both.Go(func() { _, taken = a.take(st) })
		both.Go(func() { over = a.expire(time.Now(), time.Minute) })
		both.Wait()
		if taken == over {
			t.Fatalf("taken over: %v, ended: %v", taken, over)
		}
	}
	a := &attachment{}
	a.lost = time.Now()
	if a.expire(a.lost.Add(time.Minute-1), time.Minute) {
		t.Error("it ended early")
	}
}

// A stream that takes an attachment over at the moment in which something is left out ends, or does not get it.
func TestAttachment_OverflowsOrIsTakenOver(t *testing.T) {
	for range 2000 {
		a, st := &attachment{}, &stream{ending: ending{done: make(chan struct{})}}
		a.out = outgoing.New(func() {}, func() {})
		var taken bool
		var both sync.WaitGroup
		both.Go(func() { _, taken = a.take(st) })
		both.Go(a.overflow)
		both.Wait()
		if taken && !st.over() {
			t.Fatal("a stream goes on that misses something")
		}
	}
}
