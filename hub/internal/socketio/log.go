package socketio

import (
	"context"
	"log/slog"
)

// The log at level Debug tells what happens to each socket, by namespace, socket id and user, and never what a
// browser or service said. Callers ask debugging first, so that it costs nothing while it is off.

// debugging reports whether anybody reads the log at level Debug.
func (t *tracer) debugging() bool { return t.logger.Enabled(context.Background(), slog.LevelDebug) }

// debug writes one line.
func (t *tracer) debug(text string, attrs ...slog.Attr) {
	t.logger.LogAttrs(context.Background(), slog.LevelDebug, text, attrs...)
}

// debugSocket writes one line about a socket.
func (t *tracer) debugSocket(text string, s *Socket, attrs ...slog.Attr) {
	t.debug(text, append([]slog.Attr{
		slog.String("namespace", s.namespace.name), slog.String("socket", s.id), slog.String("user", s.user),
	}, attrs...)...)
}

// debugAttempt writes one line about an attempt.
func (t *tracer) debugAttempt(text string, a *Attempt, attrs ...slog.Attr) {
	t.debug(text, append([]slog.Attr{
		slog.String("namespace", a.namespace), slog.String("socket", a.id), slog.String("client", a.client.name()),
	}, attrs...)...)
}

// debugEmit writes one line about an emission.
func (t *tracer) debugEmit(namespace, event string, o Outcome) {
	t.debug("emit", slog.String("namespace", namespace), slog.String("event", event),
		slog.Int("matched", o.Matched), slog.Int("queued", o.Queued), slog.Int("dropped", o.Dropped))
}
