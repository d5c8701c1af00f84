package socketio

import (
	"log/slog"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/option"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// Config says how a Server behaves. Only Application is required.
type Config struct {
	// Application decides and answers.
	Application Application
	// Watcher is told more. Nil means nobody looks.
	Watcher Watcher
	// Room says where events of a name are kept until they have been acted on: large ones are not read on while that is
	// full. The name is empty when it is not known, and so is the namespace. Nil means that there always is room.
	// Crowded is asked before: whether any may be full. Neither may block.
	Room    func(namespace, event string) engineio.Room
	Crowded func() bool
	// DecidedBy names who decides about a namespace: those of one name share the bounds of attempts without a decision.
	// It must not block. Nil means that it is not known.
	DecidedBy func(namespace string) string
	// ConnectTimeout is the time in which a client has to join its first namespace. Zero means 45 s.
	ConnectTimeout time.Duration
	// Limits bound what browsers make the server hold. The zero value has the defaults.
	Limits Limits
	// Parsers are the wire forms of packets. The zero value means siopacket.JSON alone.
	Parsers Parsers
	// Private are namespaces that EmitBelow does not reach.
	Private []string
	// Recovery says what is kept for clients that are away.
	Recovery Recovering
	// Elsewhere is told what other servers should know of those here.
	Elsewhere Elsewhere
	// Logger takes the log. Nil means slog.Default.
	Logger *slog.Logger
	// Trace is told what happens. Nil means nobody looks.
	Trace *Trace
}

// Limits bound what browsers make the server hold. Zero means the default.
type Limits struct {
	// Packet are the limits of the decoder.
	Packet siopacket.Limits
	// EventBytes is the size of one event or ack with its attachments: 3 MiB.
	EventBytes int64
	// Namespaces a client joins: 16.
	Namespaces int
	// Rooms a socket is in, beside its own: 1024.
	Rooms int
	// PendingAcks a socket owes: 256.
	PendingAcks int
	// NamespaceBytes is the length of a namespace: 256.
	NamespaceBytes int
	// AuthBytes is the size of a client's auth: 16 KiB.
	AuthBytes int
	// Undecided is how many attempts may be without a decision: 10 000. UndecidedBytes is what they may bring
	// along in all, and again those that wait to be asked about: 64 MiB.
	Undecided      int
	UndecidedBytes int64
}

// Elsewhere is told what other servers should know of those here. Each function may be nil.
type Elsewhere struct {
	// Serves says that a namespace has its first socket, or session that is away, or none any more. It is called with
	// a lock held, and must neither block nor call the server.
	Serves func(namespace string, serves bool)
	// RoomOccupied says that a room has its first member, connected or away, or none any more: both are told of
	// for themselves. For each of the two the calls for one room alternate. A socket's own room is not told of, unless OwnRooms:
	// then it is another one than a room of its name, and its calls alternate for themselves.
	RoomOccupied func(namespace, room string, occupied bool)
	OwnRooms     bool
	// Sessions are shared with other hubs. Nil: they are not.
	Sessions Sessions
	// Hub is the id of this one. Data looks at a change of data that comes from another. Both are required with Sessions.
	Hub  string
	Data func(*cluster.Data) (DataChange, error)
	// Memos turn what the application keeps with a session into bytes.
	Memos Memos
	// KeepLive keeps sessions while their browsers are there as well, for the time after a hub that was killed.
	KeepLive bool
}

// Recovering says what is kept for clients that are away.
type Recovering struct {
	// Enabled switches it on. All other fields are required then.
	Enabled bool
	// MaxDuration is how long a client may be away, Detection how long it may take to notice that.
	MaxDuration, Detection time.Duration
	// Sessions, SessionBytes, LogBytes and TotalBytes are those of recovery.Config.
	Sessions                           int
	SessionBytes, LogBytes, TotalBytes int64
	// Without are namespaces for which nothing is kept.
	Without []string
}

// Trace is told what happens. Each function may be nil.
type Trace struct {
	// ConnectRefused: not let in; why is one of the Refused constants. The namespace is empty for an
	// unknown one.
	ConnectRefused func(namespace, why string)
	// SocketOpened, SocketClosed: a socket joined, left.
	SocketOpened func(namespace string)
	SocketClosed func(namespace, reason string)
	// EventReceived: an event of that many bytes.
	EventReceived func(namespace string, bytes int)
	// EventSent: an emission, to how many and not to how many.
	EventSent func(namespace string, queued, dropped int)
	// AckReceived: an ack, and whether anybody waited for it.
	AckReceived func(namespace string, expected bool)
	// AcksDone: an emission with acks ended.
	AcksDone func(namespace string, total AckTotal)
	// BadPacket: a client is closed for what it sent: "decode", "state", "parser" (a form that is not spoken) or "timeout".
	BadPacket func(kind string)
	// EventDropped: a policy dropped an event; reason is one of the Drop constants.
	EventDropped func(s *Socket, reason string)
	// EarlyPackets: what has become of packets that a client has sent before it was let in: one of the Early constants,
	// or of the Refused ones, with which they were dropped.
	EarlyPackets func(outcome string, n int)
	// Recovery: what has become of a client's wish to take up its session; outcome is one of the Recovery constants.
	Recovery func(outcome string)
	// RecoveryFull: a bound of Recovering was reached, by its name such as `log_bytes`. It may be called with locks held.
	RecoveryFull func(limit string)
	// LimitReached: by name, without the prefix `limits.`.
	LimitReached func(limit string)
	// Panic: something that was done for a client, or for the Application, panicked. The client is closed.
	Panic func(value any)
}

// Why a browser was not let into a namespace.
const (
	RefusedUnknown   = "unknown"
	RefusedDenied    = "denied"
	RefusedUndecided = "undecided"
	RefusedLimit     = "limit"
)

func (c Config) withDefaults() Config {
	if c.ConnectTimeout <= 0 {
		c.ConnectTimeout = option.ConnectTimeout.Default
	}
	c.Limits = c.Limits.withDefaults()
	c.Limits.Packet.AuthBytes = c.Limits.AuthBytes
	if c.Parsers == (Parsers{}) {
		c.Parsers.Text = siopacket.NewJSON(c.Limits.Packet)
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	c.Logger = c.Logger.With("component", "socketio")
	return c
}

func (l Limits) withDefaults() Limits {
	if l.EventBytes <= 0 {
		l.EventBytes = option.EventBytes.Default
	}
	if l.UndecidedBytes <= 0 {
		l.UndecidedBytes = option.UndecidedBytes.Default
	}
	for _, limit := range []struct {
		value     *int
		otherwise int
	}{
		{&l.Namespaces, option.Namespaces.Default},
		{&l.Rooms, option.Rooms.Default},
		{&l.PendingAcks, option.PendingAcks.Default},
		{&l.NamespaceBytes, option.NamespaceBytes.Default},
		{&l.AuthBytes, option.AuthBytes.Default},
		{&l.Undecided, option.Undecided.Default},
	} {
		if *limit.value <= 0 {
			*limit.value = limit.otherwise
		}
	}
	return l
}
