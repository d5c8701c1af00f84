package controlplane

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub/hubtest"
)

// allKinds are all that an observer may ask for.
var allKinds = []hubv1.Kind{
	hubv1.Kind_KIND_CONNECTED, hubv1.Kind_KIND_EVENT, hubv1.Kind_KIND_DISCONNECTED, hubv1.Kind_KIND_FAILED_CONNECTS,
	hubv1.Kind_KIND_DECISIONS, hubv1.Kind_KIND_EMITS, hubv1.Kind_KIND_DROPS,
}

// observerOf is a subscription to copies of everything in a namespace.
func observerOf(namespace string, kinds ...hubv1.Kind) *hubv1.Subscription {
	if len(kinds) == 0 {
		kinds = allKinds
	}
	return &hubv1.Subscription{Role: hubv1.Role_ROLE_OBSERVER, Namespace: namespace, Kinds: kinds, Id: 7}
}

// observer attaches an instance of the group `watch`.
func (w *world) observer(id string, subs ...*hubv1.Subscription) *controlplanetest.Service {
	w.t.Helper()
	s := w.attach("watch", id, subs...)
	for _, r := range s.Welcome.Subscriptions {
		if r.Status != nil {
			w.t.Fatal(r.Status)
		}
	}
	s.Introduced()
	return s
}

// observation waits for the next item, which has to be an observation of a kind.
func observed(t testing.TB, s *controlplanetest.Service, kind hubv1.Kind) *hubv1.Observation {
	t.Helper()
	item := s.Next()
	o := item.GetObservation()
	if o == nil || o.Kind != kind {
		t.Fatalf("no observation of %v: %v", kind, item)
	}
	if o.SubscriptionId != 7 || o.Time == nil || o.Gap != 0 {
		t.Fatalf("observation %v", o)
	}
	return o
}

func TestObserver_SeesTheWholeLifeOfASocket(t *testing.T) {
	inBubble(t, Config{Namespaces: []string{"/chat"}}, func(t *testing.T, w *world) {
		chat := w.attach("chat", "1", controlplanetest.Authorizer("/chat"), controlplanetest.Handler("/chat", "say"))
		introduced(t, chat)
		watch := w.observer("1", observerOf("*"))
		b := w.browser()
		b.Send("40/chat,")
		chat.AcceptAs(chat.Attempt(), &hubv1.Accept{User: "ann", Data: []byte(`{"secret":1}`)})
		b.joined("/chat")
		chat.Done(chat.Connected())
		o := observed(t, watch, hubv1.Kind_KIND_DECISIONS)
		if d := o.GetDecision(); d.GetOutcome() != "accept" || d.Group != "chat" || d.By != "service" || o.Socket.GetUser() != "ann" {
			t.Error(o)
		}
		o = observed(t, watch, hubv1.Kind_KIND_CONNECTED)
		if o.Socket.GetId() != b.id || o.GetConnected().GetHandshake() != nil || o.Socket.Data != nil || o.GetConnected().GetConnectTime() == nil {
			t.Error(o)
		}
		b.emit(3, "say", `"hello"`)
		chat.Reply(chat.Event("say"), `[1]`, controlplanetest.EmitTo("/chat", "said", `["x"]`, b.id))
		o = observed(t, watch, hubv1.Kind_KIND_EVENT)
		if e := o.GetEvent(); e.GetName() != "say" || e.Payload != nil || !e.WantsAck || e.ReceiveTime == nil {
			t.Error(o)
		}
		o = observed(t, watch, hubv1.Kind_KIND_EMITS)
		if e := o.GetEmitted(); e.GetEmit().GetEvent() != "said" || e.Emit.Payload != nil || e.Group != "chat" || e.MatchedCount != 1 || o.Socket != nil {
			t.Error(o)
		}
		b.emit(-1, "other", "")
		observed(t, watch, hubv1.Kind_KIND_EVENT)
		o = observed(t, watch, hubv1.Kind_KIND_DROPS)
		if d := o.GetDropped(); d.GetReason() != "unhandled" || d.Event != "other" || d.Kind != hubv1.Kind_KIND_EVENT {
			t.Error(o)
		}
		b.Abort()
		o = observed(t, watch, hubv1.Kind_KIND_DISCONNECTED)
		if o.GetDisconnected().GetReason() == "" || o.Socket.GetId() != b.id {
			t.Error(o)
		}
	})
}

