package config

import "time"

func limitKeys() []Key {
	return group("Limits towards browsers",
		newKey("limits.max_sessions", func(c *Config) *int { return &c.Limits.MaxSessions }, count(0, 10_000_000),
			"Browsers that may be connected at the same time; the next one is refused. Zero means no limit but memory."),
		newKey("limits.outbox_packets", func(c *Config) *int { return &c.Limits.OutboxPackets }, count(16, 1_000_000),
			"Packets that wait for a slow browser before it is closed."),
		newKey("limits.outbox_bytes", func(c *Config) *int64 { return &c.Limits.OutboxBytes }, size(16<<10, 1<<30),
			"Bytes that wait for a slow browser before it is closed."),
		newKey("limits.packets_per_payload", func(c *Config) *int { return &c.Limits.PacketsPerPayload }, count(1, 1_000_000),
			"Packets in one polling request; a browser that sends more is closed."),
		newKey("limits.event_bytes", func(c *Config) *int64 { return &c.Limits.EventBytes }, size(1024, 1<<30),
			"Size of one event with its attachments; a browser that sends more is closed."),
		newKey("limits.attachments", func(c *Config) *int { return &c.Limits.Attachments }, count(1, 64),
			"Binary arguments of one event; a browser that announces more is closed."),
		newKey("limits.depth", func(c *Config) *int { return &c.Limits.Depth }, count(1, 512),
			"How deep the JSON of an event may be nested; beyond it the browser is closed."),
		newKey("limits.arguments", func(c *Config) *int { return &c.Limits.Arguments }, count(1, 1_000_000),
			"Arguments of one event; a browser that sends more is closed."),
		newKey("limits.namespaces_per_client", func(c *Config) *int { return &c.Limits.NamespacesPerClient }, count(1, 10_000),
			"Namespaces that one browser may be in; the next one is refused."),
		newKey("limits.rooms_per_socket", func(c *Config) *int { return &c.Limits.RoomsPerSocket }, count(1, 1_000_000),
			"Rooms that one socket may be in; a command beyond it fails."),
		newKey("limits.pending_acks_per_socket", func(c *Config) *int { return &c.Limits.PendingAcksPerSocket }, count(1, 1_000_000),
			"Acknowledgements that one browser may owe; beyond it nothing more is asked of it."),
		newKey("limits.namespace_bytes", func(c *Config) *int { return &c.Limits.NamespaceBytes }, count(16, 4096),
			"Length of a namespace; a longer one is unknown."),
		newKey("limits.room_bytes", func(c *Config) *int { return &c.Limits.RoomBytes }, count(16, 4096),
			"Length of the name of a room; a command beyond it fails."),
		newKey("limits.event_name_bytes", func(c *Config) *int { return &c.Limits.EventNameBytes }, count(16, 4096),
			"Length of the name of an event; a browser that sends a longer one is closed."),
		newKey("limits.auth_bytes", func(c *Config) *int { return &c.Limits.AuthBytes }, threshold(1, 1<<20),
			"Size of what a client sends as auth; one that sends more is not let into the namespace."),
		newKey("limits.data_bytes", func(c *Config) *int { return &c.Limits.DataBytes }, threshold(1, 16<<20),
			"Size of the data that a service keeps with a socket; a command beyond it fails."),
		newKey("limits.headers", func(c *Config) *int { return &c.Limits.Headers }, count(16, 10_000),
			"Header lines of a request; more is answered with 431."),
		newKey("limits.query_bytes", func(c *Config) *int { return &c.Limits.QueryBytes }, threshold(256, 64<<10),
			"Length of a query string; more is answered with 414."),
	)
}

func httpKeys() []Key {
	return group("Requests on the browser listener",
		newKey("http.header_bytes", func(c *Config) *int { return &c.HTTP.HeaderBytes }, threshold(8<<10, 1<<20),
			"Limit of the request line and the headers together; more is answered with 431."),
		newKey("http.header_timeout", func(c *Config) *time.Duration { return &c.HTTP.HeaderTimeout },
			duration(100*time.Millisecond, 10*time.Minute),
			"Time in which the headers of a request have to arrive."),
		newKey("http.idle_timeout", func(c *Config) *time.Duration { return &c.HTTP.IdleTimeout },
			duration(100*time.Millisecond, time.Hour),
			"Time after which a connection without a request is closed."),
	)
}
