package service_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/service/servicetest/scenarios"
)

func TestScenarios_SeveralRealHubs(t *testing.T) {
	scenarios.RunSeveral(t, func(t *testing.T) scenarios.SeveralWorld {
		w := &severalWorld{came: make(chan struct{}, 10_000)}
		for n := range w.hubs {
			w.hubs[n] = &world{hub: newRealHub(t, controlplane.Config{})}
		}
		return w
	})
}

// severalWorld is three real hubs that are islands.
type severalWorld struct {
	hubs [3]*world
	svc  *service.Service
	came chan struct{} // one element for each stream that opened
}

func (w *severalWorld) Options() service.Options {
	var addresses []string
	for _, hub := range w.hubs {
		addresses = append(addresses, hub.hub.address)
	}
	return service.Options{
		Hub:   strings.Join(addresses, ","),
		Trace: &service.Trace{Attached: func(string) { w.came <- struct{}{} }},
	}
}

func (w *severalWorld) Run(t *testing.T, svc *service.Service) {
	w.hubs[0].Run(t, svc)
	w.svc = svc
	w.attached(t)
}

// attached waits until the service is attached to all.
func (w *severalWorld) attached(t *testing.T) {
	t.Helper()
	timeout := time.After(scenarios.Patience)
	for {
		n := 0
		for _, h := range w.svc.Hubs() {
			if h.Attached {
				n++
			}
		}
		if n == len(w.hubs) {
			return
		}
		select {
		case <-w.came:
		case <-timeout:
			t.Fatalf("attached to %d hubs: %+v", n, w.svc.Hubs())
		}
	}
}

func (w *severalWorld) Connect(t *testing.T, hub int, namespace, auth string) (scenarios.Browser, error) {
	return w.hubs[hub].Connect(t, namespace, auth)
}

func (w *severalWorld) Cut(t *testing.T, hub int) { w.hubs[hub].Cut(t) }

func (w *severalWorld) CutOff(_ *testing.T, hub int) {
	w.hubs[hub].hub.listener.refuses.Store(true)
	w.hubs[hub].hub.listener.cut()
}

func (w *severalWorld) Rejoin(t *testing.T, hub int) {
	w.hubs[hub].hub.listener.refuses.Store(false)
	w.attached(t)
}

func (w *severalWorld) Replace(t *testing.T, hub int) { w.hubs[hub].Restart(t) }

// One of two addresses of a hub is enough, and the stream over it stays.
func TestRealHub_TwoAddressesOfOneHub(t *testing.T) {
	h := newRealHub(t, controlplane.Config{})
	detached := make(chan error, 10)
	rested := make(chan struct{}, 10)
	port := h.address[strings.LastIndex(h.address, ":"):]
	svc := newService("chat", service.Options{
		Hub:    h.address + ",localhost" + port + ",dns:///localhost" + port,
		Trace:  &service.Trace{Detached: func(_ string, err error) { detached <- err }},
		Logger: slog.New(notes{"the address is another one", rested}),
	})
	svc.Namespace("/chat").AllowAnyone().On("x", func(_ context.Context, e *service.Event) error { return e.Reply(e.Attempt) })
	h.run(t, svc)
	alice := h.join(t, "")
	alice.Send(`42/chat,1["x"]`)
	alice.Expect("43/chat,1[1]")
	<-rested
	alice.Send(`42/chat,2["x"]`)
	alice.Expect("43/chat,2[1]")
	attached := 0
	for _, hub := range svc.Hubs() {
		if hub.Attached {
			attached++
		}
	}
	if attached != 1 {
		t.Errorf("%+v", svc.Hubs())
	}
	select {
	case err := <-detached:
		t.Errorf("a stream was lost: %v", err)
	default:
	}
}

// notes is a log that counts lines which begin so.
type notes struct {
	prefix string
	seen   chan struct{}
}

func (notes) Enabled(context.Context, slog.Level) bool { return true }

func (n notes) Handle(_ context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, n.prefix) {
		select {
		case n.seen <- struct{}{}:
		default:
		}
	}
	return nil
}

func (n notes) WithAttrs([]slog.Attr) slog.Handler { return n }
func (n notes) WithGroup(string) slog.Handler      { return n }