// introduced waits for the notice that all have been introduced.
func introduced(t testing.TB, s *controlplanetest.Service) {
	t.Helper()
	s.Introduced()
}

func TestObserver_SeesBrowsersThatAreRefused(t *testing.T) {
	inBubble(t, Config{Namespaces: []string{"/chat"}}, func(t *testing.T, w *world) {
		watch := w.observer("1", observerOf("/chat", hubv1.Kind_KIND_FAILED_CONNECTS, hubv1.Kind_KIND_DECISIONS))
		w.browsers.Do(http.MethodGet, "EIO=4&transport=polling", "", http.Header{"Origin": {"https://foreign.example"}})
		o := observed(t, watch, hubv1.Kind_KIND_FAILED_CONNECTS)
		f := o.GetFailedConnect()
		if f.GetCode() != 4 || f.Reason != "origin" || f.Origin != "https://foreign.example" || f.RemoteAddress == "" {
			t.Error(f)
		}
		w.browsers.Get("EIO=2&transport=polling")
		if f := observed(t, watch, hubv1.Kind_KIND_FAILED_CONNECTS).GetFailedConnect(); f.Code != 5 || f.Reason != "unsupported_protocol_version" {
			t.Error(f)
		}
		all := w.attach("all", "1", observerOf("*", hubv1.Kind_KIND_FAILED_CONNECTS))
		introduced(t, all)
		b := w.browser()
		b.Send("40/unknown,")
		b.Next()
		if f := observed(t, all, hubv1.Kind_KIND_FAILED_CONNECTS).GetFailedConnect(); f.Code != -1 || f.Reason != "unknown_namespace" || f.Namespace != "/unknown" {
			t.Error(f)
		}
		// One that is denied, or leaves before it is decided, is a decision.
		auth := w.attach("chat", "1", controlplanetest.Authorizer("/chat"))
		introduced(t, auth)
		b.Send("40/chat,")
		d := auth.Attempt()
		auth.Settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Deny{Deny: &hubv1.Deny{Message: "not you"}}})
		b.Next()
		if d := observed(t, watch, hubv1.Kind_KIND_DECISIONS).GetDecision(); d.Outcome != "deny" || d.Message != "not you" || d.Group != "chat" {
			t.Error(d)
		}
		b.Send("40/chat,")
		auth.Attempt()
		b.Abort()
		if d := observed(t, watch, hubv1.Kind_KIND_DECISIONS).GetDecision(); d.Outcome != "undecided" || d.Message != "gone" || d.By != "" {
			t.Error(d)
		}
		watch.Quiet(time.Second)
	})
}

func TestObserver_GetsPayloadsAndHandshakeOnlyWhereItAsks(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("1")
		introduced(t, chat)
		full := observerOf("/*")
		full.Payloads, full.Handshake = true, hubv1.HandshakeDetail_HANDSHAKE_DETAIL_FULL
		watch := w.observer("1", full)
		redacting := observerOf("/chat", hubv1.Kind_KIND_CONNECTED)
		redacting.Handshake = hubv1.HandshakeDetail_HANDSHAKE_DETAIL_REDACTED
		other := w.attach("other", "1", redacting)
		introduced(t, other)
		b := &browser{Browser: w.browsers.Open(hubtest.Options{
			Transport: hubtest.WebSocket, Query: "token=planted", Header: http.Header{"Cookie": {"sid=planted"}},
		}), t: t}
		b.Send(`40/chat,{"password":"planted"}`)
		chat.AcceptAs(chat.Attempt(), &hubv1.Accept{Data: []byte(`{"a":1}`), KeepAuth: true})
		b.joined("/chat")
		if c := chat.Connected().GetConnected(); len(c.Auth) == 0 {
			t.Error("auth is not kept")
		}
		observed(t, watch, hubv1.Kind_KIND_DECISIONS)
		o := observed(t, watch, hubv1.Kind_KIND_CONNECTED)
		if c := o.GetConnected(); len(c.Auth) != 0 || c.Handshake == nil || string(o.Socket.Data) != `{"a":1}` || !strings.Contains(fmt.Sprint(c), "planted") {
			t.Error(o)
		}
		if c := observed(t, other, hubv1.Kind_KIND_CONNECTED).GetConnected(); c.Handshake == nil || strings.Contains(fmt.Sprint(c), "planted") {
			t.Error(c)
		}
		b.emit(-1, "say", `"hello"`)
		o = observed(t, watch, hubv1.Kind_KIND_EVENT)
		if string(o.GetEvent().GetPayload().GetArgs()) != `["hello"]` {
			t.Error(o)
		}
	})
}

