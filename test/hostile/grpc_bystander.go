package hostile

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// bystanderPrefix is how packets of the bystanders' own service start.
const bystanderPrefix = "/bystander,"

// serve attaches a healthy service to the namespace: it lets everybody in and
// answers as the conformance program does. The function that comes back ends it; a
// stream that ended before is a failure.
func (t *target) serve(namespace string, fail func(string, ...any)) (stop func()) {
	p := newProbe(t, time.Hour)
	a := p.attach()
	a.namespace = namespace
	a.welcome()
	ended := make(chan error, 1)
	go func() { // ends with the probe's streams
		for {
			item, err := a.next()
			if err != nil {
				ended <- err
				return
			}
			if d := item.GetDelivery(); d != nil {
				a.settle(a.answer(d))
			}
		}
	}()
	return func() {
		p.close()
		if err := <-ended; status.Code(err) != codes.Canceled && !errors.Is(err, context.Canceled) {
			fail("the service of %s lost its stream: %v", namespace, err)
		}
	}
}

// answer is what a healthy service does.
func (a *actor) answer(d *hubv1.Delivery) *hubv1.Settlement {
	s := &hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}}
	switch {
	case d.GetConnectAttempt() != nil:
		s.Outcome = &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}
		if a.namespace == "/" {
			s.Commands = []*hubv1.Command{emit(&hubv1.Target{Namespace: "/", Sockets: []string{d.Socket.Id}}, "auth", "[{}]")}
		}
	case d.GetEvent().GetName() == "message-with-ack":
		s.Outcome = &hubv1.Settlement_Reply{Reply: &hubv1.Reply{Payload: d.GetEvent().Payload}}
	case d.GetEvent().GetName() == "message":
		back := emit(&hubv1.Target{Namespace: a.namespace, Sockets: []string{d.Socket.Id}}, "message-back", "")
		back.GetEmit().Payload = d.GetEvent().Payload
		s.Commands = []*hubv1.Command{back}
	}
	return s
}
