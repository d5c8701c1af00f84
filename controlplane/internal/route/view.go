package route

import (
	"slices"
	"strings"
)

// View is the table seen from one namespace. It may be kept as long as the table
// is the current one.
type View[G comparable, P any] struct {
	// nodes are those whose pattern fits, the most specific first; those that yield last.
	nodes []*node[G, P]
	// observers are those of all nodes. Nil in most hubs.
	observers []*Claim[G, P]
}

// View looks at the table from one namespace.
func (t *Table[G, P]) View(namespace string) View[G, P] {
	var v View[G, P]
	t.look(&v, namespace)
	if t.late != nil {
		t.late.look(&v, namespace)
	}
	return v
}

// look adds what a table has for a namespace.
func (t *Table[G, P]) look(v *View[G, P], namespace string) {
	v.add(t.exact[namespace])
	if len(t.wild) == 0 {
		return
	}
	// Each slash but a last one may be the one before a `*`.
	for end := len(namespace) - 1; end > 0; {
		slash := strings.LastIndexByte(namespace[:end], '/')
		if slash < 0 {
			break
		}
		v.add(t.wild[namespace[:slash+1]])
		end = slash
	}
	v.add(t.wild[""])
}

func (v *View[G, P]) add(n *node[G, P]) {
	if n != nil {
		v.nodes = append(v.nodes, n)
		v.observers = append(v.observers, n.observers...)
	}
}

// Observed reports whether there is any observer of the namespace.
func (v View[G, P]) Observed() bool { return v.observers != nil }

// AllObservers returns the observers of the namespace, the most specific
// namespace first: all of them, whatever events they ask for.
func (v View[G, P]) AllObservers() []*Claim[G, P] { return v.observers }

// Authorizer returns the claim that decides connect attempts, or nil.
func (v View[G, P]) Authorizer() *Claim[G, P] {
	for _, n := range v.nodes {
		if n.authorizer != nil {
			return n.authorizer
		}
	}
	return nil
}

// Decided reports whether connect attempts of a namespace pattern have an authorizer: all
// of those that fit it, or some.
func (t *Table[G, P]) Decided(pattern string) bool {
	// A pattern reads like a namespace: whoever decides for `/org/a/*` is seen from there.
	return t.View(pattern).Authorizer() != nil ||
		slices.ContainsFunc(t.decided, func(namespace string) bool { return Match(pattern, namespace) })
}

// Handler returns the claim that an event goes to, or nil.
func (v View[G, P]) Handler(event string) *Claim[G, P] {
	for _, n := range v.nodes {
		if c := n.events[event]; c != nil {
			return c
		}
		for _, length := range n.lengths {
			if length > len(event) {
				continue
			}
			if c := n.prefixes[event[:length]]; c != nil {
				return c
			}
		}
		if n.all != nil {
			return n.all
		}
	}
	return nil
}

// Handlers returns the claims that hear of the lifecycle of the namespace's sockets:
// those that could get an event of it, the most specific first, and those that want no
// events. A group with several occurs as often.
func (v View[G, P]) Handlers() []*Claim[G, P] {
	var claims []*Claim[G, P]
	taken := false
	for _, n := range v.nodes {
		for _, c := range n.handlers {
			if c.NoEvents || !taken {
				claims = append(claims, c)
			}
		}
		// Whoever takes all events here leaves none for the patterns that follow.
		taken = taken || n.all != nil
	}
	return claims
}
