package route

import (
	"iter"
	"slices"
	"strings"
)

// Table finds groups. Its zero value is empty. It never changes: Replace returns another one.
type Table[G comparable, P any] struct{ tiers [Late + 1]tier[G, P] }

// Tier says which claims come first.
type Tier uint8

// The tiers. What is claimed in Late comes after all of Own, however specific it is: it is what nobody there claims.
const (
	Own Tier = iota
	Late
)

// tier is a table of claims that come together.
type tier[G comparable, P any] struct {
	exact index[*node[G, P]]
	// wild is keyed by what stands before the `*`, with its slash.
	wild index[*node[G, P]]
	// decided and observed are the namespace patterns that have an authorizer, or an observer.
	decided, observed order[*node[G, P]]
}

// New builds a table of claims in Own.
func New[G comparable, P any](claims []*Claim[G, P]) *Table[G, P] {
	return (&Table[G, P]{}).Replace(Own, nil, claims)
}

// Replace returns a table in which some claims of a tier have taken the place of others, which are in it. What that costs
// depends on these and those, and not on how many there are beside them in other namespaces; of those in the same namespaces the
// lists are copied. Of two claims for the same the one holds that has been there for longer, or comes first in claims;
// Holders tells before.
func (t *Table[G, P]) Replace(in Tier, before, claims []*Claim[G, P]) *Table[G, P] {
	next := *t
	tier := &next.tiers[in]
	type change struct{ before, claims []*Claim[G, P] }
	changes := make(map[string]*change)
	at := func(pattern string) *change {
		c := changes[pattern]
		if c == nil {
			c = &change{}
			changes[pattern] = c
		}
		return c
	}
	for _, c := range before {
		n := at(c.Namespace)
		n.before = append(n.before, c)
	}
	for _, c := range claims {
		n := at(c.Namespace)
		n.claims = append(n.claims, c)
	}
	nodes := make(map[string]*node[G, P], len(changes))
	for pattern, c := range changes {
		nodes[pattern] = tier.at(pattern).replace(c.before, c.claims)
	}
	tier.put(nodes)
	return &next
}

// at returns the node of a namespace pattern, an empty one if it is not there.
func (t *tier[G, P]) at(pattern string) *node[G, P] {
	nodes := t.exact
	key, wild := strings.CutSuffix(pattern, "*")
	if wild {
		nodes = t.wild
	}
	if n := nodes.get(key); n != nil {
		return n
	}
	return &node[G, P]{}
}

// put sets the nodes of namespace patterns.
func (t *tier[G, P]) put(nodes map[string]*node[G, P]) {
	exact, wild := make(map[string]*node[G, P]), make(map[string]*node[G, P])
	for pattern, n := range nodes {
		if key, ok := strings.CutSuffix(pattern, "*"); ok {
			wild[key] = n
		} else {
			exact[pattern] = n
		}
		t.decided = listed(t.decided, pattern, n, n.authorizers)
		t.observed = listed(t.observed, pattern, n, n.observers)
	}
	t.exact, t.wild = t.exact.with(exact, (*node[G, P]).empty), t.wild.with(wild, (*node[G, P]).empty)
}

// listed notes a node that has some claims.
func listed[G comparable, P any](in order[*node[G, P]], pattern string, n *node[G, P], some []*Claim[G, P]) order[*node[G, P]] {
	if len(some) > 0 {
		return in.with(pattern, n)
	}
	return in.without(pattern)
}

// Holders are claims of other groups that have one of the same patterns: for each pattern the one that holds, so that some may
// come several times. Observers are in nobody's way.
func (t *Table[G, P]) Holders(c *Claim[G, P]) iter.Seq[*Claim[G, P]] {
	return func(yield func(*Claim[G, P]) bool) {
		for i := range t.tiers {
			n := t.tiers[i].at(c.Namespace)
			switch c.Role {
			case Authorizer:
				if other(n.authorizers, c) && !yield(n.authorizers[0]) {
					return
				}
			case Handler:
				for _, pattern := range c.patterns() {
					if held := n.holders(pattern); other(held, c) && !yield(held[0]) {
						return
					}
				}
			case Observer: // any number
			}
		}
	}
}

// other reports whether somebody else holds what a claim is for.
func other[G comparable, P any](held []*Claim[G, P], c *Claim[G, P]) bool {
	return len(held) > 0 && held[0].Group != c.Group
}

// Observed reports whether there is any observer, of whatever namespace.
func (t *Table[G, P]) Observed() bool {
	return !t.tiers[Own].observed.empty() || !t.tiers[Late].observed.empty()
}

// Observers are all of them, of whatever namespace, by their patterns.
func (t *Table[G, P]) Observers() (all []*Claim[G, P]) {
	for i := range t.tiers {
		for _, n := range t.tiers[i].observed.from("") {
			all = append(all, n.observers...)
		}
	}
	return all
}

// Decided reports whether connect attempts of a namespace pattern have an authorizer: all
// of those that fit it, or some.
func (t *Table[G, P]) Decided(pattern string) bool {
	// A pattern reads like a namespace: whoever decides for `/org/a/*` is seen from there.
	return t.View(pattern).Authorizer() != nil ||
		slices.ContainsFunc(t.tiers[:], func(in tier[G, P]) bool { return in.decides(pattern) })
}

// decides reports whether any namespace pattern with an authorizer fits another pattern.
func (t *tier[G, P]) decides(pattern string) bool {
	prefix, wild := strings.CutSuffix(pattern, "*")
	for namespace := range t.decided.from(prefix) {
		if !wild || !strings.HasPrefix(namespace, prefix) {
			return namespace == pattern
		}
		if Match(pattern, namespace) {
			return true
		}
	}
	return false
}
