package controlplane

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/outgoing"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/internal/envelope"
)

// tape is a service that writes down all that it is told, in order.
type tape struct {
	playedStream
	mu    sync.Mutex // guards heard
	heard []*hubv1.Item
}

// Send writes down.
func (p *tape) Send(r *hubv1.AttachResponse) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, r.Items...)
	return nil
}

// record attaches such a service. It ends with the test, or by the function.
func record(t testing.TB, srv *Server, hello *hubv1.Hello) (*tape, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	p := &tape{playedStream: playedStream{ctx: ctx, incoming: make(chan *envelope.Request, 1<<10)}}
	p.incoming <- requestOf(&hubv1.AttachRequest{EnvelopeSeq: numberOf(hello), Actions: []*hubv1.Action{helloAction(hello)}})
	return p, playBeside(t, srv, cancel, p)
}

// numberOf is the number of the envelope of a hello: all but one that resumes are numbered.
func numberOf(h *hubv1.Hello) uint64 {
	if h.Resume != nil {
		return 0
	}
	return 1
}

// story is what was heard of rooms, users and introductions since the last time.
func (p *tape) story() (story []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, item := range p.heard {
		n := item.GetNotice()
		kind := strings.ToLower(strings.TrimPrefix(n.GetKind().String(), "NOTICE_KIND_"))
		switch fact := n.GetFact().(type) {
		case *hubv1.Notice_Room:
			story = append(story, kind+" "+fact.Room.Namespace+" "+fact.Room.Room)
		case *hubv1.Notice_User:
			story = append(story, kind+" "+fact.User.Namespace+" "+fact.User.User)
		case *hubv1.Notice_RoomsChanged:
			story = append(story, fmt.Sprint(kind, fact.RoomsChanged.Joined, fact.RoomsChanged.Left, fact.RoomsChanged.RoomsVersion))
		case *hubv1.Notice_Upgraded:
			story = append(story, kind+" "+fact.Upgraded.Transport)
		case nil:
			if n != nil {
				story = append(story, kind)
			}
		}
		if d := item.GetDelivery(); d.GetEvent() != nil {
			story = append(story, "event "+d.GetEvent().Name)
		} else if d.GetConnected() != nil {
			story = append(story, "connected")
		}
	}
	p.heard = nil
	return story
}

// expect fails the test unless exactly this is heard, in this order.
func (p *tape) expect(t testing.TB, want ...string) {
	t.Helper()
	synctest.Wait()
	p.expectNow(t, want...)
}

// expectNow is expect for what has been heard already.
func (p *tape) expectNow(t testing.TB, want ...string) {
	t.Helper()
	if got := p.story(); !slices.Equal(got, want) {
		t.Errorf("heard\n   %s\nwant\n   %s", strings.Join(got, "\n   "), strings.Join(want, "\n   "))
	}
}

// wantsFacts asks for rooms of some patterns and for users.
func wantsFacts(namespace string, grace time.Duration, rooms ...string) *hubv1.Subscription {
	sub := &hubv1.Subscription{
		Role: hubv1.Role_ROLE_HANDLER, Namespace: namespace, Kinds: []hubv1.Kind{hubv1.Kind_KIND_USERS},
		Rooms: rooms, DisconnectGrace: contract.DurationOf(grace),
	}
	if len(rooms) > 0 {
		sub.Kinds = append(sub.Kinds, hubv1.Kind_KIND_OCCUPANCY)
	}
	return sub
}

// joinAs lets a browser into /chat as a user, in rooms.
func (w *world) joinAs(s *controlplanetest.Service, user string, rooms ...string) *browser {
	w.t.Helper()
	b := w.browser()
	b.Send("40/chat,")
	s.AcceptAs(s.Attempt(), &hubv1.Accept{User: user, Rooms: rooms})
	b.joined("/chat")
	s.Done(s.Connected())
	synctest.Wait()
	return b
}

