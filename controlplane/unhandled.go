package controlplane

import (
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/loglines"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// unhandled are the events that nobody got, so that each is told of once a minute.
type unhandled struct {
	srv    *Server
	lately loglines.Lately[eventName]
}

type eventName struct{ namespace, event string }

// unhandledEvent counts an event that nobody has subscribed to, and tells those who
// have something to do with its namespace.
func (u *unhandled) unhandledEvent(v view, so *socket, e *hub.Event) {
	u.srv.trace.Dropped("", so.hub.Namespace(), trace.KindEvent, trace.DropUnhandled)
	if u.srv.debugging() {
		u.srv.debugDrop(dropLine{subjectOfSocket(so.hub), trace.KindEvent, e.Name, trace.DropUnhandled}, "")
	}
	u.srv.observers.Dropped(so, e.Name, "", string(trace.DropUnhandled))
	u.srv.tellUnhandled(v, eventName{so.hub.Namespace(), e.Name},
		fault.New(fault.Unhandled, "nobody has subscribed to this event"))
}

func (u *unhandled) tellUnhandled(v view, n eventName, f *fault.Fault) {
	if !u.lately.First(n, time.Now()) {
		return
	}
	u.srv.log.Warn("an event reaches nobody", "namespace", n.namespace, "event", n.event, "reason", f.Reason().String())
	told := make(map[*group]bool)
	claims := v.Handlers()
	if c := v.Authorizer(); c != nil {
		claims = append(claims, c)
	}
	for _, c := range claims {
		if told[c.Group] {
			continue
		}
		told[c.Group] = true
		if a := u.srv.routes.anyOf(c.Group); a != nil {
			a.TellFact(contract.NoticeItem(&hubv1.Notice{
				Kind: hubv1.NoticeKind_NOTICE_KIND_UNHANDLED, Status: f.Status(), Count: 1,
				Fact: &hubv1.Notice_Unhandled{Unhandled: &hubv1.Unhandled{Namespace: n.namespace, Event: n.event}},
			}))
		}
	}
}

// tooLarge says what becomes of a delivery that fits no envelope of its instance.
func (o *outbound) tooLarge(t *dispatch.Try) {
	switch body := t.Body.(type) {
	case *hub.Event:
		so, ok := body.Socket.Tag().(*socket)
		if !ok {
			return
		}
		if body.WantsAck {
			// Its client would wait for ever, and take nothing for an answer.
			so.sendAway("an event that wants an answer is too large for its service")
		}
		o.a.srv.tellUnhandled(o.a.srv.routes.table.Load().View(so.hub.Namespace()), eventName{so.hub.Namespace(), body.Name},
			drops[trace.DropTooLarge])
	case undeliverable:
		body.undelivered(o.a, dropStatus(trace.DropTooLarge))
	}
}

// namespaceOf is the namespace of a delivery that has no member.
func namespaceOf(d *dispatch.Delivery) string {
	switch body := d.Body.(type) {
	case *try:
		return body.connect.attempt.Namespace()
	case *renewal:
		return body.socket.hub.Namespace()
	case *callDelivery:
		return body.invocation.Call.GetNamespace()
	}
	if so := socketOf(d); so != nil {
		return so.hub.Namespace()
	}
	return ""
}

// socketOf is the socket of a delivery; nil where it has none.
func socketOf(d *dispatch.Delivery) *socket {
	switch body := d.Body.(type) {
	case *hub.Event:
		so, _ := body.Socket.Tag().(*socket)
		return so
	case *introduction:
		return body.socket
	case *departure:
		return body.socket
	case *renewal:
		return body.socket
	}
	return nil
}
