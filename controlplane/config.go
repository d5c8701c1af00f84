package controlplane

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/siohub/siohub/controlplane/access"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// Config says how a Server behaves. The zero value works: every field has a
// default. Each field names its key in the configuration file, which errors name
// too.
type Config struct {
	// HubID tells this hub apart from others: 16 hexadecimal digits, the same as hub.ClusterConfig.ID. Empty means random ones,
	// see Server.HubID.
	HubID string
	// HubVersion is told to services in the welcome. It may be empty.
	HubVersion string
	// ControlAddress is where services reach this hub, HOST:PORT, as the welcome tells
	// it. Empty means that the hub does not know. Key: cluster.advertise.
	ControlAddress string
	// Namespaces are those that exist though no service has subscribed to them yet:
	// exact (`/chat`) or with a last segment `*` (`/org/*`). Empty means that a
	// namespace exists once a service has subscribed to it. Key: namespaces.
	Namespaces []string
	// Private are namespaces that are none of services: commands and queries for them are refused with PERMISSION_DENIED,
	// unless the caller's permissions name the namespace itself, and revocations leave their sockets alone. Default none.
	Private []string
	// StartGrace is the time after the start in which every namespace counts as
	// existing, so that browsers that come back before their service are undecided
	// and not refused. It holds only without Namespaces. Zero means 30 s; a negative
	// value means none. Key: start_grace.
	StartGrace time.Duration

	// Connect bounds connect attempts. Key: control.connect.
	Connect ConnectConfig
	// Window bounds the unsettled work of one instance. Key: control.window.
	Window WindowConfig
	// KeptBytes bounds what commands of all services together leave with the hub: results under idempotency keys, half of
	// it, and acknowledgements and results that wait to be taken, snapshots of queries, calls, and acknowledgements
	// left open, an eighth each. Default 512 MiB. Key: control.kept_bytes.
	KeptBytes int64
	// LeastPercent of the processors is what services that take all they can have together, at least, while what others do
	// waits too long for a processor. Default 5; 100 holds nobody back. Key: control.least_percent.
	LeastPercent int
	// Parking bounds what waits for a service. Key: parking.
	Parking ParkingConfig
	// Stream says how streams are watched. Key: control.stream.
	Stream StreamConfig

	// SkipAuthorizer lets browsers take up their sessions without asking their authorizer again, while the authorization
	// that they had lasts. False asks, with what is to be recovered. Key: recovery.skip_authorizer.
	SkipAuthorizer bool

	// Authenticator knows the callers. Nil lets everybody in, without a name.
	Authenticator access.Authenticator
	// BrowserTokens decides connect attempts in some namespaces by tokens that browsers
	// show. Nil leaves all to services.
	BrowserTokens access.BrowserTokens
	// NoReflection keeps the contract from gRPC tools that ask for it.
	NoReflection bool
	// Registerer takes the metrics of the gRPC calls. Nil means none.
	Registerer prometheus.Registerer
	// Logger takes the log: no payload, no context and no metadata ever gets into it.
	// Nil means slog.Default.
	Logger *slog.Logger
	// Trace is told what happens inside, for metrics and tests. Nil means nobody
	// looks.
	Trace *trace.Hooks
}

// ConnectConfig bounds connect attempts.
type ConnectConfig struct {
	// Try is the time that one instance has for its decision, before another one is
	// asked as well, unless its subscription says it. Default 5 s, at most 1 min.
	// Key: control.connect.try.
	Try time.Duration
}

// WindowConfig bounds the unsettled work of one instance.
type WindowConfig struct {
	// MaxDeliveries and MaxBytes are the most that an instance may ask for; larger
	// windows are clamped. Defaults 16 384 and 64 MiB.
	// Keys: control.window.max_deliveries, control.window.max_bytes.
	MaxDeliveries int
	MaxBytes      int64
	// TotalBytes is for the unsettled deliveries of all instances: beyond it only those with less than a 64th of it
	// get more. Default 256 MiB. Key: control.window.total_bytes.
	TotalBytes int64
	// Commands is how many commands with a command_id an instance may have without a
	// result. Default 4096. Key: control.window.commands.
	Commands int
}

