package service

import (
	"context"
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// fact is a room that has sockets, or a user who has some.
type fact struct {
	user            bool // name is a user's, not a room's
	namespace, name string
}

// lane is that of the handlers which hear of the fact.
func (f fact) lane() string {
	if f.user {
		return "\x00user " + f.namespace + " " + f.name
	}
	return "\x00room " + f.namespace + " " + f.name
}

// facts sum up what each hub tells of its own sockets: the program hears of the first
// hub that has a room or a user, and of the last that has none any more.
type facts struct {
	svc *Service

	// mu guards the fields below. It is held while handlers are queued, so that what two
	// hubs tell at the same time is heard in the order in which it was summed up.
	mu    sync.Mutex
	byHub map[string]map[fact]int // the round of the hub in which it was told last
	hubs  map[fact]int            // how many hubs have it
}

func newFacts(svc *Service) *facts {
	return &facts{svc: svc, byHub: map[string]map[fact]int{}, hubs: map[fact]int{}}
}

// set notes that a hub has it, in a round of attachments.
func (s *facts) set(hub string, round int, f fact) (dropped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.byHub[hub]
	if of == nil {
		of = map[fact]int{}
		s.byHub[hub] = of
	}
	_, known := of[f]
	of[f] = round
	if known {
		return 0
	}
	if s.hubs[f]++; s.hubs[f] == 1 {
		return s.svc.hearOf(f, hub, true)
	}
	return 0
}

// clear notes that a hub has it no more.
func (s *facts) clear(hub string, f fact) (dropped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clearLocked(hub, f)
}

func (s *facts) clearLocked(hub string, f fact) (dropped int) {
	of := s.byHub[hub]
	if _, known := of[f]; !known {
		return 0
	}
	if delete(of, f); len(of) == 0 {
		delete(s.byHub, hub)
	}
	if s.hubs[f]--; s.hubs[f] > 0 {
		return 0
	}
	delete(s.hubs, f)
	return s.svc.hearOf(f, hub, false)
}

// sweep takes out what a hub has not told in this round: it has told all.
func (s *facts) sweep(hub string, round int) (dropped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for f, told := range s.byHub[hub] {
		if told != round {
			dropped += s.clearLocked(hub, f)
		}
	}
	return dropped
}

// lose takes out everything of a hub that is lost.
func (s *facts) lose(hub string) { s.svc.countDropped(s.sweep(hub, -1)) }

// hearOf runs the handlers that hear of a fact, and returns how many had no room.
func (s *Service) hearOf(f fact, hub string, there bool) (dropped int) {
	for _, n := range s.registry.within(f.namespace) {
		for _, run := range n.handlers.hearing(f, hub, there) {
			if !s.tell(f.lane(), n, nil, run) {
				dropped++
			}
		}
	}
	return dropped
}

// hearing are the handlers of a fact.
func (h *handlers) hearing(f fact, hub string, there bool) (run []func(context.Context) error) {
	if f.user {
		heard := h.absent
		if there {
			heard = h.present
		}
		if heard == nil {
			return nil
		}
		user := &UserPresence{Namespace: f.namespace, User: f.name, HubID: hub}
		return append(run, func(ctx context.Context) error { return heard(ctx, user) })
	}
	room := &RoomPresence{Namespace: f.namespace, Room: f.name, HubID: hub}
	for _, o := range h.occupancy {
		if o.occupied == there && o.wants(f.name) {
			run = append(run, func(ctx context.Context) error { return o.run(ctx, room) })
		}
	}
	return run
}

// fact takes what a hub tells of a room or a user.
func (a *attachment) fact(f fact, there bool) {
	if there {
		a.svc.countDropped(a.svc.facts.set(a.peer.hubID, a.peer.current(), f))
		return
	}
	a.svc.countDropped(a.svc.facts.clear(a.peer.hubID, f))
}

func roomFact(r *hubv1.RoomPresence) fact {
	return fact{namespace: r.GetNamespace(), name: r.GetRoom()}
}

func userFact(u *hubv1.UserPresence) fact {
	return fact{user: true, namespace: u.GetNamespace(), name: u.GetUser()}
}
