package controlplane

import (
	"context"
	"log/slog"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/copies"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// Debug lines follow one browser through the hub: connect, decision, deliveries, emits,
// drops. They name sockets, users and events, and never have a payload, a credential or
// `socket.data`. Each is made only where debugging says that it is wanted.

// debugging reports whether debug lines are wanted.
func (l *debugLines) debugging() bool {
	return l.log.Enabled(context.Background(), slog.LevelDebug)
}

// attrs are whom a debug line is about.
func (s subject) attrs() []any {
	return []any{"namespace", s.namespace, "socket", s.socket, "user", s.user}
}

// debugSocket tells what a socket did. The caller has asked debugging.
func (l *debugLines) debugSocket(message string, of subject, more ...any) {
	l.log.Debug(message, append(of.attrs(), more...)...)
}

// debugDecision tells what was decided about an attempt. The message of a deny goes to
// the browser, and is no secret.
func (l *debugLines) debugDecision(a *hub.ConnectAttempt, d copies.Decision) {
	if !l.debugging() {
		return
	}
	about := subjectOfAttempt(a)
	about.user = d.User
	l.debugSocket("connect decided", about, "outcome", string(d.Outcome), "group", d.Group, "by", d.By, "message", d.Message)
}

// debugUndecided tells that nobody decided about an attempt.
func (l *debugLines) debugUndecided(a *hub.ConnectAttempt, why trace.Undecided) {
	if !l.debugging() {
		return
	}
	l.debugSocket("connect undecided", subjectOfAttempt(a), "why", string(why))
}

// debugDelivery tells that a delivery is about to be sent.
func (a *attachment) debugDelivery(t *dispatch.Try) {
	if !a.srv.debugging() {
		return
	}
	a.srv.log.Debug("delivery sent", append(subjectOf(t.Delivery).attrs(), "kind", string(kindNames[t.Kind]), "event", nameOfEvent(t.Delivery),
		"bytes", t.Bytes, "attempt", t.Attempt, "seq", t.Seq, "group", a.group.name, "instance", a.instance)...)
}

// debugNack tells of a delivery that its instance gives up, or wants tried again.
func (a *attachment) debugNack(d *dispatch.Delivery, n *hubv1.Nack) {
	if !a.srv.debugging() {
		return
	}
	a.srv.log.Debug("delivery nacked", append(subjectOf(d).attrs(), "kind", string(kindNames[d.Kind]), "event", nameOfEvent(d),
		"code", n.GetStatus().GetCode().String(), "retry", n.GetRetry(), "group", a.group.name, "instance", a.instance)...)
}

// nameOfEvent is empty for a delivery of another kind.
func nameOfEvent(d *dispatch.Delivery) string {
	if e, ok := d.Body.(*hub.Event); ok {
		return e.Name
	}
	return ""
}

// debugCommand tells what became of a command.
func (l *debugLines) debugCommand(c *hubv1.Command, last *hubv1.Result) {
	if !l.debugging() {
		return
	}
	t := command.TargetOf(c)
	l.log.Debug("command done", "op", command.OpName(c), "event", c.GetEmit().GetEvent(), "namespace", t.GetNamespace(),
		"sockets", few(t.GetSockets()), "rooms", few(t.GetRooms()), "users", few(t.GetUsers()), "all", t.GetAll(),
		"code", fault.CodeName(last.GetStatus().GetCode()), "reason", last.GetStatus().GetReason(),
		"bytes", len(c.GetEmit().GetPayload().GetArgs()),
		"matched", last.GetMatchedCount(), "queued", last.GetQueuedCount(), "dropped", last.GetDroppedCount())
}

// few are the first of many names.
func few(names []string) []string { return names[:min(len(names), 4)] }
