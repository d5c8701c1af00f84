package engineio

// Trace is told what happens inside a Server. Each function may be nil, is called from many
// goroutines at the same time, and must not block or call back. Nothing that a browser typed is
// passed.
type Trace struct {
	// HandshakeRefused: a request was refused with this Engine.IO code (0 to 5).
	HandshakeRefused func(code int)
	// RequestRefused: a request was refused without a code, by its HTTP status: 404, 405, 408, 413,
	// 414, 431, 503, or 400 for a second poll and the like.
	RequestRefused func(status int)
	// ForwardedIgnored: a handshake from nobody that is trusted had headers such as X-Forwarded-For.
	ForwardedIgnored func()
	// ProxyHeaderRefused: a connection was closed whose peer is `unlisted`, or whose PROXY header is `missing`,
	// `malformed` or `late`.
	ProxyHeaderRefused func(why string)
	// SessionOpened: a session was opened over `polling`, `websocket` or `webtransport`.
	SessionOpened func(transport string)
	// SessionClosed: a session ended.
	SessionClosed func(reason Reason)
	// Upgraded: a probe ended, well or not.
	Upgraded func(ok bool)
	// PacketReceived and PacketSent: a packet passed, with its size in bytes.
	PacketReceived, PacketSent func(bytes int)
	// OutboxOverflow: a browser was too slow and is being closed: `no_progress`, `too_slow`, `outbox_full` or
	// `node_budget`.
	OutboxOverflow func(reason string)
	// LimitReached: a limit on what all browsers hold together, or one of time, was reached; the name is its key.
	LimitReached func(key string)
	// Panic: a goroutine of one connection panicked and that connection was closed. In tests this
	// must never be called.
	Panic func(value any)
}

// The functions below save callers the nil check; t itself is never nil.

func (t *Trace) refused(code int) {
	if t.HandshakeRefused != nil {
		t.HandshakeRefused(code)
	}
}

func (t *Trace) denied(status int) {
	if t.RequestRefused != nil {
		t.RequestRefused(status)
	}
}

func (t *Trace) forwardedIgnored() {
	if t.ForwardedIgnored != nil {
		t.ForwardedIgnored()
	}
}

func (t *Trace) proxyHeaderRefused(why string) {
	if t.ProxyHeaderRefused != nil {
		t.ProxyHeaderRefused(why)
	}
}

func (t *Trace) opened(transport string) {
	if t.SessionOpened != nil {
		t.SessionOpened(transport)
	}
}

func (t *Trace) closed(reason Reason) {
	if t.SessionClosed != nil {
		t.SessionClosed(reason)
	}
}

func (t *Trace) upgraded(ok bool) {
	if t.Upgraded != nil {
		t.Upgraded(ok)
	}
}

func (t *Trace) received(bytes int) {
	if t.PacketReceived != nil {
		t.PacketReceived(bytes)
	}
}

func (t *Trace) sent(bytes int) {
	if t.PacketSent != nil {
		t.PacketSent(bytes)
	}
}

func (t *Trace) overflow(reason string) {
	if t.OutboxOverflow != nil {
		t.OutboxOverflow(reason)
	}
}

func (t *Trace) limitReached(key string) {
	if t.LimitReached != nil {
		t.LimitReached(key)
	}
}

func (t *Trace) panicked(value any) {
	if t.Panic != nil {
		t.Panic(value)
	}
}
