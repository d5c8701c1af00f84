package controlplane

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/hub"
)

// withField puts a field of any number and bytes into a message, as a kit of tomorrow
// would, or one that does not look at its strings.
func withField[M proto.Message](m M, number protowire.Number, value string) M {
	m.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), value))
	return m
}

func commandAction(c *hubv1.Command) *hubv1.Action {
	return &hubv1.Action{Kind: &hubv1.Action_Command{Command: c}}
}

// wantStatus checks a status.
func wantStatus(t *testing.T, what string, s *hubv1.Status, code hubv1.Code, reason, field string) {
	t.Helper()
	if s.GetCode() != code || s.GetReason() != reason || s.GetField() != field || s.GetMessage() == "" {
		t.Errorf("%s: %v, want %v, %s at %q", what, s, code, reason, field)
	}
}

// A settlement that cannot be understood settles its delivery, and none of its
// commands is carried out.
func TestRefuse_SettlementEndsItsDelivery(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.join(chat)
		reply := func() *hubv1.Reply { return &hubv1.Reply{Payload: &hubv1.Payload{Args: []byte(`[1]`)}} }
		for what, c := range map[string]struct {
			reply  *hubv1.Reply
			code   hubv1.Code
			reason string
			field  string
		}{
			"unknown field": {withField(reply(), 99, "x"), hubv1.Code_CODE_UNIMPLEMENTED, "UNKNOWN_FIELD", "reply.99"},
			"bad payload":   {withField(reply(), 1, "\xff"), hubv1.Code_CODE_INVALID_ARGUMENT, "MALFORMED", "reply.payload"},
		} {
			b.emit(1, "x", "")
			d := chat.Event("x")
			chat.Settle(&hubv1.Settlement{
				DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Reply{Reply: c.reply},
				Commands: []*hubv1.Command{
					{CommandId: 77, Op: controlplanetest.EmitTo("/chat", "never", `[]`, b.id).Op},
					controlplanetest.EmitTo("/chat", "never", `[]`, b.id),
				},
			})
			r := chat.Result()
			if r.DeliverySeq != d.DeliverySeq {
				t.Errorf("%s: %v", what, r)
			}
			wantStatus(t, what, r.Status, c.code, c.reason, c.field)
			r = chat.Result()
			if r.CommandId != 77 {
				t.Errorf("%s: %v", what, r)
			}
			wantStatus(t, what, r.Status, hubv1.Code_CODE_CANCELLED, "SETTLEMENT_REFUSED", "")
			n := chat.Notice()
			if n.Kind == hubv1.NoticeKind_NOTICE_KIND_DELIVERIES_DROPPED { // as for any permanent nack
				n = chat.Notice()
			}
			wantStatus(t, what, n.Status, hubv1.Code_CODE_CANCELLED, "SETTLEMENT_REFUSED", "")
			chat.Settle(done(d.DeliverySeq))
			if r := chat.Result(); r.GetStatus().GetCode() != hubv1.Code_CODE_ALREADY_EXISTS {
				t.Errorf("%s: settled again: %v", what, r)
			}
		}
		b.Quiet(time.Second)
	})
}

// An accept with something unknown lets nobody in.
func TestRefuse_AcceptFailsClosed(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		w.browser().Send("40/chat,")
		d := chat.Attempt()
		chat.AcceptAs(d, withField(&hubv1.Accept{}, 99, "tomorrow's expire_time"))
		r := chat.Result()
		wantStatus(t, "accept", r.Status, hubv1.Code_CODE_UNIMPLEMENTED, "UNKNOWN_FIELD", "accept.99")
		if r.DeliverySeq != d.DeliverySeq {
			t.Error(r)
		}
		if n, err := w.hub.CountSockets(hub.Target{Namespace: "/chat", All: true}); n != 0 || err != nil {
			t.Errorf("%d sockets are in, error %v", n, err)
		}
	})
}

// One bad action has its answer, those beside it have their effect.
func TestRefuse_OneActionAlone(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.join(chat)
		bad := &hubv1.Command{CommandId: 7, Op: &hubv1.Command_Emit{Emit: withField(&hubv1.Emit{}, 2, "\xed\xa0\x80")}}
		silent := withField(&hubv1.Command{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{}}}, 99, "")
		chat.Send(
			commandAction(bad), commandAction(silent),
			&hubv1.Action{Kind: &hubv1.Action_Window{Window: withField(&hubv1.Window{Deliveries: 1}, 99, "")}},
			withField(&hubv1.Action{}, 99, ""),
			commandAction(controlplanetest.EmitTo("/chat", "good", `[]`, b.id)),
		)
		b.Expect(`42/chat,["good"]`)
		r := chat.Result()
		if r.CommandId != 7 {
			t.Error(r)
		}
		wantStatus(t, "command", r.Status, hubv1.Code_CODE_INVALID_ARGUMENT, "INVALID_UTF8", "emit.event")
		n := chat.Notice()
		if n.Kind != hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED {
			t.Error(n)
		}
		wantStatus(t, "silent command", n.Status, hubv1.Code_CODE_UNIMPLEMENTED, "UNKNOWN_FIELD", "99")
		n = chat.Notice()
		if n.Kind != hubv1.NoticeKind_NOTICE_KIND_BAD_ACTION || n.Count != 2 {
			t.Error(n)
		}
		wantStatus(t, "unknown kind", n.Status, hubv1.Code_CODE_UNIMPLEMENTED, "UNKNOWN_FIELD", "99")
	})
}

// An envelope that is too large is refused action by action, and the stream lives.
func TestRefuse_EnvelopeTooLarge(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.join(chat)
		b.emit(1, "x", "")
		d := chat.Event("x")
		large := &hubv1.Payload{Args: []byte(`["` + strings.Repeat("x", 5<<20) + `"]`)}
		chat.Send(
			settleAction(&hubv1.Settlement{
				DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Reply{Reply: &hubv1.Reply{Payload: large}},
			}),
			commandAction(&hubv1.Command{CommandId: 9, Op: controlplanetest.EmitTo("/chat", "never", `[]`, b.id).Op}),
		)
		r := chat.Result()
		wantStatus(t, "settlement", r.Status, hubv1.Code_CODE_RESOURCE_EXHAUSTED, "ENVELOPE_TOO_LARGE", "")
		if r.DeliverySeq != d.DeliverySeq {
			t.Error(r)
		}
		r = chat.Result()
		wantStatus(t, "command", r.Status, hubv1.Code_CODE_RESOURCE_EXHAUSTED, "ENVELOPE_TOO_LARGE", "")
		if r.CommandId != 9 {
			t.Error(r)
		}
		b.Quiet(time.Second)
	})
}

// More actions than there may be end the stream, with the cause.
func TestRefuse_TooManyActions(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		chat.Send(make([]*hubv1.Action, 16_385)...)
		wantEnd(t, chat, codes.InvalidArgument, "too many actions")
	})
}
