package engineio

import (
	"math"
	"net/http"
	"time"

	"github.com/siohub/siohub/hub/internal/option"
	"github.com/siohub/siohub/hub/internal/peers"
	"github.com/siohub/siohub/hub/internal/rates"
	"github.com/siohub/siohub/internal/sampledlog"
)

// Rates bound how fast browsers may be, and how much comes from one address. Each field is the option of the key beside
// it, which says default and range (package option); zero is the default, negative no limit. Each is counted by
// Trace.LimitReached under its key, and logged at most once a second.
type Rates struct {
	// What one browser sends in a second, after inflating, and how far it may be ahead of that: beyond it is read later.
	Messages, Bytes int64         // rates.messages, rates.bytes
	Ahead           time.Duration // rates.ahead
	// The same for all browsers of one user together, see UserHandler.
	UserMessages, UserBytes int64 // rates.user_messages, rates.user_bytes
	// Of one address, an IPv6 network of 64 bits being one: handshakes in a second and at once; beyond it 429.
	Handshakes, HandshakeBurst int // rates.handshakes, rates.handshake_burst
	// TCP connections of one in a second, at once and in all, see Server.Listener.
	Connections, ConnectionBurst, OpenConnections int // rates.connections, rates.connection_burst, rates.open_connections
	// Sessions of one without a namespace; beyond it 429.
	Unjoined int // rates.unjoined
	// Requests for sessions that there are not, of one address in a second, and twenty times as many at once; beyond it
	// 429 instead of code 1.
	UnknownSessions  int  // rates.unknown_sessions
	PrivateAddresses bool // rates.private_addresses: loopback and private ones count as well
	// How much of GOMEMLIMIT may be used; beyond it handshakes get 503. Without that limit it means nothing.
	MemoryPercent int // rates.memory_percent
}

// How many addresses, and users who send much, are known at a time. Addresses beyond it share a bucket.
const (
	knownAddresses = 1 << 16
	knownUsers     = 1 << 16
)

func (r Rates) withDefaults() Rates {
	set(&r.Messages, option.RateMessages.Default)
	set(&r.Bytes, option.RateBytes.Default)
	set(&r.Ahead, option.RateAhead.Default)
	set(&r.UserMessages, option.RateUserMessages.Default)
	set(&r.UserBytes, option.RateUserBytes.Default)
	set(&r.Handshakes, option.RateHandshakes.Default)
	set(&r.HandshakeBurst, option.RateHandshakeBurst.Default)
	set(&r.Connections, option.RateConnections.Default)
	set(&r.ConnectionBurst, option.RateConnectionBurst.Default)
	set(&r.OpenConnections, option.RateOpenConnections.Default)
	set(&r.Unjoined, option.RateUnjoined.Default)
	set(&r.UnknownSessions, option.RateUnknownSessions.Default)
	set(&r.MemoryPercent, option.RateMemoryPercent.Default)
	return r
}

// limits is what rates says and who is near it.
type limits struct {
	pace      rates.Pace
	users     *rates.Users // nil: no limit
	addresses *rates.Addresses
	unknown   *rates.Addresses // who asks for sessions that there are not
	peers     *peers.Peers
	crowd     *rates.Crowd
	memory    *rates.Memory
	start     time.Time // of the meters' clock
	reached   func(key string)

	tooFast, tooMany, noMemory, noRoom, slowed, userSlowed, crowded, revision3, guessed, forged, ruled *sampledlog.Line
}

func newLimits(r Rates, s *Server) *limits {
	l := &limits{
		pace:  rates.Pace{Messages: max(r.Messages, 0), Bytes: max(r.Bytes, 0), Ahead: r.Ahead},
		users: rates.NewUsers(rates.Pace{Messages: r.UserMessages, Bytes: r.UserBytes, Ahead: r.Ahead}, knownUsers),
		addresses: rates.NewAddresses(rates.Limits{
			PerSecond: float64(max(r.Handshakes, 0)), Burst: max(r.HandshakeBurst, 1), Open: max(r.Unjoined, 0),
			Most: knownAddresses, Private: r.PrivateAddresses,
		}),
		unknown: rates.NewAddresses(rates.Limits{
			PerSecond: float64(max(r.UnknownSessions, 0)), Burst: unknownBurst * max(r.UnknownSessions, 1),
			Most: knownAddresses, Private: r.PrivateAddresses,
		}),
		crowd: rates.NewCrowd(), memory: rates.NewMemory(max(r.MemoryPercent, 0)), start: time.Now(),
		reached: s.trace.limitReached,
	}
	for _, sample := range []**sampledlog.Line{&l.tooFast, &l.tooMany, &l.noMemory, &l.noRoom, &l.slowed, &l.userSlowed, &l.revision3, &l.guessed} {
		*sample = sampledlog.New(s.log, sampledlog.Second)
	}
	l.peers = newPeers(r, s)
	l.crowded = sampledlog.New(s.log, crowdedEvery)
	l.ruled = sampledlog.New(s.log, ruledEvery)
	l.forged = sampledlog.New(s.log, crowdedEvery)
	return l
}