func TestObserver_SeesUnaryEmitsAndThoseWithAcknowledgements(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("1")
		introduced(t, chat)
		watch := w.observer("1", observerOf("/chat", hubv1.Kind_KIND_EMITS))
		elsewhere := observerOf("/org/a", hubv1.Kind_KIND_EMITS)
		org := w.attach("org", "1", elsewhere)
		introduced(t, org)
		control := hubv1.NewControlServiceClient(w.conn)
		emit := controlplanetest.EmitTo("/chat", "news", `[1]`)
		emit.GetEmit().Target = &hubv1.Target{Namespace: "/chat", All: true}
		if _, err := control.Execute(t.Context(), &hubv1.ExecuteRequest{Commands: []*hubv1.Command{emit}}); err != nil {
			t.Fatal(err)
		}
		if e := observed(t, watch, hubv1.Kind_KIND_EMITS).GetEmitted(); e.Group != "" || e.Emit.Event != "news" {
			t.Error(e)
		}
		b := w.join(chat)
		ask := controlplanetest.EmitTo("/chat", "ask", `[]`, b.id)
		ask.GetEmit().Ack = &hubv1.AckRequest{Timeout: contract.DurationOf(time.Second)}
		chat.Command(ask)
		if e := observed(t, watch, hubv1.Kind_KIND_EMITS).GetEmitted(); e.Group != "chat" || e.Emit.Ack == nil || e.MatchedCount != 1 {
			t.Error(e)
		}
		// One that is refused is none.
		chat.Command(controlplanetest.EmitTo("/chat", "bad", `{`, b.id))
		org.Quiet(2 * time.Second)
		pattern := controlplanetest.EmitTo("/org/*", "all", `[]`)
		pattern.GetEmit().Target = &hubv1.Target{Namespace: "/org/*", All: true}
		chat.Command(pattern)
		if e := observed(t, org, hubv1.Kind_KIND_EMITS).GetEmitted(); e.Emit.Event != "all" {
			t.Error(e)
		}
		watch.Quiet(time.Second)
	})
}

func TestObserver_FiltersUsersSocketsRoomsAndEvents(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("1")
		introduced(t, chat)
		subs := map[string]*hubv1.Subscription{}
		watchers := map[string]*controlplanetest.Service{}
		join := func(user string, rooms ...string) *browser {
			b := w.browser()
			b.Send("40/chat,")
			chat.AcceptAs(chat.Attempt(), &hubv1.Accept{User: user, Rooms: rooms})
			b.joined("/chat")
			chat.Done(chat.Connected())
			return b
		}
		ann, bob := join("ann", "order:7"), join("bob")
		for name, f := range map[string]func(*hubv1.Subscription){
			"user":   func(s *hubv1.Subscription) { s.Users = []string{"ann"} },
			"socket": func(s *hubv1.Subscription) { s.Sockets = []string{bob.id} },
			"room":   func(s *hubv1.Subscription) { s.Rooms = []string{"order:*"} },
			"event":  func(s *hubv1.Subscription) { s.Events = []string{"chat:*"} },
		} {
			sub := observerOf("/chat", hubv1.Kind_KIND_EVENT, hubv1.Kind_KIND_EMITS)
			f(sub)
			subs[name] = sub
			watchers[name] = w.attach(name, "1", sub)
			introduced(t, watchers[name])
		}
		ann.emit(-1, "chat:new", "")
		chat.Done(chat.Event("chat:new"))
		bob.emit(-1, "ping", "")
		chat.Done(chat.Event("ping"))
		room := controlplanetest.EmitTo("/chat", "chat:room", `[]`)
		room.GetEmit().Target = &hubv1.Target{Namespace: "/chat", Rooms: []string{"order:9"}}
		chat.Command(room)
		chat.Command(controlplanetest.EmitTo("/chat", "direct", `[]`, bob.id))
		w.pass(time.Second)
		got := func(name string) (events []string) {
			for item, ok := watchers[name].TryNext(); ok; item, ok = watchers[name].TryNext() {
				o := item.GetObservation()
				events = append(events, o.GetEvent().GetName()+o.GetEmitted().GetEmit().GetEvent())
			}
			return events
		}
		for name, want := range map[string][]string{
			"user": {"chat:new"}, "socket": {"ping", "direct"}, "room": {"chat:new", "chat:room"}, "event": {"chat:new", "chat:room"},
		} {
			if events := got(name); !slices.Equal(events, want) {
				t.Errorf("%s: %q, want %q", name, events, want)
			}
		}
	})
}

