package socketio

import (
	"bytes"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// outcomes counts what becomes of early packets.
type outcomes struct {
	mu    sync.Mutex
	count map[string]int
}

func (o *outcomes) note(outcome string, n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.count == nil {
		o.count = map[string]int{}
	}
	o.count[outcome] += n
}

func (o *outcomes) want(t *testing.T, want map[string]int) {
	t.Helper()
	eventually(t, "the counts", func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return maps.Equal(o.count, want)
	})
}

// Whatever becomes of what a client has sent before it was let in is counted.
func TestEarly_IsCounted(t *testing.T) {
	for name, c := range map[string]struct {
		packets int
		answer  func(*Attempt)
		want    map[string]int
	}{
		"accepted":  {3, func(a *Attempt) { _ = a.Accept(Acceptance{}) }, map[string]int{EarlyActedOn: 3}},
		"denied":    {3, func(a *Attempt) { _ = a.Deny("no", nil) }, map[string]int{RefusedDenied: 3}},
		"unknown":   {2, func(a *Attempt) { _ = a.DenyUnknown() }, map[string]int{RefusedUnknown: 2}},
		"undecided": {2, func(a *Attempt) { _ = a.Undecided() }, map[string]int{RefusedUndecided: 2}},
		"left":      {2, func(a *Attempt) { a.client.session.Close(engineio.Close{Reason: engineio.ReasonForcedClose}) }, map[string]int{EarlyGone: 2}},
		"many":      {earlyPackets, func(a *Attempt) { _ = a.Deny("no", nil) }, map[string]int{EarlyHeld: 1, RefusedDenied: earlyPackets}},
	} {
		t.Run(name, func(t *testing.T) {
			var counted outcomes
			s := play(t, Config{Trace: &Trace{EarlyPackets: counted.note}})
			asked := make(chan *Attempt, 1)
			s.connect = func(a *Attempt) { asked <- a }
			b := s.open()
			b.Send("40/slow,")
			for range c.packets {
				b.Send(`42/slow,["early"]`)
			}
			a := <-asked
			eventually(t, "all are kept", func() bool {
				if !a.client.gate.tryEnter() {
					return false
				}
				defer a.client.gate.leave()
				return len(a.early.packets) == c.packets
			})
			c.answer(a)
			counted.want(t, c.want)
		})
	}
}

// The log says once that something was dropped, and why.
func TestEarly_DroppedIsLogged(t *testing.T) {
	var text bytes.Buffer
	tr := newTracer(nil, slog.New(slog.NewTextHandler(&text, nil)))
	c := &client{server: &Server{trace: tr}}
	for range 3 {
		a := &Attempt{client: c, namespace: "/chat", early: early{packets: make([]earlyPacket, 2)}}
		a.early.drop(a, RefusedDenied)
	}
	if got := text.String(); strings.Count(got, "level=WARN") != 1 || !strings.Contains(got, "why=denied packets=2 namespace=/chat") {
		t.Error(got)
	}
}

// What has no room is not kept: its client is closed, to come back.
func TestEarly_WithoutRoomTheClientIsClosed(t *testing.T) {
	var counted outcomes
	limits := make(chan string, 10)
	s := play(t, Config{
		Limits: Limits{UndecidedBytes: 64 << 10},
		Trace:  &Trace{EarlyPackets: counted.note, LimitReached: func(key string) { limits <- key }},
	})
	asked := make(chan *Attempt, 1)
	s.connect = func(a *Attempt) { asked <- a }
	b := s.open()
	b.Send("40/slow,")
	a := <-asked
	b.Send(`42/slow,["early"]`)
	b.Send(`42/slow,["early","` + strings.Repeat("x", 60<<10) + `"]`)
	eventually(t, "it is closed", a.Gone)
	counted.want(t, map[string]int{EarlyGone: 2})
	if key := <-limits; key != "undecided_bytes" {
		t.Errorf("limit %s", key)
	}
	if n := s.server.admission.bytes; n != 0 {
		t.Errorf("%d bytes are left", n)
	}
}