// ParkingConfig bounds what waits for a service, by items and by bytes. An event
// counts with its arguments, its attachments and 512 bytes for its keep. At the bounds
// browsers are not read further, unless the subscription says otherwise
// (Subscription.overflow): each may have one event more than the bounds, which was read
// already. Beyond NodeBytes, or for a group with twice GroupBytes, large messages are not read to their end
// (hub.Keeper); a group counts there with at most GroupBytes, unless there is twice as much in all. One that has less
// than a sixteenth of NodeBytes parked always has room.
type ParkingConfig struct {
	// SocketEvents and SocketBytes hold for one socket. Defaults 64 and 1 MiB. A browser that owes acknowledgements is read
	// on, as they stand behind its events, to eight times SocketBytes.
	// Keys: parking.socket_events, parking.socket_bytes.
	SocketEvents int
	SocketBytes  int64
	// GroupBytes holds for one group of instances. Default 64 MiB.
	// Key: parking.group_bytes.
	GroupBytes int64
	// NodeBytes holds for the whole hub. Default 256 MiB. Key: parking.node_bytes.
	NodeBytes int64
	// Age is how long an event waits while no instance of its group is attached: then its
	// browser is sent away. Default 5 min. Key: parking.age.
	Age time.Duration
	// Routes is how long the routes of a group without an instance are its own. After it another
	// group may take them, and what others handle with a less specific pattern goes to them.
	// What nobody else handles waits for it on. Default 1 min. Key: parking.routes.
	Routes time.Duration
	// Lifecycle is how many connected and disconnected a group may have waiting; they
	// have no age limit. Default 100 000. Key: parking.lifecycle.
	Lifecycle int
}

// StreamConfig says how streams are watched.
type StreamConfig struct {
	// HelloTimeout is the time a new stream has for its hello. Default 5 s.
	// Key: control.stream.hello_timeout.
	HelloTimeout time.Duration
	// Heartbeat is the time from one heartbeat to the next, each way. Three missed
	// ones end the stream. Default 5 s. Key: control.stream.heartbeat.
	Heartbeat time.Duration
	// SendTimeout ends the stream of a service that does not read for that long.
	// Default 10 s. Key: control.stream.send_timeout.
	SendTimeout time.Duration
	// FailoverDelay is how long the work of a lost stream waits for its instance
	// while another one could take it. Default 800 ms, at most 1 s; a negative value
	// means none. Key: control.stream.failover_delay.
	FailoverDelay time.Duration
	// Suspend is how long an instance whose stream broke may resume it. Default 30 s, at
	// most 10 min. Key: control.stream.suspend.
	Suspend time.Duration
	// MaxInstances is how many instances may be attached. Default 1024.
	// Key: control.stream.max_instances.
	MaxInstances int
	// MaxCalls is how many calls one gRPC connection may have at the same time.
	// Default 32. Key: control.stream.max_calls.
	MaxCalls int
}