func TestFacts_AreToldToThoseWhoAskAndAlternate(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("1")
		first := w.joinAs(chat, "ann", "order:1", "lobby")
		p, _ := record(t, w.srv, &hubv1.Hello{Group: "facts", InstanceId: "1", Subscriptions: []*hubv1.Subscription{wantsFacts("/chat", 0, "order:*")}})
		synctest.Wait()
		story := p.story()
		slices.Sort(story[:2])
		if !slices.Equal(story, []string{"room_occupied /chat order:1", "user_present /chat ann", "introduced"}) {
			t.Errorf("%q", story)
		}
		second := w.joinAs(chat, "ann", "order:1")
		p.expect(t)
		first.Abort()
		chat.Done(chat.Disconnected())
		p.expect(t)
		second.Abort()
		chat.Done(chat.Disconnected())
		synctest.Wait()
		story = p.story()
		slices.Sort(story)
		if !slices.Equal(story, []string{"room_vacated /chat order:1", "user_absent /chat ann"}) {
			t.Errorf("%q", story)
		}
		w.joinAs(chat, "bob")
		p.expect(t, "user_present /chat bob")
		if w.srv.hubID == "" {
			t.Error("no id")
		}
	})
}

func TestFacts_AUserIsAbsentAfterTheGrace(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("1")
		p, _ := record(t, w.srv, &hubv1.Hello{Group: "facts", InstanceId: "1", Subscriptions: []*hubv1.Subscription{wantsFacts("/*", 3*time.Second)}})
		p.expect(t, "introduced")
		b := w.joinAs(chat, "ann")
		p.expect(t, "user_present /chat ann")
		b.Abort()
		chat.Done(chat.Disconnected())
		w.pass(2 * time.Second)
		b = w.joinAs(chat, "ann")
		w.pass(2 * time.Second)
		p.expect(t) // gone and back within the grace
		b.Abort()
		chat.Done(chat.Disconnected())
		w.pass(2800 * time.Millisecond)
		p.expect(t)
		w.pass(400 * time.Millisecond)
		p.expect(t, "user_absent /chat ann")
	})
}

func TestFacts_AResumedAttachmentMissesNothing(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("1")
		hello := &hubv1.Hello{Group: "facts", InstanceId: "1", Subscriptions: []*hubv1.Subscription{wantsFacts("/chat", 0)}}
		p, stop := record(t, w.srv, hello)
		p.expect(t, "introduced")
		a := w.srv.routes.attachment("facts", "1")
		received := a.out.Queue.Last()
		stop()
		b := w.joinAs(chat, "ann")
		w.joinAs(chat, "bob")
		b.Abort()
		chat.Done(chat.Disconnected())
		synctest.Wait()
		hello.Resume = &hubv1.Resume{Attachment: a.token[:], HubId: w.srv.hubID, AckEnvelopeSeq: received}
		p, _ = record(t, w.srv, hello)
		p.expect(t, "user_present /chat ann", "user_present /chat bob", "user_absent /chat ann", "introduced")
		if w.srv.routes.attachment("facts", "1") != a {
			t.Error("not resumed")
		}
	})
}

func TestFacts_MoreThanCanWaitEndsTheResume(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		hello := &hubv1.Hello{Group: "facts", InstanceId: "1", Subscriptions: []*hubv1.Subscription{wantsFacts("/chat", 0)}}
		p, stop := record(t, w.srv, hello)
		p.expect(t, "introduced")
		a := w.srv.routes.attachment("facts", "1")
		received := a.out.Queue.Last()
		stop()
		for i := range outgoing.ResultLimit.Items + 1 {
			w.srv.UserPresent("/chat", fmt.Sprint(i))
		}
		if n := a.out.Queue.Len(); n != 0 {
			t.Errorf("%d facts wait for one that cannot come back", n)
		}
		hello.Resume = &hubv1.Resume{Attachment: a.token[:], HubId: w.srv.hubID, AckEnvelopeSeq: received}
		p, _ = record(t, w.srv, hello)
		p.expect(t, "introduced")
		after := w.srv.routes.attachment("facts", "1")
		if after == a || after.current() == nil {
			t.Error("resumed, or gone")
		}
	})
}

