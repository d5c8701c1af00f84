package hub

import (
	"net/http"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/siopacket"
	v09 "github.com/siohub/siohub/hub/internal/v09"
)

// oldestClients are those of Socket.IO 0.9. It never changes.
type oldestClients struct {
	prefix string      // of their paths
	server *v09.Server // nil: they are not allowed
	refuse func()      // says so in the log
}

// oldestShare of a bound for all browsers is what these clients may hold beside that: anybody may claim to be one, and is not to take
// room from the others by it.
const oldestShare = 4

// newOldestClients takes a configuration with its defaults.
func newOldestClients(c *Config, json *siopacket.JSON, engine *engineio.Server) *oldestClients {
	o := &oldestClients{prefix: v09.Prefix(c.Path), refuse: v09.Refusals(c.Logger)}
	if !c.Protocol.AllowV09 {
		return o
	}
	o.server = v09.New(v09.Config{
		Path: c.Path, Transports: c.Protocol.Transports, Silence: c.Heartbeat.Interval + c.Heartbeat.Timeout,
		MaxPayload: c.MaxPayload, PacketsPerPayload: c.Limits.Request.PacketsPerPayload,
		UnfinishedBytes: c.Limits.Unfinished.Bytes / oldestShare, OutboxBytes: c.Limits.Outbox.TotalBytes / oldestShare,
		Pace:       engineio.Pace{Bytes: c.Limits.Request.BodyPace, Still: c.Limits.Unfinished.Time},
		Namespaces: c.Limits.NamespacesPerClient, NamespaceBytes: c.Limits.NamespaceBytes,
		JSON: json, Logger: c.Logger, LimitReached: c.Trace.LimitReached,
	}, engine.Beside())
	return o
}

// takes reports whether a request is theirs and they are allowed. Where they are not, it is refused as any that asks for no
// transport.
func (o *oldestClients) takes(r *http.Request) bool {
	if !v09.Is(r, o.prefix) {
		return false
	}
	if o.server == nil {
		o.refuse()
	}
	return o.server != nil
}
