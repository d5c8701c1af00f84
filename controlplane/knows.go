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

// Knows implements hub.Application. A refusal is final for the browser's client, so a
// namespace is unknown only for certain: it is not among those configured, or none are,
// an authorizer is attached, the grace after the start is over, and none has asked for it
// since the start.
func (s *Server) Knows(namespace string) bool {
	return s.exists(namespace) || (len(s.config.Namespaces) == 0 && (s.inGrace() || !s.authorizers.Load()))
}

// exists reports whether a namespace is configured, by itself or for tokens of browsers,
// or was ever subscribed to.
func (s *Server) exists(namespace string) bool {
	return s.configured.has(namespace) || s.routes.known.Load().has(namespace) || s.decidesItself(namespace)
}

// inGrace reports whether services may still be on their way after the hub's start.
func (s *Server) inGrace() bool { return time.Since(s.started) < s.config.StartGrace }

// mayEmitTo reports whether a unary command may name a namespace.
func (s *Server) mayEmitTo(namespace string) bool {
	return s.exists(namespace) || (len(s.config.Namespaces) == 0 && s.inGrace())
}

// authorizersLocked notes whether an authorizer is attached. The caller holds routes.mu.
func (r *routes) authorizersLocked() {
	for _, g := range r.groups {
		if g.anyAttachment() == nil {
			continue
		}
		for _, c := range g.claims {
			if c.Role == route.Authorizer {
				r.srv.authorizers.Store(true)
				return
			}
		}
	}
	r.srv.authorizers.Store(false)
}
