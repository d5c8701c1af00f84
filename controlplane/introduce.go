package controlplane

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/hub"
)

// rollScope says in which namespaces of a group the live sockets are introduced.
type rollScope uint8

const (
	rollAnew rollScope = iota // where the group asks for it, anew or of what moves
	rollAll                   // in all
)

// introducing finds the live sockets that a group has to be introduced to.
type introducing struct {
	roster *roster
	log    *slog.Logger
	hub    *hub.Hub // set by Bind
}

// callRoll starts to introduce the live sockets to a group. A call for all that is not over yet stays one for all.
func (i *introducing) callRoll(g *group, scope rollScope) {
	if g.roll.Pends() && g.rollsAll.Load() {
		scope = rollAll
	}
	sockets := i.liveSockets(i.handledBy(g, scope))
	g.rollsAll.Store(scope == rollAll)
	g.roll.Call(sockets)
}

// handledBy are the namespace patterns that a group handles.
func (i *introducing) handledBy(g *group, scope rollScope) (patterns []string) {
	for _, c := range i.roster.claimsOf(g) {
		if c.Role == route.Handler && (scope == rollAll || c.Policy.anew || c.Policy.moved) {
			patterns = append(patterns, c.Namespace)
		}
	}
	return patterns
}

// liveSockets are the sockets of namespaces, those who have been there for the longest
// first.
func (i *introducing) liveSockets(patterns []string) (sockets []*hub.Socket) {
	for namespace := range i.hub.Stats().Sockets {
		if !slices.ContainsFunc(patterns, func(p string) bool { return route.Match(p, namespace) }) {
			continue
		}
		live, err := i.hub.FetchSockets(hub.Target{Namespace: namespace, All: true})
		if err != nil {
			i.log.Warn("live sockets cannot be introduced", "namespace", namespace, "error", err)
		}
		sockets = append(sockets, live...)
	}
	slices.SortStableFunc(sockets, func(a, b *hub.Socket) int {
		if by := a.ConnectTime().Compare(b.ConnectTime()); by != 0 {
			return by
		}
		return strings.Compare(a.ID(), b.ID())
	})
	return sockets
}

// introduceAll begins to tell an instance that has just said hello who is there. Anew
// says that the sockets it held are lost to it.
func (a *attachment) introduceAll(roll, anew bool) {
	switch {
	case anew:
		a.srv.callRoll(a.group, rollAll)
	case roll:
		a.srv.callRoll(a.group, rollAnew)
	}
	a.introduceAgain()
}

// introduceAgain tells an instance that has just said hello what it asks for of rooms and
// users, and when all have been introduced. One that resumed knows the most already.
func (a *attachment) introduceAgain() {
	a.srv.listeners.Begin(a.facts, subscriptionsOf(a.claims), a.srv.hub)
	a.introducing.Store(true)
	a.introduceSome()
}

// introduceSome introduces live sockets to the group, as far as the instance has room,
// and says when all have been told. It is called after each envelope, for settlements
// make room, and by the sender when little waits.
func (a *attachment) introduceSome() {
	if !a.introducing.Load() && !a.group.roll.Pends() {
		return
	}
	lease := a.lease.Load()
	for a.group.roll.Pends() && lease.Room() {
		sockets := a.group.roll.Next()
		if len(sockets) == 0 {
			break // somebody else is about the last ones
		}
		t, all := a.srv.routes.table.Load(), a.group.rollsAll.Load()
		for _, hs := range sockets {
			// Without a tag the socket is just joining, and introduces itself.
			if so, ok := hs.Tag().(*socket); ok {
				so.introduceTo(a.group, t, all)
			}
		}
		a.group.roll.Done()
	}
	if !a.introducing.Load() || !a.facts.TellSome() || a.group.roll.Pends() {
		return
	}
	if a.allTold(lease) && a.introducing.Swap(false) {
		a.out.Tell(contract.NoticeItem(&hubv1.Notice{Kind: hubv1.NoticeKind_NOTICE_KIND_INTRODUCED, Count: 1}))
	}
}

// lookPause is how long nobody looks again whether an introduction still waits.
const lookPause = 200 * time.Millisecond

// allTold reports whether no introduction of a live socket waits for the instance.
func (a *attachment) allTold(lease *dispatch.Attachment) bool {
	if a.interests.Load().Empty() {
		return true
	}
	if !lease.Room() || time.Since(a.since) < time.Duration(a.look.Load()) {
		return false
	}
	if lease.Introducing() {
		a.look.Store(int64(time.Since(a.since) + lookPause))
		return false
	}
	return true
}

// introduceTo introduces a socket to one group, if that still is a handler for it; unless all are meant, a group that does not
// want to hear anew is introduced where it was before.
func (s *socket) introduceTo(g *group, t *table, all bool) {
	for _, c := range t.View(s.hub.Namespace()).Handlers() {
		if c.Group != g {
			continue
		}
		if m := s.member(g); m != nil {
			m.lane.SetAnew(c.Policy.anew)
			switch {
			case !all && !c.Policy.anew:
				m.lane.Follow()
			case c.Policy.eager || m.lane.Known():
				m.lane.Introduce(true)
			}
		}
		return
	}
}
