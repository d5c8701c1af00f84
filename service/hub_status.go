package service

import (
	"cmp"
	"slices"
	"time"
)

// HubStatus is what this process knows of a hub, or of an address at which there may be
// one.
type HubStatus struct {
	// HubID is the hub that was there last. Empty when there never was one.
	HubID string
	// Address is where it is dialled: one that was configured, that a name resolved to, or
	// that a hub has told.
	Address string
	// Attached is true while there is a stream.
	Attached bool
	// Home is true for the hub that gets the commands made outside of handlers.
	Home bool
	// Since is when Attached changed last. Zero when it never did.
	Since time.Time
	// Err is why there is no stream. Nil while there is one, and after a clean end.
	Err error
}

// Hubs returns the hubs to which this process is attached, and those which it tries to
// reach, by their addresses. It may be called at the same time.
func (s *Service) Hubs() []HubStatus {
	home := s.line.home.Load()
	all := s.hubs.status()
	for i := range all {
		all[i].Home = all[i].Attached && home != nil && home.att.peer.hubID == all[i].HubID
	}
	slices.SortFunc(all, func(a, b HubStatus) int { return cmp.Compare(a.Address, b.Address) })
	return all
}

// see changes what Hubs tells of a link.
func (h *hubs) see(l *link, change func(*HubStatus)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.views[l]
	if v == nil {
		v = &HubStatus{Address: l.address}
		h.views[l] = v
	}
	before := v.Attached
	if change(v); v.Attached != before {
		v.Since = time.Now()
	}
}

func (h *hubs) status() (all []HubStatus) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range h.views {
		all = append(all, *v)
	}
	return all
}
