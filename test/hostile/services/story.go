package services

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// stories are inputs of an attached service.
type stories []hostile.Input

func (s *stories) add(name string, attack func(*Actor) hostile.Outcome, allow ...hostile.Outcome) {
	*s = append(*s, hostile.Input{Name: name, Allow: allow, Attack: func(p *hostile.Probe) hostile.Outcome { return attack(Attached(p)) }})
}

// itemInputs: after the welcome a bad item is answered for itself.
func itemInputs() []hostile.Input {
	var all stories
	// kept sends actions that deserve none.
	kept := func(actions ...*hubv1.Action) func(*Actor) hostile.Outcome {
		return func(a *Actor) hostile.Outcome { a.Do(actions...); return a.Lives() }
	}
	badAction := hostile.Outcomes("BAD_ACTION")
	all.add("action without a kind", noticed(&hubv1.Action{}), badAction...)
	all.add("10000 actions without a kind", func(a *Actor) hostile.Outcome {
		for range 100 {
			a.Do(slicesOf(&hubv1.Action{}, 100)...)
		}
		return a.Lives()
	}, hostile.Open)
	unknown := &hubv1.Action{}
	unknown.ProtoReflect().SetUnknown(unknownField)
	all.add("action of an unknown kind", noticed(unknown), badAction...)
	all.add("command without a number that fails", noticed(Command(0, Emit(nil, "x", "[]"))), "COMMAND_FAILED")
	all.add("10000 commands without a number that fail", func(a *Actor) hostile.Outcome {
		for range 100 {
			a.Do(slicesOf(Command(0, Emit(nil, "x", "[]")), 100)...)
		}
		return a.Lives()
	}, hostile.Open)
	all.add("window of nothing", kept(&hubv1.Action{Kind: &hubv1.Action_Window{Window: &hubv1.Window{}}}), hostile.Open)
	all.add("window of everything", kept(&hubv1.Action{Kind: &hubv1.Action_Window{Window: &hubv1.Window{Deliveries: 1<<32 - 1, Bytes: 1<<64 - 1}}}), hostile.Open)
	all.add("10000 windows", func(a *Actor) hostile.Outcome {
		for range 100 {
			a.Do(slicesOf(&hubv1.Action{Kind: &hubv1.Action_Window{Window: &hubv1.Window{Deliveries: 1}}}, 100)...)
		}
		return a.Lives()
	}, hostile.Open)
	all.add("100000 heartbeats", func(a *Actor) hostile.Outcome {
		for range 100 {
			a.Do(slicesOf(&hubv1.Action{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}, 1000)...)
		}
		return a.Lives()
	}, hostile.Open)
	all.add("same command_id twice", func(a *Actor) hostile.Outcome {
		a.Do(Command(3, Emit(nowhere(), "x", "[]")), Command(3, Emit(nowhere(), "x", "[]")))
		a.resultOutcome()
		a.resultOutcome()
		return a.Lives()
	}, hostile.Open)
	return append(all, unknownSettlements()...)
}

// noticed sends actions that each deserve a notice.
func noticed(actions ...*hubv1.Action) func(*Actor) hostile.Outcome {
	return func(a *Actor) hostile.Outcome {
		a.Do(actions...)
		item, err := a.await(func(i *hubv1.Item) bool {
			return i.GetNotice() != nil && i.GetNotice().Kind != hubv1.NoticeKind_NOTICE_KIND_INTRODUCED
		})
		if err != nil {
			return streamEnd(err)
		}
		if got := a.Lives(); got != hostile.Open {
			return got
		}
		return hostile.Outcome(strings.TrimPrefix(item.GetNotice().Kind.String(), "NOTICE_KIND_"))
	}
}

// unknownSettlements settle what was never delivered.
func unknownSettlements() []hostile.Input {
	var all stories
	for _, seq := range []uint64{0, 1, 1 << 40, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		for name, with := range map[string]*hubv1.Settlement{
			"nothing": {}, "done": {Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}}, "accept": {Outcome: &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}},
			"commands": {Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}, Commands: []*hubv1.Command{Emit(everybody(), "x", "[]")}},
		} {
			if seq > 1 && name == "accept" {
				continue
			}
			s := &hubv1.Settlement{DeliverySeq: seq, Outcome: with.Outcome, Commands: with.Commands}
			allow := hostile.Outcomes("result NOT_FOUND", "result ABORTED") // another hub process may have given it
			all.add(fmt.Sprintf("settlement of %d with %s", seq, name), func(a *Actor) hostile.Outcome {
				a.settle(s)
				got := a.resultOutcome()
				if lives := a.Lives(); lives != hostile.Open {
					return lives
				}
				return got
			}, allow...)
		}
	}
	return all
}

