package controlplanetest

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Handler is a subscription to all events of a namespace.
func Handler(namespace string, events ...string) *hubv1.Subscription {
	return &hubv1.Subscription{Role: hubv1.Role_ROLE_HANDLER, Namespace: namespace, Events: events}
}

// Authorizer is a subscription to the connect attempts of a namespace.
func Authorizer(namespace string) *hubv1.Subscription {
	return &hubv1.Subscription{Role: hubv1.Role_ROLE_AUTHORIZER, Namespace: namespace}
}

// Delivery waits for the next item, which has to be a delivery.
func (s *Service) Delivery() *hubv1.Delivery {
	s.t.Helper()
	item := s.Next()
	if item.GetDelivery() == nil {
		s.t.Fatalf("no delivery: %v", item)
	}
	return item.GetDelivery()
}

// Result waits for the next item, which has to be a result.
func (s *Service) Result() *hubv1.Result {
	s.t.Helper()
	item := s.Next()
	if item.GetResult() == nil {
		s.t.Fatalf("no result: %v", item)
	}
	return item.GetResult()
}

// Notice waits for the next item, which has to be a notice.
func (s *Service) Notice() *hubv1.Notice {
	s.t.Helper()
	item := s.Next()
	if item.GetNotice() == nil {
		s.t.Fatalf("no notice: %v", item)
	}
	return item.GetNotice()
}

// Attempt waits for a connect attempt.
func (s *Service) Attempt() *hubv1.Delivery {
	s.t.Helper()
	d := s.Delivery()
	if d.GetConnectAttempt() == nil {
		s.t.Fatalf("no connect attempt: %v", d)
	}
	return d
}

// Connected waits for a connected.
func (s *Service) Connected() *hubv1.Delivery {
	s.t.Helper()
	d := s.Delivery()
	if d.GetConnected() == nil {
		s.t.Fatalf("no connected: %v", d)
	}
	return d
}

// Event waits for an event of this name.
func (s *Service) Event(name string) *hubv1.Delivery {
	s.t.Helper()
	d := s.Delivery()
	if d.GetEvent().GetName() != name || d.GetEvent() == nil {
		s.t.Fatalf("no event %q: %v", name, d)
	}
	return d
}

// Disconnected waits for a disconnected.
func (s *Service) Disconnected() *hubv1.Delivery {
	s.t.Helper()
	d := s.Delivery()
	if d.GetDisconnected() == nil {
		s.t.Fatalf("no disconnected: %v", d)
	}
	return d
}

// Settle sends a settlement.
func (s *Service) Settle(settlement *hubv1.Settlement) {
	s.t.Helper()
	s.Send(&hubv1.Action{Kind: &hubv1.Action_Settlement{Settlement: settlement}})
}

// Done settles a delivery with nothing to say.
func (s *Service) Done(d *hubv1.Delivery, commands ...*hubv1.Command) {
	s.t.Helper()
	s.Settle(&hubv1.Settlement{
		DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}, Commands: commands,
	})
}

// Reply settles an event with an acknowledgement.
func (s *Service) Reply(d *hubv1.Delivery, args string, commands ...*hubv1.Command) {
	s.t.Helper()
	s.Settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Reply{
		Reply: &hubv1.Reply{Payload: &hubv1.Payload{Args: []byte(args)}},
	}, Commands: commands})
}

// Accept lets the browser of an attempt in.
func (s *Service) Accept(d *hubv1.Delivery, commands ...*hubv1.Command) {
	s.t.Helper()
	s.AcceptAs(d, &hubv1.Accept{}, commands...)
}

// AcceptAs lets the browser of an attempt in, with all that an accept can say.
func (s *Service) AcceptAs(d *hubv1.Delivery, accept *hubv1.Accept, commands ...*hubv1.Command) {
	s.t.Helper()
	s.Settle(&hubv1.Settlement{
		DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Accept{Accept: accept}, Commands: commands,
	})
}

// Nack gives a delivery back.
func (s *Service) Nack(d *hubv1.Delivery, nack *hubv1.Nack) {
	s.t.Helper()
	s.Settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Nack{Nack: nack}})
}

// Command sends a command under a fresh id, and returns the id.
func (s *Service) Command(c *hubv1.Command) uint64 {
	s.t.Helper()
	s.lastID++
	c.CommandId = s.lastID
	s.Send(&hubv1.Action{Kind: &hubv1.Action_Command{Command: c}})
	return c.CommandId
}

// EmitTo is a command that emits an event to sockets.
func EmitTo(namespace, event, args string, sockets ...string) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{
		Target: &hubv1.Target{Namespace: namespace, Sockets: sockets},
		Event:  event, Payload: &hubv1.Payload{Args: []byte(args)},
	}}}
}

// Window changes the window.
func (s *Service) Window(deliveries uint32, bytes uint64) {
	s.t.Helper()
	s.Send(&hubv1.Action{Kind: &hubv1.Action_Window{Window: &hubv1.Window{Deliveries: deliveries, Bytes: bytes}}})
}
