package controlplane

import (
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/controlplane/access"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/internal/shorttime"
)

// namespaces knows which there are, and who decides about them.
type namespaces struct {
	// Set by New.
	register   *register
	configured *route.Namespaces
	listed     bool // the configuration lists all that there are
	tokens     access.BrowserTokens
	started    time.Time     // when this process was
	grace      time.Duration // after that

	// authorizers says whether one is attached, as seen within the last second.
	authorizers atomic.Bool
}

func newNamespaces(config *Config, r *register, started time.Time) namespaces {
	return namespaces{
		register: r, configured: (&route.Namespaces{}).With(config.Namespaces), listed: len(config.Namespaces) > 0,
		tokens: config.BrowserTokens, started: started, grace: config.StartGrace,
	}
}

// Knows implements hub.Application. A refusal is final for the browser's client, so a
// namespace is unknown only for certain: it is not among those configured, or none are,
// an authorizer is attached, the grace after the start is over, and none has asked for it
// since the start.
func (n *namespaces) Knows(namespace string) bool {
	return n.exists(namespace) || (!n.listed && (n.inGrace() || !n.authorizers.Load()))
}

// exists reports whether a namespace is configured, by itself or for tokens of browsers,
// or was ever subscribed to.
func (n *namespaces) exists(namespace string) bool {
	return n.configured.Has(namespace) || n.register.known.Load().Has(namespace) || n.decidesItself(namespace)
}

// decidesItself reports whether the hub decides about a namespace pattern by itself.
func (n *namespaces) decidesItself(pattern string) bool {
	return n.tokens != nil && n.tokens.Decides(pattern)
}

// refusedWhen says when browsers that wait for a namespace without an authorizer hear that it is invalid.
func (n *namespaces) refusedWhen(namespace string, now time.Time) string {
	grace := (n.grace - now.Sub(n.started)).Round(time.Second)
	over := shorttime.Text(grace) + " from now, when start_grace is over"
	switch decided := n.authorizers.Load(); {
	case n.exists(namespace):
		return "never, as the namespace exists by namespaces, by browsers.jwt, or by an earlier subscription"
	case grace > 0 && decided:
		return over
	case grace > 0:
		return over + ", or later, as soon as a service decides about any namespace"
	}
	return "as soon as a service decides about any namespace"
}

// DecidedBy implements hub.Decider: the pattern of the subscription that decides about a namespace, or what takes the
// place of one. Patterns are what services ask for, so browsers cannot make up any.
func (n *namespaces) DecidedBy(namespace string) string {
	if n.decidesItself(namespace) {
		return "browsers.jwt"
	}
	if claim := n.register.table.Load().View(namespace).Authorizer(); claim != nil {
		return claim.Namespace
	}
	return "" // nobody: it waits for a service, or is not known
}

// inGrace reports whether services may still be on their way after the hub's start.
func (n *namespaces) inGrace() bool { return time.Since(n.started) < n.grace }

// mayEmitTo reports whether a unary command may name a namespace.
func (n *namespaces) mayEmitTo(namespace string) bool {
	return n.exists(namespace) || (!n.listed && n.inGrace())
}
