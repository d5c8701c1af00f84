package controlplane

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

// road is a way for a command to the hub. Every rule holds on both.
type road func(t *testing.T, w *world, s *controlplanetest.Service, c *hubv1.Command) *hubv1.Result

var roads = map[string]road{
	"stream": func(t *testing.T, _ *world, s *controlplanetest.Service, c *hubv1.Command) *hubv1.Result {
		t.Helper()
		id := s.Command(c)
		r := s.Result()
		if r.CommandId != id {
			t.Errorf("result of %d, not of %d", r.CommandId, id)
		}
		return r
	},
	"unary": func(t *testing.T, w *world, _ *controlplanetest.Service, c *hubv1.Command) *hubv1.Result {
		t.Helper()
		resp, err := hubv1.NewControlServiceClient(w.conn).Execute(t.Context(), &hubv1.ExecuteRequest{Commands: []*hubv1.Command{c}})
		if err != nil {
			// What the hub does not understand refuses the call, with the same status.
			details := status.Convert(err).Details()
			s, ok := details[0].(*hubv1.Status)
			if !ok {
				t.Fatal(err)
			}
			s.Field = strings.TrimPrefix(s.Field, "commands[0].")
			return &hubv1.Result{Status: s}
		}
		return resp.Results[0]
	},
}

func target(sockets ...string) *hubv1.Target {
	return &hubv1.Target{Namespace: "/chat", Sockets: sockets}
}

func emit(to *hubv1.Target, event, args string, attachments ...[]byte) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{
		Target: to, Event: event, Payload: &hubv1.Payload{Args: []byte(args), Attachments: attachments},
	}}}
}

func emitAck(to *hubv1.Target, timeout time.Duration, mode hubv1.AckMode) *hubv1.Command {
	c := emit(to, "ask", `[]`)
	c.GetEmit().Ack = &hubv1.AckRequest{Timeout: durationpb.New(timeout), Mode: mode}
	return c
}

func update(to *hubv1.Target, join, leave []string) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_UpdateRooms{UpdateRooms: &hubv1.UpdateRooms{Target: to, Join: join, Leave: leave}}}
}

func setData(to *hubv1.Target, data string, version *uint64) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_SetData{SetData: &hubv1.SetData{
		Target: to, Data: []byte(data), ExpectedVersion: version,
	}}}
}

func version(v uint64) *uint64 { return &v }

