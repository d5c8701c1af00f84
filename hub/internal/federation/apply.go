package federation

import (
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// Kinds of what comes, for Config.Refused.
const (
	kindEmit       = "emit"
	kindRooms      = "rooms"
	kindDisconnect = "disconnect"
	kindData       = "data"
	kindServerSide = "server_side"
	kindQuestion   = "question"
	kindSignal     = "signal"
	kindSession    = "session"
)

// Apply implements cluster.Host.
func (h *host) Apply(c *cluster.Command) {
	if c.Signal != nil {
		if h.config.Peer != nil {
			h.refuseIf(kindSignal, h.config.Peer.Signalled(c.Signal))
		}
		return
	}
	var batch engineio.Batch
	kind, _, err := h.carryOut(&batch, c)
	batch.Flush()
	h.refuseIf(kind, err)
}

// carryOut does to the sockets here what a command says.
func (h *host) carryOut(b *engineio.Batch, c *cluster.Command) (kind string, o cluster.Outcome, err error) {
	if c.Message != nil {
		o, err = h.emit(b, c)
		return kindEmit, o, err
	}
	if c.ServerSide != nil {
		return kindServerSide, o, h.serverSide(c.Namespace, c.ServerSide, nil)
	}
	if err := h.config.Checks.Target(c.Namespace, c.Target); err != nil {
		return kindOf(c), o, err
	}
	switch {
	case len(c.Join)+len(c.Leave) > 0:
		if err = h.rooms(c); err == nil {
			out, _ := h.config.Sockets.UpdateRooms(c.Namespace, c.Target, c.Join, c.Leave)
			o = outcome(out)
		}
		return kindRooms, o, err
	case c.Disconnect != nil:
		if err = h.config.Checks.Detail(c.Disconnect.Detail); err == nil {
			o = outcome(h.config.Sockets.Disconnect(b, c.Namespace, c.Target, socketio.Eviction(*c.Disconnect)))
		}
		return kindDisconnect, o, err
	case c.Data != nil:
		change, err := h.config.Checks.Data(c.Data)
		if err != nil {
			return kindData, o, err
		}
		out, version, err := h.config.Sockets.SetData(c.Namespace, c.Target, change)
		o = outcome(out)
		o.DataVersion = version
		return kindData, o, err
	}
	return kindRooms, o, nil
}

// kindOf is the kind of a command that is about sockets and no message.
func kindOf(c *cluster.Command) string {
	switch {
	case c.Disconnect != nil:
		return kindDisconnect
	case c.Data != nil:
		return kindData
	}
	return kindRooms
}

// emit carries out an emit, which may be to the namespaces of a pattern.
func (h *host) emit(b *engineio.Batch, c *cluster.Command) (cluster.Outcome, error) {
	if err := h.config.Checks.Message(c.Message); err != nil {
		return cluster.Outcome{}, err
	}
	if c.Target.All && isPattern(c.Namespace) {
		prefix, err := h.config.Checks.Pattern(c.Namespace)
		if err != nil {
			return cluster.Outcome{}, err
		}
		return outcome(h.config.Sockets.EmitBelow(b, prefix, c.Target, *c.Message, socketio.Issue{Mark: socketio.Marked(c.Origin)})), nil
	}
	if err := h.config.Checks.Target(c.Namespace, c.Target); err != nil {
		return cluster.Outcome{}, err
	}
	is := socketio.Issue{Mark: socketio.Marked(c.Origin)}
	return outcome(h.config.Sockets.EmitAs(b, c.Namespace, c.Target, *c.Message, &is)), nil
}

func isPattern(namespace string) bool { return namespace != "" && namespace[len(namespace)-1] == '*' }

func (h *host) rooms(c *cluster.Command) error {
	if err := h.config.Checks.Rooms(c.Join); err != nil {
		return err
	}
	return h.config.Checks.Rooms(c.Leave)
}

// serverSide hands what a Node server said to its fellows to the control plane.
func (h *host) serverSide(namespace string, m *cluster.Message, reply func([]byte, [][]byte)) error {
	err := h.config.Checks.Message(m)
	if err == nil {
		err = h.config.Checks.Target(namespace, cluster.Target{All: true})
	}
	if err == nil && h.config.Peer != nil {
		h.config.Peer.ServerSide(namespace, m, reply)
		return nil
	}
	if reply != nil {
		reply(nil, nil)
	}
	return err
}

func outcome(o socketio.Outcome) cluster.Outcome {
	return cluster.Outcome{Matched: o.Matched, Queued: o.Queued, Dropped: o.Dropped, Stored: o.Stored}
}
