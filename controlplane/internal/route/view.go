package route

import "strings"

// View is the table seen from one namespace. It may be kept as long as the table
// is the current one.
type View[G comparable, P any] struct {
	// nodes are those whose pattern fits, the most specific first.
	nodes []*node[G, P]
}

// View looks at the table from one namespace.
func (t *Table[G, P]) View(namespace string) View[G, P] {
	var v View[G, P]
	if n := t.exact[namespace]; n != nil {
		v.nodes = append(v.nodes, n)
	}
	if len(t.wild) == 0 {
		return v
	}
	// Each slash but a last one may be the one before a `*`.
	for end := len(namespace) - 1; end > 0; {
		slash := strings.LastIndexByte(namespace[:end], '/')
		if slash < 0 {
			break
		}
		if n := t.wild[namespace[:slash+1]]; n != nil {
			v.nodes = append(v.nodes, n)
		}
		end = slash
	}
	return v
}

// Authorizer returns the claim that decides connect attempts, or nil.
func (v View[G, P]) Authorizer() *Claim[G, P] {
	for _, n := range v.nodes {
		if n.authorizer != nil {
			return n.authorizer
		}
	}
	return nil
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
	}
	return nil
}

// Handlers returns the claims that could get an event of the namespace, the most
// specific first. A group with several occurs as often.
func (v View[G, P]) Handlers() []*Claim[G, P] {
	var claims []*Claim[G, P]
	for _, n := range v.nodes {
		claims = append(claims, n.handlers...)
		// Whoever takes all events here leaves none for the patterns that follow.
		if n.prefixes[""] != nil {
			break
		}
	}
	return claims
}
