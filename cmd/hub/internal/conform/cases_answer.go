package conform

import (
	"fmt"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// answerCases are about commands with more than one result, or a special one.
var answerCases = []*Case{
	{Name: "answers/pages", Rules: []string{"C2"}, About: "Pages of sockets are put together, and what is missing is told.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		t.locked(func() { a.hub.answer = threePages })
		got := element(b.ask("C2", "do", `[{"op":"fetch","all":true}]`), 0)
		for i := range 6 {
			id := member(element(member(got, "sockets"), i), "id")
			t.check("C2", id == fmt.Sprintf("s%d", i), fmt.Sprintf("six sockets s0 to s5, s%d in its place", i), "%s", got)
		}
		t.check("C2", element(member(got, "sockets"), 6) == "", "six sockets", "%s", got)
		t.check("C2", sameJSON(member(got, "missing"), `["hub-x"]`), "the missing hub", "%s", got)
	}},
	{Name: "answers/data-version", Rules: []string{"I3"}, About: "set_data gives the version.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		t.locked(func() {
			a.hub.answer = func(*Asked) []*hubv1.Result {
				return []*hubv1.Result{{MatchedCount: 1, QueuedCount: 1, DataVersion: 41}}
			}
		})
		got := element(b.ask("I3", "do", `[{"op":"set_data","sockets":["s"],"data":1}]`), 0)
		t.check("I3", member(got, "version") == "41", "version 41", "%s", got)
	}},
	{Name: "answers/duplicate", Rules: []string{"C1"}, About: "A repeated result is told as such.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		t.locked(func() {
			a.hub.answer = func(*Asked) []*hubv1.Result { return []*hubv1.Result{{MatchedCount: 1, Duplicate: true}} }
		})
		got := element(b.ask("C1", "do", `[{"op":"emit_result","all":true,"event":"x","key":"k"}]`), 0)
		t.check("C1", member(got, "duplicate") == "true", "duplicate", "%s", got)
	}},
	{Name: "answers/acks", Rules: []string{"C2"}, About: "Acknowledgements come with their counts, those that did not come as timeout.", run: ackCase},
	{Name: "answers/acks-each", Rules: []string{"C2", "S7"}, About: "Each acknowledgement is told as it comes, over whichever call, which has the token.", run: func(t *T) {
		_, a := t.one("HUB_TOKEN=secret")
		b := a.join(`{}`)
		t.locked(func() { a.hub.answer = twoAcks })
		got := element(b.ask("C2", "do", `[{"op":"emit_each","all":true,"event":"x","timeout_ms":5000}]`), 0)
		t.check("C2", sameJSON(member(got, "acks"), `[["s0",["a"]],["s1",[1,2]]]`), "two acknowledgements", "%s", got)
		var c *hubv1.Command
		t.locked(func() {
			for _, token := range a.hub.tokens {
				if token != "Bearer secret" {
					t.violate("S7", "the token on each call", "%q", token)
				}
			}
			if n := len(a.hub.unary); n > 0 {
				c = a.hub.unary[n-1]
			} else {
				c = a.asked[len(a.asked)-1].Command
			}
		})
		t.check("C2", c.GetEmit().GetAck().GetTimeout().AsDuration().Seconds() == 5, "an ack with a time-out of 5 s", "%s", short(c))
	}},
	{Name: "answers/call", Rules: []string{"C2"}, About: "The answers of a call are put together.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		t.locked(func() { a.hub.answer = calls })
		got := element(b.ask("C2", "do", `[{"op":"call","group":"g","name":"sum","args":[1,2],"timeout_ms":5000}]`), 0)
		ok := member(got, "expected") == "3" && member(got, "answered") == "1" && member(got, "failed") == "1" && member(got, "timed_out") == "1"
		t.check("C2", ok, "expected 3, answered 1, failed 1, timed_out 1", "%s", got)
		first := element(member(got, "answers"), 0)
		t.check("C2", member(first, "instance") == "i1" && sameJSON(member(first, "args"), `[3]`), "the answer of i1", "%s", got)
		second := element(member(got, "answers"), 1)
		t.check("C2", member(second, "instance") == "i2" && member(second, "error", "reason") == "BROKEN", "the failure of i2", "%s", got)
	}},
	{Name: "answers/counts", Rules: []string{"C2"}, About: "Counts and rooms come back.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		t.locked(func() {
			a.hub.answer = func(q *Asked) []*hubv1.Result {
				if q.GetListRooms() != nil {
					return []*hubv1.Result{
						{More: true, Rooms: []*hubv1.Room{{Name: "a", SocketCount: 2}}}, {Rooms: []*hubv1.Room{{Name: "b", SocketCount: 3}}},
					}
				}
				return []*hubv1.Result{{Count: 17}}
			}
		})
		got := element(b.ask("C2", "do", `[{"op":"count","all":true}]`), 0)
		t.check("C2", member(got, "count") == "17", "17", "%s", got)
		got = element(b.ask("C2", "do", `[{"op":"list_rooms"}]`), 0)
		t.check("C2", sameJSON(member(got, "rooms"), `[["a",2],["b",3]]`), "two rooms", "%s", got)
	}},
}

