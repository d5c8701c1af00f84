package config

import (
	"strings"
	"time"
)

func namespaceKeys() []Key {
	return group("Namespaces",
		newKey("namespaces", func(c *Config) *[]string { return &c.Namespaces },
			list("namespaces such as /, /chat or /org/*, at most 256 bytes each", isNamespacePattern),
			"Namespaces that exist; a browser that asks for another is refused with `Invalid namespace`. Empty: those that a service ever asked for; * and /* count only of who decides about connects.").common(),
		controlKey("start_grace", func(c *Config) *time.Duration { return &c.StartGrace }, durations(),
			"Time after the start in which a namespace that no service has asked for yet is undecided instead of unknown. Counts only without `namespaces`."),
	)
}

// isNamespacePattern takes /, /chat and /org/*: a star only as the last segment.
func isNamespacePattern(s string) bool {
	if !strings.HasPrefix(s, "/") || len(s) > 256 || strings.ContainsAny(s, ",?\x00") {
		return false
	}
	return !strings.Contains(strings.TrimSuffix(s, "/*"), "*")
}

func controlKeys() []Key {
	return group("Services",
		newKey("control.tokens_file", func(c *Config) *string { return &c.Control.TokensFile },
			text("a file with one `name: token` a line, or `name: sha256:HASH`; empty for none", nil),
			"Bearer tokens of services, read again when the file changes. With tokens, nobody attaches without one.").common(),
		newKey("control.tokens", func(c *Config) *[]string { return &c.Control.Tokens },
			list("name:token or name:sha256:HASH each, tokens of at least 16 characters", isTokenPair),
			"The same tokens in the environment or the YAML file.").secret(),
		controlKey("control.connect.try", func(c *Config) *time.Duration { return &c.Control.Connect.Try }, durations(),
			"Time that one instance has to decide a connect attempt, before another one is asked."),
		controlKey("control.window.max_deliveries", func(c *Config) *int { return &c.Control.Window.MaxDeliveries }, counts(),
			"The most unsettled deliveries that an instance may ask for; a larger wish is cut to it."),
		controlKey("control.window.max_bytes", func(c *Config) *int64 { return &c.Control.Window.MaxBytes }, sizes(),
			"The most bytes of unsettled deliveries that an instance may ask for.").ofMemory(32),
		controlKey("control.window.total_bytes", func(c *Config) *int64 { return &c.Control.Window.TotalBytes }, sizes(),
			"Bytes of unsettled deliveries of all instances together; beyond it an instance that has a 64th of it gets more only as it settles what it has.").ofMemory(16),
		controlKey("control.window.commands", func(c *Config) *int { return &c.Control.Window.Commands }, counts(),
			"Commands of an instance that may be without a result."),
		controlKey("control.kept_bytes", func(c *Config) *int64 { return &c.Control.KeptBytes }, sizes(),
			"Bytes that commands of all services together leave with the hub: results under idempotency keys (half of it, one identity and group at most 16 MiB and a 16th of that), and acknowledgements that are gathered, snapshots of queries, calls, and acknowledgements left open (an eighth each). At the bound commands are refused with RESOURCE_EXHAUSTED, or the oldest are forgotten (`hub_command_bounds_total`).").ofMemory(16),
		controlKey("control.least_percent", func(c *Config) *int { return &c.Control.LeastPercent }, counts(),
			"Part of the processors, in percent, that services which take all they can have at least, all together, while work of others waits for a processor for too long: they are read more slowly then (`hub_services_slowed_total` with `why=\"paced\"`). 100 holds nobody back."),
		controlKey("control.stream.hello_timeout", func(c *Config) *time.Duration { return &c.Control.Stream.HelloTimeout }, durations(),
			"Time in which a stream has to introduce itself."),
		controlKey("control.stream.heartbeat", func(c *Config) *time.Duration { return &c.Control.Stream.Heartbeat }, durations(),
			"Time between heartbeats on a stream, each way; three missed ones end it."),
		controlKey("control.stream.send_timeout", func(c *Config) *time.Duration { return &c.Control.Stream.SendTimeout }, durations(),
			"Time after which a service that does not read is cut off."),
		controlKey("control.stream.failover_delay", func(c *Config) *time.Duration { return &c.Control.Stream.FailoverDelay }, durations(),
			"Time that a lost instance has to come back before its work goes to another one."),
		controlKey("control.stream.suspend", func(c *Config) *time.Duration { return &c.Control.Stream.Suspend }, durations(),
			"Time in which an instance whose stream broke may resume it: nothing that it holds comes twice."),
		controlKey("control.stream.max_instances", func(c *Config) *int { return &c.Control.Stream.MaxInstances }, counts(),
			"Instances of services that may be attached; the next one is refused."),
		controlKey("control.stream.max_calls", func(c *Config) *int { return &c.Control.Stream.MaxCalls }, counts(),
			"Calls that one gRPC connection may have at the same time."),
	)
}

