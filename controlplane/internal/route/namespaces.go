package route

import (
	"maps"
	"slices"
	"strings"
)

// maxNamespaces bounds the namespace patterns that are remembered as existing.
const maxNamespaces = 65_536

// Namespaces is a set of namespace patterns. It does not change.
type Namespaces struct {
	exact map[string]struct{}
	wild  []string
}

// With returns the set with patterns added, as far as there is room.
func (n *Namespaces) With(patterns []string) *Namespaces {
	more := &Namespaces{exact: maps.Clone(n.exact), wild: slices.Clone(n.wild)}
	if more.exact == nil {
		more.exact = make(map[string]struct{})
	}
	for _, p := range patterns {
		switch {
		case len(more.exact)+len(more.wild) >= maxNamespaces:
		case !strings.HasSuffix(p, "*"):
			more.exact[p] = struct{}{}
		case !slices.Contains(more.wild, p):
			more.wild = append(more.wild, p)
		}
	}
	return more
}

// Has reports whether a namespace fits one of the patterns.
func (n *Namespaces) Has(namespace string) bool {
	if _, ok := n.exact[namespace]; ok {
		return true
	}
	return slices.ContainsFunc(n.wild, func(p string) bool { return Match(p, namespace) })
}

// Without returns the set less some patterns.
func (n *Namespaces) Without(patterns map[string]bool) *Namespaces {
	less := &Namespaces{exact: maps.Clone(n.exact), wild: slices.Clone(n.wild)}
	maps.DeleteFunc(less.exact, func(name string, _ struct{}) bool { return patterns[name] })
	less.wild = slices.DeleteFunc(less.wild, func(p string) bool { return patterns[p] })
	return less
}
