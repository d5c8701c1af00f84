package controlplane

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/hub"
)

// observers give copies to those who have asked for them. They delay nobody.
type observers struct{ srv *Server }

// decidedBy says what was decided about an attempt, and by whom.
type decidedBy struct {
	outcome            Outcome
	group, by, message string
}

func (o *observers) connected(*socket)                                    {}
func (o *observers) event(view, *socket, *hub.Event)                      {}
func (o *observers) disconnected(*departure)                              {}
func (o *observers) decided(*connect, decidedBy)                          {}
func (o *observers) commanded(*attachment, *hubv1.Command, *hubv1.Result) {}
func (o *observers) dropped(so *socket, event, group, why string)         {}

// ConnectFailed implements hub.Watcher.
func (s *Server) ConnectFailed(hub.ConnectFailure) {}

// EventDropped implements hub.Watcher.
func (s *Server) EventDropped(*hub.Socket, string, hub.DropReason) {}