func TestObserver_SamplesEventsAndNothingElse(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("1")
		introduced(t, chat)
		sub := observerOf("/chat", hubv1.Kind_KIND_EVENT, hubv1.Kind_KIND_CONNECTED)
		sub.Sample = 10
		watch := w.observer("1", sub)
		b := w.join(chat)
		observed(t, watch, hubv1.Kind_KIND_CONNECTED)
		w.join(chat)
		observed(t, watch, hubv1.Kind_KIND_CONNECTED)
		for range 100 {
			b.emit(-1, "say", "")
			chat.Done(chat.Event("say"))
		}
		for range 10 {
			observed(t, watch, hubv1.Kind_KIND_EVENT)
		}
		watch.Quiet(time.Second)
	})
}

func TestObserver_OneInstanceGetsAllOfASocket(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("1")
		introduced(t, chat)
		var instances []*controlplanetest.Service
		for i := range 3 {
			instances = append(instances, w.observer(fmt.Sprint(i), observerOf("/chat", hubv1.Kind_KIND_EVENT)))
		}
		seen := map[string]int{}
		count := func() (n int) {
			for i, s := range instances {
				for item, ok := s.TryNext(); ok; item, ok = s.TryNext() {
					id := item.GetObservation().GetSocket().GetId()
					if at, known := seen[id]; known && at != i {
						t.Errorf("socket %s came to instances %d and %d", id, at, i)
					}
					seen[id] = i
					n++
				}
			}
			return n
		}
		var browsers []*browser
		for range 20 {
			browsers = append(browsers, w.join(chat))
		}
		emit := func() {
			for _, b := range browsers {
				b.emit(-1, "say", "")
				chat.Done(chat.Event("say"))
			}
			synctest.Wait()
		}
		emit()
		emit()
		if n := count(); n != 40 {
			t.Errorf("%d observations of 40 events", n)
		}
		// Those of one that has gone come to the others, all else stays.
		instances[2].Kill()
		synctest.Wait()
		instances = instances[:2]
		for id, at := range seen {
			if at == 2 {
				delete(seen, id)
			}
		}
		emit()
		if n := count(); n != 20 {
			t.Errorf("%d observations of 20 events", n)
		}
	})
}

func TestObserver_SeesWhatAGroupWillNotGet(t *testing.T) {
	inBubble(t, Config{Parking: ParkingConfig{SocketEvents: 2}}, func(t *testing.T, w *world) {
		auth := w.attach("auth", "1", controlplanetest.Authorizer("/chat"))
		rejects := controlplanetest.Handler("/chat")
		rejects.Overflow = hubv1.Overflow_OVERFLOW_REJECT
		handler := w.attach("chat", "1", rejects)
		watch := w.observer("1", observerOf("/chat", hubv1.Kind_KIND_DROPS))
		b := w.browser()
		b.Send("40/chat,")
		auth.Accept(auth.Attempt())
		b.joined("/chat")
		handler.Done(handler.Connected())
		handler.Window(1, 0)
		synctest.Wait()
		for i := range 5 {
			b.emit(-1, fmt.Sprint("e", i), "")
		}
		for _, event := range []string{"e3", "e4"} {
			o := observed(t, watch, hubv1.Kind_KIND_DROPS)
			if d := o.GetDropped(); d.Event != event || d.Group != "chat" || d.Reason != string(trace.DropSocketFull) || o.Socket.GetId() != b.id {
				t.Error(o)
			}
		}
	})
}

func TestObserver_LeavesNothingBehind(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		watch := w.observer("1", observerOf("*"))
		if !w.srv.routes.table.Load().Observed() {
			t.Error("not observed")
		}
		if err := watch.Leave(); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
		synctest.Wait()
		if w.srv.routes.table.Load().Observed() || len(w.srv.Status().Groups) != 0 {
			t.Error("the group of an observer that has left is remembered")
		}
	})
}
