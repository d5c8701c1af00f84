package redis

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
)

// TestStreams_TheLastWordIsTrue: what becomes reachable, in whatever order, makes the engine so.
func TestStreams_TheLastWordIsTrue(t *testing.T) {
	c, err := New(Config{Engine: Streams, URL: "redis://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	s := c.(*streamsEngine).streams
	in := s.in.(*subscriber)
	in.dial = func(ctx context.Context) (net.Conn, error) { // which only this test says to be there
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if err := c.Open(cluster.Self{ID: "00000000000000aa"}, &host{t: t}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(t.Context()) }()
	listens := func(up bool) {
		in.mu.Lock()
		in.up = up
		in.mu.Unlock()
		in.changed(up)
	}
	for range 2000 {
		var both sync.WaitGroup
		both.Go(func() { listens(true) })
		both.Go(func() { s.readable(true) })
		both.Wait()
		if !c.Status().Connected {
			t.Fatal("the subscriber listens, and the stream is read, and it is said not to be so")
		}
		both.Go(func() { listens(false) })
		both.Go(func() { s.readable(false) })
		both.Wait()
	}
}
