package hub

import "time"

// Rates bound how fast browsers may be, and how many come from one address. Zero means the default, negative no
// limit. A browser that is faster is read later, and nothing of it is dropped; a handshake too many is refused, with
// Retry-After. Each is counted by Trace.LimitReached under its key, and logged at most once a second.
type Rates struct {
	// Messages and Bytes are what one browser may send in a second, as they are after inflating. Default 5000
	// and 8 MiB. It may be ahead of that by Ahead, default 2 s. Keys: rates.messages, rates.bytes, rates.ahead.
	Messages, Bytes int64
	Ahead           time.Duration
	// UserMessages and UserBytes are the same for all browsers of one user together, the user being the one that the first
	// accept of a browser has named. They share it fairly: who sends little hardly waits for the others. Default 20 000
	// and 32 MiB. Keys: rates.user_messages, rates.user_bytes.
	UserMessages, UserBytes int64
	// Handshakes is how many an address may open in a second, HandshakeBurst how many at once; beyond it 429. An IPv6
	// network of 64 bits counts as one address. Default 100 and 2000. Keys: rates.handshakes, rates.handshake_burst.
	Handshakes, HandshakeBurst int
	// Connections is how many TCP connections an address may open in a second, ConnectionBurst how many at once: those
	// beyond it are accepted later, 5 s at most. OpenConnections is how many it may have. More are answered with 429 and
	// closed. They hold where the server listens through Hub.Listener. Default 300, 6000 and 20 000. Keys:
	// rates.connections, rates.connection_burst, rates.open_connections.
	Connections, ConnectionBurst, OpenConnections int
	// Unjoined is how many sessions of an address may be without a namespace; beyond it 429. Default 2000.
	// Key: rates.unjoined.
	Unjoined int
	// UnknownSessions is how many requests of an address in a second may be for sessions that there are not, and twenty
	// times as many at once: those of all its browsers when the hub has been started again. More are answered with 429. Default 100.
	// Key: rates.unknown_sessions.
	UnknownSessions int
	// PrivateAddresses limits loopback and private addresses as well, which proxies have.
	// Key: rates.private_addresses.
	PrivateAddresses bool
	// MemoryPercent is how much of its memory limit (GOMEMLIMIT) the process may use before handshakes are refused
	// with 503. Default 85. Without such a limit it means nothing. Key: rates.memory_percent.
	MemoryPercent int
}
