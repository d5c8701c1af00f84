package conform

import (
	"bytes"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// ask gives a command without waiting for its result.
func (s *Instance) ask(c *hubv1.Command) uint64 {
	s.t.locked(func() { s.commands++; c.CommandId = s.commands })
	s.say(&hubv1.Action{Kind: &hubv1.Action_Command{Command: c}})
	return c.CommandId
}

// do gives a command and waits for all of its results.
func (s *Instance) do(rule string, c *hubv1.Command) []*hubv1.Result {
	return s.results(rule, s.ask(c))
}

// results waits for the results of a command.
func (s *Instance) results(rule string, id uint64) (all []*hubv1.Result) {
	for {
		r := s.item(rule, "a result", func(i *hubv1.Item) bool { return id != 0 && i.GetResult().GetCommandId() == id }).GetResult()
		if all = append(all, r); !r.GetMore() {
			return all
		}
	}
}

// fails gives a command that has to fail with a code and a reason.
func (s *Instance) fails(rule string, c *hubv1.Command, code hubv1.Code, reason string) *hubv1.Status {
	all := s.do(rule, c)
	got := all[len(all)-1].GetStatus()
	s.t.check(rule, got.GetCode() == code && got.GetReason() == reason, code.String()+" "+reason, "%s", short(got))
	return got
}

// settle answers a delivery.
func (s *Instance) settle(d *hubv1.Delivery, outcome *hubv1.Settlement) {
	outcome.DeliverySeq = d.GetDeliverySeq()
	s.say(&hubv1.Action{Kind: &hubv1.Action_Settlement{Settlement: outcome}})
}

// delivery waits for a delivery that is one of some.
func (s *Instance) delivery(rule, want string, is func(*hubv1.Delivery) bool) *hubv1.Delivery {
	return s.item(rule, want, func(i *hubv1.Item) bool { return i.GetDelivery() != nil && is(i.GetDelivery()) }).GetDelivery()
}

// called waits for a call by its name.
func (s *Instance) called(rule, name string) *hubv1.Delivery {
	return s.delivery(rule, "the call "+name, func(d *hubv1.Delivery) bool { return d.GetServiceCall().GetName() == name })
}

// event waits for an event by its name.
func (s *Instance) event(rule, name string) *hubv1.Delivery {
	return s.delivery(rule, "the event "+name, func(d *hubv1.Delivery) bool { return d.GetEvent().GetName() == name })
}

// refusedSettlement waits for the answer to a settlement that failed.
func (s *Instance) refusedSettlement(rule string, seq uint64) *hubv1.Status {
	return s.item(rule, "a result with the delivery_seq of the settlement", func(i *hubv1.Item) bool {
		return i.GetResult().GetDeliverySeq() == seq && i.GetResult() != nil
	}).GetResult().GetStatus()
}

func done() *hubv1.Settlement {
	return &hubv1.Settlement{Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}}
}

func replyWith(args string, attachments ...[]byte) *hubv1.Settlement {
	payload := &hubv1.Payload{Args: []byte(args), Attachments: attachments}
	return &hubv1.Settlement{Outcome: &hubv1.Settlement_Reply{Reply: &hubv1.Reply{Payload: payload}}}
}

func acceptWith(a *hubv1.Accept) *hubv1.Settlement {
	return &hubv1.Settlement{Outcome: &hubv1.Settlement_Accept{Accept: a}}
}

func nackWith(n *hubv1.Nack) *hubv1.Settlement {
	return &hubv1.Settlement{Outcome: &hubv1.Settlement_Nack{Nack: n}}
}

// emitTo is a command to a namespace.
func emitTo(t *hubv1.Target, event, args string) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{Target: t, Event: event, Payload: &hubv1.Payload{Args: []byte(args)}}}}
}

func (p place) everybody() *hubv1.Target { return &hubv1.Target{Namespace: p.namespace, All: true} }

func (p place) socket(id string) *hubv1.Target {
	return &hubv1.Target{Namespace: p.namespace, Sockets: []string{id}}
}

// rough is the codec of protobuf, with a way to say what is not UTF-8: halfText stands
// for half a surrogate pair.
type rough struct{}

const halfText = "half of a pair"

var halfBytes = bytes.Repeat([]byte{0xed, 0xa0}, len(halfText)/2) // as long: nothing else changes

// Marshal implements encoding.Codec.
func (rough) Marshal(m any) ([]byte, error) {
	b, err := proto.Marshal(m.(proto.Message))
	return bytes.ReplaceAll(b, []byte(halfText), halfBytes), err
}

// Unmarshal implements encoding.Codec.
func (rough) Unmarshal(b []byte, m any) error { return proto.Unmarshal(b, m.(proto.Message)) }

// Name implements encoding.Codec.
func (rough) Name() string { return "proto" }