// Command is the action that gives a command under an id.
func Command(id uint64, c *hubv1.Command) *hubv1.Action {
	return &hubv1.Action{Kind: &hubv1.Action_Command{Command: &hubv1.Command{CommandId: id, Op: c.Op}}}
}

func slicesOf(a *hubv1.Action, n int) []*hubv1.Action {
	list := make([]*hubv1.Action, n)
	for i := range list {
		list[i] = a
	}
	return list
}

// storyInputs: settlements of real deliveries.
func storyInputs() []hostile.Input {
	return slices.Concat(wrongDecisions(), lateDecisions(), eventStories())
}

// wrongly settles a connect attempt: it comes again, for as long as its browser waits.
func wrongly(s func(seq uint64) *hubv1.Settlement) func(*Actor) hostile.Outcome {
	return func(a *Actor) hostile.Outcome {
		b := a.browser()
		first := a.delivery()
		a.settle(s(first.DeliverySeq))
		got := a.resultOutcome()
		again := a.delivery()
		if again.GetConnectAttempt() == nil || again.Attempt != 2 || !bytes.Equal(again.DedupeId, first.DedupeId) {
			return got + hostile.Outcome(fmt.Sprintf(", then another delivery: %v", again))
		}
		a.settle(&hubv1.Settlement{DeliverySeq: again.DeliverySeq, Outcome: &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}})
		if m, err := b.Next(); err != nil || !strings.HasPrefix(m, "0"+a.namespace+",{") {
			return hostile.Outcome(fmt.Sprintf("%s, then not corrected: %q %v", got, m, err))
		}
		return got + ", then corrected"
	}
}

// wrongDecisions settle connect attempts in wrong ways.
func wrongDecisions() []hostile.Input {
	var all stories
	done := func(seq uint64) *hubv1.Settlement {
		return &hubv1.Settlement{DeliverySeq: seq, Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}}
	}
	mismatch, invalid := hostile.Outcomes("result FAILED_PRECONDITION, then corrected"), hostile.Outcomes("result INVALID_ARGUMENT, then corrected")
	all.add("connect attempt settled with done", wrongly(done), mismatch...)
	all.add("connect attempt settled with a reply", wrongly(func(seq uint64) *hubv1.Settlement {
		return &hubv1.Settlement{DeliverySeq: seq, Outcome: &hubv1.Settlement_Reply{Reply: &hubv1.Reply{}}}
	}), mismatch...)
	all.add("connect attempt settled with nothing", wrongly(func(seq uint64) *hubv1.Settlement { return &hubv1.Settlement{DeliverySeq: seq} }), invalid...)
	for name, accept := range map[string]*hubv1.Accept{
		"a user of 257 bytes": {User: strings.Repeat("u", 257)}, "an empty room": {Rooms: []string{""}}, "a reserved room": {Rooms: []string{"\x01user:admin"}}, "a room of 257 bytes": {Rooms: []string{strings.Repeat("r", 257)}},
		"data that is no JSON": {Data: []byte("{")}, "data that is not UTF-8": {Data: []byte("\"\xff\"")}, "data of 65 KiB": {Data: []byte(`"` + strings.Repeat("d", 65<<10) + `"`)}, "100000 rooms": {Rooms: Many("r", 100_000)},
	} {
		all.add("accept with "+name, wrongly(func(seq uint64) *hubv1.Settlement {
			return &hubv1.Settlement{DeliverySeq: seq, Outcome: &hubv1.Settlement_Accept{Accept: accept}}
		}), append(hostile.Outcomes("result RESOURCE_EXHAUSTED, then corrected"), invalid...)...)
	}
	for name, deny := range map[string]*hubv1.Deny{"data that is no JSON": {Data: []byte("{")}, "data that is two": {Data: []byte("1 2")}, "data that is not UTF-8": {Data: []byte("\"\xff\"")}, "data 100000 deep": {Data: []byte(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000))}} {
		all.add("deny with "+name, wrongly(func(seq uint64) *hubv1.Settlement {
			return &hubv1.Settlement{DeliverySeq: seq, Outcome: &hubv1.Settlement_Deny{Deny: deny}}
		}), append(hostile.Outcomes("result RESOURCE_EXHAUSTED, then corrected"), invalid...)...)
	}
	return all
}

