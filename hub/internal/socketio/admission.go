package socketio

import (
	"container/list"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/internal/sampledlog"
)

// admission bounds the attempts without a decision, in number and in bytes: who may come in is not known yet, and
// strangers must not make the hub hold a message for each connection while nobody decides. A client beyond the
// bound waits with its CONNECT and is not read meanwhile, and those that came first go first. What waits is
// bounded in bytes as well: beyond that a client is sent away, and comes back.
type admission struct {
	most      int
	mostBytes int64
	warning   *sampledlog.Line

	mu           sync.Mutex // guards the fields below; a leaf
	open         int
	bytes        int64
	waiting      list.List // of *applicant
	waitingBytes int64
	letting      bool // somebody is letting in those that wait
}

// applicant is a client that waits to ask.
type applicant struct {
	client *client
	packet siopacket.Packet
	size   int64
	before *applicant    // of the same client; owned by the holder of its gate
	place  *list.Element // nil once it has its turn; guarded by admission.mu
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
	a.mu.Lock()
	switch {
	case a.waiting.Len() == 0 && a.takeLocked(one.size):
		a.mu.Unlock()
		return admitIn
	case a.waitingBytes+one.size > a.mostBytes:
		a.mu.Unlock()
		return admitRefused
	}
	a.waitingBytes += one.size
	one.place = a.waiting.PushBack(one)
	open, bytes, waiting := a.open, a.bytes, a.waiting.Len()
	a.mu.Unlock()
	a.warning.Warn("browsers wait to be asked about: too many connect attempts are without a decision",
		"undecided", open, "bytes", bytes, "waiting", waiting, "option", "limits.undecided, limits.undecided_bytes",
		"help", "authorizers that decide more at a time")
	return admitWaits
}

func (a *admission) takeLocked(size int64) bool {
	if a.open > 0 && (a.open >= a.most || a.bytes+size > a.mostBytes) {
		return false
	}
	a.open++
	a.bytes += size
	return true
}

// more takes bytes for what belongs to an attempt, and reports false if there are too many of them then.
func (a *admission) more(bytes int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bytes += bytes
	return a.bytes <= a.mostBytes
}

// less gives back what more has taken.
func (a *admission) less(bytes int64) {
	a.mu.Lock()
	a.bytes -= bytes
	a.mu.Unlock()
	a.letIn()
}

// withdraw takes back a client that waits, unless it has its turn.
func (a *admission) withdraw(one *applicant) {
	a.mu.Lock()
	if one.place != nil {
		a.removeLocked(one)
	}
	a.mu.Unlock()
	a.letIn() // those behind it may be smaller
}

func (a *admission) removeLocked(one *applicant) {
	a.waiting.Remove(one.place)
	one.place = nil
	a.waitingBytes -= one.size
}

// leave gives the room of an attempt back.
func (a *admission) leave(size int64) {
	a.mu.Lock()
	a.open--
	a.bytes -= size
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

// next takes the first that waits if there is room for it, or says that there is nothing to do: also because
// somebody else has begun.
func (a *admission) next(begin bool) *applicant {
	a.mu.Lock()
	defer a.mu.Unlock()
	if begin && a.letting {
		return nil
	}
	e := a.waiting.Front()
	if e == nil || !a.takeLocked(e.Value.(*applicant).size) {
		a.letting = false
		return nil
	}
	a.letting = true
	one := e.Value.(*applicant)
	a.removeLocked(one)
	return one
}

func (one *applicant) letIn() {
	one.client.gate.post(func() { one.client.admitted(one) })
}

// undecided counts the attempts without a decision, and the clients that wait to ask.
func (a *admission) undecided() (open, waiting int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open, a.waiting.Len()
}

// apply asks for room for a CONNECT, and lets the client wait with it where there is none. In the gate.
func (c *client) apply(p siopacket.Packet) {
	one := &applicant{client: c, packet: p, size: int64(len(p.Payload)) + attemptBytes}
	// Before it can have its turn: what is said of it then stands behind this in the gate.
	one.before, c.applicant = c.applicant, one
	c.asking()
	c.reads.hold(c.session, HoldNone, HoldAll)
	switch c.server.admission.admit(one) {
	case admitIn:
		c.admitted(one)
	case admitWaits:
		c.server.trace.limitReached("undecided")
	case admitRefused:
		c.server.trace.limitReached("undecided_bytes")
		c.close(Disconnect{Reason: ReasonForcedServerClose, Detail: "too many connect attempts wait for a decision"})
	}
}

// applies reports whether a CONNECT for a namespace waits. In the gate.
func (c *client) applies(namespace string) bool {
	for one := c.applicant; one != nil; one = one.before {
		if one.packet.Namespace == namespace {
			return true
		}
	}
	return false
}

// admitted goes on with the CONNECT of a client that has waited, and that has room now. In the gate.
func (c *client) admitted(one *applicant) {
	if c.over {
		c.server.admission.leave(one.size)
		return
	}
	c.forget(one)
	c.reads.hold(c.session, HoldAll, HoldNone)
	c.ask(one.packet, one.size)
}

// withdraw ends the waiting of a client that is over. In the gate.
func (c *client) withdraw() {
	for one := c.applicant; one != nil; one = one.before {
		c.server.admission.withdraw(one) // who has its turn already gives it back in admitted
	}
	c.applicant = nil
}

// forget takes an applicant from those of its client.
func (c *client) forget(one *applicant) {
	for at := &c.applicant; *at != nil; at = &(*at).before {
		if *at == one {
			*at = one.before
			return
		}
	}
}
