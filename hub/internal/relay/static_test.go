package relay_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/internal/relay"
)

// static is a table of a hub that has only the addresses of others.
func static(t *testing.T, c *cluster, id string, addresses ...string) *relay.Static {
	t.Helper()
	secrets := c.nodes[0].secrets.Load()
	s := relay.NewStatic(relay.Dialer{HubID: id, Secrets: func() [][]byte { return *secrets }}, addresses, slog.New(slog.DiscardHandler))
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func TestStatic_LearnsWhoIsThere(t *testing.T) {
	c := newCluster(t, 2, options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	_ = l.Close()
	s := static(t, c, c.nodes[0].id, c.nodes[0].address, c.nodes[1].address, nobody)
	eventually(t, "both are known", func() bool {
		_, one := s.Locate(keyOf(c.nodes[0].id))
		p, other := s.Locate(keyOf(c.nodes[1].id))
		return one && other && p.Alive && p.Address == c.nodes[1].address
	})
	if all := s.All(); len(all) != 1 || all[0].ID != c.nodes[1].id { // the other one is itself
		t.Errorf("%+v", all)
	}
	_ = c.nodes[1].peers.Close()
	eventually(t, "one is gone", func() bool {
		p, known := s.Locate(keyOf(c.nodes[1].id))
		return known && !p.Alive && len(s.All()) == 0
	})
}

// A hub that has just started is found by its first session, and keys that somebody makes up cost no more than a round now and then.
func TestStatic_FindsAHubThatHasJustStarted(t *testing.T) {
	c := newCluster(t, 1, options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	go func() { // somebody who is no hub
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			asked.Add(1)
			_ = conn.Close()
		}
	}()
	s := static(t, c, "met", l.Addr().String(), c.nodes[0].address)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if p, ok := s.Find(ctx, keyOf(c.nodes[0].id)); !ok || p.ID != c.nodes[0].id {
		t.Errorf("%+v %v", p, ok)
	}
	begun := time.Now()
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if _, ok := s.Find(ctx, "zzzzzz"); ok {
				t.Error("found")
			}
		})
	}
	all.Wait()
	_ = l.Close()
	s.Close()
	if most := 3 + int(time.Since(begun)/(500*time.Millisecond)); int(asked.Load()) > most {
		t.Errorf("asked %d times, more than %d", asked.Load(), most)
	}
}

// A hub that starts just after everybody was asked is found all the same, and the one that was there before is not looked for.
func TestStatic_FindsAHubThatStartsAfterARound(t *testing.T) {
	c := newCluster(t, 2, options{})
	former, address := c.nodes[1].id, c.nodes[1].address
	s := static(t, c, "met", address)
	eventually(t, "it is known", func() bool { _, known := s.Locate(keyOf(former)); return known })
	_ = c.nodes[1].peers.Close()
	eventually(t, "it is gone", func() bool { p, _ := s.Locate(keyOf(former)); return !p.Alive })
	if p, ok := s.Find(t.Context(), keyOf(c.nodes[0].id)); ok { // a round, in vain
		t.Errorf("%+v", p)
	}
	through, err := net.Listen("tcp", address) // from now on the other one is there
	if err != nil {
		t.Skip(err) // somebody else has taken the port
	}
	defer through.Close()
	go pipe(through, c.nodes[0].address)
	if p, ok := s.Find(t.Context(), keyOf(c.nodes[0].id)); !ok || !p.Alive {
		t.Errorf("%+v %v", p, ok)
	}
	if p, ok := s.Find(t.Context(), keyOf(former)); ok {
		t.Errorf("%+v", p)
	}
}

// pipe leads connections to an address.
func pipe(from net.Listener, to string) {
	for {
		near, err := from.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", to)
		if err != nil {
			_ = near.Close()
			continue
		}
		go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
		go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
	}
}
