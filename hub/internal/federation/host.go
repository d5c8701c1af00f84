package federation

import (
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/internal/sampledlog"
)

// refusedWarnEvery is the time from one warning to the next.
const refusedWarnEvery = time.Minute

// host is the cluster.Host of a Federation: it does to the sockets here what other servers say, and tells them what they ask for.
type host struct {
	config  *Config
	refused *sampledlog.Line
	lists   lists
}

var _ cluster.Host = (*host)(nil)

func newHost(c *Config) *host {
	return &host{config: c, refused: sampledlog.New(c.Logger, refusedWarnEvery), lists: lists{sockets: c.Sockets}}
}

// refuseIf is refuse for an error.
func (h *host) refuseIf(kind string, err error) {
	if err != nil {
		h.refuse(kind, err)
	}
}

// refuse drops something that came.
func (h *host) refuse(kind string, err error) {
	if h.config.Refused != nil {
		h.config.Refused(kind, reasonOf(err))
	}
	h.refused.Warn("something that another server sent was not carried out", "kind", kind, "error", err, "option", "cluster.url")
}

// MembersChanged implements cluster.Host.
func (h *host) MembersChanged() {
	if h.config.Peer != nil {
		h.config.Peer.MembersChanged()
	}
}

// Concerns implements cluster.Host.
func (h *host) Concerns(namespace, room string) bool {
	return h.config.Sockets.Occupied(namespace, room)
}
