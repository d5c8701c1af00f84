package controlplane

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/caller"
	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/facts"
	"github.com/siohub/siohub/controlplane/internal/outgoing"
	"github.com/siohub/siohub/controlplane/internal/subscription"
	"github.com/siohub/siohub/internal/outqueue"
)

// attachment is one process of a service, from its hello until it has left or was
// waited for long enough. It outlives its streams: it has what waits to be sent, what
// was sent and has no receipt, the open commands, and the process's hold on its
// deliveries. Commands that are under way give their results to it.
type attachment struct {
	inbound
	outbound

	// Set at construction.
	srv      *Server
	group    *group
	instance string
	token    [16]byte // proves that a hello resumes it
	numbered bool     // it numbers its envelopes, so it can be resumed
	caller   *caller.Caller
	commands command.Caller
	out      *outgoing.Outgoing
	window   commandWindow
	since    time.Time // of its first hello
	plain    *grant    // of sockets that it accepts without conditions: one for all of them

	greeting
	claims []*claim // guarded by routes.mu
	progress

	mu sync.Mutex // guards the fields below; a leaf
	tenure
}

// greeting is what the last hello has told. It is set before its stream begins.
type greeting struct {
	version     string // written under routes.mu
	maxEnvelope int    // sendLoop's
	interests   atomic.Pointer[subscription.Interests]
	lease       atomic.Pointer[dispatch.Attachment]
}

// progress is how far things have come.
type progress struct {
	lossy     atomic.Bool   // a result had no room: the service must not wait for it
	applied   atomic.Uint64 // number of the last envelope that was applied
	resumes   atomic.Bool   // the envelope of a hello that resumed is being applied
	draining  atomic.Bool
	toldDrain atomic.Bool   // the instance knows that the hub drains
	toldHubs  atomic.Uint64 // the version of the hubs that it was told of
	// introducing says that not all live sockets, rooms and users have been told yet.
	introducing atomic.Bool
	// faults are what was refused since recvLoop has looked, which makes the service wait.
	faults atomic.Int64
	look   atomic.Int64 // when to look for more of them, nanoseconds after since
	facts  *facts.Facts // set at construction
}

// tenure is which stream the attachment has. It is guarded by attachment.mu.
type tenure struct {
	stream *stream   // nil while it is suspended
	last   *stream   // the one that had it last; it may still be letting go
	lost   time.Time // since when it is suspended
	closed bool
}

// inbound carries out what a service says, outbound makes what it is told.
type (
	inbound struct {
		a        *attachment
		answered int // deliveries of browsers; owned by recvLoop
		// effect is of an accept that another goroutine carries out. Nil for none; owned by recvLoop.
		effect <-chan struct{}
	}
	outbound struct{ a *attachment }
)

func newAttachment(st *stream, g *group, h *hubv1.Hello, numbered bool) *attachment {
	a := &attachment{
		srv: st.srv, group: g, instance: h.InstanceId, numbered: numbered, caller: st.caller,
		plain:    &grant{group: g, instance: h.InstanceId},
		commands: *st.caller.Commands(), since: time.Now(),
	}
	a.inbound.a, a.outbound.a = a, a
	a.stream, a.last = st, st
	// crypto/rand.Read never fails; it ends the program instead.
	_, _ = rand.Read(a.token[:])
	a.commands.Stream, a.commands.Group, a.commands.Instance = true, h.Group, h.InstanceId
	a.window.size = int64(st.srv.config.Window.Commands)
	a.facts = facts.New(&a.outbound, st.srv.hubID)
	a.out = outgoing.New(a.overflow, a.introduceSome)
	return a
}

// greetLocked takes over what a hello says of the process. The caller holds routes.mu,
// and the attachment has no sendLoop.
func (a *attachment) greetLocked(h *hubv1.Hello) {
	a.version = h.Version
	a.maxEnvelope = defaultEnvelope
	if h.MaxEnvelopeBytes != 0 {
		a.maxEnvelope = int(min(h.MaxEnvelopeBytes, maxEnvelope))
	}
	a.out.Most = a.maxEnvelope - contract.EnvelopeMargin
	if a.numbered {
		size := a.srv.clamp(h.Window)
		a.out.Queue.Keep(outqueue.Limit{
			Items: outgoing.KeptLimit.Items + int(size.Deliveries), Bytes: outgoing.KeptLimit.Bytes + int(size.Bytes),
		})
	}
}

