package services

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// endlessInputs: much of what each by itself is fine.
func endlessInputs() []hostile.Input {
	var all []hostile.Input
	add := func(name string, attack func(*Actor) hostile.Outcome, allow ...hostile.Outcome) {
		all = append(all, hostile.Input{Name: name, Allow: allow, Attack: func(p *hostile.Probe) hostile.Outcome { return attack(Attached(p)) }})
	}
	add("rooms without end", roomsWithoutEnd, "refused, open")
	add("acknowledgements of random ids without end", func(a *Actor) hostile.Outcome {
		return a.many(2000, func(i int) *hubv1.Command {
			return &hubv1.Command{Op: &hubv1.Command_Acknowledge{Acknowledge: &hubv1.Acknowledge{DedupeId: binary.BigEndian.AppendUint64(make([]byte, 8), uint64(i))}}}
		}, "result NOT_FOUND")
	}, hostile.Open)
	add("calls of nobody without end", func(a *Actor) hostile.Outcome {
		return a.many(2000, func(int) *hubv1.Command {
			return &hubv1.Command{Op: &hubv1.Command_Call{Call: &hubv1.Call{Group: "nobody", Namespace: a.namespace, Name: "x", Timeout: durationpb.New(time.Minute)}}}
		}, "OK")
	}, hostile.Open)
	add("settlements nobody asked for, without end", func(a *Actor) hostile.Outcome {
		for i := range 20 {
			var actions []*hubv1.Action
			for j := range 100 {
				actions = append(actions, &hubv1.Action{Kind: &hubv1.Action_Settlement{Settlement: &hubv1.Settlement{DeliverySeq: 1<<52 + uint64(100*i+j), Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}}}})
			}
			a.Do(actions...)
			for range 100 {
				if _, err := a.result(); err != nil {
					return streamEnd(err)
				}
			}
		}
		return a.Lives()
	}, hostile.Open)
	all = append(all, drainInputs()...)
	add("window of all observations", func(a *Actor) hostile.Outcome {
		a.Do(&hubv1.Action{Kind: &hubv1.Action_Window{Window: &hubv1.Window{Observations: 1<<32 - 1}}})
		return a.Lives()
	}, hostile.Open)
	return append(all,
		hostile.Input{Name: "keys without end", Slow: true, Allow: hostile.Outcomes(hostile.Open), Attack: keysWithoutEnd},
		hostile.Input{Name: "an observer that does not read", Slow: true, Allow: hostile.Outcomes("stream UNAVAILABLE", "stream UNKNOWN"), Attack: blindObserver},
		hostile.Input{Name: "streams opened and closed fifty times a second", Slow: true, Allow: hostile.Outcomes(hostile.Open), Attack: restlessService})
}

// keysWithoutEnd gives more commands with idempotency keys than are remembered.
func keysWithoutEnd(p *hostile.Probe) hostile.Outcome {
	a := Attached(p)
	return a.many(11_000, func(i int) *hubv1.Command {
		return &hubv1.Command{IdempotencyKey: fmt.Sprintf("%0120d", i), Op: Emit(nowhere(), "x", "[]").Op}
	}, "OK")
}

// drainInputs are drains done wrong, and too often.
func drainInputs() []hostile.Input {
	var all []hostile.Input
	add := func(name string, attack func(*Actor) hostile.Outcome, allow ...hostile.Outcome) {
		all = append(all, hostile.Input{Name: name, Allow: allow, Attack: func(p *hostile.Probe) hostile.Outcome { return attack(Attached(p)) }})
	}
	leave := func(d *hubv1.Drain) *hubv1.Action { return &hubv1.Action{Kind: &hubv1.Action_Drain{Drain: d}} }
	add("a thousand drains in one envelope", func(a *Actor) hostile.Outcome {
		a.Do(slicesOf(leave(&hubv1.Drain{Reason: strings.Repeat("r", 1000)}), 1000)...)
		return a.Ends()
	}, "stream UNKNOWN", "stream UNSPECIFIED")
	add("drains with a browser, again and again", func(a *Actor) hostile.Outcome {
		b, _ := a.joined()
		b.Send("2" + a.namespace + `,9["x"]`)
		d := a.delivery() // held: the drain cannot end
		for range 100 {
			a.Do(leave(&hubv1.Drain{}))
		}
		if got := a.Lives(); got != hostile.Open {
			return got
		}
		a.settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}})
		return a.Ends()
	}, "stream UNKNOWN", "stream UNSPECIFIED")
	add("drain with a deadline", func(a *Actor) hostile.Outcome { return a.refused(leave(&hubv1.Drain{Deadline: timestamppb.Now()})) }, "notice BAD_ACTION INVALID_ARGUMENT")
	return all
}

