package route

import "strings"

// maxNamespaces bounds the namespace patterns that are remembered as existing.
const maxNamespaces = 65_536

// Namespaces is a set of namespace patterns. It does not change; its zero value is empty.
type Namespaces struct {
	exact index[bool]
	// wild is keyed by what stands before the `*`, with its slash.
	wild index[bool]
}

// With returns the set with patterns added, as far as there is room. What that costs does not depend on how many there are.
func (n *Namespaces) With(patterns []string) *Namespaces {
	room := maxNamespaces - n.exact.len() - n.wild.len()
	var more []string
	for _, p := range patterns {
		if room > 0 && !n.lists(p) {
			more = append(more, p)
			room--
		}
	}
	return n.set(more, true)
}

// Without returns the set less some patterns.
func (n *Namespaces) Without(patterns []string) *Namespaces { return n.set(patterns, false) }

// set returns the set with some patterns, or without them.
func (n *Namespaces) set(patterns []string, in bool) *Namespaces {
	if len(patterns) == 0 {
		return n
	}
	exact, wild := make(map[string]bool), make(map[string]bool)
	for _, p := range patterns {
		if key, ok := strings.CutSuffix(p, "*"); ok {
			wild[key] = in
		} else {
			exact[p] = in
		}
	}
	out := func(in bool) bool { return !in }
	return &Namespaces{n.exact.with(exact, out), n.wild.with(wild, out)}
}

// lists reports whether a pattern is in the set as it is.
func (n *Namespaces) lists(pattern string) bool {
	if key, wild := strings.CutSuffix(pattern, "*"); wild {
		return n.wild.get(key)
	}
	return n.exact.get(pattern)
}

// Has reports whether a namespace fits one of the patterns.
func (n *Namespaces) Has(namespace string) bool {
	if n.exact.get(namespace) {
		return true
	}
	if n.wild.len() == 0 {
		return false
	}
	for prefix := namespace; prefix != ""; {
		prefix = parent(prefix)
		if n.wild.get(prefix) {
			return true
		}
	}
	return false
}
