package redis

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// host is a hub of which a test sees everything.
type host struct {
	t       testing.TB
	cluster cluster.Cluster
	id      string

	mu        sync.Mutex
	commands  []*cluster.Command
	questions []*cluster.Question
	rooms     map[string]bool // namespace, space, room
	sockets   []cluster.Socket
	value     string // what a ServerSideEmit is answered with
	acks      []string
}

var ids atomic.Uint32

// newHost opens a hub. Its rooms are those of its sockets.
func newHost(t testing.TB, c Config, sockets ...cluster.Socket) *host {
	t.Helper()
	h := &host{t: t, id: fmt.Sprintf("%016x", 0xabc0+ids.Add(1)), rooms: map[string]bool{}, sockets: sockets, value: `["from the hub"]`}
	c.Settings.Expiry = 3 * time.Second
	var err error
	if h.cluster, err = New(c); err != nil {
		t.Fatal(err)
	}
	if err := h.cluster.Open(cluster.Self{ID: h.id, Control: "control:1"}, h); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond) // less than it takes where Redis is away
		defer cancel()
		_ = h.cluster.Close(ctx)
	})
	h.cluster.Serve("/", true)
	h.cluster.Serve("/chat", true)
	for _, s := range sockets {
		h.rooms["/ "+s.ID] = true
		if own, is := h.cluster.(cluster.OwnRoomSubscriber); is && own.OwnRooms() {
			own.Room("/", s.ID, true)
		}
		for _, room := range s.Rooms {
			h.occupy("/", room)
		}
	}
	return h
}

// occupy gives a room somebody.
func (h *host) occupy(namespace, room string) {
	h.mu.Lock()
	h.rooms[namespace+" "+room] = true
	h.mu.Unlock()
	if s, is := h.cluster.(cluster.RoomSubscriber); is {
		s.Room(namespace, room, true)
	}
}

func (h *host) Apply(c *cluster.Command) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.commands = append(h.commands, c)
}

func (h *host) Answer(q *cluster.Question, r cluster.Responder) {
	h.mu.Lock()
	h.questions = append(h.questions, q)
	sockets, value, acks := h.picked(q), h.value, h.acks
	h.mu.Unlock()
	switch q.Kind {
	case cluster.Fetch:
		r.Answer(&cluster.Answer{Sockets: sockets})
	case cluster.Count:
		r.Answer(&cluster.Answer{Count: len(sockets)})
	case cluster.ServerSideEmit:
		r.Answer(&cluster.Answer{Value: []byte(value)})
	case cluster.Acks:
		n := len(acks)
		r.Answer(&cluster.Answer{More: true, Acks: &cluster.AckPart{Expected: &n}})
		for _, a := range acks {
			r.Answer(&cluster.Answer{More: true, Acks: &cluster.AckPart{Ack: &cluster.Ack{Socket: "s", Args: []byte(a)}}})
		}
		r.Answer(&cluster.Answer{Acks: &cluster.AckPart{Total: &cluster.AckTotal{Expected: n, Acked: n}}})
	case cluster.CarryOut:
		h.Apply(q.Command)
		r.Answer(&cluster.Answer{Outcome: &cluster.Outcome{Matched: len(sockets)}})
	default:
		r.Answer(&cluster.Answer{})
	}
}

// picked has the lock.
func (h *host) picked(q *cluster.Question) (sockets []cluster.Socket) {
	for _, s := range h.sockets {
		if q.Target.All || slices.Contains(q.Target.Rooms, s.ID) || slices.Contains(q.Target.Sockets, s.ID) ||
			slices.ContainsFunc(s.Rooms, func(room string) bool { return slices.Contains(q.Target.Rooms, room) }) {
			sockets = append(sockets, s)
		}
	}
	return sockets
}

func (h *host) Concerns(namespace, room string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rooms[namespace+" "+room]
}

func (h *host) MembersChanged() {}

// take waits for a command that fits, and takes it out.
func (h *host) take(what string, fits func(*cluster.Command) bool) *cluster.Command {
	h.t.Helper()
	var found *cluster.Command
	eventuallyOr(h.t, what, func() string { return short(h.seen()) }, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		for i, c := range h.commands {
			if fits(c) {
				found = c
				h.commands = slices.Delete(h.commands, i, i+1)
				return true
			}
		}
		return false
	})
	return found
}

// event waits for an event of that name.
func (h *host) event(name string) *cluster.Command {
	h.t.Helper()
	return h.take("event "+name, func(c *cluster.Command) bool { return c.Message != nil && c.Message.Event == name })
}

func (h *host) seen() (lines []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.commands {
		lines = append(lines, fmt.Sprintf("%+v %+v", *c, c.Message))
	}
	return lines
}

// ask waits for all answers to a question.
func (h *host) ask(q *cluster.Question) (answers []*cluster.Answer, missing []string) {
	h.t.Helper()
	done := make(chan []string, 1)
	var mu sync.Mutex
	h.cluster.Ask(q, cluster.Asking{
		Answer: func(a *cluster.Answer) { mu.Lock(); answers = append(answers, a); mu.Unlock() },
		Done:   func(missing []string) { done <- missing },
	})
	select {
	case missing = <-done:
	case <-time.After(patience):
		h.t.Fatal("a question has no end")
	}
	mu.Lock()
	defer mu.Unlock()
	return answers, missing
}

// connected waits until the engine is reached.
func (h *host) connected() *host {
	h.t.Helper()
	eventually(h.t, "the engine is reached", func() bool { return h.cluster.Status().Connected })
	return h
}

// meets waits until a hub knows others.
func (h *host) meets(others int) {
	h.t.Helper()
	eventually(h.t, "hubs know each other", func() bool {
		hubs := 0
		for _, m := range h.cluster.Members() {
			if !m.Foreign {
				hubs++
			}
		}
		return hubs == others
	})
}

func mustPublish(t testing.TB, h *host, c *cluster.Command) {
	t.Helper()
	if err := h.cluster.Publish(c); err != nil {
		t.Fatal(err)
	}
}

func all() cluster.Target { return cluster.Target{All: true} }

func toRooms(rooms ...string) cluster.Target { return cluster.Target{Rooms: rooms} }

func message(name, args string, attachments ...[]byte) *cluster.Message {
	return &cluster.Message{Event: name, Args: []byte(args), Attachments: attachments}
}

// oddRooms are names that somebody's rooms have.
var oddRooms = []string{"a", "#", "a#b", "", "*", "ключ", "\U0001f600", "12", "12.5", "user:x", strings.Repeat("x", 20), strings.Repeat("é", 20), strings.Repeat("\U0001f600", 10), " ", "a\nb", "?[x]"}

var _ cluster.Host = (*host)(nil)
