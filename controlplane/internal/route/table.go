package route

import (
	"cmp"
	"slices"
	"strings"
)

// Role says what a claim is for.
type Role uint8

// The roles.
const (
	Authorizer Role = iota + 1
	Handler
	Observer
)

var roleNames = [...]string{Authorizer: "authorizer", Handler: "handler", Observer: "observer"}

// String is the role's name; empty for one that is not known.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return ""
}

// Claim is one subscription of one group. G names the group; P is what else
// belongs to the subscription, and opaque here.
type Claim[G comparable, P any] struct {
	Group     G
	Role      Role
	Namespace string
	// Events are patterns of a handler or an observer. Empty means all.
	Events []string
	// NoEvents says that a handler takes none at all: it is there for lifecycle and facts.
	NoEvents bool
	Policy   P
}

// Table finds groups. Its zero value is empty. It never changes after New.
type Table[G comparable, P any] struct {
	claims []*Claim[G, P]
	exact  map[string]*node[G, P]
	// wild is keyed by what stands before the `*`, with its slash.
	wild map[string]*node[G, P]
	// decided are the namespace patterns that have an authorizer.
	decided []string
	// observed says that there is any observer.
	observed bool
	// late has what is claimed by groups that yield; nil when there are none.
	late *Table[G, P]
}

// node is what is claimed for one namespace pattern.
type node[G comparable, P any] struct {
	authorizer *Claim[G, P]
	handlers   []*Claim[G, P]
	observers  []*Claim[G, P]
	// events and prefixes are nil where there are none, for a table is made anew for each service that comes or goes.
	events map[string]*Claim[G, P]
	// prefixes are keyed by what stands before the `*`; lengths are those of the keys,
	// each once, the longest first.
	prefixes map[string]*Claim[G, P]
	lengths  []int
	all      *Claim[G, P] // has the event pattern `*`
}

// New builds a table. Of two claims for the same the first one holds; Conflict
// tells before.
func New[G comparable, P any](claims []*Claim[G, P]) *Table[G, P] {
	t := &Table[G, P]{
		claims: slices.Clone(claims),
		exact:  make(map[string]*node[G, P]),
		wild:   make(map[string]*node[G, P]),
	}
	for _, c := range claims {
		t.at(c.Namespace).add(c)
		t.observed = t.observed || c.Role == Observer
		if c.Role == Authorizer {
			t.decided = append(t.decided, c.Namespace)
		}
	}
	return t
}

// Before returns a table in which the claims of another one come after all of this one,
// however specific they are: theirs is what nobody here claims.
func (t *Table[G, P]) Before(late *Table[G, P]) *Table[G, P] {
	all := *t
	all.late = late
	all.claims = slices.Concat(t.claims, late.claims)
	all.decided = slices.Concat(t.decided, late.decided)
	all.observed = t.observed || late.observed
	return &all
}

// at returns the node of a namespace pattern, made if it is not there.
func (t *Table[G, P]) at(pattern string) *node[G, P] {
	nodes := t.exact
	key, wild := strings.CutSuffix(pattern, "*")
	if wild {
		nodes = t.wild
	}
	n := nodes[key]
	if n == nil {
		n = &node[G, P]{}
		nodes[key] = n
	}
	return n
}

// add enters a claim. One of a role that is not known gets nothing.
func (n *node[G, P]) add(c *Claim[G, P]) {
	switch c.Role {
	case Authorizer:
		if n.authorizer == nil {
			n.authorizer = c
		}
	case Handler:
		n.handlers = append(n.handlers, c)
		n.addEvents(c)
	case Observer:
		n.observers = append(n.observers, c)
	default:
	}
}

func (n *node[G, P]) addEvents(c *Claim[G, P]) {
	for _, pattern := range c.patterns() {
		text, wild := strings.CutSuffix(pattern, "*")
		switch {
		case n.holder(pattern) != nil:
		case !wild:
			put(&n.events, text, c)
		case text == "":
			n.all = c
		default:
			put(&n.prefixes, text, c)
			n.addLength(len(text))
		}
	}
}

func put[C any](in *map[string]C, key string, c C) {
	if *in == nil {
		*in = make(map[string]C)
	}
	(*in)[key] = c
}

// addLength keeps the lengths sorted, the longest first.
func (n *node[G, P]) addLength(length int) {
	at, found := slices.BinarySearchFunc(n.lengths, length, func(a, b int) int { return cmp.Compare(b, a) })
	if !found {
		n.lengths = slices.Insert(n.lengths, at, length)
	}
}

// patterns are the event patterns, spelled out.
func (c *Claim[G, P]) patterns() []string {
	if c.NoEvents {
		return nil
	}
	if len(c.Events) == 0 {
		return []string{"*"}
	}
	return c.Events
}

// holder is the claim that has exactly this event pattern.
func (n *node[G, P]) holder(pattern string) *Claim[G, P] {
	switch text, wild := strings.CutSuffix(pattern, "*"); {
	case !wild:
		return n.events[pattern]
	case text == "":
		return n.all
	default:
		return n.prefixes[text]
	}
}

// Conflict returns a claim of another group that has one of the same patterns, or
// nil.
func (t *Table[G, P]) Conflict(c *Claim[G, P]) *Claim[G, P] {
	key, wild := strings.CutSuffix(c.Namespace, "*")
	n := t.exact[key]
	if wild {
		n = t.wild[key]
	}
	if n == nil {
		return nil
	}
	switch c.Role {
	case Authorizer:
		if n.authorizer != nil && n.authorizer.Group != c.Group {
			return n.authorizer
		}
	case Handler:
		for _, pattern := range c.patterns() {
			if held := n.holder(pattern); held != nil && held.Group != c.Group {
				return held
			}
		}
	case Observer: // any number
	}
	return nil
}

// Observed reports whether there is any observer, of whatever namespace.
func (t *Table[G, P]) Observed() bool { return t.observed }

// Claims are what the table was built from.
func (t *Table[G, P]) Claims() []*Claim[G, P] { return t.claims }

// Without returns the claim less the event patterns that another one asks for, or
// nil when nothing is left.
func (c *Claim[G, P]) Without(taken *Claim[G, P]) *Claim[G, P] {
	if c.Role != Handler {
		return nil
	}
	left := *c
	left.Events = nil
	for _, pattern := range c.patterns() {
		if !slices.Contains(taken.patterns(), pattern) {
			left.Events = append(left.Events, pattern)
		}
	}
	if len(left.Events) == 0 {
		return nil
	}
	return &left
}
