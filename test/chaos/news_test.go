package chaos_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/chaos"
)

// publisher emits `news` through one hub, numbered, to one browser there and one at another hub.
type publisher struct {
	conn       *grpc.ClientConn
	near, far  *browser
	cancel     context.CancelFunc
	publishing sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	last   int
	failed error
	slow   time.Duration // the longest that a command has taken
}

// newsEvery is the time from one to the next.
const newsEvery = 5 * time.Millisecond

func (c *cluster) publish(from, to *node) *publisher {
	t := c.t
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+from.control, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	p := &publisher{conn: conn}
	for at, b := range map[*node]**browser{from: &p.near, to: &p.far} {
		if *b, err = dialFor(t.Context(), at.address, 0, time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	t.Cleanup(func() {
		p.stop()
		_ = conn.Close()
		_, _ = p.near.leave(), p.far.leave()
	})
	p.publishing.Go(func() {
		for wait(ctx, newsEvery) {
			p.say()
		}
	})
	return p
}

// stop ends it, and returns how many there were.
func (p *publisher) stop() int {
	p.cancel()
	p.publishing.Wait()
	return p.number()
}

func (p *publisher) number() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// say emits the next number.
func (p *publisher) say() {
	n := p.number() + 1
	begun := time.Now()
	r, err := hubv1.NewControlServiceClient(p.conn).Execute(context.Background(), &hubv1.ExecuteRequest{Commands: []*hubv1.Command{{
		Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{
			Target: &hubv1.Target{Namespace: chaos.Namespace, Rooms: []string{p.near.sid, p.far.sid}},
			Event:  "news", Payload: &hubv1.Payload{Args: fmt.Appendf(nil, "[%d]", n)},
		}},
	}}})
	if err == nil && (len(r.GetResults()) != 1 || r.GetResults()[0].GetStatus().GetCode() != 0) {
		err = fmt.Errorf("%v", r)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.slow = n, max(p.slow, time.Since(begun))
	if err != nil {
		p.failed = err
	}
}

// got is the last number that a browser has seen.
func got(b *browser) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.news) == 0 {
		return 0
	}
	return b.news[len(b.news)-1]
}

// reaches waits until something that is published from now on has arrived at the other hub.
func (p *publisher) reaches(t *testing.T, what string) (took time.Duration) {
	t.Helper()
	begun, from := time.Now(), p.number()+1
	eventually(t, what, func() error {
		if last := got(p.far); last < from {
			return fmt.Errorf("%d in place of %d", last, from)
		}
		return nil
	})
	return time.Since(begun)
}

// judge holds what has come against what was published: in order in any case, and whole at the hub itself, and at the other one
// where nothing may be lost. It returns how much was lost.
func (p *publisher) judge(t *testing.T, lossless bool) (lost int) {
	t.Helper()
	n := p.stop()
	eventually(t, "the last news", func() error {
		if near, far := got(p.near), got(p.far); near < n || far < n && lossless {
			return fmt.Errorf("%d and %d of %d", near, far, n)
		}
		return nil
	})
	if p.failed != nil {
		t.Errorf("a command failed: %v", p.failed)
	}
	for who, b := range map[string]*browser{"here": p.near, "at the other hub": p.far} {
		b.mu.Lock()
		all := slices.Clone(b.news)
		b.mu.Unlock()
		for i := range all[1:] {
			if all[i+1] <= all[i] {
				t.Errorf("%s %d came after %d", who, all[i+1], all[i])
			}
		}
		missing := n - len(all)
		if missing != 0 && (b == p.near || lossless) {
			t.Errorf("%s %d of %d were lost", who, missing, n)
		}
		lost = max(lost, missing)
	}
	return lost
}
