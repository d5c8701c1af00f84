package route

import "slices"

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

// patterns are the event patterns, spelled out.
func (c *Claim[G, P]) patterns() []string {
	if c.NoEvents {
		return nil
	}
	if len(c.Events) == 0 {
		return everyEvent
	}
	return c.Events
}

// handled are those patterns if it is a handler's.
func (c *Claim[G, P]) handled() []string {
	if c.Role != Handler {
		return nil
	}
	return c.patterns()
}

var everyEvent = []string{"*"}

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
