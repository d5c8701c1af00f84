package services

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// BystanderPrefix is how packets of the bystanders' own service start.
const BystanderPrefix = "/bystander,"

// Serve attaches a healthy service to the namespace: it lets everybody in and
// answers as the conformance program does. The function that comes back ends it; a
// stream that ended before is a failure.
func Serve(t *hostile.Target, namespace string, fail func(string, ...any)) (stop func()) {
	p := hostile.NewProbe(t, time.Hour)
	a := Attach(p)
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
		p.Close()
		if err := <-ended; status.Code(err) != codes.Canceled && !errors.Is(err, context.Canceled) {
			fail("the service of %s lost its stream: %v", namespace, err)
		}
	}
}

// answer is what a healthy service does.
func (a *Actor) answer(d *hubv1.Delivery) *hubv1.Settlement {
	s := &hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}}
	switch {
	case d.GetConnectAttempt() != nil:
		s.Outcome = &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}
		if a.namespace == "/" {
			s.Commands = []*hubv1.Command{Emit(&hubv1.Target{Namespace: "/", Sockets: []string{d.Socket.Id}}, "auth", "[{}]")}
		}
	case d.GetEvent().GetName() == "message-with-ack":
		s.Outcome = &hubv1.Settlement_Reply{Reply: &hubv1.Reply{Payload: d.GetEvent().Payload}}
	case d.GetEvent().GetName() == "message":
		back := Emit(&hubv1.Target{Namespace: a.namespace, Sockets: []string{d.Socket.Id}}, "message-back", "")
		back.GetEmit().Payload = d.GetEvent().Payload
		s.Commands = []*hubv1.Command{back}
	}
	return s
}
