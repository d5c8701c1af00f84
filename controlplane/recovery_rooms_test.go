package controlplane

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/internal/outgoing"
	"github.com/siohub/siohub/internal/outqueue"
)

// mirror is what a service knows of a socket's rooms.
type mirror struct {
	rooms   []string
	version uint64
}

func (m *mirror) introduced(c *hubv1.Connected) { m.rooms, m.version = c.Rooms, c.RoomsVersion }

func (m *mirror) changed(c *hubv1.RoomsChanged) {
	if c == nil || c.RoomsVersion <= m.version {
		return
	}
	m.rooms = slices.DeleteFunc(append(slices.Clone(m.rooms), c.Joined...), func(room string) bool { return slices.Contains(c.Left, room) })
	slices.Sort(m.rooms)
	m.rooms, m.version = slices.Compact(m.rooms), c.RoomsVersion
}

// hear takes the notices that have come, and fails the test unless the rooms are these then.
func (m *mirror) hear(t *testing.T, s *controlplanetest.Service, want string) {
	t.Helper()
	synctest.Wait()
	for item, ok := s.TryNext(); ok; item, ok = s.TryNext() {
		if d := item.GetDelivery(); d != nil {
			t.Errorf("it hears %v", d)
		}
		m.changed(item.GetNotice().GetRoomsChanged())
	}
	if got := fmt.Sprint(m.rooms); got != want {
		t.Errorf("it knows %s, want %s", got, want)
	}
}

// roomKeeper is a handler that keeps the rooms of its sockets, and hears nothing of those who are back in time.
func roomKeeper(introduction hubv1.Introduction) *hubv1.Subscription {
	return handlerOf(func(s *hubv1.Subscription) {
		s.Introduction, s.DisconnectGrace = introduction, durationpb.New(10*time.Second)
		s.Kinds = []hubv1.Kind{
			hubv1.Kind_KIND_ROOMS, hubv1.Kind_KIND_CONNECTED, hubv1.Kind_KIND_EVENT, hubv1.Kind_KIND_DISCONNECTED,
		}
	})
}

// A service that hears neither that a browser was away nor that it is back hears what has become of its rooms: what
// others changed meanwhile, what its authorizer added, and what changes from then on, with no event in between.
func TestRecovery_RoomsThatChangeMeanwhileAreTold(t *testing.T) {
	for name, introduction := range map[string]hubv1.Introduction{
		"on instance": hubv1.Introduction_INTRODUCTION_ON_INSTANCE, "on event": hubv1.Introduction_INTRODUCTION_ON_EVENT,
	} {
		t.Run(name, func(t *testing.T) {
			recovering(t, Config{}, func(t *testing.T, w *world) {
				gate := w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
				chat := w.attach("chat", "a", roomKeeper(introduction))
				move := func(v *visitor, join, leave []string) {
					gate.Command(update(target(v.id), join, leave))
					gate.Result()
				}
				v := &visitor{}
				v.arrives(w)
				gate.AcceptAs(gate.Attempt(), &hubv1.Accept{User: "ann", Rooms: []string{"red", "green"}})
				v.enters()
				v.emit(-1, "hello", "")
				knows := &mirror{}
				c := chat.Connected()
				knows.introduced(c.GetConnected())
				chat.Done(c)
				chat.Done(chat.Event("hello"))
				knows.hear(t, chat, "[green red]")
				back := func() {
					w.pass(time.Second)
					v.arrives(w)
					gate.AcceptAs(gate.Attempt(), &hubv1.Accept{User: "ann", Rooms: []string{"black"}})
					if !v.enters() {
						t.Fatal("not recovered")
					}
				}
				v.goes()
				move(v, []string{"blue"}, []string{"red"})
				move(v, []string{"white"}, nil)
				w.attach("chat", "b", roomKeeper(introduction)) // it comes meanwhile, and gets nothing of it
				knows.hear(t, chat, "[green red]")
				back()
				knows.hear(t, chat, "[black blue green white]")
				move(v, []string{"red"}, []string{"blue"})
				knows.hear(t, chat, "[black green red white]")
				// Away twice before anything is heard, with nothing changed in the first one.
				v.goes()
				back()
				v.goes()
				move(v, nil, []string{"black", "white"})
				back()
				knows.hear(t, chat, "[black green red]")
				v.emit(-1, "hello", "")
				chat.Done(chat.Event("hello"))
				knows.hear(t, chat, "[black green red]")
			})
		})
	}
}

