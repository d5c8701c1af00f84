package engineio

import (
	"slices"
	"sync/atomic"
	"time"
)

// state is where a session stands. It only ever moves as moveLocked allows:
//
//	open ◄──► upgrading
//	  │           │
//	  └──► closing ◄┘      is to end; the browser has not read its last packets yet
//	          │
//	          ▼
//	        closed         also from each of the others, at once
type state uint8

const (
	open state = iota
	upgrading
	closing
	closed
)

// moves lists where each state may lead.
var moves = [...][]state{
	open:      {upgrading, closing, closed},
	upgrading: {open, closing, closed},
	closing:   {closed},
	closed:    {},
}

// life is where a session stands, and who hears of its end: the handler, once. Guarded by Session.mu, but for over.
type life struct {
	// over is true from the moment the session takes no messages any more: closing or closed.
	over     atomic.Bool
	state    state
	joined   bool      // see Session.Joined
	handler  Handler   // nil until OnSession has returned
	stopping *stopping // nil until it ends
}

// moveLocked is the only place where the state changes. False means that the move is not allowed and
// nothing has changed.
func (l *life) moveLocked(to state) bool {
	if !slices.Contains(moves[l.state], to) {
		return false
	}
	l.state = to
	return true
}

// overLocked says that no messages are taken any more, and why. It returns whom the caller has to tell. Nil: there is no handler
// yet, and who has it made tells it.
func (l *life) overLocked(c Close) Handler {
	if l.handler == nil {
		l.stopLocked().told = &Close{c.Reason, c.Code, c.Detail}
	}
	l.over.Store(true)
	return l.handler
}

// hearsLocked gives the session its handler. ended is what the caller has to tell it, nil if it has not ended.
func (l *life) hearsLocked(h Handler) (ended *Close) {
	l.handler = h
	if l.stopping != nil {
		ended = l.stopping.told
	}
	return ended
}

// stopping is what a session needs while it ends. Most never have one at the same time.
type stopping struct {
	told  *Close      // how, while there was no handler to be told
	timer *time.Timer // ends a session that stays in state closing; nil: there is none
}

// stopLocked returns what the session needs while it ends.
func (l *life) stopLocked() *stopping {
	if l.stopping == nil {
		l.stopping = new(stopping)
	}
	return l.stopping
}

func (s *stopping) stopTimer() {
	if s != nil && s.timer != nil {
		s.timer.Stop()
	}
}
