package route

import "strings"

// View is the table seen from one namespace. It may be kept as long as the table
// is the current one.
type View[G comparable, P any] struct {
	// nodes are those whose pattern fits, the most specific first; those of Late last.
	nodes []*node[G, P]
	// observers are those of all nodes. Nil in most hubs.
	observers []*Claim[G, P]
}

// View looks at the table from one namespace.
func (t *Table[G, P]) View(namespace string) View[G, P] {
	var v View[G, P]
	for i := range t.tiers {
		t.tiers[i].look(&v, namespace)
	}
	return v
}

// look adds what a tier has for a namespace.
func (t *tier[G, P]) look(v *View[G, P], namespace string) {
	v.add(t.exact.get(namespace))
	if t.wild.len() == 0 {
		return
	}
	for prefix := namespace; prefix != ""; {
		prefix = parent(prefix)
		v.add(t.wild.get(prefix))
	}
}

// parent is what stands before the last segment of a namespace, with its slash; empty when nothing does. Each may be what stands
// before a `*`.
func parent(namespace string) string {
	return namespace[:strings.LastIndexByte(namespace[:len(namespace)-1], '/')+1]
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
		if len(n.authorizers) > 0 {
			return n.authorizers[0]
		}
	}
	return nil
}

// Handler returns the claim that an event goes to, or nil.
func (v View[G, P]) Handler(event string) *Claim[G, P] {
	for _, n := range v.nodes {
		if c := n.handler(event); c != nil {
			return c
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
		taken = taken || len(n.all) > 0
	}
	return claims
}