// While a handler of the earlier life runs nothing is told of the next one; then all of it is.
func TestRecovery_RoomsThatChangeWhileAHandlerRunsAreTold(t *testing.T) {
	recovering(t, Config{}, func(t *testing.T, w *world) {
		gate := w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
		chat := w.attach("chat", "a", roomKeeper(hubv1.Introduction_INTRODUCTION_ON_INSTANCE))
		v := &visitor{}
		v.arrives(w)
		gate.AcceptAs(gate.Attempt(), &hubv1.Accept{User: "ann"})
		v.enters()
		knows := &mirror{}
		c := chat.Connected()
		knows.introduced(c.GetConnected())
		chat.Done(c)
		v.emit(-1, "hello", "")
		hello := chat.Event("hello")
		v.goes()
		gate.Command(update(target(v.id), []string{"red"}, nil))
		gate.Result()
		v.arrives(w)
		gate.AcceptAs(gate.Attempt(), &hubv1.Accept{User: "ann"})
		v.enters()
		gate.Command(update(target(v.id), []string{"blue"}, nil))
		gate.Result()
		chat.Done(hello)
		knows.hear(t, chat, "[blue red]")
		gate.Command(update(target(v.id), nil, []string{"red"}))
		gate.Result()
		knows.hear(t, chat, "[blue]")
	})
}

// A stream that breaks takes nothing of it along: what changed meanwhile is told on the next one.
func TestResume_RoomsThatChangeMeanwhileAreTold(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
		r := newResumer(t, &hubv1.Hello{
			Group: "chat", InstanceId: "a", Subscriptions: []*hubv1.Subscription{roomKeeper(hubv1.Introduction_INTRODUCTION_ON_INSTANCE)},
		})
		r.attach(w.conn)
		b := w.browser()
		b.Send("40/chat,")
		gate.Accept(gate.Attempt())
		b.joined("/chat")
		c := r.delivery()
		knows := &mirror{}
		knows.introduced(c.GetConnected())
		r.send(settleAction(done(c.DeliverySeq)))
		move := func(join, leave []string) {
			gate.Command(update(target(b.id), join, leave))
			gate.Result()
		}
		move([]string{"red"}, nil)
		synctest.Wait()
		r.wire.cut()
		synctest.Wait()
		move([]string{"blue"}, []string{"red"})
		if !r.attach(w.conn) {
			t.Fatal("not resumed")
		}
		move([]string{"green"}, nil)
		for told := 0; told < 3; {
			if c := r.item().GetNotice().GetRoomsChanged(); c != nil {
				knows.changed(c)
				told++
			}
		}
		if got := fmt.Sprint(knows.rooms); got != "[blue green]" {
			t.Errorf("it knows %s", got)
		}
		r.wire.cut()
	})
}

// What is told while there is no stream is bounded as results are, and by nothing else: it costs nothing to a service that
// does not ask for it.
func TestResume_RoomsThatChangeMeanwhileAreBounded(t *testing.T) {
	limit := outgoing.ResultLimit
	t.Cleanup(func() { outgoing.ResultLimit = limit })
	asks := roomKeeper(hubv1.Introduction_INTRODUCTION_ON_INSTANCE)
	asksNot := proto.CloneOf(asks)
	asksNot.Kinds = slices.DeleteFunc(asksNot.Kinds, func(k hubv1.Kind) bool { return k == hubv1.Kind_KIND_ROOMS })
	long := strings.Repeat("x", 200)
	for name, row := range map[string]struct {
		limit   outqueue.Limit
		asks    *hubv1.Subscription
		changes int
		resumes bool
	}{
		"as many as are allowed":          {outqueue.Limit{Items: 20, Bytes: 1 << 20}, asks, 20, true},
		"one too many":                    {outqueue.Limit{Items: 20, Bytes: 1 << 20}, asks, 21, false},
		"too large":                       {outqueue.Limit{Items: 20, Bytes: 2000}, asks, 12, false},
		"too many of what nobody asks of": {outqueue.Limit{Items: 20, Bytes: 2000}, asksNot, 100, true},
	} {
		t.Run(name, func(t *testing.T) {
			outgoing.ResultLimit = row.limit
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				gate := w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
				r := newResumer(t, &hubv1.Hello{Group: "chat", InstanceId: "a", Subscriptions: []*hubv1.Subscription{row.asks}})
				r.attach(w.conn)
				b := w.browser()
				b.Send("40/chat,")
				gate.Accept(gate.Attempt())
				b.joined("/chat")
				r.send(settleAction(done(r.delivery().DeliverySeq)))
				synctest.Wait()
				r.wire.cut()
				synctest.Wait()
				for n := range row.changes {
					gate.Command(update(target(b.id), []string{fmt.Sprint(long, n)}, nil))
					gate.Result()
				}
				if a := w.srv.routes.attachment("chat", "a"); a.out.Queue.Len() > row.limit.Items {
					t.Errorf("%d wait", a.out.Queue.Len())
				}
				if got := r.attach(w.conn); got != row.resumes {
					t.Errorf("resumed: %v", got)
				}
				r.wire.cut()
			})
		})
	}
}
