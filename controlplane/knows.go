package controlplane

import (
	"time"

	"github.com/siohub/siohub/controlplane/internal/route"
)

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
	return s.configured.Has(namespace) || s.routes.known.Load().Has(namespace) || s.decidesItself(namespace)
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
