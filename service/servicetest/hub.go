package servicetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service"
)

// Patience is how long methods wait for the service before they fail the test.
const Patience = 10 * time.Second

// Hub is a hub in memory with one service attached.
type Hub struct {
	tb       testing.TB
	svc      *service.Service
	recovery time.Duration // how long browsers may be away; 0: not at all

	mu      sync.Mutex    // guards the fields below, and all that hangs on them
	id      string        // of this hub process; Restart begins another
	changed chan struct{} // closed and replaced with each change
	att     *attachment   // of the service; nil when the hub knows of none
	stream  *stream       // of the service; nil while there is none
	sockets map[string]*socket
	ledger  ledger // what is not settled
	serial  uint64 // of everything that has a number
	memory

	subscriptions    subscriptions
	streams, resumed int  // how many there were
	anew             bool // what the last hello said
	neighbourhood
}

// memory is what a hub process forgets when it ends. Guarded by Hub.mu.
type memory struct {
	results                map[string]*hubv1.Result           // by idempotency key
	later                  map[string]func(*hubv1.Settlement) // open acknowledgements by dedupe id
	roomCounts, userCounts map[key]int
	callees                []*callee
}

func newMemory(callees []*callee) memory {
	return memory{
		results: map[string]*hubv1.Result{}, later: map[string]func(*hubv1.Settlement){},
		roomCounts: map[key]int{}, userCounts: map[key]int{}, callees: callees,
	}
}

// Option changes a hub.
type Option func(*Hub)

// Recovery lets browsers that were lost ([Client.Lose]) take up their sessions ([Client.Return]) for so long, as a hub
// does with `recovery.enabled`. Without it they begin anew.
func Recovery(maxDuration time.Duration) Option {
	return func(h *Hub) { h.recovery = maxDuration }
}

// New runs the service against a hub of its own, and waits until it is attached.
// The service must not have run before; it is closed when the test ends.
func New(tb testing.TB, svc *service.Service, options ...Option) *Hub {
	tb.Helper()
	return NewWithContext(context.Background(), tb, svc, options...)
}

// NewWithContext is New with the context that Run gets: its values reach the
// handlers, and its end ends the service.
func NewWithContext(ctx context.Context, tb testing.TB, svc *service.Service, options ...Option) *Hub {
	tb.Helper()
	h := newHub(tb, svc, options)
	run(ctx, tb, svc, h)
	return h
}

func newHub(tb testing.TB, svc *service.Service, options []Option) *Hub {
	h := &Hub{
		tb: tb, svc: svc, id: "servicetest-" + rand.Text()[:8], changed: make(chan struct{}),
		sockets: map[string]*socket{}, memory: newMemory(nil), serial: mathrand.Uint64N(1<<20) << 32,
	}
	h.ledger.hub = h
	for _, option := range options {
		option(h)
	}
	return h
}

// run runs the service against hubs until the test ends, and waits until it is attached.
func run(ctx context.Context, tb testing.TB, svc *service.Service, hubs ...*Hub) {
	tb.Helper()
	conns := make([]grpc.ClientConnInterface, 0, len(hubs))
	for _, h := range hubs {
		conns = append(conns, conn{h})
	}
	ended := make(chan error, 1)
	go func() { ended <- svc.RunOn(ctx, conns...) }()
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		if err := svc.Close(ctx); err != nil {
			tb.Errorf("servicetest: the service did not close: %v", err)
		}
		if err := <-ended; err != nil && !tb.Failed() {
			tb.Errorf("servicetest: Run: %v", err)
		}
	})
	ready, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	if err := svc.Ready(ready); err != nil {
		if errors.Is(err, service.ErrClosed) { // Run knows why
			err = <-ended
			ended <- nil
		}
		tb.Fatalf("servicetest: the service did not attach: %v", err)
	}
	for _, h := range hubs {
		if err := h.until(ready, func() bool { return h.stream != nil }); err != nil {
			tb.Fatalf("servicetest: the service did not attach to every hub: %v", err)
		}
	}
}

// Cut breaks the service's connection, and returns once the service has come back by
// itself and taken up where it was: what was under way in either direction arrives, and
// nothing comes twice.
func (h *Hub) Cut() { h.reconnect(func() {}) }

// Drop breaks the service's connection as Cut does, and forgets the service besides, as
// a hub does after half a minute: what was not settled comes again, and commands without
// a result have an unknown outcome.
func (h *Hub) Drop() { h.reconnect(func() { forgetLocked(h) }) }

// Restart ends the hub, and lets the service find another one in its place: no browser
// is there, and what was not settled is lost.
func (h *Hub) Restart() {
	h.reconnect(func() {
		for _, d := range h.ledger.pending {
			if d.settled != nil {
				d.settled(nil)
			}
		}
		h.ledger.pending, h.att = nil, nil
		for _, s := range h.sockets {
			if s.state == open {
				s.client.reason = "transport close"
				s.client.stopTimers()
				s.client.forgetAcksLocked()
			}
			s.forgetLocked()
			s.state = gone
		}
		h.sockets = map[string]*socket{}
		h.id = "servicetest-" + rand.Text()[:8]
		h.memory = newMemory(h.callees)
		h.serial = mathrand.Uint64N(1<<20) << 32
	})
}

// reconnect breaks the connection, changes the hub, and waits for the service.
func (h *Hub) reconnect(change func()) {
	h.tb.Helper()
	h.mu.Lock()
	lost := h.stream
	if lost != nil {
		lost.call.queue = nil // was on its way
		lost.endLocked(errCut)
	}
	change()
	h.mu.Unlock()
	back := func() bool { return h.stream != nil && h.stream != lost }
	if err := h.until(context.Background(), back); err != nil {
		h.tb.Errorf("servicetest: the service did not come back: %v", err)
	}
}

// Drain tells the service that the hub is going to shut down. It does not.
func (h *Hub) Drain(reason string, deadline time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Drain{Drain: &hubv1.Drain{Reason: reason, Deadline: timestamppb.New(deadline)}}})
}

// Streams counts how often the service has attached, and how often of these it took up
// where it was.
func (h *Hub) Streams() (attached, resumed int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.streams, h.resumed
}

// Wait waits until everything that browsers did has been settled.
func (h *Hub) Wait() {
	h.tb.Helper()
	err := h.until(context.Background(), func() bool { return len(h.ledger.pending) == 0 })
	if err != nil {
		h.tb.Fatalf("servicetest: %s", h.describe("not settled", err))
	}
}

// until waits for a condition, which is looked at with mu held.
func (h *Hub) until(ctx context.Context, condition func() bool) error {
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	for {
		h.mu.Lock()
		met, changed := condition(), h.changed
		h.mu.Unlock()
		if met {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timeout.C:
			return errPatience
		}
	}
}

// changedLocked wakes everybody who waits for a condition.
func (h *Hub) changedLocked() {
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *Hub) nextLocked() uint64 {
	h.serial++
	return h.serial
}

// describe tells what is still waited for.
func (h *Hub) describe(what string, err error) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	text := fmt.Sprintf("%s: %v", what, err)
	for _, d := range h.ledger.pending {
		text += fmt.Sprintf("\n\t%s of %s, try %d, in flight: %v", d.what(), d.who(), d.attempt, d.seq != 0)
	}
	return text
}

var errPatience = errors.New("nothing happened for too long")
