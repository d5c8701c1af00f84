package controlplane

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/caller"
	"github.com/siohub/siohub/controlplane/internal/fault"
)

// attachService is the stream side of the contract.
type attachService struct {
	hubv1.UnimplementedAttachServiceServer
	srv *Server
}

// Attach holds one stream of one instance. It returns when the stream has ended.
func (a attachService) Attach(wire grpc.BidiStreamingServer[hubv1.AttachRequest, hubv1.AttachResponse]) error {
	st := newStream(a.srv, wire)
	if f := st.caller.Attach(); f != nil {
		return st.refuse(f.GRPC())
	}
	defer st.caller.Detach()
	if a.srv.hub == nil {
		return st.refuse(errShutdown)
	}
	if err := a.srv.admit(st); err != nil {
		return st.refuse(err)
	}
	defer a.srv.dismiss(st)
	return st.run()
}

// stream is one gRPC stream: the wire of an attachment for as long as it holds. Three
// goroutines work on it:
//
//	run        the gRPC handler: it watches, and decides the end
//	recvLoop   receives and applies envelopes; it never waits for a sender
//	sendLoop   takes what the attachment has to say and sends it
//
// The only way to end a stream is end. When run returns, gRPC lets go of a Recv or a
// Send that is blocked, and the other two end.
type stream struct {
	// Set at construction.
	srv      *Server
	wire     grpc.BidiStreamingServer[hubv1.AttachRequest, hubv1.AttachResponse]
	caller   *caller.Caller
	received chan struct{} // closed when recvLoop has ended
	sent     chan struct{} // closed when sendLoop has ended, or will never begin
	left     chan struct{} // closed when its attachment has nothing to do with it any more

	ending

	// Set by the hello, on recvLoop; the others look after welcomed.
	attachment *attachment
	welcome    *hubv1.Item
	heartbeat  time.Duration
	welcomed   atomic.Bool

	life  sync.Mutex // guards ended; held while the hello attaches
	ended bool       // the end has been seen: nothing attaches any more

	pulse pulse
	brake brake // owned by recvLoop
}

// pulse is what the watch looks at.
type pulse struct {
	greeted atomic.Bool   // the hello has come, and may have to wait
	heard   atomic.Bool   // something came since the last tick
	held    atomic.Bool   // it is not read, as the engine is behind
	sending atomic.Bool   // sendLoop is inside Send
	sends   atomic.Uint64 // how many Sends have begun
}

func newStream(srv *Server, wire grpc.BidiStreamingServer[hubv1.AttachRequest, hubv1.AttachResponse]) *stream {
	st := &stream{
		srv: srv, wire: wire, caller: caller.Of(wire.Context()), heartbeat: srv.config.Stream.Heartbeat,
		ending: ending{done: make(chan struct{})}, received: make(chan struct{}), sent: make(chan struct{}), left: make(chan struct{}),
	}
	st.brake = brake{slowness: &srv.slowness, commands: srv.commands, caller: st.caller, done: st.done, pulse: &st.pulse}
	return st
}

// run supervises the stream until it ends.
func (st *stream) run() error {
	go st.recvLoop()
	st.watch(st.wire.Context())
	// What is queued still goes out: the results of the last commands. A service that
	// does not read is not waited for.
	st.detach()
	if !st.welcomed.Load() {
		return st.refuse(st.result())
	}
	var gone <-chan struct{}
	if errors.Is(st.cause, errLost) {
		gone = st.wire.Context().Done() // otherwise that may be the credentials' end, which is told
	}
	grace := time.NewTimer(flushTimeout)
	defer grace.Stop()
	select {
	case <-st.sent:
	case <-gone:
	case <-grace.C:
	}
	return st.result()
}

// refuse says why the stream ends before its welcome, and returns it. It is for run's goroutine, and
// only where sendLoop does not run.
func (st *stream) refuse(cause error) error {
	if told(cause) {
		_ = st.wire.Send(&hubv1.AttachResponse{Items: []*hubv1.Item{endedItem(cause)}}) // a service that has gone misses nothing
	}
	return cause
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
	silent, paced := 0, false
	for n := 1; ; n++ {
		select {
		case <-st.done:
			return
		case <-ctx.Done():
			st.end(lostBy(ctx))
		case <-hello.C:
			if !st.welcomed.Load() && !st.pulse.greeted.Load() {
				st.end(errHelloLate)
			}
		case <-tick.C:
			if st.welcomed.Load() && !paced {
				// The hello may have wished for another interval.
				paced = true
				interval = st.heartbeat / ticks
				tick.Reset(interval)
				stalled.limit = max(int(config.SendTimeout/interval), 1)
			}
			if silent++; st.pulse.heard.Swap(false) || st.pulse.held.Load() {
				silent = 0
			}
			st.look(&stalled, silent, n)
		}
	}
}

// look judges the stream at a tick.
func (st *stream) look(stalled *watchdog, silent, n int) {
	switch {
	case stalled.bites(st.pulse.sending.Load(), st.pulse.sends.Load()):
		st.end(errNotReading)
	case !st.welcomed.Load():
	case silent >= 3*ticks:
		st.end(errSilent)
	case st.attachment.drained():
		st.end(errDrained)
	case n%ticks == 0:
		st.attachment.out.Heartbeat()
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

// detach takes the stream away from its attachment, if it ever had one.
func (st *stream) detach() {
	defer close(st.left)
	// A hello may be on its way at this moment. It attaches before, and is detached
	// here, or it sees that the stream has ended.
	st.life.Lock()
	st.ended = true
	st.life.Unlock()
	if !st.welcomed.Load() {
		close(st.sent)
		return
	}
	a := st.attachment
	st.srv.detach(st)
	cause := st.result()
	code := status.Code(cause)
	st.srv.trace.StreamClosed(a.group.name, code.String())
	st.srv.lines.Write(slog.LevelInfo, "stream closed", "group", a.group.name, "instance", a.instance,
		"code", code.String(), "reason", fault.StatusOf(cause).GetReason(), "cause", causeText(st.cause))
}

// rescue ends the stream after a panic in one of its own goroutines; interceptors
// do not reach those.
func (st *stream) rescue() {
	if p := recover(); p != nil {
		st.srv.trace.PanicRecovered("stream")
		st.srv.log.Error("panic on a stream", "panic", p, "stack", string(debug.Stack()))
		st.end(errPanic)
	}
}