// Table (c): what is wrong with a command is answered for that command, on the
// stream and in unary calls alike, and nothing reaches a browser.
func TestCommand_ErrorsAreTheSameOnBothRoads(t *testing.T) {
	everybody := &hubv1.Target{Namespace: "/chat", All: true}
	const (
		wrong     = hubv1.Code_CODE_INVALID_ARGUMENT
		exhausted = hubv1.Code_CODE_RESOURCE_EXHAUSTED
	)
	many := make([]string, 16_000)
	for i := range many {
		many[i] = "r"
	}
	cases := map[string]struct {
		command *hubv1.Command
		code    hubv1.Code
		field   string
	}{
		"no op":             {&hubv1.Command{}, wrong, "op"},
		"no target":         {emit(nil, "x", `[]`), wrong, "emit.target.namespace"},
		"empty target":      {emit(target(), "x", `[]`), wrong, "emit.target"},
		"two targets":       {emit(&hubv1.Target{Namespace: "/chat", All: true, Rooms: []string{"r"}}, "x", `[]`), wrong, "emit.target.all"},
		"namespace":         {emit(&hubv1.Target{Namespace: "chat", All: true}, "x", `[]`), wrong, "emit.target.namespace"},
		"no array":          {emit(everybody, "x", `{}`), wrong, "emit.payload.args"},
		"broken JSON":       {emit(everybody, "x", `[NaN]`), wrong, "emit.payload.args"},
		"invalid UTF-8":     {emit(everybody, "x", "[\"\xff\"]"), wrong, "emit.payload.args"},
		"reserved event":    {emit(everybody, "connect", `[]`), wrong, "emit.event"},
		"no event":          {emit(everybody, "", `[]`), wrong, "emit.event"},
		"long event":        {emit(everybody, strings.Repeat("e", 200), `[]`), exhausted, "emit.event"},
		"attachments":       {emit(everybody, "x", `[]`, []byte{1}), wrong, "emit.payload.attachments"},
		"placeholders":      {emit(everybody, "x", `[{"_placeholder":true,"num":1}]`, []byte{1}), wrong, "emit.payload.attachments"},
		"no timeout":        {emitAck(everybody, 0, 0), wrong, "emit.ack.timeout"},
		"long timeout":      {emitAck(everybody, time.Hour, 0), wrong, "emit.ack.timeout"},
		"unknown mode":      {emitAck(everybody, time.Second, 99), hubv1.Code_CODE_UNIMPLEMENTED, "emit.ack.mode"},
		"reserved room":     {update(everybody, []string{"\x01user:1"}, nil), wrong, "update_rooms.join[0]"},
		"empty room":        {update(everybody, nil, []string{""}), wrong, "update_rooms.leave[0]"},
		"long room":         {update(everybody, []string{strings.Repeat("r", 1<<20)}, nil), exhausted, "update_rooms.join[0]"},
		"many rooms":        {update(everybody, many, nil), exhausted, "update_rooms.join"},
		"data":              {setData(everybody, `{`, nil), wrong, "set_data.data"},
		"large data":        {setData(everybody, `"`+strings.Repeat("d", 65_536)+`"`, nil), exhausted, "set_data.data"},
		"disconnect nobody": {&hubv1.Command{Op: &hubv1.Command_Disconnect{}}, wrong, "disconnect.target.namespace"},
		"long key":          {&hubv1.Command{IdempotencyKey: strings.Repeat("k", 129), Op: emit(everybody, "x", "").Op}, wrong, "idempotency_key"},
	}
	for name, send := range roads {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				chat := w.chat("a")
				b := w.join(chat)
				for name, c := range cases {
					r := send(t, w, chat, c.command)
					if s := r.GetStatus(); s.GetCode() != c.code || s.GetField() != c.field || s.GetReason() == "" || s.GetMessage() == "" {
						t.Errorf("%s: %v, want %v at %s", name, s, c.code, c.field)
					}
				}
				b.Quiet(time.Second)
				if r := send(t, w, chat, emit(everybody, "x", `[1]`)); r.Status != nil || r.QueuedCount != 1 {
					t.Errorf("a good command afterwards: %v", r)
				}
				b.Expect(`42/chat,["x",1]`)
			})
		})
	}
}

func TestCommand_OutcomesAreTheSameOnBothRoads(t *testing.T) {
	for name, send := range roads {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				chat, cmd := w.chat("a"), w.attach("tool", "t")
				ann, bob := w.join(chat), w.join(chat)
				want := func(what string, r *hubv1.Result, matched, queued, dropped uint32, code hubv1.Code) {
					t.Helper()
					if r.MatchedCount != matched || r.QueuedCount != queued || r.DroppedCount != dropped || r.GetStatus().GetCode() != code {
						t.Errorf("%s: %v", what, r)
					}
				}
				want("join", send(t, w, cmd, update(target(ann.id, bob.id, "nobody"), []string{"room"}, nil)), 2, 2, 0, 0)
				inRoom := &hubv1.Target{Namespace: "/chat", Rooms: []string{"room"}, ExceptSockets: []string{bob.id}}
				want("emit", send(t, w, cmd, emit(inRoom, "x", `[{"_placeholder":true,"num":0}]`, []byte{1, 2})), 1, 1, 0, 0)
				ann.Expect(`451-/chat,["x",{"_placeholder":true,"num":0}]`, "bAQI=")
				want("nobody", send(t, w, cmd, emit(target("nobody"), "x", "")), 0, 0, 0, 0)
				want("set", send(t, w, cmd, setData(target(ann.id), `1`, version(0))), 1, 1, 0, 0)
				want("set again", send(t, w, cmd, setData(target(ann.id), `2`, version(0))), 1, 0, 1, hubv1.Code_CODE_FAILED_PRECONDITION)
				want("set both", send(t, w, cmd, setData(target(ann.id, bob.id), `2`, version(0))), 2, 1, 1, 0)
				kick := &hubv1.Command{Op: &hubv1.Command_Disconnect{Disconnect: &hubv1.Disconnect{Target: target(bob.id)}}}
				want("disconnect", send(t, w, cmd, kick), 1, 1, 0, 0)
				bob.Expect("41/chat,")
				left := chat.Disconnected()
				if string(left.Socket.Data) != "2" || left.Socket.DataVersion != 1 ||
					left.GetDisconnected().Reason != "server namespace disconnect" {
					t.Errorf("disconnected: %v", left)
				}
			})
		})
	}
}

