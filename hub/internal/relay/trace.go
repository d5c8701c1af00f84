package relay

// Result says what has become of a request for a session of another hub.
type Result string

// The results.
const (
	ResultAnswered    Result = "answered"    // by the other hub
	ResultUnknown     Result = "unknown"     // there is no such hub, or it is gone
	ResultUnreachable Result = "unreachable" // the hub did not answer, or proved not to be the one
	ResultBusy        Result = "busy"        // a bound was reached
	ResultGone        Result = "gone"        // the browser has left before it was answered
)

// Refusal says why somebody was not let in who came as another hub does.
type Refusal string

// The refusals.
const (
	RefusedProof       Refusal = "proof"       // no proof, or a wrong one
	RefusedCertificate Refusal = "certificate" // no certificate that is trusted
	RefusedTarget      Refusal = "target"      // it wanted another hub than this one
	RefusedRequest     Refusal = "request"     // a request without what a hub adds to it
	RefusedLate        Refusal = "late"        // nothing in time
)

// Trace is told what happens. Each function may be nil, is called from many goroutines at the same time, and must not block.
type Trace struct {
	// Request: a request with a session id came from a browser, for a session of another hub or of this one.
	Request func(elsewhere bool)
	// PassedOn: a request for a session of another hub has ended. kind is `get`, `post`, `websocket` or `other`.
	PassedOn func(kind string, result Result)
	// WebSockets: so many more or fewer are relayed.
	WebSockets func(delta int)
	// Bytes: so many were relayed for WebSockets, in either direction.
	Bytes func(n int)
	// Refused: somebody was not let in.
	Refused func(why Refusal)
	// LimitReached: a bound was, by its key in the configuration.
	LimitReached func(key string)
	// Panic: something panicked.
	Panic func(value any)
}

// withDefaults returns a copy without nil.
func (t *Trace) withDefaults() *Trace {
	var n Trace
	if t != nil {
		n = *t
	}
	if n.Request == nil {
		n.Request = func(bool) {}
	}
	if n.PassedOn == nil {
		n.PassedOn = func(string, Result) {}
	}
	if n.WebSockets == nil {
		n.WebSockets = func(int) {}
	}
	if n.Bytes == nil {
		n.Bytes = func(int) {}
	}
	if n.Refused == nil {
		n.Refused = func(Refusal) {}
	}
	if n.LimitReached == nil {
		n.LimitReached = func(string) {}
	}
	if n.Panic == nil {
		n.Panic = func(any) {}
	}
	return &n
}
