package controlplanetest

import (
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// asides are what the hub says of the stream and of what the instance holds, beside the
// items that a test goes through one by one.
type asides struct {
	t testing.TB
	// introduced has an element for each NOTICE_KIND_INTRODUCED.
	introduced chan struct{}
	revoked    chan *hubv1.Revoked
	released   chan *hubv1.Released
	drains     chan *hubv1.Drain

	ended chan struct{}
	// Set before ended is closed.
	said *hubv1.Status // with Item.ended
	err  error         // how the stream ended
}

func newAsides(t testing.TB) asides {
	return asides{
		t: t, introduced: make(chan struct{}, 16), revoked: make(chan *hubv1.Revoked, 1<<12),
		released: make(chan *hubv1.Released, 1<<12), drains: make(chan *hubv1.Drain, 16), ended: make(chan struct{}),
	}
}

// Introduced waits for the notice that all live sockets have been told.
func (s *asides) Introduced() {
	s.t.Helper()
	select {
	case <-s.introduced:
	case <-s.ended:
		s.t.Fatalf("the stream has ended: %v", s.err)
	case <-time.After(patience):
		s.t.Fatal("not introduced")
	}
}

// Revoked waits for deliveries that are taken back.
func (s *asides) Revoked() *hubv1.Revoked {
	s.t.Helper()
	return await(s, s.revoked)
}

// Released waits for sockets that the instance has lost.
func (s *asides) Released() *hubv1.Released {
	s.t.Helper()
	return await(s, s.released)
}

// Drain waits until the hub says that it drains.
func (s *asides) Drain() (reason string, deadline time.Time) {
	s.t.Helper()
	d := await(s, s.drains)
	return d.GetReason(), d.GetDeadline().AsTime()
}

// Said waits for the end of the stream and returns what the hub said of it before.
func (s *asides) Said() *hubv1.Status {
	<-s.ended
	return s.said
}

// await waits for something that is told beside the items.
func await[T any](s *asides, from chan T) (v T) {
	s.t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		s.t.Fatal("nothing came")
	}
	return v
}
