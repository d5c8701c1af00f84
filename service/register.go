package service

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

type introduction = hubv1.Introduction

const (
	introduceOnAttach = hubv1.Introduction_INTRODUCTION_ON_ATTACH
	introduceOnEvent  = hubv1.Introduction_INTRODUCTION_ON_EVENT
)

// lifecycleOnly is the event that a namespace without On subscribes to: a
// reserved name, which no browser can emit. It gets lifecycle, and leaves the
// events to other services.
const lifecycleOnly = "disconnect"

// problem keeps a wrong registration for Run to return: handlers are registered
// in places where nobody looks at errors.
func (n *Namespace) problem(format string, args ...any) {
	r := &n.svc.registry
	r.problems = append(r.problems, &ConfigError{
		Field:   fmt.Sprintf("namespace %q", n.name),
		Problem: fmt.Sprintf(format, args...),
	})
}

// decide registers who decides about connect attempts.
func (n *Namespace) decide(what string, set func()) *Namespace {
	if n.decision != "" {
		n.problem("%s after %s: one of them decides who gets in", what, n.decision)
	}
	n.decision = what
	set()
	return n
}

func (n *Namespace) register(event string, run Handler, options []HandlerOption) {
	prefix, isPrefix := strings.CutSuffix(event, "*")
	h := &handler{pattern: event, prefix: prefix, run: run}
	for _, option := range options {
		option(h)
	}
	switch {
	case run == nil:
		n.problem("the handler of event %q is nil", event)
	case event == "" || len(event) > maxNameBytes || !utf8.ValidString(event):
		n.problem("event %q: a name has 1 to %d bytes of UTF-8", event, maxNameBytes)
	case strings.Contains(prefix, "*"):
		n.problem("event %q: `*` stands at the end", event)
	case reservedEvent(event):
		n.problem("event %q is Socket.IO's own: use OnConnect, OnConnected and OnDisconnect", event)
	case n.registered(event):
		n.problem("event %q has two handlers", event)
	}
	if !isPrefix {
		n.exact[event] = h
		return
	}
	n.prefixes = append(n.prefixes, h)
	slices.SortStableFunc(n.prefixes, func(a, b *handler) int { return cmp.Compare(len(b.prefix), len(a.prefix)) })
}

func (n *Namespace) registered(event string) bool {
	same := func(h *handler) bool { return h.pattern == event }
	return n.exact[event] != nil || slices.ContainsFunc(n.prefixes, same)
}

func reservedEvent(name string) bool {
	switch name {
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return true
	}
	return false
}

// find returns the handler of an event: exact, then the longest prefix.
func (n *Namespace) find(event string) *handler {
	if h := n.exact[event]; h != nil {
		return h
	}
	for _, h := range n.prefixes {
		if strings.HasPrefix(event, h.prefix) {
			return h
		}
	}
	return nil
}

// registry is what handlers were registered for. It is written before Run, and only
// read afterwards.
type registry struct {
	namespaces map[string]*Namespace
	patterns   []*Namespace // those with `*`, longest first
	problems   []error      // what was wrong about registrations
}

// find returns the namespace of a delivery: exact, then the longest pattern.
func (r *registry) find(namespace string) *Namespace {
	if n := r.namespaces[namespace]; n != nil {
		return n
	}
	for _, n := range r.patterns {
		if prefix := strings.TrimSuffix(n.name, "*"); len(namespace) > len(prefix) && strings.HasPrefix(namespace, prefix) {
			return n
		}
	}
	return nil
}

// validate checks everything that was registered, and puts the patterns in order.
func (r *registry) validate() error {
	for _, n := range r.sorted() {
		n.check()
		if strings.HasSuffix(n.name, "/*") {
			r.patterns = append(r.patterns, n)
		}
	}
	if len(r.problems) > 0 {
		return r.problems[0]
	}
	slices.SortStableFunc(r.patterns, func(a, b *Namespace) int { return cmp.Compare(len(b.name), len(a.name)) })
	if n := len(r.subscriptions()); n > maxSubscriptions {
		return &ConfigError{Field: "namespaces", Problem: fmt.Sprintf("%d subscriptions, at most %d", n, maxSubscriptions)}
	}
	return nil
}

func (n *Namespace) check() {
	plain := strings.TrimSuffix(n.name, "/*")
	switch {
	case len(n.name) > maxNamespaceBytes || !utf8.ValidString(n.name):
		n.problem("a name has at most %d bytes of UTF-8", maxNamespaceBytes)
	case !strings.HasPrefix(n.name, "/"):
		n.problem("a name begins with a slash")
	case strings.ContainsAny(plain, "*,?"):
		n.problem("`*` is allowed as the whole last segment, `,` and `?` not at all")
	case n.decision == "":
		n.problem("it is not said who decides about connect attempts: call OnConnect to decide here, " +
			"AllowAnyone to let every browser in, or AuthorizedElsewhere when another service decides " +
			"(to emit into a namespace that is not handled here, use In)")
	case n.decision == "OnConnect" && n.connect == nil:
		n.problem("the handler given to OnConnect is nil")
	}
}

func (r *registry) sorted() []*Namespace {
	return slices.SortedFunc(maps.Values(r.namespaces), func(a, b *Namespace) int { return cmp.Compare(a.name, b.name) })
}

// subscriptions is what the hello asks for.
func (r *registry) subscriptions() []*hubv1.Subscription {
	var all []*hubv1.Subscription
	for _, n := range r.sorted() {
		if n.decision != "AuthorizedElsewhere" {
			all = append(all, &hubv1.Subscription{Role: hubv1.Role_ROLE_AUTHORIZER, Namespace: n.name})
		}
		all = append(all, n.handlers()...)
	}
	return all
}

// handlers is one subscription for each guarantee that the namespace's handlers
// ask for, more when there are very many.
func (n *Namespace) handlers() []*hubv1.Subscription {
	events := map[hubv1.Guarantee][]string{}
	add := func(h *handler) {
		guarantee := hubv1.Guarantee_GUARANTEE_AT_LEAST_ONCE
		if h.atMostOnce {
			guarantee = hubv1.Guarantee_GUARANTEE_AT_MOST_ONCE
		}
		events[guarantee] = append(events[guarantee], h.pattern)
	}
	for _, name := range slices.Sorted(maps.Keys(n.exact)) {
		add(n.exact[name])
	}
	for _, h := range n.prefixes {
		add(h)
	}
	if len(events) == 0 && (n.connected != nil || n.disconnect != nil) {
		events[hubv1.Guarantee_GUARANTEE_AT_LEAST_ONCE] = []string{lifecycleOnly}
	}
	var all []*hubv1.Subscription
	for _, guarantee := range slices.Sorted(maps.Keys(events)) {
		names := events[guarantee]
		if i := slices.Index(names, "*"); i >= 0 {
			names = slices.Delete(names, i, i+1)
			all = append(all, newHandlerSubscription(n, guarantee, nil))
		}
		for part := range slices.Chunk(names, maxEventsPerSubscr) {
			all = append(all, newHandlerSubscription(n, guarantee, part))
		}
	}
	return all
}

func newHandlerSubscription(n *Namespace, guarantee hubv1.Guarantee, events []string) *hubv1.Subscription {
	ordering := hubv1.Ordering_ORDERING_PIPELINED
	if n.strict {
		ordering = hubv1.Ordering_ORDERING_STRICT
	}
	return &hubv1.Subscription{
		Role: hubv1.Role_ROLE_HANDLER, Namespace: n.name, Events: events,
		Guarantee: guarantee, Ordering: ordering, Introduction: n.introduction,
	}
}
