package hub

import (
	"crypto/rand"
	"encoding/hex"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/federation"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// ClusterConfig says how a hub finds others. The zero value is a hub that is alone.
type ClusterConfig struct {
	// ID tells the hub apart from others: 16 hexadecimal digits. Empty means random ones, which is right but for who needs to
	// know it before the hub is there.
	ID string
	// Engine is the hub's end of what it shares with others. Nil: it is alone. The hub opens it in Cluster.Open and closes
	// it in Shutdown.
	Engine cluster.Cluster
	// ControlAddress is where services reach the control plane of this hub, and PeerAddress where other hubs do. The
	// others are told; either may be empty.
	ControlAddress, PeerAddress string
	// Relay lets browsers meet any hub.
	Relay Relay
}

// Peer may be implemented by an Application that talks to those of other hubs. New looks once whether it is. Its methods may
// be called at the same time and must not block.
type Peer interface {
	// MembersChanged says that Cluster.Members has changed.
	MembersChanged()
	// Signalled is what another hub's application has told with Cluster.Signal. An error says that it makes no sense, and is
	// counted (Trace.PeerRefused).
	Signalled(signal []byte) error
	// Asked is what another hub's application asks with a cluster.Question of the kind Signalled. r takes its answers, also
	// when there is an error, which is counted.
	Asked(signal []byte, r cluster.Responder) error
	// ServerSide is what a Node server has said with `serverSideEmit`. reply is nil when no acknowledgement is wanted;
	// else it is called once, with a JSON array of at most one value and its attachments.
	ServerSide(namespace string, m *cluster.Message, reply func(value []byte, attachments [][]byte))
}

// Cluster is the other hubs, and other servers, as this one knows them. All methods may be called at the same time; those of
// a hub that is alone find nobody.
type Cluster federation.Federation

// ID is the id of this hub, as others know it.
func (h *Hub) ID() string { return h.id }

// Cluster is the other hubs. It is never nil to its methods.
func (h *Hub) Cluster() *Cluster { return (*Cluster)(h.federation) }

func (c *Cluster) inner() *federation.Federation { return (*federation.Federation)(c) }

// Open enters the cluster: from now on the hub does what others say, and its application hears of them if it is a Peer.
// It is called once, when the application is ready. An engine that is not there yet is no error: it is waited for while the
// hub serves.
func (c *Cluster) Open() error { return c.inner().Open() }

// Alone reports whether the hub has no engine.
func (c *Cluster) Alone() bool { return c == nil }

// Members are the other servers that are known, sorted by id.
func (c *Cluster) Members() []cluster.Member { return c.inner().Members() }

// Status is how the engine is. The zero Status for a hub that is alone.
func (c *Cluster) Status() cluster.Status { return c.inner().Status() }

// Behind is nil, unless the engine is behind: more than half of cluster.queue_bytes waits for it. Whoever emits to other hubs
// should wait then until the channel is closed; it is the same one for as long as that lasts.
func (c *Cluster) Behind() <-chan struct{} { return c.inner().Behind() }

// Describe is what the others hear of this hub as Member.Description: at most cluster.MaxDescription bytes, which must not
// change any more.
func (c *Cluster) Describe(description []byte) { c.inner().Describe(description) }

// Signal tells the applications of the other hubs something. missing are the hubs that it does not reach.
func (c *Cluster) Signal(signal []byte) (missing []string) { return c.inner().Signal(signal) }

// ServerSideEmit tells foreign servers something, as `serverSideEmit` of Socket.IO does. Other hubs do not hear of it.
func (c *Cluster) ServerSideEmit(namespace string, m Message) (missing []string) {
	if c == nil {
		return nil
	}
	return c.inner().Publish(&cluster.Command{
		Namespace: namespace, Foreign: true, ServerSide: &cluster.Message{Event: m.Event, Args: m.Args, Attachments: m.Attachments},
	})
}

// Ask asks the other servers for what they know. It does not ask this hub. See cluster.Cluster.
func (c *Cluster) Ask(q *cluster.Question, a cluster.Asking) (stop func()) {
	return c.inner().Ask(q, a)
}

// Holds reports whether a target names nobody but sockets that are all here.
func (c *Cluster) Holds(t Target) bool {
	to := t.Everywhere()
	return !c.inner().Elsewhere(t.Namespace, &to)
}

// Everywhere is a target as other servers are told it, without its namespace.
func (t Target) Everywhere() cluster.Target {
	return cluster.Target{
		All: t.All, Sockets: t.Sockets, Rooms: t.Rooms, Users: t.Users,
		ExceptSockets: t.ExceptSockets, ExceptRooms: t.ExceptRooms, ExceptUsers: t.ExceptUsers,
	}
}

// idBytes is what the id of a hub has, in twice as many digits.
const idBytes = 8

// newID is a random id.
func newID() string {
	var id [idBytes]byte
	// crypto/rand.Read never fails; it ends the program instead.
	_, _ = rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// elsewhere is what an engine is told of the sockets here. sessions are nil where they are not shared.
func (c Config) elsewhere(sessions *federation.Sessions, checks foreign) (e socketio.Elsewhere) {
	engine := c.Cluster.Engine
	if engine == nil {
		return e
	}
	e.Serves = engine.Serve
	if rooms, ok := engine.(cluster.RoomSubscriber); ok {
		e.RoomOccupied = federation.NewOccupancy(rooms).Change
	}
	if rooms, ok := engine.(cluster.OwnRoomSubscriber); ok {
		e.OwnRooms = rooms.OwnRooms()
	}
	if sessions == nil {
		return e
	}
	e.Sessions, e.Hub, e.Data = sessions, c.Cluster.ID, checks.Data
	e.KeepLive = c.Recovery.Persist == PersistOnChange
	if r, ok := c.Application.(Rememberer); ok {
		e.Memos = socketio.Memos{Encode: r.EncodeMemo, Decode: r.DecodeMemo}
	}
	return e
}

// Rememberer may be implemented by an Application whose Acceptance.Memo is to go with a session to another hub. New looks once
// whether it is. Its methods may be called at the same time, and must not block.
type Rememberer interface {
	// EncodeMemo is a memo as bytes. Nil: it stays behind. It is called with locks held, and must not call the hub.
	EncodeMemo(memo any) []byte
	// DecodeMemo is the other way round, with what it takes. What cannot be read is nil.
	DecodeMemo(b []byte) (memo any, bytes int64)
}

// sessions are shared where recovery is on, and the engine keeps what was published. Nil otherwise.
func (c Config) sessions(checks foreign) *federation.Sessions {
	recorder, ok := c.Cluster.Engine.(cluster.Recorder)
	if !ok || !c.Recovery.Enabled {
		return nil
	}
	return federation.NewSessions(federation.SessionsConfig{
		Recorder: recorder, Self: c.Cluster.ID, Checks: checks, MaxDuration: c.Recovery.MaxDuration,
		Refused: c.Trace.PeerRefused, Logger: c.Logger,
	})
}

// federate is the hub's Federation. Nil: it is alone.
func (h *Hub) federate(c Config, sessions *federation.Sessions, checks foreign) *federation.Federation {
	if c.Cluster.Engine == nil {
		return nil
	}
	config := federation.Config{
		Self:    cluster.Self{ID: h.id, Control: c.Cluster.ControlAddress, Peer: c.Cluster.PeerAddress},
		Cluster: c.Cluster.Engine, Sockets: h.sockets, Sessions: sessions, Checks: checks, Logger: c.Logger, Refused: c.Trace.PeerRefused,
	}
	if p, ok := c.Application.(Peer); ok {
		config.Peer = p
	}
	return federation.New(config)
}