// busyRetry is what a browser is told to wait that is refused at a limit of the whole server.
const busyRetry = 5

// refuseHandshake says with which status a handshake from an address is refused, and after how many seconds the browser may
// come again: with 503 where memory is short, with 429 where its address has had its share. Zero: it is not.
func (l *limits) refuseHandshake(address string) (status, retry int) {
	if l.memory.Tight() {
		l.reached("rates.memory_percent")
		l.noMemory.Warn("browsers are refused: memory is near its limit (GOMEMLIMIT)", "option", "rates.memory_percent")
		return http.StatusServiceUnavailable, busyRetry
	}
	verdict, wait := l.addresses.Enter(l.addresses.NetworkOf(address))
	switch verdict {
	case rates.Allowed:
	case rates.TooFast:
		l.reached("rates.handshakes")
		l.tooFast.Warn("handshakes are refused: too many in a second from one address", "address", address,
			"option", "rates.handshakes, rates.handshake_burst", "help", "if this is a proxy: http.trusted_proxies")
		return http.StatusTooManyRequests, int(math.Ceil(min(wait, time.Hour).Seconds()))
	case rates.TooMany:
		l.reached("rates.unjoined")
		l.tooMany.Warn("handshakes are refused: too many sessions of one address have joined no namespace", "address", address,
			"option", "rates.unjoined", "help", "if this is a proxy: http.trusted_proxies")
		return http.StatusTooManyRequests, busyRetry
	}
	return 0, 0
}

// unknownBurst is how many seconds' worth of requests for unknown sessions may come at once: those of all browsers of an
// address when the server has been started again.
const unknownBurst = 20

// guesses counts a request for a session that there is not, and reports whether the address makes so many of them that it
// may be guessing.
func (l *limits) guesses(address string) bool {
	network := l.unknown.NetworkOf(address)
	if verdict, _ := l.unknown.Enter(network); verdict == rates.Allowed {
		l.unknown.Leave(network)
		return false
	}
	l.reached("rates.unknown_sessions")
	l.guessed.Warn("requests are refused: too many in a second from one address for sessions that there are not", "address", address,
		"option", "rates.unknown_sessions", "help", "if this is a proxy: http.trusted_proxies")
	return true
}

const (
	// crowdedEvery is how often it is logged that one address has half of all sessions, or speaks for others, crowdedFrom
	// from how many on.
	crowdedEvery = 10 * time.Minute
	// ruledEvery is the time from one warning of handshakes that rules refuse to the next.
	ruledEvery  = time.Minute
	crowdedFrom = 100
)

// arrived counts a session that has begun, by its address.
func (l *limits) arrived(address string) {
	if address == "" {
		return
	}
	if of, all := l.crowd.Add(address, 1); of >= crowdedFrom && 2*of >= all {
		l.crowded.Warn("at least half of all browsers come from one address: that of a proxy?", "address", address,
			"sessions", of, "of", all, "option", "http.trusted_proxies")
	}
}

// left takes a session back.
func (l *limits) left(address string) {
	if address != "" {
		l.crowd.Add(address, -1)
	}
}

// HasJoined reports whether Joined was called.
func (s *Session) HasJoined() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.joined
}

// Joined says that the session has joined a namespace: it counts no more as one that has not, and of its handshake
// no more is retained than Limits.HandshakeBytes. It may be called more than once.
func (s *Session) Joined() {
	s.mu.Lock()
	first := !s.joined
	s.joined = true
	s.mu.Unlock()
	if first {
		h := s.Handshake()
		table := s.server.limits.addresses
		table.Leave(table.NetworkOf(h.RemoteAddress()))
		limits := &s.server.config.Limits
		s.handshake.Store(h.Trimmed(limits.HandshakeBytes, limits.HandshakeHeaders))
	}
}