// lateDecisions come after the decision or the end of an attempt, or before it.
func lateDecisions() []hostile.Input {
	var all stories
	all.add("accept twice", acceptedTwice, "result ALREADY_EXISTS, 1 sockets")
	all.add("accept, then deny", func(a *Actor) hostile.Outcome {
		a.browser()
		d := a.delivery()
		a.settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}})
		a.settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Deny{Deny: &hubv1.Deny{}}})
		return a.resultOutcome()
	}, "result ALREADY_EXISTS")
	all.add("accept of a browser that has gone", acceptedGone, "result CANCELLED", "connected")
	all.add("browser asks twice while undecided", undecidedTwice, "at most one socket")
	all.add("browser talks while undecided", func(a *Actor) hostile.Outcome {
		b := a.browser()
		d := a.delivery()
		b.Send("2" + a.namespace + `,["early"]`)
		a.settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}})
		_, err := b.Next() // CONNECT: what was early is kept
		return hostile.Ended(err)
	}, hostile.Open)
	return all
}

// acceptedTwice accepts a browser two times, and counts its sockets.
func acceptedTwice(a *Actor) hostile.Outcome {
	b := a.browser()
	d := a.delivery()
	accept := &hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}}
	a.settle(accept)
	a.settle(accept)
	got := a.resultOutcome()
	sockets := 0
	b.Send("2" + a.namespace + `,9["x"]`) // answered below, so that all before has been read
	for {
		if d := a.delivery(); d.GetEvent() != nil {
			a.settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Reply{Reply: &hubv1.Reply{}}})
			break
		}
	}
	for {
		m := hostile.Must(b.Next())
		if strings.HasPrefix(m, "0"+a.namespace) {
			sockets++
		}
		if strings.HasPrefix(m, "3"+a.namespace+",9[]") {
			return got + hostile.Outcome(fmt.Sprintf(", %d sockets", sockets))
		}
	}
}

// acceptedGone accepts a browser that has gone.
func acceptedGone(a *Actor) hostile.Outcome {
	b := a.browser()
	d := a.delivery()
	b.Reset()
	// The hub notices in its own time: an accept before that is followed by connected and disconnected.
	a.settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}})
	item := hostile.Must(a.await(func(i *hubv1.Item) bool {
		return i.GetResult() != nil || i.GetDelivery().GetDisconnected() != nil || i.GetDelivery().GetConnected() != nil
	}))
	switch {
	case item.GetDelivery().GetConnected() != nil:
		return "connected"
	case item.GetResult() != nil:
		return statusOutcome(item.GetResult().GetStatus())
	}
	return "disconnected without connected"
}

// undecidedTwice has a browser ask again and again for the same namespace.
func undecidedTwice(a *Actor) hostile.Outcome {
	b := a.browser()
	b.Send(hostile.Repeated("0"+a.namespace+",", 20)...)
	first := a.delivery()
	accept := func(seq uint64) {
		a.settle(&hubv1.Settlement{DeliverySeq: seq, Outcome: &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}})
	}
	accept(first.DeliverySeq)
	sockets := 0
	for {
		m, err := b.Next()
		if err != nil {
			break
		}
		if strings.HasPrefix(m, "0"+a.namespace) {
			sockets++
			b.Send("1" + a.namespace + ",")
			break
		}
	}
	if sockets > 1 {
		return "two sockets"
	}
	return "at most one socket"
}

