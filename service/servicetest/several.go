package servicetest

import (
	"context"
	"testing"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service"
)

// neighbourhood is what a hub has to do with others. Guarded by Hub.mu.
type neighbourhood struct {
	cutOff bool
	names  []string // of the others that are alive, as it says
}

// NewSeveral is New with several hubs, each with browsers of its own: a command reaches
// those of the hub that takes it. They are islands, which know nothing of each other, until
// TellHubs says otherwise.
func NewSeveral(tb testing.TB, svc *service.Service, count int, options ...Option) []*Hub {
	tb.Helper()
	hubs := make([]*Hub, 0, count)
	for range count {
		hubs = append(hubs, newHub(tb, svc, options))
	}
	run(context.Background(), tb, svc, hubs...)
	return hubs
}

// ID is the hub's id, as in [service.Socket.HubID]. Restart draws another one.
func (h *Hub) ID() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.id
}

// TellHubs lets the hub say that it and these others are alive, and nobody else. What it
// said of one before and says no more makes that one lost, once the service has no stream
// to it.
func (h *Hub) TellHubs(others ...*Hub) {
	names := make([]string, 0, len(others))
	for _, other := range others {
		if other != h {
			names = append(names, other.ID())
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.names = names
	factLocked(h, &hubv1.Notice{
		Kind: hubv1.NoticeKind_NOTICE_KIND_HUBS, Fact: &hubv1.Notice_Hubs{Hubs: &hubv1.Hubs{Hubs: namesLocked(h)}},
	})
}

// namesLocked are the hubs that are alive, as this one says.
func namesLocked(h *Hub) []*hubv1.HubInfo {
	all := []*hubv1.HubInfo{{Id: h.id}}
	for _, name := range h.names {
		all = append(all, &hubv1.HubInfo{Id: name})
	}
	return all
}

// CutOff breaks the service's connection, and lets no other through until Rejoin. The hub
// and its browsers go on.
func (h *Hub) CutOff() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cutOff = true
	if h.stream != nil {
		h.stream.call.queue = nil // was on its way
		h.stream.endLocked(errCut)
	}
}

// Rejoin ends CutOff, and waits until the service is attached.
func (h *Hub) Rejoin() {
	h.tb.Helper()
	h.mu.Lock()
	h.cutOff = false
	h.mu.Unlock()
	if err := h.until(context.Background(), func() bool { return h.stream != nil }); err != nil {
		h.tb.Errorf("servicetest: the service did not come back: %v", err)
	}
}

func isCutOff(h *Hub) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cutOff
}
