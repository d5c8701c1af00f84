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
// The last quarter of the bounds is for namespaces that have less than a hundredth of them. So one whose service does
// not decide keeps nobody from another one's.
type admission struct {
	most      int
	mostBytes int64
	warning   *sampledlog.Line

	// full says that the attempts have brought along as much as they may.
	full atomic.Bool

	mu           sync.Mutex // guards the fields below and all shares; a leaf
	open         int
	bytes        int64
	waits        int
	waitingBytes int64
	letting      bool // somebody is letting in those that wait

	shares map[string]*share
	turns  list.List // of *share: those with somebody who waits
	spare  *share    // to be used again, so that a namespace that decides at once costs nothing
}

// share is what one namespace has of the bounds.
type share struct {
	namespace    string
	open         int
	bytes        int64
	waiting      list.List // of *applicant
	waitingBytes int64
	turn         *list.Element // in admission.turns, nil while nobody waits
}

const (
	// attemptBytes is what an attempt takes beside its auth.
	attemptBytes = 512
	// reserve is the part of the bounds that is for namespaces with less than small, another part of them.
	reserve, small = 4, 100
	// mostPassed is how many namespaces that have no room are passed over in search of one that has. Those that have
	// their hundredth are no more than 200. Others want more than is left, and there may be as many of them as clients: who
	// leaves must not look at all of them.
	mostPassed = 256
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
	a.mu.Lock()
	s := a.shareLocked(one.packet.Namespace)
	one.share = s
	switch {
	case s.waiting.Len() == 0 && a.takeLocked(s, one.size):
		a.mu.Unlock()
		return admitIn
	case !within(s.waitingBytes, one.size, a.waitingBytes, a.mostBytes):
		a.endLocked(s)
		a.mu.Unlock()
		return admitRefused
	}
	a.waits++
	a.waitingBytes += one.size
	s.waitingBytes += one.size
	one.place = s.waiting.PushBack(one)
	if s.turn == nil {
		s.turn = a.turns.PushBack(s)
	}
	open, bytes, waiting, its := a.open, a.bytes, a.waits, s.open
	a.mu.Unlock()
	a.warning.Warn("browsers wait to be asked about: too many connect attempts are without a decision",
		"namespace", shortened(one.packet.Namespace), "undecided", open, "of_namespace", its, "bytes", bytes, "waiting", waiting,
		"option", "limits.undecided, limits.undecided_bytes", "help", "authorizers that decide more at a time")
	return admitWaits
}

// shareLocked is that of a namespace, made if it has none.
func (a *admission) shareLocked(namespace string) *share {
	if s := a.shares[namespace]; s != nil {
		return s
	}
	s := a.spare
	if a.spare = nil; s == nil {
		s = &share{}
	}
	s.namespace = namespace
	if a.shares == nil {
		a.shares = make(map[string]*share)
	}
	a.shares[namespace] = s
	return s
}

// endLocked forgets a share of nothing: names are made up by strangers.
func (a *admission) endLocked(s *share) {
	if s.open == 0 && s.bytes == 0 && s.waiting.Len() == 0 {
		delete(a.shares, s.namespace)
		s.namespace = ""
		a.spare = s
	}
}

// within reports whether one that has so much of what is used may have that much more.
func within(has, more, used, most int64) bool {
	few := has == 0 || has+more <= most/small
	return used+more <= most && (few || used+more <= most-most/reserve)
}

func (a *admission) takeLocked(s *share, size int64) bool {
	if a.open > 0 && (!within(int64(s.open), 1, int64(a.open), int64(a.most)) || !within(s.bytes, size, a.bytes, a.mostBytes)) {
		return false
	}
	a.open++
	a.countLocked(size)
	s.open++
	s.bytes += size
	return true
}

func (a *admission) countLocked(bytes int64) {
	a.bytes += bytes
	if full := a.bytes >= a.mostBytes; full != a.full.Load() {
		a.full.Store(full)
	}
}

// more takes bytes for what belongs to an open attempt, and reports false if they do not fit: then it takes none, or
// clients of one namespace would together use up what is left for others.
func (a *admission) more(s *share, bytes int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !within(s.bytes, bytes, a.bytes, a.mostBytes) {
		return false
	}
	a.countLocked(bytes)
	s.bytes += bytes
	return true
}

// less gives back what more has taken.
func (a *admission) less(s *share, bytes int64) {
	a.mu.Lock()
	a.countLocked(-bytes)
	s.bytes -= bytes
	a.endLocked(s)
	a.mu.Unlock()
	a.letIn()
}

// withdraw takes back a client that waits, unless it has its turn.
func (a *admission) withdraw(one *applicant) {
	a.mu.Lock()
	if one.place != nil {
		a.removeLocked(one)
		a.endLocked(one.share)
	}
	a.mu.Unlock()
	a.letIn() // those behind it may be smaller
}

func (a *admission) removeLocked(one *applicant) {
	s := one.share
	s.waiting.Remove(one.place)
	one.place = nil
	s.waitingBytes -= one.size
	a.waitingBytes -= one.size
	a.waits--
	if s.waiting.Len() == 0 {
		a.turns.Remove(s.turn)
		s.turn = nil
	}
}

// leave gives the room of an attempt back.
func (a *admission) leave(s *share, size int64) {
	a.mu.Lock()
	a.open--
	a.countLocked(-size)
	s.open--
	s.bytes -= size
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
	passed := 0
	for e := a.turns.Front(); e != nil && passed <= mostPassed; e, passed = e.Next(), passed+1 {
		s := e.Value.(*share)
		one := s.waiting.Front().Value.(*applicant)
		if a.takeLocked(s, one.size) {
			a.turns.MoveToBack(e)
			a.removeLocked(one)
			a.letting = true
			return one
		}
	}
	a.letting = false
	return nil
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