// current is the stream, nil while it is suspended.
func (a *attachment) current() *stream {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stream
}

// attached reports whether it has a stream.
func (a *attachment) attached() bool { return a.current() != nil }

// isOn reports whether a stream is its current one.
func (a *attachment) isOn(st *stream) bool { return a.current() == st }

// end ends its stream.
func (a *attachment) end(err error) {
	if st := a.current(); st != nil {
		st.end(err)
	}
}

// overflow ends the stream because so much waits that something was left out: nothing
// resumes an attachment that misses something. Without a stream what waits is of no use
// any more.
func (a *attachment) overflow() {
	a.lossy.Store(true)
	if st := a.current(); st != nil {
		st.end(errBacklog)
		return
	}
	a.out.Queue.Fail()
}

// take lets another stream go on with the attachment. It returns the one before, which
// may not have let go yet even if the attachment is suspended, and false once the
// attachment is over, or misses something. Overflow either finds the stream here and ends
// it, or has said so before.
func (a *attachment) take(st *stream) (before *stream, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || a.lossy.Load() {
		return nil, false
	}
	before = a.last
	a.stream, a.last, a.lost = st, st, time.Time{}
	return before, true
}

// giveBack undoes take: the stream could not go on with the attachment, which is
// suspended again.
func (a *attachment) giveBack(st, before *stream) {
	a.mu.Lock()
	mine := a.stream == st
	if mine {
		a.stream, a.last, a.lost = nil, before, time.Now()
	}
	a.mu.Unlock()
	if mine {
		// The stream before it has not, for it saw that another one had come.
		a.out.Queue.Pause()
		a.lease.Load().Detach(false)
	}
}

// suspend takes the stream away from it, unless another one has come. It reports
// whether it is suspended now.
func (a *attachment) suspend(st *stream) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || a.stream != st {
		return false
	}
	a.stream, a.lost = nil, time.Now()
	return true
}

// expire ends the attachment for good if it has had no stream for that long. It reports
// whether this call did. One that a stream has just taken over stays.
func (a *attachment) expire(now time.Time, after time.Duration) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || a.lost.IsZero() || now.Sub(a.lost) < after {
		return false
	}
	a.closed = true
	return true
}

// close ends the attachment for good. It reports whether this call did.
func (a *attachment) close() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.closed
	a.closed = true
	return !was
}

// isClosed reports whether it is over.
func (a *attachment) isClosed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.closed
}

// Accepts implements dispatch.Sink.
func (a *attachment) Accepts(d *dispatch.Delivery) (dispatch.Terms, bool) {
	if m, ok := d.Hint.(*member); ok {
		return m.interest(a).Terms(d)
	}
	return a.interests.Load().In(namespaceOf(d)).Terms(d)
}

// Deliver implements dispatch.Sink.
func (a *attachment) Deliver(t dispatch.Try) {
	if asked, ok := t.Body.(*try); ok {
		asked.handed(a, t)
	}
	a.out.Deliver(t)
}

// Revoked implements dispatch.Sink.
func (a *attachment) Revoked(seqs []uint64, why dispatch.Reason) {
	a.out.Tell(&hubv1.Item{Kind: &hubv1.Item_Revoked{Revoked: &hubv1.Revoked{
		DeliverySeqs: seqs, Reason: contract.RevokeReason(why),
	}}})
}

// Released implements dispatch.Sink.
func (a *attachment) Released(owners []dispatch.Owner, why dispatch.Reason) {
	ids := make([]string, 0, len(owners))
	for _, o := range owners {
		if m, ok := o.(*member); ok {
			ids = append(ids, m.socket.hub.ID())
		}
	}
	for len(ids) > 0 {
		n := min(len(ids), maxReleased)
		a.out.Tell(&hubv1.Item{Kind: &hubv1.Item_Released{Released: &hubv1.Released{
			SocketIds: ids[:n], Reason: contract.RevokeReason(why),
		}}})
		ids = ids[n:]
	}
}

// maxReleased is how many sockets one item names, so that it fits every envelope.
const maxReleased = 1000