func TestCommand_IdempotencyKeyGivesTheFirstResultAgain(t *testing.T) {
	for name, send := range roads {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				chat := w.chat("a")
				b := w.join(chat)
				command := func() *hubv1.Command {
					c := emit(target(b.id), "once", "[]")
					c.IdempotencyKey = "k"
					return c
				}
				if r := send(t, w, chat, command()); r.Duplicate || r.QueuedCount != 1 {
					t.Errorf("first: %v", r)
				}
				w.pass(4 * time.Minute)
				if r := send(t, w, chat, command()); !r.Duplicate || r.QueuedCount != 1 {
					t.Errorf("second: %v", r)
				}
				b.Expect(`42/chat,["once"]`)
				b.Quiet(time.Second)
				w.pass(2 * time.Minute)
				if r := send(t, w, chat, command()); r.Duplicate {
					t.Errorf("after six minutes: %v", r)
				}
				b.Expect(`42/chat,["once"]`)
			})
		})
	}
}

func TestCommand_IdempotentAckWaitsForTheFirst(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.join(chat)
		for range 2 {
			c := emitAck(target(b.id), time.Minute, 0)
			c.IdempotencyKey = "k"
			chat.Command(c)
		}
		b.Expect(`42/chat,0["ask"]`)
		b.Send(`43/chat,0["yes"]`)
		for i := range 2 {
			r := chat.Result()
			if r.Duplicate != (i == 1) || string(r.GetAckTotal().GetAcks()[0].Payload.Args) != `["yes"]` {
				t.Errorf("result %d: %v", i, r)
			}
		}
	})
}

func TestCommand_AcksInOneTotal(t *testing.T) {
	for name, send := range roads {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				chat, cmd := w.chat("a"), w.attach("tool", "t")
				ann, bob, cat := w.join(chat), w.join(chat), w.join(chat)
				go func() {
					ann.Expect(`42/chat,0["ask"]`)
					ann.Send(`43/chat,0["a"]`)
					cat.CloseFrame(1001)
				}()
				start := time.Now()
				r := send(t, w, cmd, emitAck(&hubv1.Target{Namespace: "/chat", All: true}, 10*time.Second, 0))
				total := r.GetAckTotal()
				if total.GetExpectedCount() != 3 || total.AckedCount != 1 || total.TimedOutCount != 1 || total.DisconnectedCount != 1 {
					t.Errorf("total: %v", r)
				}
				if r.GetStatus().GetCode() != hubv1.Code_CODE_DEADLINE_EXCEEDED || time.Since(start) != 10*time.Second {
					t.Errorf("after %v: %v", time.Since(start), r.Status)
				}
				if len(total.Acks) != 1 || total.Acks[0].SocketId != ann.id || string(total.Acks[0].Payload.Args) != `["a"]` {
					t.Errorf("acks: %v", total.Acks)
				}
				bob.Expect(`42/chat,0["ask"]`)
			})
		})
	}
}

func TestCommand_AcksEachAsTheyArrive(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		ann, bob := w.join(chat), w.join(chat)
		id := chat.Command(emitAck(target(ann.id, bob.id), time.Minute, hubv1.AckMode_ACK_MODE_EACH))
		for _, b := range []*browser{ann, bob} {
			b.Expect(`42/chat,0["ask"]`)
			b.Send(`43/chat,0[]`)
			if r := chat.Result(); r.CommandId != id || r.GetBrowserAck().GetSocketId() != b.id {
				t.Errorf("acknowledgement: %v", r)
			}
		}
		if r := chat.Result(); r.GetAckTotal().GetAckedCount() != 2 || len(r.GetAckTotal().Acks) != 0 || r.Status != nil {
			t.Errorf("total: %v", r)
		}
	})
}