// eventStories settle events in wrong ways. A settlement that is refused is the end of its
// delivery: nothing is left to be corrected, and the socket lives.
func eventStories() []hostile.Input {
	var all []hostile.Input
	add := func(name string, settle func(a *Actor, seq uint64), over bool, allow ...hostile.Outcome) {
		all = append(all, hostile.Input{Name: "event settled with " + name, Allow: allow, Attack: func(p *hostile.Probe) hostile.Outcome {
			a := Attached(p)
			b, _ := a.joined()
			b.Send("2" + a.namespace + `,9["x",1]`)
			d := a.delivery()
			settle(a, d.DeliverySeq)
			got := a.resultOutcome()
			if !over {
				return got
			}
			good := &hubv1.Reply{Payload: &hubv1.Payload{Args: []byte("[7]")}}
			a.settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Reply{Reply: good}})
			if again := a.resultOutcome(); again != "result ALREADY_EXISTS" {
				return got + ", then not over: " + again
			}
			b.Send("2" + a.namespace + `,10["y"]`)
			a.settle(&hubv1.Settlement{DeliverySeq: a.delivery().DeliverySeq, Outcome: &hubv1.Settlement_Reply{Reply: good}})
			if m, err := b.Next(); err != nil || m != "3"+a.namespace+",10[7]" {
				return hostile.Outcome(fmt.Sprintf("%s, then %q %v", got, m, err))
			}
			return got + ", then over"
		}})
	}
	with := func(s *hubv1.Settlement) func(*Actor, uint64) {
		return func(a *Actor, seq uint64) { s.DeliverySeq = seq; a.settle(s) }
	}
	reply := func(args string, attachments ...[]byte) *hubv1.Settlement {
		return &hubv1.Settlement{Outcome: &hubv1.Settlement_Reply{Reply: &hubv1.Reply{Payload: &hubv1.Payload{Args: []byte(args), Attachments: attachments}}}}
	}
	for _, args := range []string{"{}", "1", "[", "[1,]", "[1]x", "null", "[\"\xff\"]", "[NaN]", strings.Repeat("[", 50_000)} {
		add(fmt.Sprintf("reply %.20q", args), with(reply(args)), true, "result INVALID_ARGUMENT, then over", "result RESOURCE_EXHAUSTED, then over")
	}
	add("a reply with an attachment that has no seat", with(reply("[1]", []byte{1})), true, "result INVALID_ARGUMENT, then over")
	add("accept", with(&hubv1.Settlement{Outcome: &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}}), true, "result FAILED_PRECONDITION, then over")
	add("deny", with(&hubv1.Settlement{Outcome: &hubv1.Settlement_Deny{Deny: &hubv1.Deny{}}}), true, "result FAILED_PRECONDITION, then over")
	add("nothing", with(&hubv1.Settlement{}), true, "result INVALID_ARGUMENT, then over")
	add("done twice", func(a *Actor, seq uint64) {
		for range 2 {
			a.settle(&hubv1.Settlement{DeliverySeq: seq, Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}})
		}
	}, false, "result ALREADY_EXISTS")
	add("a reply, a thousand times", func(a *Actor, seq uint64) {
		for range 1000 {
			s := reply("[]")
			s.DeliverySeq = seq
			a.settle(s)
		}
	}, false, "result ALREADY_EXISTS")
	for name, d := range map[string]*durationpb.Duration{"a negative delay": durationpb.New(-time.Second), "a delay of a minute": durationpb.New(time.Minute), "a delay beyond its range": {Seconds: 1 << 62}} {
		add("a nack with "+name, with(&hubv1.Settlement{Outcome: &hubv1.Settlement_Nack{Nack: &hubv1.Nack{Retry: true, RetryDelay: d}}}), true, "result INVALID_ARGUMENT, then over")
	}
	add("a command of another delivery", with(&hubv1.Settlement{Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}, Commands: []*hubv1.Command{{DeliverySeq: 1 << 50, CommandId: 4, Op: Emit(nowhere(), "x", "[]").Op}}}), false,
		"result INVALID_ARGUMENT", "result ABORTED", "result NOT_FOUND")
	all = append(all, hostile.Input{Name: "settlement of a stream that was lost", Allow: hostile.Outcomes("result ABORTED", "result NOT_FOUND"), Attack: lostSettlement})
	return all
}

// lostSettlement settles on a new stream what the old one was given.
func lostSettlement(p *hostile.Probe) hostile.Outcome {
	a := Attached(p)
	h := a.Hello()
	b, _ := a.joined()
	b.Send("2" + a.namespace + `,9["x"]`)
	d := a.delivery()
	a.Cancel()
	again := Attach(p)
	again.namespace = a.namespace
	again.Do(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: h}})
	hostile.Must(again.await(func(i *hubv1.Item) bool { return i.GetWelcome() != nil }))
	if d2 := again.delivery(); d2.DeliverySeq == d.DeliverySeq || d2.Attempt != 2 {
		return hostile.Outcome(fmt.Sprintf("redelivered as %d, attempt %d", d2.DeliverySeq, d2.Attempt))
	}
	again.settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Reply{Reply: &hubv1.Reply{}}, Commands: []*hubv1.Command{Emit(everybody(), "x", "[]")}})
	return again.resultOutcome()
}