// withDefaults returns a copy with the defaults filled in.
func (c Config) withDefaults() Config {
	orDefault(&c.StartGrace, "start_grace")
	orDefault(&c.Connect.Try, "control.connect.try")
	orDefault(&c.Window.MaxDeliveries, "control.window.max_deliveries")
	orDefault(&c.Window.MaxBytes, "control.window.max_bytes")
	orDefault(&c.Window.TotalBytes, "control.window.total_bytes")
	orDefault(&c.Window.Commands, "control.window.commands")
	orDefault(&c.KeptBytes, "control.kept_bytes")
	orDefault(&c.LeastPercent, "control.least_percent")
	orDefault(&c.Parking.SocketEvents, "parking.socket_events")
	orDefault(&c.Parking.SocketBytes, "parking.socket_bytes")
	orDefault(&c.Parking.GroupBytes, "parking.group_bytes")
	orDefault(&c.Parking.NodeBytes, "parking.node_bytes")
	orDefault(&c.Parking.Age, "parking.age")
	orDefault(&c.Parking.Routes, "parking.routes")
	orDefault(&c.Parking.Lifecycle, "parking.lifecycle")
	orDefault(&c.Stream.HelloTimeout, "control.stream.hello_timeout")
	orDefault(&c.Stream.Heartbeat, "control.stream.heartbeat")
	orDefault(&c.Stream.SendTimeout, "control.stream.send_timeout")
	orDefault(&c.Stream.FailoverDelay, "control.stream.failover_delay")
	orDefault(&c.Stream.Suspend, "control.stream.suspend")
	orDefault(&c.Stream.MaxInstances, "control.stream.max_instances")
	orDefault(&c.Stream.MaxCalls, "control.stream.max_calls")
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	c.Logger = c.Logger.With("component", "controlplane")
	return c
}

// validate names the first setting that cannot be.
func (c Config) validate() error {
	if problems := c.Problems(); len(problems) > 0 {
		return problems[0]
	}
	return nil
}

// Problems are all settings that New would not take, which returns the first of them.
func (c Config) Problems() (problems []*hub.ConfigError) {
	c = c.withDefaults()
	for _, ns := range c.Namespaces {
		if route.CheckNamespace(ns) != nil {
			problems = append(problems, &hub.ConfigError{Key: "namespaces", Value: ns, Allowed: "/name, or /name/* for all below it"})
		}
	}
	for _, s := range []struct {
		key   string
		value any
	}{
		{"start_grace", max(c.StartGrace, 0)}, // negative means none, as a configured 0 does
		{"control.connect.try", c.Connect.Try},
		{"control.window.max_deliveries", c.Window.MaxDeliveries},
		{"control.window.max_bytes", c.Window.MaxBytes},
		{"control.window.total_bytes", c.Window.TotalBytes},
		{"control.window.commands", c.Window.Commands},
		{"control.kept_bytes", c.KeptBytes},
		{"control.least_percent", c.LeastPercent},
		{"control.stream.hello_timeout", c.Stream.HelloTimeout},
		{"control.stream.heartbeat", c.Stream.Heartbeat},
		{"control.stream.send_timeout", c.Stream.SendTimeout},
		{"control.stream.failover_delay", max(c.Stream.FailoverDelay, 0)},
		{"control.stream.suspend", c.Stream.Suspend},
		{"control.stream.max_instances", c.Stream.MaxInstances},
		{"control.stream.max_calls", c.Stream.MaxCalls},
		{"parking.socket_events", c.Parking.SocketEvents},
		{"parking.socket_bytes", c.Parking.SocketBytes},
		{"parking.group_bytes", c.Parking.GroupBytes},
		{"parking.node_bytes", c.Parking.NodeBytes},
		{"parking.age", c.Parking.Age},
		{"parking.routes", c.Parking.Routes},
		{"parking.lifecycle", c.Parking.Lifecycle},
	} {
		if !takes(s.key, s.value) {
			problems = append(problems, &hub.ConfigError{Key: s.key, Value: s.value, Allowed: Allowed(s.key)})
		}
	}
	if c.Window.TotalBytes < c.Window.MaxBytes {
		problems = append(problems, &hub.ConfigError{Key: "control.window.total_bytes", Value: c.Window.TotalBytes, Allowed: "at least control.window.max_bytes"})
	}
	p := c.Parking
	if p.GroupBytes < p.SocketBytes {
		problems = append(problems, &hub.ConfigError{Key: "parking.group_bytes", Value: p.GroupBytes, Allowed: "at least parking.socket_bytes"})
	}
	if p.NodeBytes < p.GroupBytes {
		problems = append(problems, &hub.ConfigError{Key: "parking.node_bytes", Value: p.NodeBytes, Allowed: "at least parking.group_bytes"})
	}
	return problems
}