func TestCommand_AcksBeyondOneMiBAreCounted(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		ann, bob := w.join(chat), w.join(chat)
		chat.Command(emitAck(target(ann.id, bob.id), time.Minute, 0))
		large := `["` + strings.Repeat("x", 700_000) + `"]`
		for _, b := range []*browser{ann, bob} {
			b.Expect(`42/chat,0["ask"]`)
			b.Send(`43/chat,0` + large)
		}
		if r := chat.Result(); len(r.GetAckTotal().GetAcks()) != 1 || r.GetAckTotal().OmittedCount != 1 || r.GetAckTotal().AckedCount != 2 {
			t.Errorf("total: %d acks, %d omitted", len(r.GetAckTotal().GetAcks()), r.GetAckTotal().GetOmittedCount())
		}
	})
}

func TestCommand_WithoutAnIDOnlyFailuresAreTold(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.join(chat)
		action := func(c *hubv1.Command) *hubv1.Action {
			return &hubv1.Action{Kind: &hubv1.Action_Command{Command: c}}
		}
		chat.Send(action(emit(target(b.id), "x", "")))
		b.Expect(`42/chat,["x"]`)
		chat.Quiet(time.Second)
		bad := action(emit(target(), "x", ""))
		chat.Send(bad, bad, bad)
		// They share a notice if the sender is not quicker.
		for told := uint64(0); told < 3; {
			n := chat.Notice()
			told += uint64(n.Count)
			if n.Kind != hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED || n.Status.Reason != "EMPTY_TARGET" || told > 3 {
				t.Errorf("notice: %v", n)
			}
		}
		chat.Send(action(emitAck(target(b.id), time.Second, 0)))
		if n := chat.Notice(); n.Status.Field != "command_id" {
			t.Errorf("notice: %v", n)
		}
	})
}

func TestCommand_OfADeliveryIsFenced(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		a := w.chat("a")
		browser := w.join(a)
		browser.emit(1, "message", "")
		e := a.Event("message")
		fenced := func() *hubv1.Command {
			c := emit(target(browser.id), "x", "")
			c.DeliverySeq = e.DeliverySeq
			return c
		}
		a.Command(fenced())
		if r := a.Result(); r.Status != nil || r.QueuedCount != 1 {
			t.Errorf("while it is open: %v", r)
		}
		browser.Expect(`42/chat,["x"]`)
		again := w.chat("a")
		wasGiven := again.Event("message")
		again.Command(fenced())
		if s := again.Result().GetStatus(); s.GetCode() != hubv1.Code_CODE_ABORTED || s.GetReason() != "LEASE_LOST" {
			t.Errorf("after it was revoked: %v", s)
		}
		c := fenced()
		for seq, want := range map[uint64]hubv1.Code{
			wasGiven.DeliverySeq + 1<<20: hubv1.Code_CODE_NOT_FOUND, // not given yet
			1:                            hubv1.Code_CODE_ABORTED,   // of another hub process
		} {
			c.DeliverySeq = seq
			again.Command(c)
			if s := again.Result().GetStatus(); s.GetCode() != want {
				t.Errorf("%d: %v", seq, s)
			}
		}
		again.Settle(&hubv1.Settlement{DeliverySeq: e.DeliverySeq, Outcome: done(0).Outcome, Commands: []*hubv1.Command{fenced()}})
		if s := again.Result().GetStatus(); s.GetCode() != hubv1.Code_CODE_ABORTED {
			t.Errorf("settlement of the old try: %v", s)
		}
		browser.Quiet(time.Second)
		again.Done(wasGiven)
	})
}

func TestCommand_WindowIsKept(t *testing.T) {
	inBubble(t, Config{Window: WindowConfig{Commands: 2}}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		if chat.Welcome.CommandWindow != 2 {
			t.Errorf("window %d", chat.Welcome.CommandWindow)
		}
		b := w.join(chat)
		for range 3 {
			chat.Command(emitAck(target(b.id), time.Minute, 0))
		}
		if r := chat.Result(); r.CommandId != 3 || r.Status.Code != hubv1.Code_CODE_RESOURCE_EXHAUSTED || r.Status.Reason != "COMMAND_WINDOW" {
			t.Errorf("the third: %v", r)
		}
		b.Expect(`42/chat,0["ask"]`)
		b.Send(`43/chat,0[]`)
		if r := chat.Result(); r.CommandId != 1 || r.Status != nil {
			t.Errorf("the first: %v", r)
		}
		w.pass(0)
		chat.Command(emit(target(b.id), "x", ""))
		if r := chat.Result(); r.Status != nil {
			t.Errorf("a slot is free: %v", r)
		}
	})
}
