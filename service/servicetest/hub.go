package servicetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service"
)

// Patience is how long methods wait for the service before they fail the test.
const Patience = 10 * time.Second

// Hub is a hub in memory with one service attached.
type Hub struct {
	tb  testing.TB
	svc *service.Service

	mu      sync.Mutex    // guards the fields below, and all that hangs on them
	changed chan struct{} // closed and replaced with each change
	stream  *stream       // of the service; nil while there is none
	sockets map[string]*socket
	ledger  ledger                   // what is not settled
	serial  uint64                   // of everything that has a number
	results map[string]*hubv1.Result // by idempotency key

	subscriptions subscriptions
}

// New runs the service against a hub of its own, and waits until it is attached.
// The service must not have run before; it is closed when the test ends.
func New(tb testing.TB, svc *service.Service) *Hub {
	tb.Helper()
	return NewWithContext(context.Background(), tb, svc)
}

// NewWithContext is New with the context that Run gets: its values reach the
// handlers, and its end ends the service.
func NewWithContext(ctx context.Context, tb testing.TB, svc *service.Service) *Hub {
	tb.Helper()
	h := &Hub{
		tb: tb, svc: svc, changed: make(chan struct{}),
		sockets: map[string]*socket{}, results: map[string]*hubv1.Result{},
	}
	h.ledger.hub = h
	ended := make(chan error, 1)
	go func() { ended <- svc.RunOn(ctx, conn{h}) }()
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
	return h
}

// Cut ends the service's stream as a broken connection does, and returns once the
// service has come back by itself. It gets again what it had not settled.
func (h *Hub) Cut() {
	h.tb.Helper()
	h.mu.Lock()
	lost := h.stream
	if lost != nil {
		lost.loseLocked(errCut)
	}
	h.mu.Unlock()
	back := func() bool { return h.stream != nil && h.stream != lost }
	if err := h.until(context.Background(), back); err != nil {
		h.tb.Errorf("servicetest: the service did not come back: %v", err)
	}
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
		text += fmt.Sprintf("\n\t%s of %s, try %d, in flight: %v", d.what(), d.socket.name(), d.attempt, d.seq != 0)
	}
	return text
}

var errPatience = errors.New("nothing happened for too long")
