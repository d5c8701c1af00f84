package service_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/service/servicetest/scenarios"
)

func TestScenarios_SeveralRealHubs(t *testing.T) {
	scenarios.RunSeveral(t, func(t *testing.T) scenarios.SeveralWorld {
		w := &severalWorld{}
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
}

func (w *severalWorld) Options() service.Options {
	var addresses []string
	for _, hub := range w.hubs {
		addresses = append(addresses, hub.hub.address)
	}
	return service.Options{Hub: strings.Join(addresses, ",")}
}

func (w *severalWorld) Run(t *testing.T, svc *service.Service) {
	w.hubs[0].Run(t, svc)
	w.svc = svc
	w.attached(t)
}

// attached waits until the service is attached to all.
func (w *severalWorld) attached(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(scenarios.Patience)
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
		if time.Now().After(deadline) {
			t.Fatalf("attached to %d hubs: %+v", n, w.svc.Hubs())
		}
		time.Sleep(time.Millisecond)
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
	port := h.address[strings.LastIndex(h.address, ":"):]
	svc := newService("chat", service.Options{
		Hub:   h.address + ",localhost" + port + ",dns:///localhost" + port,
		Trace: &service.Trace{Detached: func(_ string, err error) { detached <- err }},
	})
	svc.Namespace("/chat").AllowAnyone().On("x", func(_ context.Context, e *service.Event) error { return e.Reply(e.Attempt) })
	h.run(t, svc)
	alice := h.join(t, "")
	for range 50 {
		alice.Send(`42/chat,1["x"]`)
		alice.Expect("43/chat,1[1]")
		time.Sleep(time.Millisecond) // the other addresses are tried meanwhile
	}
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
