package config

import "time"

// Rates bounds how fast browsers may be. Zero is no limit.
type Rates struct {
	Messages, Bytes                      int64
	Ahead                                time.Duration
	Handshakes, HandshakeBurst, Unjoined int
	PrivateAddresses                     bool
	MemoryPercent                        int
}

func defaultRates() Rates {
	return Rates{
		Messages: 5000, Bytes: 8 << 20, Ahead: 2 * time.Second,
		Handshakes: 100, HandshakeBurst: 2000, Unjoined: 2000, MemoryPercent: 85,
	}
}

func rateKeys() []Key {
	return group("Rates of browsers",
		newKey("rates.messages", func(c *Config) *int64 { return &c.Rates.Messages }, number[int64]("count", "", 0, 1_000_000),
			"Messages a second from one browser; a faster one is read later, and nothing of it is dropped. Zero means no limit."),
		newKey("rates.bytes", func(c *Config) *int64 { return &c.Rates.Bytes }, size(0, 1<<40),
			"The same in bytes, as they are after inflating. Zero means no limit."),
		newKey("rates.ahead", func(c *Config) *time.Duration { return &c.Rates.Ahead },
			duration(time.Millisecond, time.Hour),
			"By how much time a browser may be ahead of both: what it may send at once."),
		newKey("rates.handshakes", func(c *Config) *int { return &c.Rates.Handshakes }, count(0, 1_000_000),
			"Sessions that one address may open in a second; more are answered with 429 and Retry-After. An IPv6 network of 64 bits counts as one address. Zero means no limit."),
		newKey("rates.handshake_burst", func(c *Config) *int { return &c.Rates.HandshakeBurst }, count(1, 1_000_000),
			"Sessions that one address may open at once."),
		newKey("rates.unjoined", func(c *Config) *int { return &c.Rates.Unjoined }, count(0, 1_000_000),
			"Sessions of one address that have joined no namespace yet; more are answered with 429 and Retry-After. Zero means no limit."),
		newKey("rates.private_addresses", func(c *Config) *bool { return &c.Rates.PrivateAddresses }, boolean(),
			"Whether loopback and private addresses, which proxies have, are limited like others."),
		newKey("rates.memory_percent", func(c *Config) *int { return &c.Rates.MemoryPercent }, count(0, 100),
			"Share of the memory limit (`GOMEMLIMIT`) from which browsers are refused with 503 and Retry-After. Zero means never, and so does no memory limit."),
	)
}
