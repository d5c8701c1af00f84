package engineio

import (
	"time"

	"github.com/siohub/siohub/hub/internal/rates"
)

// UserHandler is a Handler that knows whose browser it is.
type UserHandler interface {
	Handler
	// User is the user whose rates (Rates.UserMessages and UserBytes) what comes counts towards, beside those of the
	// browser. Empty: none. It may change, and may be called at any time.
	User() string
}

// charge counts what has come against the rates, of the browser and of its user, and returns how long to wait before
// more is taken. It belongs to whoever hands up the session's messages, who calls paid after a wait.
func (f *flow) charge(h Handler, messages, bytes int64) (debt rates.Debt) {
	s := f.session
	l := s.server.limits
	now := time.Since(l.start)
	if user := l.userOf(h); user != "" {
		if debt = l.users.Charge(user, messages, bytes, now); debt.Wait > 0 {
			key := rateKey(debt.OfMessages, "rates.user_messages", "rates.user_bytes")
			s.server.trace.limitReached(key)
			l.userSlowed.Warn("the browsers of a user send too much together and are read more slowly", "user", user, "option", key)
		}
	}
	cost, ofMessages := l.pace.Cost(messages, bytes)
	wait := f.meter.Add(cost, now, l.pace.Ahead) // it may owe something without a rate of its own, see owe
	debt.Wait = max(debt.Wait, wait)
	if wait > 0 && cost > 0 {
		key := rateKey(ofMessages == cost, "rates.messages", "rates.bytes")
		s.server.trace.limitReached(key)
		l.slowed.Warn("a browser sends too much and is read more slowly", "address", s.Handshake().RemoteAddress(), "option", key)
	}
	return debt
}

func rateKey(ofMessages bool, messages, bytes string) string {
	if ofMessages {
		return messages
	}
	return bytes
}

// userOf is the user whose rates count, if there are any.
func (l *limits) userOf(h Handler) string {
	if l.users == nil {
		return ""
	}
	if h, ok := h.(UserHandler); ok {
		return h.User()
	}
	return ""
}

// paid ends the wait for a debt.
func (l *limits) paid(debt rates.Debt) {
	if debt.User != "" {
		l.users.Paid(debt)
	}
}

// owe charges for a wait that a POST, whose answer waits at most PostHold, leaves to the next one.
func (f *flow) owe(wait time.Duration) {
	l := f.session.server.limits
	if wait > PostHold {
		f.meter.Owe(wait, time.Since(l.start), l.pace.Ahead)
	}
}

// throttle charges for what has come over a WebSocket. True means that the session is paused for a while.
func (f *flow) throttle(h Handler, messages, bytes int64) bool {
	if messages == 0 {
		return false
	}
	l := f.session.server.limits
	debt := f.charge(h, messages, bytes)
	if debt.Wait == 0 {
		return false
	}
	if f.session.over.Load() {
		l.paid(debt)
		return false
	}
	f.pause(pausedRate)
	f.session.server.tasks.after(debt.Wait, func() {
		l.paid(debt)
		f.resume(pausedRate)
	})
	return true
}