func threePages(q *Asked) []*hubv1.Result {
	if q.GetFetch() == nil {
		return []*hubv1.Result{{}}
	}
	var pages []*hubv1.Result
	for p := range 3 {
		page := &hubv1.Result{More: p < 2}
		for i := range 2 {
			id := fmt.Sprintf("s%d", 2*p+i)
			page.Sockets = append(page.Sockets, &hubv1.SocketInfo{Socket: &hubv1.Socket{Id: id, Namespace: "/"}, Rooms: []string{"r"}})
		}
		pages = append(pages, page)
	}
	pages[2].MissingHubIds = []string{"hub-x"}
	return pages
}

// twoAcks answers an emit with acknowledgements as it was asked for.
func twoAcks(q *Asked) []*hubv1.Result {
	acks := []*hubv1.BrowserAck{
		{SocketId: "s0", Payload: &hubv1.Payload{Args: []byte(`["a"]`)}}, {SocketId: "s1", Payload: &hubv1.Payload{Args: []byte(`[1,2]`)}},
	}
	total := &hubv1.AckTotal{ExpectedCount: 2, AckedCount: 2}
	if q.att != nil && q.GetEmit().GetAck().GetMode() != hubv1.AckMode_ACK_MODE_EACH {
		total.Acks = acks
		return []*hubv1.Result{{MatchedCount: 2, Ack: &hubv1.Result_AckTotal{AckTotal: total}}}
	}
	return []*hubv1.Result{
		{More: true, Ack: &hubv1.Result_BrowserAck{BrowserAck: acks[0]}}, {More: true, Ack: &hubv1.Result_BrowserAck{BrowserAck: acks[1]}},
		{Ack: &hubv1.Result_AckTotal{AckTotal: total}},
	}
}

func calls(*Asked) []*hubv1.Result {
	return []*hubv1.Result{
		{More: true, Ack: &hubv1.Result_CallAnswer{CallAnswer: &hubv1.CallAnswer{Group: "g", InstanceId: "i1", Payload: &hubv1.Payload{Args: []byte(`[3]`)}}}},
		{More: true, Ack: &hubv1.Result_CallAnswer{CallAnswer: &hubv1.CallAnswer{Group: "g", InstanceId: "i2", Status: &hubv1.Status{Code: hubv1.Code_CODE_UNKNOWN, Reason: "BROKEN"}}}},
		{
			Status: &hubv1.Status{Code: hubv1.Code_CODE_DEADLINE_EXCEEDED, Reason: "CALL_TIMED_OUT"},
			Ack:    &hubv1.Result_CallTotal{CallTotal: &hubv1.CallTotal{ExpectedCount: 3, AnsweredCount: 1, FailedCount: 1, TimedOutCount: 1}},
		},
	}
}

func ackCase(t *T) {
	_, a := t.one()
	b := a.join(`{}`)
	t.locked(func() { a.hub.answer = twoAcks })
	got := element(b.ask("C2", "do", `[{"op":"emit_ack","all":true,"event":"x","timeout_ms":5000}]`), 0)
	t.check("C2", sameJSON(member(got, "acks"), `[["s0",["a"]],["s1",[1,2]]]`) && member(got, "acked") == "2", "two acknowledgements", "%s", got)
	t.check("C2", member(got, "error") == "", "no error", "%s", got)
	t.locked(func() {
		a.hub.answer = func(*Asked) []*hubv1.Result {
			total := &hubv1.AckTotal{ExpectedCount: 3, AckedCount: 1, TimedOutCount: 2, Acks: []*hubv1.BrowserAck{{SocketId: "s0", Payload: &hubv1.Payload{Args: []byte(`[]`)}}}}
			return []*hubv1.Result{{Status: &hubv1.Status{Code: hubv1.Code_CODE_DEADLINE_EXCEEDED, Reason: "ACKS_TIMED_OUT"}, Ack: &hubv1.Result_AckTotal{AckTotal: total}}}
		}
	})
	got = element(b.ask("C2", "do", `[{"op":"emit_ack","all":true,"event":"x","timeout_ms":5000}]`), 0)
	t.check("C2", member(got, "error", "class") == "timeout", "class timeout", "%s", got)
	t.check("C2", member(got, "timed_out") == "2" && sameJSON(member(got, "acks"), `[["s0",[]]]`), "the acknowledgement that came, and 2 that did not", "%s", got)
}
