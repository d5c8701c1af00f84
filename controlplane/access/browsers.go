package access

import (
	"errors"
	"iter"
	"time"
)

// BrowserTokens decides connect attempts by tokens that browsers show, without a
// service. Its methods must not block; they are safe for concurrent use.
type BrowserTokens interface {
	// Decides reports whether tokens decide about a namespace. Such a namespace is known
	// whoever is attached.
	Decides(namespace string) bool
	// Decide looks at one attempt in such a namespace. ErrKeysPending means that it is
	// worth to ask again, with the same facts: the attempt is undecided until then.
	Decide(facts BrowserFacts) (BrowserDecision, error)
}

// ErrKeysPending is a token that is signed by a key which has still to be fetched, of a
// browser or of a caller: nothing is known about it yet.
var ErrKeysPending = errors.New("access: the keys of the token's issuer are being fetched")

// BrowserFacts are what a connect attempt shows.
type BrowserFacts struct {
	Namespace string
	// Handshake is the request that opened the session; *hub.Handshake is one.
	Handshake interface {
		// Lines are the names and values of the request's header.
		Lines() iter.Seq2[string, string]
		// Parameters are those of its query.
		Parameters() iter.Seq2[string, string]
	}
	// Auth is the client's `auth` value, JSON. Nil when it sent none.
	Auth []byte
	// AttemptTime is when the attempt arrived, the same whenever it is asked about.
	AttemptTime time.Time
}

// BrowserVerdict is how a token decides.
type BrowserVerdict uint8

// The verdicts.
const (
	// BrowserDenied refuses the browser: Message and Data are those of its connect_error.
	BrowserDenied BrowserVerdict = iota
	// BrowserAccepted lets it in, with User, Rooms, Data and ExpireTime.
	BrowserAccepted
	// BrowserPassed leaves the decision to the authorizer of the namespace.
	BrowserPassed
)

// BrowserDecision is what a token says about an attempt. The zero value denies.
type BrowserDecision struct {
	Verdict BrowserVerdict
	// User is the user id. Empty means none.
	User string
	// Rooms are joined before the first event.
	Rooms []string
	// Data is the socket's data, or of a connect_error. JSON; nil means none.
	Data []byte
	// ExpireTime is when the browser has to leave. Zero means never.
	ExpireTime time.Time
	// Message is the text of a connect_error.
	Message string
}
