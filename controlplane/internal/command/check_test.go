package command

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/internal/virtualtime"
)

func TestTraceContext_HasTheFormOfW3C(t *testing.T) {
	const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for parent, ok := range map[string]bool{
		good: true, "": true,
		"cc" + good[2:] + "-what-comes-later": true, "cc" + good[2:]: true,
		good + "-more": false, "cc" + good[2:] + "more": false, "ff" + good[2:]: false, good[:54]: false,
		strings.ToUpper(good): false,
		"00-00000000000000000000000000000000-b7ad6b7169203331-01": false,
		"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01": false,
		"00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01": false,
		"cc" + good[2:] + "-" + strings.Repeat("x", 100):          false,
	} {
		if f := checkTraceContext(&hubv1.Command{Traceparent: parent}); (f == nil) != ok {
			t.Errorf("%q: %v", parent, f)
		}
	}
	for state, ok := range map[string]bool{
		"": true, "a=1,b=2": true, strings.Repeat("x", 512): true, strings.Repeat("x", 513): false, "a=\n": false, "a=ü": false,
	} {
		if f := checkTraceContext(&hubv1.Command{Traceparent: good, Tracestate: state}); (f == nil) != ok {
			t.Errorf("%q: %v", state, f)
		}
	}
	if f := checkTraceContext(&hubv1.Command{Tracestate: "a=1"}); f == nil {
		t.Error("a state that belongs to nothing")
	}
}

func TestCheck_WhatStandsBesideTheOpOnBothRoads(t *testing.T) {
	with := func(change func(*hubv1.Command)) *hubv1.Command {
		c := emit(everybody("/a"), "x", "")
		change(c)
		return c
	}
	eachRoad(t, func(t *testing.T, w *world, give road) {
		for want, c := range map[string]*hubv1.Command{
			"REQUIRED op":                   {},
			"TOO_LONG idempotency_key":      with(func(c *hubv1.Command) { c.IdempotencyKey = strings.Repeat("k", 129) }),
			"BAD_TRACE_CONTEXT traceparent": with(func(c *hubv1.Command) { c.Traceparent = "00-1-2-3" }),
			"BAD_TRACE_CONTEXT tracestate": with(func(c *hubv1.Command) {
				c.Traceparent, c.Tracestate = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", strings.Repeat("x", 600)
			}),
			"EMPTY_TARGET emit.target":       emit(in("/a"), "x", ""),
			"PATTERN count.target.namespace": count(everybody("/*")),
			"PATTERN emit.target.namespace":  emitAck(everybody("/*"), time.Second, 0),
		} {
			results := give(w, c)
			s := results[0].GetStatus()
			if got := s.GetReason() + " " + s.GetField(); got != want || len(results) != 1 {
				t.Errorf("%s: %v", want, results)
			}
		}
		for name, c := range anyOf() {
			c.IdempotencyKey = "k-" + name
			s := give(w, c)[0].GetStatus()
			if refused := s.GetReason() == "KEY_ON_QUERY" || s.GetReason() == "NOT_IN_EXECUTE"; refused != isQuery(c) {
				t.Errorf("%s with a key: %v", name, s)
			}
		}
	})
}

func TestCheck_StreamWantsAnIDForWhatIsAboutResults(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		ops := anyOf()
		ops["call with a timeout"] = call("", "/a", "x", "", time.Second)
		ops["emit with ack"] = emitAck(everybody("/a"), time.Second, 0)
		wants := map[string]bool{
			"fetch": true, "count": true, "list_rooms": true, "count_users": true, "list_users": true,
			"call with a timeout": true, "emit with ack": true,
		}
		for name, c := range ops {
			to := &taker{}
			caller := &Caller{Stream: true, Permit: nil}
			w.x.Run(Request{Command: c, Caller: caller}, to)
			s := to.all()[0].GetStatus()
			if refused := s.GetReason() == "REQUIRED" && s.GetField() == "command_id"; refused != wants[name] {
				t.Errorf("%s without an id: %v", name, s)
			}
		}
	})
}

func TestCheck_UnaryCommandsBelongToNoDeliveryAndKnowTheirFields(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		c := emit(everybody("/a"), "x", "")
		c.DeliverySeq = 7
		if s := w.unary(c)[0].GetStatus(); s.GetReason() != "NOT_ON_A_STREAM" {
			t.Errorf("delivery_seq: %v", s)
		}
		tomorrow := []byte{0xfa, 0x3f, 0} // field 1023 with no bytes
		c = emit(everybody("/a"), "x", "")
		c.GetEmit().ProtoReflect().SetUnknown(tomorrow)
		if s := w.unary(c)[0].GetStatus(); s.GetReason() != "UNKNOWN_FIELD" || s.GetField() != "emit.1023" {
			t.Errorf("a field of tomorrow: %v", s)
		}
		c = emit(everybody("/a"), "x", "")
		c.GetEmit().Ack = &hubv1.AckRequest{Mode: 99}
		if s := w.unary(c)[0].GetStatus(); s.GetReason() != "UNKNOWN_FIELD" || s.GetField() != "emit.ack.mode" {
			t.Errorf("a mode of tomorrow: %v", s)
		}
		c = &hubv1.Command{}
		c.ProtoReflect().SetUnknown(tomorrow)
		for name, give := range roads {
			if s := give(w, c)[0].GetStatus(); s.GetCode() != hubv1.Code_CODE_UNIMPLEMENTED {
				t.Errorf("an op of tomorrow (%s): %v", name, s)
			}
		}
		req := &hubv1.CountSocketsRequest{Count: &hubv1.Count{Target: everybody("/a")}}
		req.Count.Target.ProtoReflect().SetUnknown(tomorrow)
		_, err := w.control.CountSockets(t.Context(), req)
		if s := fault.StatusOf(err); s.GetReason() != "UNKNOWN_FIELD" || s.GetField() != "count.target.1023" {
			t.Errorf("a query of tomorrow: %v", s)
		}
	})
}

