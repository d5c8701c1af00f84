package service

import (
	"crypto/tls"
	"log/slog"
	"time"

	"google.golang.org/grpc"
)

// Options says how a service reaches its hubs. The zero value reaches one on the
// same machine, unless the environment says otherwise:
//
//	HUB_ADDRESS                    Hub
//	HUB_TOKEN, HUB_TOKEN_FILE      Token, TokenSource
//	HUB_TLS_CA                     TLS: file with the certificates to trust, or `system`
//	HUB_TLS_CERT, HUB_TLS_KEY      TLS: files with the certificate to show
//	HUB_TLS_SERVER_NAME            TLS: name that the hub's certificate has
//
// An option that is set wins over its variable. One of HUB_TLS_* turns TLS on.
type Options struct {
	// Hub is where the control listeners of the hubs are: one address or several with
	// commas between them, each as gRPC takes it, HOST:PORT in most cases. The service
	// attaches to the hub at each. dns:///NAME:PORT stands for every address that the name
	// resolves to; it is resolved again every 30 s and when a hub cannot be reached. Hubs
	// that form a cluster tell each other's addresses, so that one that can be reached is
	// enough. A port that is left out is 7420. Empty means HUB_ADDRESS, and 127.0.0.1:7420 without it.
	Hub string
	// Token is the bearer token that names this service to all hubs. Empty sends
	// none. Without TLS it is sent in the clear, which is refused for every
	// address that is not the machine's own; an address that a hub tells is not dialled
	// then.
	Token string
	// TokenSource gives the token for each connection in place of Token. It must
	// return quickly. A token that the hub has refused is not shown again: Run goes on
	// once the source gives another one. Nil means Token.
	TokenSource func() (string, error)
	// TLS turns TLS on, for all hubs. Certificates in it are shown to the hub (mTLS).
	// Without a ServerName the certificate has to name what is dialled: the host of the
	// address, the name of dns:///NAME:PORT. Nil means HUB_TLS_*, and plain text without
	// them.
	TLS *tls.Config
	// DialOptions are added to the ones the kit uses, and win over them.
	DialOptions []grpc.DialOption
	// InstanceID names this process: 1 to 128 bytes, unique in the group, the same
	// over reconnections and at all hubs. Empty draws a random one. A fixed one (a pod's name) gets
	// the work of its previous life back at once after a crash.
	InstanceID string
	// Version is a label of what is running, for the hub's logs and `hub status`:
	// at most 128 bytes. May be empty.
	Version string
	// RequiredCapabilities are those without which the service cannot work, such as
	// `recovery`: Run fails at a hub that does not have them.
	RequiredCapabilities []string
	// Window bounds what each hub hands over before it is settled.
	Window Window
	// MaxEnvelopeBytes is the largest message that the hub may send, 1 MiB to 64 MiB. Zero
	// means 4 MiB. A hub whose `limits.event_bytes` lets larger events in needs more here:
	// what does not fit is dropped.
	MaxEnvelopeBytes int
	// Weight is the share of this process among those of its service: with 1 and 9 it
	// gets a tenth of the sockets. Zero means 1; at most 1000.
	Weight int
	// KeepSockets makes a socket stay with this process for as long as the process takes work,
	// for a program that keeps something of its sockets in memory: processes that come later
	// get new sockets only. False gives them their share of the idle ones.
	KeepSockets bool
	// Workers is how many handlers run at the same time. Zero means 1024. More
	// deliveries than that wait in the window.
	Workers int
	// AnswerFailures makes a browser's callback run when its event failed: with the
	// shape of [Reject] and the message `internal error` when a handler failed or
	// panicked, `unhandled event` when there is no handler. The service then takes
	// every event of its namespaces that no other service has a handler for. False
	// leaves such callbacks uncalled.
	AnswerFailures bool
	// Backoff is how long to wait between attempts to reach the hub.
	Backoff Backoff
	// Heartbeat is a wish for the heartbeat interval, 1 s to 60 s: long ones suit a
	// process that may stand still for seconds. Zero means the hub's own, 5 s.
	Heartbeat time.Duration
	// CommandTimeout is how long a command outside of a handler waits for a stream
	// when its context has no deadline. Zero means 10 seconds.
	CommandTimeout time.Duration
	// AckTimeout is how long EmitWithAck waits for browsers when neither
	// Target.Timeout nor a deadline of the context says it, and how long a call waits
	// for its answers. Zero means 10 seconds; at most 5 minutes.
	AckTimeout time.Duration
	// CloseTimeout is how long Run waits for handlers in flight once its context
	// has ended. Zero means 10 seconds.
	CloseTimeout time.Duration
	// Logger receives what the kit has to say, and the errors of handlers. Nil
	// means slog.Default().
	Logger *slog.Logger
	// Trace is told what happens. Nil means nobody.
	Trace *Trace
}

// Window bounds the unsettled deliveries of one process. The hub clamps it.
type Window struct {
	// Deliveries is how many. Zero means 1024.
	Deliveries int
	// Bytes is how much: arguments, attachments and socket data. Zero means 16 MiB.
	// One delivery always fits an empty window.
	Bytes int
	// Observations is how many observations wait at most, in the hub and again in
	// this process. Zero means 1024.
	Observations int
}

// Backoff bounds the wait between two attempts to reach the hub. Each wait is
// drawn evenly from zero to a limit that starts at Min and doubles up to Max, so
// that the services of a restarted hub do not come back in one moment. It starts anew
// after a stream that lasted one heartbeat interval.
type Backoff struct {
	// Min is the first limit. Zero means 100 ms.
	Min time.Duration
	// Max is the last limit. Zero means 10 s.
	Max time.Duration
}

// Trace has hooks for metrics and tests. Each may be nil. They are called from
// the kit's own goroutines, several at a time, and must return quickly.
type Trace struct {
	// Attached is called when a hub has welcomed this process.
	Attached func(hubID string)
	// Detached is called when the stream to a hub has ended. err is nil after a clean
	// close.
	Detached func(hubID string, err error)
	// Handled is called after a handler has returned. kind is the event's name, or
	// `connect`, `connected`, `disconnected`. err is what it returned; a panic is a
	// *PanicError.
	Handled func(namespace, kind string, err error)
	// CommandFailed is called for commands nobody waits for that failed in the hub,
	// and for settlements that it refused.
	CommandFailed func(err *StatusError, count uint64)
	// CommandsLost is called when an attachment ended before commands nobody waits for
	// had left.
	CommandsLost func(count int)
	// DeliveriesDropped is called when the hub has dropped deliveries of this
	// service.
	DeliveriesDropped func(err *StatusError, count uint64)
	// Unhandled is called for an event that nobody got.
	Unhandled func(namespace, event string, count uint64)
	// NoticesDropped is called when notices of the hub were passed over because their
	// handlers do not keep up.
	NoticesDropped func(count int)
	// HubDrains is called when a hub is going to shut down: until deadline, which is
	// zero when it cannot say.
	HubDrains func(hubID, reason string, deadline time.Time)
}
