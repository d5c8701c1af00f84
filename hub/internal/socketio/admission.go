package socketio

import (
	"container/list"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/internal/sampledlog"
)

// admission bounds the attempts without a decision, in number and in bytes: who may come in is not known yet, and
// strangers must not make the hub hold a message for each connection while nobody decides. A client beyond the
// bound waits with its CONNECT and is not read meanwhile; those of a namespace that came first go first, and
// namespaces take turns. What waits is bounded in bytes as well: beyond that a client is sent away, and comes back.
//
// The last quarter of the bounds is for namespaces that have less than a hundredth of them, and the last half of that for
// those whose decider has less than a hundredth: it may decide about any number of them, whose names strangers make up.
// So one service that does not decide keeps nobody from the namespaces of another one (share.go).
type admission struct {
	most      int
	mostBytes int64
	decidedBy func(namespace string) string // nil: it is not known
	warning   *sampledlog.Line

	// full says that the attempts have brought along as much as they may.
	full atomic.Bool

	mu sync.Mutex // guards the fields below and all shares; a leaf
	load
	letting bool // somebody is letting in those that wait

	shares   map[string]*share
	deciders map[string]*decider
	turns    list.List // of *decider: those with somebody who waits
	// To be used again, so that a namespace that decides at once costs nothing.
	spare        *share
	spareDecider *decider
}

const (
	// attemptBytes is what an attempt takes beside its auth.
	attemptBytes = 512
	// admissionWarnEvery is the time from one warning to the next.
	admissionWarnEvery = time.Minute
)

// What becomes of an applicant.
const (
	admitIn      = iota // it has room
	admitWaits          // it waits for its turn
	admitRefused        // too much waits already
)

// admit takes room for an applicant, or lets it wait.
func (a *admission) admit(one *applicant) int {
	by := a.decides(one.packet.Namespace)
	a.mu.Lock()
	s := a.shareLocked(one.packet.Namespace, by)
	one.share = s
	_, _, waiting := a.rest(s.decider)
	switch {
	case s.waits == 0 && a.fitsLocked(s, one.size):
		a.countLocked(s, 1, one.size)
		a.mu.Unlock()
		return admitIn
	case !within(s.waitingBytes, waiting, one.size, a.waitingBytes, a.mostBytes):
		a.endLocked(s)
		a.mu.Unlock()
		return admitRefused
	}
	a.queueLocked(one)
	all, its, ofDecider := a.load, s.load, s.decider.load
	by = s.decider.name
	a.mu.Unlock()
	a.warning.Warn("browsers wait to be asked about: too many connect attempts are without a decision",
		"namespace", shortened(one.packet.Namespace), "undecided", all.open, "of_namespace", its.open, "decided_by", shortened(by),
		"of_decider", ofDecider.open, "bytes", all.bytes, "waiting", all.waits,
		"option", "limits.undecided, limits.undecided_bytes", "help", "authorizers that decide more at a time")
	return admitWaits
}

// more takes bytes for what belongs to an attempt, from the share of its namespace, and returns that. Nil: they do not
// fit; then it takes none, or clients of one namespace would together use up what is left for others. The attempt may
// have left just now, and its share with it: it has its answer, which has not come to its client. Only then it is asked
// who decides, as there may be many packets.
func (a *admission) more(namespace string, bytes int64) *share {
	a.mu.Lock()
	s := a.shares[namespace]
	if s == nil {
		a.mu.Unlock()
		by := a.decides(namespace)
		a.mu.Lock()
		s = a.shareLocked(namespace, by)
	}
	defer a.mu.Unlock()
	_, decider, _ := a.rest(s.decider)
	if !within(s.bytes, decider, bytes, a.bytes, a.mostBytes) {
		a.endLocked(s)
		return nil
	}
	a.countLocked(s, 0, bytes)
	return s
}

// less gives back what more has taken.
func (a *admission) less(s *share, bytes int64) {
	a.mu.Lock()
	a.countLocked(s, 0, -bytes)
	a.endLocked(s)
	a.mu.Unlock()
	a.letIn()
}

// withdraw takes back a client that waits, unless it has its turn.
func (a *admission) withdraw(one *applicant) {
	a.mu.Lock()
	if one.place != nil {
		a.unqueueLocked(one)
		a.endLocked(one.share)
	}
	a.mu.Unlock()
	a.letIn() // those behind it may be smaller
}

// leave gives the room of an attempt back.
func (a *admission) leave(s *share, size int64) {
	a.mu.Lock()
	a.countLocked(s, -1, -size)
	a.endLocked(s)
	a.mu.Unlock()
	a.letIn()
}

// letIn lets in who waits and has room now. One goroutine does so at a time, as it may be the application that
// answers at once and so leaves room for the next one; and not for long, as it may be a poller.
func (a *admission) letIn() {
	one := a.next(true)
	if one == nil {
		return
	}
	ended := false
	defer func() {
		if !ended { // a panic of the application ends one connection, and not the letting in
			a.mu.Lock()
			a.letting = false
			a.mu.Unlock()
		}
	}()
	for n := 0; one != nil && n < captive; n++ {
		one.letIn()
		one = a.next(false)
	}
	ended = true
	if one != nil {
		go func() { // ends when nobody waits, or there is no room
			one.letIn()
			a.goOn()
		}()
	}
}

// goOn is letIn for who has begun to let in.
func (a *admission) goOn() {
	for one := a.next(false); one != nil; one = a.next(false) {
		one.letIn()
	}
}

// next takes the first that waits of the first namespace that has room for it, or says that there is nothing to do:
// also because somebody else has begun.
func (a *admission) next(begin bool) *applicant {
	a.mu.Lock()
	defer a.mu.Unlock()
	if begin && a.letting {
		return nil
	}
	one := a.firstLocked()
	a.letting = one != nil
	return one
}

func (one *applicant) letIn() {
	one.client.post(one.admitted)
}

// undecided counts the attempts without a decision, and the clients that wait to ask.
func (a *admission) undecided() (open, waiting int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open, a.waits
}
