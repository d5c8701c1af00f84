package controlplane

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/siohub/siohub/controlplane/internal/route"
)

// maxNamespaces bounds the namespace patterns that are remembered as existing.
const maxNamespaces = 65_536

// namespaces is a set of namespace patterns. It does not change.
type namespaces struct {
	exact map[string]struct{}
	wild  []string
}

// with returns the set with patterns added, as far as there is room.
func (n *namespaces) with(patterns []string) *namespaces {
	more := &namespaces{exact: maps.Clone(n.exact), wild: slices.Clone(n.wild)}
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

// has reports whether a namespace fits one of the patterns.
func (n *namespaces) has(namespace string) bool {
	if _, ok := n.exact[namespace]; ok {
		return true
	}
	return slices.ContainsFunc(n.wild, func(p string) bool { return route.Match(p, namespace) })
}

// Knows implements hub.Application: a namespace exists when it is configured, by
// itself or for tokens of browsers, or was ever subscribed to. Without a configured list every namespace exists for a
// while after the start, so that an absent service is undecided and not unknown.
func (s *Server) Knows(namespace string) bool {
	if s.configured.has(namespace) || s.routes.known.Load().has(namespace) || s.decidesItself(namespace) {
		return true
	}
	return len(s.config.Namespaces) == 0 && time.Since(s.started) < s.config.StartGrace
}
