package config

import "time"

// Rates bounds how fast browsers may be. Zero is no limit.
type Rates struct {
	Messages, Bytes                               int64
	UserMessages, UserBytes                       int64
	Ahead                                         time.Duration
	Handshakes, HandshakeBurst, Unjoined          int
	UnknownSessions                               int
	Connections, ConnectionBurst, OpenConnections int
	PrivateAddresses                              bool
	MemoryPercent                                 int
}

func rateKeys() []Key {
	return group("Rates of browsers",
		hubKey("rates.messages", func(c *Config) *int64 { return &c.Rates.Messages }, numbers[int64]("count", ""),
			"Messages a second from one browser; a faster one is read later, and nothing of it is dropped. Zero means no limit."),
		hubKey("rates.bytes", func(c *Config) *int64 { return &c.Rates.Bytes }, sizes(),
			"The same in bytes, as they are after inflating. Zero means no limit."),
		hubKey("rates.ahead", func(c *Config) *time.Duration { return &c.Rates.Ahead },
			durations(),
			"By how much time a browser, or a user, may be ahead of these: what may be sent at once."),
		hubKey("rates.user_messages", func(c *Config) *int64 { return &c.Rates.UserMessages }, numbers[int64]("count", ""),
			"Messages a second from all browsers of one user together, as an accept has named the user; who sends most is read later first. Zero means no limit."),
		hubKey("rates.user_bytes", func(c *Config) *int64 { return &c.Rates.UserBytes }, sizes(),
			"The same in bytes. Zero means no limit."),
		hubKey("rates.handshakes", func(c *Config) *int { return &c.Rates.Handshakes }, counts(),
			"Sessions that one address may open in a second; more are answered with 429 and Retry-After. An IPv6 network of 64 bits counts as one address. Zero means no limit."),
		hubKey("rates.handshake_burst", func(c *Config) *int { return &c.Rates.HandshakeBurst }, counts(),
			"Sessions that one address may open at once."),
		hubKey("rates.connections", func(c *Config) *int { return &c.Rates.Connections }, counts(),
			"TCP connections that one address may open in a second. More are accepted later, others before them; those that would have to wait for more than 5 s are answered with 429 and Retry-After, and closed. The address is the peer's; `http.trusted_proxies` are exempt. Zero means no limit."),
		hubKey("rates.connection_burst", func(c *Config) *int { return &c.Rates.ConnectionBurst }, counts(),
			"TCP connections that one address may open at once."),
		hubKey("rates.open_connections", func(c *Config) *int { return &c.Rates.OpenConnections }, counts(),
			"TCP connections that one address may have open; more are answered with 429 and Retry-After, and closed. Zero means no limit."),
		hubKey("rates.unjoined", func(c *Config) *int { return &c.Rates.Unjoined }, counts(),
			"Sessions of one address that have joined no namespace yet; more are answered with 429 and Retry-After. Zero means no limit."),
		hubKey("rates.unknown_sessions", func(c *Config) *int { return &c.Rates.UnknownSessions }, counts(),
			"Requests of one address in a second for sessions that there are not, and twenty times as many at once; more are answered with 429. Zero means no limit."),
		hubKey("rates.private_addresses", func(c *Config) *bool { return &c.Rates.PrivateAddresses }, boolean(),
			"Whether loopback and private addresses, which proxies have, are limited like others."),
		hubKey("rates.memory_percent", func(c *Config) *int { return &c.Rates.MemoryPercent }, counts(),
			"Share of the memory limit (`GOMEMLIMIT`) from which browsers are refused with 503 and Retry-After. Zero means never, and so does no memory limit."),
	)
}
