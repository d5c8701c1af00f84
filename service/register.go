package service

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// registry is what handlers were registered for. It is written before Run, and only
// read afterwards.
type registry struct {
	namespaces map[string]*Namespace
	observers  []*observer
	introduced func(hubID string)
	problems   []error // what was wrong about registrations

	// Set by build: what the hello asks for, and what comes of it by Subscription.id,
	// which counts from 1.
	asked []*hubv1.Subscription
	byID  []*subscription
}

// find returns the subscription that something was delivered for, nil for one that
// was never asked for.
func (r *registry) find(id uint32) *subscription {
	if id == 0 || int(id) > len(r.byID) {
		return nil
	}
	return r.byID[id-1]
}

// problem keeps a wrong registration for Run to return: handlers are registered
// in places where nobody looks at errors.
func problem(n *Namespace, format string, args ...any) {
	r := &n.svc.registry
	r.problems = append(r.problems, &ConfigError{
		Field:   fmt.Sprintf("namespace %q", n.name),
		Problem: fmt.Sprintf(format, args...),
	})
}

// decide registers who decides about connect attempts.
func decidedBy(n *Namespace, what string, set func()) *Namespace {
	if n.decision != "" {
		problem(n, "%s after %s: one of them decides who gets in", what, n.decision)
	}
	n.decision = what
	set()
	return n
}

// occupancy registers who hears of rooms.
func registerRooms(n *Namespace, h *occupancyHandler, patterns []string) *Namespace {
	if h.run == nil {
		problem(n, "the handler of rooms is nil")
	}
	if len(patterns) == 0 {
		patterns = []string{"*"}
	}
	if len(patterns) > maxEventsPerSubscr {
		problem(n, "%d room patterns, at most %d", len(patterns), maxEventsPerSubscr)
	}
	h.patterns = patterns
	n.handlers.occupancy = append(n.handlers.occupancy, h)
	return n
}

func validName(name string) bool {
	return name != "" && len(name) <= maxNameBytes && utf8.ValidString(name)
}

func registerEvent(n *Namespace, event string, run Handler, options []HandlerOption) {
	prefix, isPrefix := strings.CutSuffix(event, "*")
	h := &handler{pattern: event, run: run}
	for _, option := range options {
		option.apply(h)
	}
	switch {
	case run == nil:
		problem(n, "the handler of event %q is nil", event)
	case !validName(event):
		problem(n, "event %q: a name has 1 to %d bytes of UTF-8", event, maxNameBytes)
	case strings.Contains(prefix, "*"):
		problem(n, "event %q: `*` stands at the end", event)
	case reservedEvent(event):
		problem(n, "event %q is Socket.IO's own: use OnConnect, OnConnected and OnDisconnect", event)
	case registeredEvent(n, event):
		problem(n, "event %q has two handlers", event)
	}
	if isPrefix {
		n.handlers.prefixes = append(n.handlers.prefixes, h)
		return
	}
	n.handlers.exact[event] = h
}

func registeredEvent(n *Namespace, event string) bool {
	same := func(h *handler) bool { return h.pattern == event }
	return n.handlers.exact[event] != nil || slices.ContainsFunc(n.handlers.prefixes, same)
}

func reservedEvent(name string) bool {
	switch name {
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return true
	}
	return false
}

// build checks everything that was registered, and makes subscriptions of it.
func (r *registry) build(answerFailures bool) error {
	for _, n := range r.sorted() {
		checkNamespace(n)
		if answerFailures && !registeredEvent(n, "*") {
			n.unheard = &handler{pattern: "*", run: unhandledEvent}
		}
	}
	for _, o := range r.observers {
		if o.problem != nil {
			r.problems = append(r.problems, o.problem)
		}
	}
	if len(r.problems) > 0 {
		return r.problems[0]
	}
	r.asked, r.byID = nil, nil
	for _, n := range r.sorted() {
		subscribe(r, n)
	}
	for _, o := range r.observers {
		r.add(o.subscription(), &subscription{observer: o})
	}
	if n := len(r.asked); n > maxSubscriptions {
		return &ConfigError{Field: "namespaces", Problem: fmt.Sprintf("%d subscriptions, at most %d", n, maxSubscriptions)}
	}
	return nil
}

func (r *registry) add(asked *hubv1.Subscription, s *subscription) {
	r.byID = append(r.byID, s)
	asked.Id = uint32(len(r.byID))
	r.asked = append(r.asked, asked)
}

func (r *registry) sorted() []*Namespace {
	return slices.SortedFunc(maps.Values(r.namespaces), func(a, b *Namespace) int { return cmp.Compare(a.name, b.name) })
}

func checkNamespace(n *Namespace) {
	if wrong := wrongPattern(n.name); wrong != "" {
		problem(n, "%s", wrong)
	}
	switch {
	case n.decision == "":
		problem(n, "it is not said who decides about connect attempts: call OnConnect to decide here, "+
			"AllowAnyone to let every browser in, or AuthorizedElsewhere when another service decides "+
			"(to emit into a namespace that is not handled here, use In)")
	case n.decision == "OnConnect" && n.handlers.connect == nil:
		problem(n, "the handler given to OnConnect is nil")
	case n.decision == "AuthorizedElsewhere" && n.handlers.expiring != nil:
		problem(n, "OnAuthExpiring after AuthorizedElsewhere: who decides renews")
	}
	for _, d := range []struct {
		name     string
		value    time.Duration
		low, top time.Duration
	}{
		{"SettleTimeout", n.terms.settleTimeout, time.Second, time.Hour},
		{"DecisionTimeout", n.terms.decisionTimeout, time.Second, time.Minute},
		{"DisconnectGrace", n.terms.disconnectGrace, 0, 5 * time.Minute},
	} {
		if d.value != 0 && (d.value < d.low || d.value > d.top) {
			problem(n, "%s of %v: %v to %v", d.name, d.value, d.low, d.top)
		}
	}
}

// wrongPattern says what is wrong about a namespace or its pattern; empty means
// nothing.
func wrongPattern(name string) string {
	switch plain := strings.TrimSuffix(name, "/*"); {
	case name == "*":
		return ""
	case len(name) > maxNamespaceBytes || !utf8.ValidString(name):
		return fmt.Sprintf("a name has at most %d bytes of UTF-8", maxNamespaceBytes)
	case !strings.HasPrefix(name, "/"):
		return "a name begins with a slash"
	case strings.ContainsAny(plain, "*,?"):
		return "`*` is allowed as the whole last segment, `,` and `?` not at all"
	}
	return ""
}
