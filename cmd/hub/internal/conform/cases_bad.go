package conform

import (
	"encoding/json"
	"fmt"
	"slices"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// badKinds are what a program tries to send, with the classes of errors that are right.
// mended: it may be sent instead, as something valid.
var badKinds = []struct {
	kind   string
	class  []string
	mended bool
	reply  bool // may be an answer too
}{
	{"nan", []string{"invalid"}, true, true},
	{"cycle", []string{"invalid"}, false, true},
	{"alien", []string{"invalid"}, true, true},
	{"surrogate", []string{"invalid"}, true, true},
	{"surrogate_room", []string{"invalid"}, true, false},
	{"reserved", []string{"invalid"}, false, false},
	{"empty", []string{"invalid"}, false, false},
	{"nobody", []string{"invalid"}, false, false},
	{"big", []string{"too_large"}, false, true},
}

func badCases() (cases []*Case) {
	for _, k := range badKinds {
		cases = append(cases, &Case{
			Name: "bad/" + k.kind, Rules: []string{"C10", "P4", "P6"}, About: "An emit with something wrong (" + k.kind + ") is an error at the call, and the stream lives.",
			run: func(t *T) {
				_, a := t.one()
				b := a.join(`{}`)
				a.hub.locked(func() { a.hub.answer = refuseWrong })
				got := element(b.ask("C10", "bad", "["+quote(k.kind)+"]"), 0)
				class := member(got, "error", "class")
				switch sent := a.lastEmit("bad"); {
				case class == "" && !k.mended:
					t.fail("C10", "an error of class "+k.class[0], "%s", got)
				case class != "" && !slices.Contains(k.class, class):
					t.fail("C10", "class "+k.class[0], "%s", got)
				case class != "" && sent != nil && !json.Valid(sent.GetPayload().GetArgs()):
					t.fail("P4", "nothing on the wire", "%s", short(sent))
				}
				b.ask("C10", "echo", `[1]`)
				t.check("C10", len(a.hub.streams) == 1, "the same stream", "%d streams", len(a.hub.streams))
			},
		})
		if !k.reply {
			continue
		}
		cases = append(cases, &Case{
			Name: "bad-reply/" + k.kind, Rules: []string{"D1", "P4", "P6"}, About: "An answer with something wrong (" + k.kind + ") leaves its delivery settled, and the stream lives.",
			run: func(t *T) {
				_, a := t.one()
				b := a.join(`{}`)
				s := b.emit("bad_reply", "["+quote(k.kind)+"]").settlement("D1", "a settlement")
				switch outcome(s) {
				case "nack":
					t.check("D1", !s.GetNack().GetRetry(), "a permanent nack", "%s", short(s))
				case "reply":
					t.check("P6", k.mended, "a nack", "%s", short(s))
				case "done":
					t.fail("D1", "a nack: the answer was refused", "%s", short(s))
				}
				b.ask("D1", "echo", `[1]`)
				t.check("P6", len(a.hub.streams) == 1, "the same stream", "%d streams", len(a.hub.streams))
			},
		})
	}
	return cases
}

func (h *Hub) locked(do func()) { h.t.locked(do) }

// refuseWrong answers emits as a hub does that is asked for what cannot be.
func refuseWrong(a *Asked) []*hubv1.Result {
	e := a.GetEmit()
	refuse := func(code hubv1.Code, reason, field string) []*hubv1.Result {
		return []*hubv1.Result{{Status: &hubv1.Status{Code: code, Reason: reason, Field: field, Message: "conform says so"}}}
	}
	target := e.GetTarget()
	switch {
	case e == nil:
	case e.GetEvent() == "":
		return refuse(hubv1.Code_CODE_INVALID_ARGUMENT, "EMPTY_EVENT", "emit.event")
	case e.GetEvent() == "disconnect":
		return refuse(hubv1.Code_CODE_INVALID_ARGUMENT, "RESERVED_EVENT", "emit.event")
	case len(target.GetSockets())+len(target.GetRooms())+len(target.GetUsers()) == 0 && !target.GetAll():
		return refuse(hubv1.Code_CODE_INVALID_ARGUMENT, "EMPTY_TARGET", "emit.target")
	case len(e.GetPayload().GetArgs()) > 4<<20:
		return refuse(hubv1.Code_CODE_RESOURCE_EXHAUSTED, "ENVELOPE_TOO_LARGE", "")
	}
	return []*hubv1.Result{{MatchedCount: 1, QueuedCount: 1}}
}

// refused is a result with a status.
func refused(code hubv1.Code, reason, field string) *hubv1.Result {
	return &hubv1.Result{Status: &hubv1.Status{Code: code, Reason: reason, Field: field, Message: fmt.Sprint(reason, " says conform")}}
}
