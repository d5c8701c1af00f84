package route

import (
	"cmp"
	"slices"
	"strings"
)

// node is what is claimed for one namespace pattern. It does not change. Of the claims of a list the first one holds.
type node[G comparable, P any] struct {
	authorizers []*Claim[G, P]
	handlers    []*Claim[G, P]
	observers   []*Claim[G, P]
	events      index[[]*Claim[G, P]]
	// prefixes are keyed by what stands before the `*`; lengths are those of the keys, the longest first.
	prefixes index[[]*Claim[G, P]]
	lengths  []length
	all      []*Claim[G, P] // have the event pattern `*`
}

// length says how many keys have it.
type length struct{ bytes, keys int }

func (n *node[G, P]) empty() bool {
	return len(n.authorizers)+len(n.handlers)+len(n.observers) == 0
}

// replace returns a node with some claims in the place of others.
func (n *node[G, P]) replace(before, claims []*Claim[G, P]) *node[G, P] {
	gone := make(map[*Claim[G, P]]struct{}, len(before))
	for _, c := range before {
		gone[c] = struct{}{}
	}
	// What changes of the patterns comes together, for of many at once each costs less.
	holders := make(map[string][]*Claim[G, P])
	for _, c := range before {
		for _, pattern := range c.handled() {
			if _, ok := holders[pattern]; !ok {
				holders[pattern] = without(n.holders(pattern), gone, 0)
			}
		}
	}
	for _, c := range claims {
		for _, pattern := range c.handled() {
			held, ok := holders[pattern]
			if !ok {
				held = slices.Clip(n.holders(pattern))
			}
			holders[pattern] = append(held, c)
		}
	}
	next := *n
	next.setHolders(holders)
	next.authorizers = changed(n.authorizers, gone, claims, Authorizer)
	next.handlers = changed(n.handlers, gone, claims, Handler)
	next.observers = changed(n.observers, gone, claims, Observer)
	return &next
}

// changed is a list without those that are gone, and with those claims that have its role: nobody has a list of a role that is
// not known.
func changed[G comparable, P any](list []*Claim[G, P], gone map[*Claim[G, P]]struct{}, claims []*Claim[G, P], role Role) []*Claim[G, P] {
	of := func(c *Claim[G, P]) bool { return c.Role == role }
	more := 0
	for _, c := range claims {
		if of(c) {
			more++
		}
	}
	less := 0
	for c := range gone {
		if of(c) {
			less++
		}
	}
	if more+less == 0 {
		return list
	}
	list = without(list, gone, more)
	for _, c := range claims {
		if of(c) {
			list = append(list, c)
		}
	}
	return list
}

// without is a list of its own with room for more; nil when nothing is left, or comes.
func without[G comparable, P any](list []*Claim[G, P], gone map[*Claim[G, P]]struct{}, more int) []*Claim[G, P] {
	left := make([]*Claim[G, P], 0, len(list)+more)
	for _, c := range list {
		if _, ok := gone[c]; !ok {
			left = append(left, c)
		}
	}
	if len(left)+more == 0 {
		return nil
	}
	return left
}

// holders are the claims that have exactly this event pattern.
func (n *node[G, P]) holders(pattern string) []*Claim[G, P] {
	switch text, wild := strings.CutSuffix(pattern, "*"); {
	case !wild:
		return n.events.get(pattern)
	case text == "":
		return n.all
	default:
		return n.prefixes.get(text)
	}
}

// setHolders sets those of some patterns.
func (n *node[G, P]) setHolders(all map[string][]*Claim[G, P]) {
	events, prefixes := make(map[string][]*Claim[G, P]), make(map[string][]*Claim[G, P])
	for pattern, held := range all {
		switch text, wild := strings.CutSuffix(pattern, "*"); {
		case !wild:
			events[pattern] = held
		case text == "":
			n.all = held
		default:
			prefixes[text] = held
			switch was := n.prefixes.get(text) != nil; {
			case held != nil && !was:
				n.countLength(len(text), 1)
			case held == nil && was:
				n.countLength(len(text), -1)
			}
		}
	}
	nobody := func(held []*Claim[G, P]) bool { return held == nil }
	n.events, n.prefixes = n.events.with(events, nobody), n.prefixes.with(prefixes, nobody)
}

// countLength notes that there are more or fewer keys of a length.
func (n *node[G, P]) countLength(bytes, more int) {
	at, found := slices.BinarySearchFunc(n.lengths, bytes, func(l length, bytes int) int { return cmp.Compare(bytes, l.bytes) })
	lengths := slices.Clone(n.lengths)
	if !found {
		lengths = slices.Insert(lengths, at, length{bytes: bytes})
	}
	if lengths[at].keys += more; lengths[at].keys == 0 {
		lengths = slices.Delete(lengths, at, at+1)
	}
	n.lengths = lengths
}

// handler is the claim that an event goes to, or nil.
func (n *node[G, P]) handler(event string) *Claim[G, P] {
	if held := n.events.get(event); held != nil {
		return held[0]
	}
	for _, l := range n.lengths {
		if l.bytes > len(event) {
			continue
		}
		if held := n.prefixes.get(event[:l.bytes]); held != nil {
			return held[0]
		}
	}
	if len(n.all) > 0 {
		return n.all[0]
	}
	return nil
}
