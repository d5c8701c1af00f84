package controlplane

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
)

// decideHere decides an attempt without a service, if it can: by a token that the hub
// verifies, or as it was decided before.
func (s *Server) decideHere(c *connect) bool { return s.decideByToken(c) }

// decidesItself reports whether the hub decides about a namespace pattern by itself.
func (s *Server) decidesItself(pattern string) bool {
	return s.config.BrowserTokens != nil && s.config.BrowserTokens.Decides(pattern)
}

// remember keeps an accept for attempts that are alike, if it asks for that.
func (s *Server) remember(*connect, *group, *hubv1.Accept) {}

// checkCache says what is wrong with a wish to keep an accept.
func checkCache(c *hubv1.DecisionCache) *fault.Fault {
	if c != nil {
		return fault.New(fault.UnknownField, "the hub does not keep decisions")
	}
	return nil
}