func TestExecute_CountsItsCommandsAndStops(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		for _, n := range []int{0, 1001} {
			_, err := w.control.Execute(t.Context(), &hubv1.ExecuteRequest{Commands: make([]*hubv1.Command, n)})
			if s := fault.StatusOf(err); s.GetReason() != "COMMAND_COUNT" {
				t.Errorf("%d commands: %v", n, s)
			}
		}
		resp, err := w.control.Execute(t.Context(), &hubv1.ExecuteRequest{StopOnError: true, Commands: []*hubv1.Command{
			emit(everybody("/a"), "x", ""), emit(in("/a"), "x", ""), emit(everybody("/a"), "x", ""),
		}})
		if err != nil || resp.Results[1].Status.GetReason() != "EMPTY_TARGET" || resp.Results[2].Status.GetReason() != "BATCH_STOPPED" {
			t.Errorf("%v, %v", resp, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w.callees(&callee{id: "silent"})
		_, err = w.control.Execute(ctx, &hubv1.ExecuteRequest{Commands: []*hubv1.Command{call("", "/a", "x", "", time.Second)}})
		if s := fault.StatusOf(err); s.GetReason() != "STREAM_LOST" {
			t.Errorf("a caller that has gone: %v", s)
		}
		virtualtime.Pass(2 * time.Second)
	})
}

func TestReplay_KeysBelongToIdentityAndGroup(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		b := w.join("/a", "")
		c := emit(everybody("/a"), "x", "")
		c.IdempotencyKey = "k"
		for _, who := range []*Caller{{Identity: "id", Group: "g"}, {Identity: "id", Group: "h"}, {Identity: "other", Group: "g"}} {
			w.caller = who
			if r := give(w, c)[0]; r.Duplicate || r.QueuedCount != 1 {
				t.Errorf("%+v: %v", who, r)
			}
			if r := give(w, c)[0]; !r.Duplicate || r.QueuedCount != 1 {
				t.Errorf("%+v again: %v", who, r)
			}
			b.Expect(`42/a,["x"]`)
		}
		b.Quiet(time.Second)
		bad := emit(in("/a"), "x", "")
		bad.IdempotencyKey = "bad"
		for range 2 {
			if r := give(w, bad)[0]; r.Duplicate || r.Status == nil {
				t.Errorf("one that was refused: %v", r)
			}
		}
	})
}

// A key that belongs to another command does not make this one look carried out.
func TestReplay_AnotherCommandUnderTheKeyIsRefused(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		b := w.join("/a", "")
		keyed := func(c *hubv1.Command) *hubv1.Command { c.IdempotencyKey = "k"; return c }
		first := keyed(emit(everybody("/a"), "x", ""))
		give(w, first)
		b.Expect(`42/a,["x"]`)
		for name, c := range map[string]*hubv1.Command{
			"event": emit(everybody("/a"), "y", ""), "target": emit(in("/a", "room"), "x", ""),
			"kind": {Op: &hubv1.Command_UpdateRooms{UpdateRooms: &hubv1.UpdateRooms{Target: everybody("/a"), Join: []string{"r"}}}},
		} {
			r := give(w, keyed(c))[0]
			if s := r.GetStatus(); s.GetReason() != "IDEMPOTENCY_REUSED" || s.GetCode() != hubv1.Code_CODE_INVALID_ARGUMENT ||
				s.GetField() != "idempotency_key" || r.Duplicate {
				t.Errorf("another %s: %v", name, r)
			}
		}
		again := proto.CloneOf(first)
		again.CommandId, again.Traceparent = 77, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		if r := give(w, again)[0]; !r.Duplicate || r.Status != nil {
			t.Errorf("the same again: %v", r)
		}
		b.Quiet(time.Second)
	})
}

// What is repeated has less time left, and is the same.
func TestReplay_TheTimeToWaitIsNoPartOfTheCommand(t *testing.T) {
	ask := func(timeout time.Duration) uint64 {
		c := emit(everybody("/a"), "x", "")
		c.GetEmit().Ack = &hubv1.AckRequest{Timeout: durationpb.New(timeout)}
		return sumOf(c)
	}
	call := func(timeout time.Duration) uint64 {
		return sumOf(&hubv1.Command{Op: &hubv1.Command_Call{Call: &hubv1.Call{Name: "x", Timeout: durationpb.New(timeout)}}})
	}
	if ask(1) != ask(2) || call(1) != call(2) || ask(1) == call(1) || ask(1) == sumOf(emit(everybody("/a"), "x", "")) {
		t.Error("commands are not told apart by what they do")
	}
}
