package controlplane

import (
	"context"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
)

// attachService is the stream side of the contract.
type attachService struct {
	hubv1.UnimplementedAttachServiceServer
	srv *Server
}

// Attach holds the stream of one instance. It returns when the stream has ended.
func (a attachService) Attach(wire grpc.BidiStreamingServer[hubv1.AttachRequest, hubv1.AttachResponse]) error {
	st := newStream(a.srv, wire)
	if err := a.srv.admit(st); err != nil {
		return err
	}
	defer a.srv.dismiss(st)
	return st.run()
}

// stream is one gRPC stream of one instance. Three goroutines work on it:
//
//	run        the gRPC handler: it watches, and decides the end
//	recvLoop   receives and applies envelopes; it never waits for a sender
//	sendLoop   takes what is queued and sends it
//
// The only way to end a stream is end. When run returns, gRPC lets go of a Recv or a
// Send that is blocked, and the other two end.
type stream struct {
	// Set at construction.
	srv      *Server
	wire     grpc.BidiStreamingServer[hubv1.AttachRequest, hubv1.AttachResponse]
	identity string
	caller   command.Caller // complete once the hello has come
	out      *outbox
	done     chan struct{} // closed by end
	sent     chan struct{} // closed when sendLoop has ended

	once  sync.Once
	cause error // set by end, before done is closed; nil is a clean leave

	// Set by the hello, on recvLoop; the others look after welcomed.
	introduced
	welcomed atomic.Bool

	// Owned by recvLoop.
	unnumbered bool // the service does not number its envelopes

	life  sync.Mutex // guards ended; held while the hello attaches
	ended bool       // the end has been seen: nothing attaches any more

	pulse    pulse
	commands commandWindow
}

// introduced is what a hello has told, and what came of it.
type introduced struct {
	group       *group
	instance    string
	version     string
	attachTime  time.Time
	attachment  *dispatch.Attachment
	subscribed  bool // it takes deliveries
	maxEnvelope int
}

// pulse is what the watch and the receipts look at.
type pulse struct {
	heard    atomic.Bool   // something came since the last tick
	applied  atomic.Uint64 // number of the last envelope that was applied
	lastSent atomic.Uint64 // number of the last envelope that was sent
	sending  atomic.Bool   // sendLoop is inside Send
}

func newStream(srv *Server, wire grpc.BidiStreamingServer[hubv1.AttachRequest, hubv1.AttachResponse]) *stream {
	st := &stream{
		srv: srv, wire: wire, identity: callerOf(wire.Context()).name(),
		done: make(chan struct{}), sent: make(chan struct{}),
	}
	st.out = newOutbox(func() { st.end(errBacklog) })
	st.caller = *callerOf(wire.Context()).commands()
	st.caller.Stream = true
	st.commands.size = int64(srv.config.Window.Commands)
	return st
}

// Accepts implements dispatch.Sink.
func (st *stream) Accepts(d *dispatch.Delivery) (dispatch.Terms, bool) {
	if c, ok := d.Hint.(*claim); ok {
		return dispatch.Terms{Strict: c.Policy.strict, AtMostOnce: c.Policy.atMostOnce}, st.subscribed
	}
	return dispatch.Terms{}, st.subscribed
}

// Revoked implements dispatch.Sink.
func (st *stream) Revoked([]uint64, dispatch.Reason) {}

// Released implements dispatch.Sink.
func (st *stream) Released([]dispatch.Owner, dispatch.Reason) {}

// Deliver implements dispatch.Sink.
func (st *stream) Deliver(t dispatch.Try) {
	if c, ok := t.Body.(*connect); ok {
		c.tried(st.instance, &t)
	}
	st.out.deliver(t)
}

// end ends the stream with this error; nil is a clean leave. The first call counts.
func (st *stream) end(err error) {
	st.once.Do(func() {
		st.cause = err
		close(st.done)
	})
}

// run supervises the stream until it ends.
func (st *stream) run() error {
	go st.recvLoop()
	go st.sendLoop()
	st.watch(st.wire.Context())
	st.detach()
	// What is queued still goes out: the results of the last commands. A service that
	// does not read is not waited for.
	st.out.finish()
	grace := time.NewTimer(flushTimeout)
	defer grace.Stop()
	select {
	case <-st.sent:
	case <-st.wire.Context().Done():
	case <-grace.C:
	}
	return st.cause
}

// flushTimeout is how long an ended stream waits for what is queued to be read.
const flushTimeout = time.Second

// ticks is how often a heartbeat interval is looked at.
const ticks = 5

// watch returns when the stream has ended. Time is counted in ticks that were seen,
// not by the clock: after the process was suspended, streams are judged by what comes
// then.
func (st *stream) watch(ctx context.Context) {
	config := st.srv.config.Stream
	hello := time.NewTimer(config.HelloTimeout)
	defer hello.Stop()
	interval := config.Heartbeat / ticks
	tick := time.NewTicker(interval)
	defer tick.Stop()
	stalled := watchdog{limit: max(int(config.SendTimeout/interval), 1)}
	silent := 0
	for n := 1; ; n++ {
		select {
		case <-st.done:
			return
		case <-ctx.Done():
			st.end(errLost)
		case <-hello.C:
			if !st.welcomed.Load() {
				st.end(errHelloLate)
			}
		case <-tick.C:
			if silent++; st.pulse.heard.Swap(false) {
				silent = 0
			}
			switch {
			case stalled.bites(st.pulse.sending.Load(), st.pulse.lastSent.Load()):
				st.end(errNotReading)
			case silent >= 3*ticks && st.welcomed.Load():
				st.end(errSilent)
			case n%ticks == 0 && st.welcomed.Load():
				st.out.heartbeat()
			}
		}
	}
}

// watchdog notices a Send that makes no progress.
type watchdog struct {
	limit   int
	last    uint64
	stalled int
}

// bites reports whether the same Send was seen in progress too often in a row.
func (w *watchdog) bites(sending bool, number uint64) bool {
	if !sending || number != w.last {
		w.last, w.stalled = number, 0
		return false
	}
	w.stalled++
	return w.stalled >= w.limit
}

// detach takes the stream's work away from it, if it ever had any.
func (st *stream) detach() {
	// A hello may be on its way at this moment. It attaches before, and is detached
	// here, or it sees that the stream has ended.
	st.life.Lock()
	st.ended = true
	st.life.Unlock()
	if !st.welcomed.Load() {
		return
	}
	st.attachment.Detach(st.cause == nil)
	st.srv.routes.leave(st)
	code := status.Code(st.cause)
	st.srv.trace.streamClosed(st.group.name, code.String())
	st.srv.log.Info("stream closed", "group", st.group.name, "instance", st.instance,
		"code", code.String(), "cause", causeText(st.cause))
}

func causeText(err error) string {
	if err == nil {
		return "left"
	}
	return status.Convert(err).Message()
}

// rescue ends the stream after a panic in one of its own goroutines; interceptors
// do not reach those.
func (st *stream) rescue() {
	if p := recover(); p != nil {
		st.srv.trace.panicRecovered("stream")
		st.srv.log.Error("panic on a stream", "panic", p, "stack", string(debug.Stack()))
		st.end(errPanic)
	}
}