// restlessService opens and closes streams beside one that lives.
func restlessService(p *hostile.Probe) hostile.Outcome {
	a := Attached(p)
	defer a.beats()()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 250 {
		b := Attach(p)
		b.Numbered()
		b.Cancel()
		<-tick.C
	}
	return hostile.Open
}

// many gives commands, a hundred in an envelope, and reads their results.
func (a *Actor) many(n int, make func(int) *hubv1.Command, want hostile.Outcome) hostile.Outcome {
	for i := 0; i < n; i += 100 {
		var actions []*hubv1.Action
		for j := range 100 {
			c := make(i + j)
			c.CommandId = uint64(i+j) + 1
			actions = append(actions, &hubv1.Action{Kind: &hubv1.Action_Command{Command: c}})
		}
		a.Do(actions...)
		for range 100 {
			if got := a.resultOutcome(); got != want {
				return got
			}
		}
	}
	return a.Lives()
}

// roomsWithoutEnd has a socket join rooms until there are too many.
func roomsWithoutEnd(a *Actor) hostile.Outcome {
	_, socket := a.joined()
	for i := range 20 {
		a.Do(Command(uint64(i+1), &hubv1.Command{Op: &hubv1.Command_UpdateRooms{UpdateRooms: &hubv1.UpdateRooms{
			Target: &hubv1.Target{Namespace: a.namespace, Sockets: []string{socket.Id}}, Join: Many(fmt.Sprint(i, "-"), 100),
		}}}))
		r, err := a.result()
		if err != nil {
			return streamEnd(err)
		}
		if r.GetStatus().GetCode() == hubv1.Code_CODE_RESOURCE_EXHAUSTED || r.DroppedCount > 0 {
			return "refused, " + a.Lives()
		}
	}
	return "2000 rooms"
}

// blindObserver is given copies of 64 MB and reads none of them; the browsers and the
// service that they are copied from do not notice.
func blindObserver(p *hostile.Probe) hostile.Outcome {
	a := Attached(p)
	b, _ := a.joined()
	o := Attach(p)
	o.Do(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: &hubv1.Hello{Group: "observer" + a.namespace, InstanceId: "one", Subscriptions: []*hubv1.Subscription{
		{Role: hubv1.Role_ROLE_OBSERVER, Namespace: "*", Payloads: true},
	}}}})
	hostile.Must(o.await(func(i *hubv1.Item) bool { return i.GetWelcome() != nil }))
	stop := o.beats()
	defer stop()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for i := range 80 { // 16 s
		<-tick.C
		b.Send("2" + a.namespace + fmt.Sprintf(`,%d["x","%s"]`, i, strings.Repeat("x", 800_000)))
		a.settle(&hubv1.Settlement{DeliverySeq: a.delivery().DeliverySeq, Outcome: &hubv1.Settlement_Reply{Reply: &hubv1.Reply{}}})
		if m := hostile.Must(b.Next()); !strings.HasPrefix(m, fmt.Sprintf("3%s,%d", a.namespace, i)) {
			return hostile.Outcome("not acknowledged: " + m)
		}
	}
	return o.Ends()
}

// unreadWireRows: calls whose answers nobody takes, because the window for them is
// empty.
func unreadWireRows() []wireRow {
	var rows []wireRow
	target := &hubv1.Target{Namespace: "/bystander", All: true}
	acked := Emit(nowhere(), "x", "[]")
	acked.GetEmit().Ack = &hubv1.AckRequest{Timeout: durationpb.New(time.Minute)}
	for path, request := range map[string][]byte{
		hubv1.ControlService_Execute_FullMethodName:      Encode(&hubv1.ExecuteRequest{Commands: []*hubv1.Command{Emit(nowhere(), "x", "[]")}}),
		hubv1.ControlService_FetchSockets_FullMethodName: Encode(&hubv1.FetchSocketsRequest{Fetch: &hubv1.Fetch{Target: target, IncludeHandshake: true}}),
		hubv1.ControlService_EmitWithAck_FullMethodName:  Encode(&hubv1.EmitWithAckRequest{Command: acked}),
		attachPath: Encode(&hubv1.AttachRequest{}),
	} {
		rows = append(rows, wireRow{name: "50 calls of " + path + " that nobody reads", allow: append(hostile.Outcomes(hostile.Open), connectionEnds...), do: func(c *h2) {
			_ = c.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
			for i := range 50 {
				c.headers(uint32(2*i+1), false, call(path)...)
				_ = c.framer.WriteData(uint32(2*i+1), true, message(request))
			}
		}})
	}
	return rows
}
