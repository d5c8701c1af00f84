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
func (f *Federation) Apply(c *cluster.Command) {
	if c.Signal != nil {
		if f.config.Peer != nil {
			f.refuseIf(kindSignal, f.config.Peer.Signalled(c.Signal))
		}
		return
	}
	var batch engineio.Batch
	kind, _, err := f.carryOut(&batch, c)
	batch.Flush()
	f.refuseIf(kind, err)
}

// carryOut does to the sockets here what a command says.
func (f *Federation) carryOut(b *engineio.Batch, c *cluster.Command) (kind string, o cluster.Outcome, err error) {
	if c.Message != nil {
		o, err = f.emit(b, c)
		return kindEmit, o, err
	}
	if c.ServerSide != nil {
		return kindServerSide, o, f.serverSide(c.Namespace, c.ServerSide, nil)
	}
	if err := f.config.Checks.Target(c.Namespace, c.Target); err != nil {
		return kindOf(c), o, err
	}
	switch {
	case len(c.Join)+len(c.Leave) > 0:
		if err = f.rooms(c); err == nil {
			out, _ := f.config.Sockets.UpdateRooms(c.Namespace, c.Target, c.Join, c.Leave)
			o = outcome(out)
		}
		return kindRooms, o, err
	case c.Disconnect != nil:
		if err = f.config.Checks.Detail(c.Disconnect.Detail); err == nil {
			o = outcome(f.config.Sockets.Disconnect(b, c.Namespace, c.Target, socketio.Eviction(*c.Disconnect)))
		}
		return kindDisconnect, o, err
	case c.Data != nil:
		change, err := f.config.Checks.Data(c.Data)
		if err != nil {
			return kindData, o, err
		}
		out, version, err := f.config.Sockets.SetData(c.Namespace, c.Target, change)
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
func (f *Federation) emit(b *engineio.Batch, c *cluster.Command) (cluster.Outcome, error) {
	if err := f.config.Checks.Message(c.Message); err != nil {
		return cluster.Outcome{}, err
	}
	if c.Target.All && isPattern(c.Namespace) {
		prefix, err := f.config.Checks.Pattern(c.Namespace)
		if err != nil {
			return cluster.Outcome{}, err
		}
		return outcome(f.config.Sockets.EmitBelow(b, prefix, c.Target, *c.Message, socketio.Issue{Mark: socketio.Marked(c.Origin)})), nil
	}
	if err := f.config.Checks.Target(c.Namespace, c.Target); err != nil {
		return cluster.Outcome{}, err
	}
	is := socketio.Issue{Mark: socketio.Marked(c.Origin)}
	return outcome(f.config.Sockets.EmitAs(b, c.Namespace, c.Target, *c.Message, &is)), nil
}

func isPattern(namespace string) bool { return namespace != "" && namespace[len(namespace)-1] == '*' }

func (f *Federation) rooms(c *cluster.Command) error {
	if err := f.config.Checks.Rooms(c.Join); err != nil {
		return err
	}
	return f.config.Checks.Rooms(c.Leave)
}

// serverSide hands what a Node server said to its fellows to the control plane.
func (f *Federation) serverSide(namespace string, m *cluster.Message, reply func([]byte, [][]byte)) error {
	err := f.config.Checks.Message(m)
	if err == nil {
		err = f.config.Checks.Target(namespace, cluster.Target{All: true})
	}
	if err == nil && f.config.Peer != nil {
		f.config.Peer.ServerSide(namespace, m, reply)
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
