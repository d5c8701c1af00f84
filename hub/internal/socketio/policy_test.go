package socketio

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
)

func TestPolicy_RefusesNamesRatesAndBytes(t *testing.T) {
	type event struct {
		after time.Duration // from the start
		name  string
		size  int
		want  string
	}
	for name, row := range map[string]struct {
		policy Policy
		events []event
	}{
		"Nothing": {Policy{}, []event{{0, "", 1 << 20, ""}}},
		"Names": {Policy{Events: []string{"chat", "typing:*"}}, []event{
			{0, "chat", 0, ""}, {0, "chatter", 0, DropEvent}, {0, "", 0, DropEvent},
			{0, "typing:", 0, ""}, {0, "typing:on", 0, ""}, {0, "typing", 0, DropEvent}, {0, "Chat", 0, DropEvent},
		}},
		"Rate": {Policy{EventsPerSecond: 2}, []event{
			{0, "a", 0, ""}, {0, "a", 0, ""}, {0, "a", 0, DropRate}, {400 * time.Millisecond, "a", 0, DropRate},
			{500 * time.Millisecond, "a", 0, ""}, {time.Hour, "a", 0, ""}, {time.Hour, "a", 0, ""}, {time.Hour, "a", 0, DropRate},
		}},
		"SlowRate": {Policy{EventsPerSecond: 0.1}, []event{
			{0, "a", 0, ""}, {0, "a", 0, DropRate}, {9 * time.Second, "a", 0, DropRate}, {11 * time.Second, "a", 0, ""},
		}},
		"Burst": {Policy{EventsPerSecond: 1, EventsBurst: 3}, []event{
			{0, "a", 0, ""}, {0, "a", 0, ""}, {0, "a", 0, ""}, {0, "a", 0, DropRate}, {time.Second, "a", 0, ""}, {time.Second, "a", 0, DropRate},
		}},
		"Bytes": {Policy{BytesPerSecond: 100}, []event{
			{0, "a", 60, ""}, {0, "a", 250, ""}, {0, "a", 0, DropBytes}, // one that is larger comes in too, and is paid for
			{2 * time.Second, "a", 0, DropBytes}, {2200 * time.Millisecond, "a", 1, ""},
		}},
		"WhatIsRefusedCostsNothing": {Policy{Events: []string{"a"}, EventsPerSecond: 1, BytesPerSecond: 10}, []event{
			{0, "b", 1000, DropEvent}, {0, "a", 100, ""}, {0, "a", 100, DropRate}, {5 * time.Second, "a", 0, DropBytes}, {10 * time.Second, "a", 0, ""},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &Socket{}
				s.SetPolicy(&row.policy)
				from := time.Now()
				p := s.policy.Load()
				for i, e := range row.events {
					if got := p.refuses(e.name, e.size, from.Add(e.after)); got != e.want {
						t.Errorf("%d: %+v: got %q", i, e, got)
					}
				}
			})
		})
	}
}

func TestPolicy_DropsBeforeTheApplicationAndAnswersNothing(t *testing.T) {
	var dropped atomic.Int64
	s := watch(t, Config{Trace: &Trace{EventDropped: func(s *Socket, reason string) {
		if s.Namespace() != "/" || reason != DropEvent {
			t.Errorf("%s %s", s.Namespace(), reason)
		}
		dropped.Add(1)
	}}})
	s.connect = func(a *Attempt) { _ = a.Accept(Acceptance{Policy: &Policy{Events: []string{"chat"}}}) }
	s.event = func(socket *Socket, e Event) { _ = socket.Reply(nil, e.ID, nil, nil) }
	b := s.join("/")
	b.Send(`421["other",1]`, `451-["other",{"_placeholder":true,"num":0}]`, hubtest.Binary([]byte{1}), `422["chat",2]`)
	b.Expect(`432[]`)
	s.heard("dropped / other policy_event", "dropped / other policy_event", "event / chat[2] 0")
	s.socket("/").SetPolicy(nil)
	b.Send(`423["other"]`)
	b.Expect(`433[]`)
	s.heard("event / other[] 0")
	if dropped.Load() != 2 {
		t.Errorf("traced %d", dropped.Load())
	}
	// What the browser owes is no event.
	s.socket("/").SetPolicy(&Policy{Events: []string{"none"}})
	done := make(chan AckTotal, 1)
	s.server.EmitWithAck(nil, "/", everybody, msg("q"), AckOptions{Timeout: time.Minute, OnDone: func(t AckTotal) { done <- t }})
	b.Expect(`420["q"]`)
	b.Send(`430[]`)
	if total := <-done; total.Acked != 1 {
		t.Errorf("%+v", total)
	}
}

func BenchmarkPolicy(b *testing.B) {
	s := &Socket{}
	events := make([]string, 16)
	for i := range events {
		events[i] = fmt.Sprint(strings.Repeat("x", i), "*")
	}
	s.SetPolicy(&Policy{Events: append(events[1:], "echo"), EventsPerSecond: 1e9, BytesPerSecond: 1 << 40})
	p, now := s.policy.Load(), time.Now()
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Microsecond)
		if p.refuses("echo", 64, now) != "" {
			b.Fatal("refused")
		}
	}
}
