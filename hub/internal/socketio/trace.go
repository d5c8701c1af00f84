package socketio

import (
	"log/slog"
	"runtime/debug"

	"github.com/siohub/siohub/internal/sampledlog"
)

// tracer calls the functions of a Trace that are there. Its zero value calls none.
type tracer struct {
	hooks  Trace
	logger *slog.Logger

	earlyDropped *sampledlog.Line
}

func newTracer(trace *Trace, logger *slog.Logger) tracer {
	t := tracer{logger: logger, earlyDropped: sampledlog.New(logger, earlyWarnEvery)}
	if trace != nil {
		t.hooks = *trace
	}
	return t
}

func (t *tracer) connectRefused(namespace, why string) {
	if t.hooks.ConnectRefused != nil {
		t.hooks.ConnectRefused(namespace, why)
	}
}

func (t *tracer) socketOpened(namespace string) {
	if t.hooks.SocketOpened != nil {
		t.hooks.SocketOpened(namespace)
	}
}

func (t *tracer) socketClosed(namespace, reason string) {
	if t.hooks.SocketClosed != nil {
		t.hooks.SocketClosed(namespace, reason)
	}
}

func (t *tracer) eventReceived(namespace string, bytes int) {
	if t.hooks.EventReceived != nil {
		t.hooks.EventReceived(namespace, bytes)
	}
}

func (t *tracer) eventSent(namespace, event string, o Outcome) {
	if t.debugging() {
		t.debugEmit(namespace, event, o)
	}
	if t.hooks.EventSent != nil {
		t.hooks.EventSent(namespace, o.Queued, o.Dropped)
	}
}

func (t *tracer) ackReceived(namespace string, expected bool) {
	if t.hooks.AckReceived != nil {
		t.hooks.AckReceived(namespace, expected)
	}
}

func (t *tracer) acksDone(namespace string, total AckTotal) {
	if t.hooks.AcksDone != nil {
		t.hooks.AcksDone(namespace, total)
	}
}

func (t *tracer) badPacket(kind, detail string) {
	t.logger.Debug("closing a client for what it sent", "kind", kind, "detail", detail)
	if t.hooks.BadPacket != nil {
		t.hooks.BadPacket(kind)
	}
}

func (t *tracer) limitReached(limit string) {
	if t.hooks.LimitReached != nil {
		t.hooks.LimitReached(limit)
	}
}

func (t *tracer) recovery(outcome string) {
	if t.hooks.Recovery != nil {
		t.hooks.Recovery(outcome)
	}
}

func (t *tracer) eventDropped(s *Socket, reason string) {
	if t.hooks.EventDropped != nil {
		t.hooks.EventDropped(s, reason)
	}
}

func (t *tracer) earlyPackets(outcome string, n int) {
	if n > 0 && t.hooks.EarlyPackets != nil {
		t.hooks.EarlyPackets(outcome, n)
	}
}

// panicked counts a panic and logs where it came from.
func (t *tracer) panicked(value any) {
	t.logger.Error("panic", "value", value, "stack", string(debug.Stack()))
	if t.hooks.Panic != nil {
		t.hooks.Panic(value)
	}
}

// guarded is f without its panics: for what runs on whoever's goroutine happens to be there, or on one of its own.
func (t *tracer) guarded(f func()) func() {
	return func() {
		defer func() {
			if v := recover(); v != nil {
				t.panicked(v)
			}
		}()
		f()
	}
}