func TestFacts_ManyAreToldInStepsBeforeTheEndOfTheIntroduction(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("1")
		rooms := make([]string, 1000)
		for i := range rooms {
			rooms[i] = fmt.Sprint("r", i)
		}
		w.joinAs(chat, "ann", rooms...)
		p, _ := record(t, w.srv, &hubv1.Hello{Group: "facts", InstanceId: "1", Subscriptions: []*hubv1.Subscription{wantsFacts("/chat", 0, "*")}})
		synctest.Wait()
		story := p.story()
		if len(story) != 1002 || story[1001] != "introduced" {
			t.Errorf("%d facts, the last is %s", len(story), story[len(story)-1])
		}
	})
}

func TestHolder_HearsOfRoomsAndUpgradesInOrderWithDeliveries(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		sub := controlplanetest.Handler("/chat")
		sub.Kinds = []hubv1.Kind{
			hubv1.Kind_KIND_CONNECTED, hubv1.Kind_KIND_EVENT, hubv1.Kind_KIND_ROOMS, hubv1.Kind_KIND_UPGRADED,
		}
		auth := w.attach("auth", "1", controlplanetest.Authorizer("/chat"))
		p, _ := record(t, w.srv, &hubv1.Hello{Group: "holder", InstanceId: "1", Subscriptions: []*hubv1.Subscription{sub}})
		other, _ := record(t, w.srv, &hubv1.Hello{Group: "plain", InstanceId: "1", Subscriptions: []*hubv1.Subscription{
			{Role: hubv1.Role_ROLE_HANDLER, Namespace: "/chat", Kinds: []hubv1.Kind{hubv1.Kind_KIND_CONNECTED}},
		}})
		synctest.Wait()
		b := &browser{Browser: w.browsers.Open(hubtest.Options{Transport: hubtest.Polling}), t: t}
		b.Send("40/chat,")
		auth.AcceptAs(auth.Attempt(), &hubv1.Accept{Rooms: []string{"start"}})
		b.joined("/chat")
		b.emit(-1, "one", "")
		synctest.Wait()
		target := hub.Target{Namespace: "/chat", Sockets: []string{b.id}}
		if _, err := w.hub.UpdateRooms(target, []string{"a", "b"}, []string{"start"}); err != nil {
			t.Fatal(err)
		}
		b.emit(-1, "two", "")
		synctest.Wait()
		b.Upgrade()
		synctest.Wait()
		b.emit(-1, "three", "")
		p.expect(t, "introduced", "connected", "event one", "rooms_changed[a b] [start] 1", "event two", "upgraded websocket", "event three")
		other.expect(t, "introduced", "connected")
	})
}

func TestIntroduced_ComesAfterAllConnected(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		auth := w.attach("auth", "1", controlplanetest.Authorizer("/chat"))
		for range 5 {
			b := w.browser()
			b.Send("40/chat,")
			auth.Accept(auth.Attempt())
			b.joined("/chat")
		}
		synctest.Wait()
		sub := controlplanetest.Handler("/chat")
		sub.Introduction = hubv1.Introduction_INTRODUCTION_ON_ATTACH
		p, _ := record(t, w.srv, &hubv1.Hello{
			Group: "late", InstanceId: "1", Subscriptions: []*hubv1.Subscription{sub}, Window: &hubv1.Window{Deliveries: 2},
		})
		number := uint64(1)
		settle := func(heard ...string) {
			synctest.Wait()
			p.mu.Lock()
			envelope := &hubv1.AttachRequest{}
			for _, item := range p.heard {
				if d := item.GetDelivery(); d != nil {
					envelope.Actions = append(envelope.Actions, settleAction(done(d.DeliverySeq)))
				}
			}
			p.mu.Unlock()
			p.expectNow(t, heard...) // before more comes for what is settled
			number++
			envelope.EnvelopeSeq = number
			p.incoming <- requestOf(envelope)
		}
		for range 2 {
			settle("connected", "connected")
		}
		settle("connected", "introduced") // there is room for the last one
	})
}