func parkingKeys() []Key {
	return group("Parking: what waits while a service is away, or behind; at these bounds browsers are not read further",
		controlKey("parking.socket_events", func(c *Config) *int { return &c.Parking.SocketEvents }, counts(),
			"Events that are kept for one socket."),
		controlKey("parking.socket_bytes", func(c *Config) *int64 { return &c.Parking.SocketBytes }, sizes(),
			"Bytes that are kept for one socket; eight times as many while its browser owes acknowledgements, which stand behind its events."),
		controlKey("parking.group_bytes", func(c *Config) *int64 { return &c.Parking.GroupBytes }, sizes(),
			"Bytes that are kept for one group of services.").ofMemory(32),
		controlKey("parking.node_bytes", func(c *Config) *int64 { return &c.Parking.NodeBytes }, sizes(),
			"Bytes that are kept in all, where a group counts with at most `parking.group_bytes`: one that settles nothing takes no room from others by what each of its browsers adds. Beyond it, or with twice as much in all, and for a group with twice `parking.group_bytes`, messages of more than 8 KiB are not read to their end; a group that has less than a sixteenth of these parked always has room, so that those that settle nothing keep nobody from it. In sum there are no more than twice these, a sixteenth for each such group beyond the fourth, and `limits.unfinished_bytes`.").ofMemory(16),
		controlKey("parking.age", func(c *Config) *time.Duration { return &c.Parking.Age }, durations(),
			"Time after which a browser is sent away whose events wait for a service of which no instance is attached. Events of a browser that has left are dropped after as long without progress, or ten times as long while an attached instance works on what is in front of them or is paused."),
		controlKey("parking.routes", func(c *Config) *time.Duration { return &c.Parking.Routes }, durations(),
			"Time in which what a service has subscribed to is kept for it though no instance of it is attached. After it another service may take it over, or handles it with a less specific subscription."),
		controlKey("parking.lifecycle", func(c *Config) *int { return &c.Parking.Lifecycle }, counts(),
			"Connects and disconnects that are kept for one group; they have no age."),
	)
}

// Components are the names that log.levels and DEBUG know.
var Components = []string{"engineio", "socketio", "hub", "controlplane", "grpc", "http", "admin", "demo"}

// logLevels are the levels in rising order.
var logLevels = []string{"debug", "info", "warn", "error"}

func logKeys() []Key {
	return group("Log",
		newKey("log.format", func(c *Config) *string { return &c.Log.Format }, choice("text", "json"),
			"Form of the log lines on stderr.").common(),
		newKey("log.level", func(c *Config) *string { return &c.Log.Level }, choice(logLevels...),
			"Lowest level that is logged.").common(),
		newKey("log.levels", func(c *Config) *map[string]string { return &c.Log.Levels }, levels(),
			"Levels of single components, such as `controlplane: debug`. The variable DEBUG=engineio,control* sets them to debug for one run."),
	)
}
