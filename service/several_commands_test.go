package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// commands returns what a stream gets of commands, by their events and rooms.
func (s *scriptStream) commands(n int) (names []string, last *hubv1.Command) {
	for len(names) < n {
		for _, a := range s.envelope().GetActions() {
			switch c := a.GetCommand(); {
			case c == nil:
			case c.GetEmit() != nil:
				names, last = append(names, c.GetEmit().GetEvent()), c
			default:
				names, last = append(names, fmt.Sprintf("%T", c.GetOp())), c
			}
		}
	}
	return names, last
}

func (s *scriptStream) gets(t *testing.T, want ...string) *hubv1.Command {
	t.Helper()
	got, last := s.commands(len(want))
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got %q, want %q", got, want)
	}
	return last
}

// silent checks that nothing but heartbeats is on its way.
func (s *scriptStream) silent(t *testing.T) {
	t.Helper()
	synctest.Wait()
	select {
	case e := <-s.up:
		if e.GetActions()[0].GetHeartbeat() == nil {
			t.Errorf("got %v", e)
		}
	default:
	}
}

// two attaches a service to A, its home, and B.
func two(t *testing.T, svc *Service) (hubs *scripts, a, b *scriptStream) {
	hubs = playHubs(t, svc, nil, []string{"a:1"}, "b:1")
	a = hubs.open("a:1")
	a.welcome(as("A", "A=a:1", "B=b:1"))
	synctest.Wait() // home
	b = hubs.open("b:1")
	b.welcome(as("B", "A=a:1", "B=b:1"))
	synctest.Wait()
	return hubs, a, b
}

func TestHome_TakesWhatIsForNobodyInParticular(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		svc.Namespace("/").AllowAnyone().OnDisconnect(func(context.Context, *Disconnect) error { return nil })
		hubs, a, b := two(t, svc)
		b.number(1, connected(1, "of-b", "1"))
		a.number(1, connected(1, "of-a", "2"))
		for _, st := range []*scriptStream{a, b} {
			st.envelope() // settles
		}
		emit := func(event string, to Target) {
			t.Helper()
			if err := to.Emit(t.Context(), event); err != nil {
				t.Error(err)
			}
		}
		root := svc.Namespace("/")
		emit("room", root.To("r"))
		a.gets(t, "room")
		emit("of-b", root.Sockets("of-b"))
		b.gets(t, "of-b")
		emit("hint", (&Socket{svc: svc, s: &hubv1.Socket{Id: "x", Namespace: "/", HubId: "B"}}).Target())
		b.gets(t, "hint")
		emit("away", (&Socket{svc: svc, s: &hubv1.Socket{Id: "x", Namespace: "/", HubId: "C"}}).Target())
		emit("of-a", root.Sockets("of-a"))
		emit("both", root.Sockets("of-a", "of-b"))
		emit("unknown", root.Sockets("of-b", "who"))
		emit("and rooms", root.Sockets("of-b").To("r"))
		a.gets(t, "away", "of-a", "both", "unknown", "and rooms")
		b.silent(t)
		// Home is sticky: A that comes back is not home any more.
		a.end <- cut
		synctest.Wait()
		a = hubs.open("a:1")
		a.welcome(resumed(20), func(w *hubv1.Welcome) { w.HubId = "A" })
		synctest.Wait()
		emit("room", root.To("r"))
		b.gets(t, "room")
		a.silent(t)
	})
}

// A command of a handler goes over the stream on which its delivery came.
func TestHome_HandlersStayAtTheirHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		svc.Namespace("/").AllowAnyone().On("x", func(ctx context.Context, e *Event) error {
			return svc.To("r").Emit(ctx, "from the handler")
		})
		_, a, b := two(t, svc)
		b.number(1, event(7, "s", "x"))
		if c := b.gets(t, "from the handler"); c.GetDeliverySeq() != 7 {
			t.Error(c)
		}
		a.silent(t)
	})
}

// What had not left when a stream ended goes to another hub at once; what had left does
// not, and neither does what has an idempotency key.
func TestHome_WhatHasNotLeftGoesElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		hubs, a, b := two(t, svc)
		no := cut
		hubs.by["a:1"].refuse.Store(&no)
		results := map[string]chan error{}
		ask := func(name, key string) {
			results[name] = make(chan error, 1)
			to := svc.To("r")
			if key != "" {
				to = to.IdempotencyKey(key)
			}
			go func() { _, err := to.EmitResult(t.Context(), name); results[name] <- err }()
			synctest.Wait()
		}
		ask("sent", "")
		// a.up is not read: the sender is stuck with the first envelope.
		ask("waits", "")
		ask("keyed", "key")
		if err := svc.To("r").Emit(t.Context(), "nobody waits"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		a.end <- cut
		synctest.Wait()
		// Of these two the one that is waited for may come first or last.
		if got, _ := b.commands(2); !slices.Contains(got, "waits") || !slices.Contains(got, "nobody waits") {
			t.Error(got)
		}
		b.number(1, &hubv1.Item{Kind: &hubv1.Item_Result{Result: &hubv1.Result{CommandId: 1}}})
		if err := <-results["waits"]; err != nil {
			t.Error(err)
		}
		b.silent(t)
		b.alive()
		for _, name := range []string{"sent", "keyed"} {
			if err := <-results[name]; !errors.Is(err, ErrOutcomeUnknown) { // after half a minute
				t.Error(name, err)
			}
		}
	})
}

// A key belongs to the hub at which it was used first.
func TestHome_KeysStayAtTheirHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		hubs, a, b := two(t, svc)
		keyed := svc.To("r").IdempotencyKey("k")
		if err := keyed.Emit(t.Context(), "first"); err != nil {
			t.Error(err)
		}
		a.gets(t, "first")
		no := cut
		hubs.by["a:1"].refuse.Store(&no)
		a.end <- cut
		synctest.Wait()
		if err := keyed.Emit(t.Context(), "second"); !errors.Is(err, ErrOutcomeUnknown) || SafeToRetry(err) {
			t.Error(err)
		}
		if err := svc.To("r").IdempotencyKey("other").Emit(t.Context(), "other"); err != nil {
			t.Error(err)
		}
		b.gets(t, "other")
		hubs.by["a:1"].refuse.Store(nil)
		a = hubs.open("a:1")
		a.welcome(resumed(2), func(w *hubv1.Welcome) { w.HubId = "A" })
		synctest.Wait()
		if err := keyed.Emit(t.Context(), "third"); err != nil {
			t.Error(err)
		}
		a.gets(t, "third")
		b.silent(t)
	})
}

// An acknowledgement that was left open is given to the hub that keeps it; from another
// process each hub is asked.
func TestHome_AcknowledgementsGoWhereTheyAreOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		later := make(chan *LaterAck, 1)
		svc.Namespace("/").AllowAnyone().On("x", func(_ context.Context, e *Event) error {
			ack, err := e.AckLater()
			later <- ack
			return err
		})
		_, a, b := two(t, svc)
		b.number(1, event(7, "s", "x"))
		b.envelope()
		answer := func(st *scriptStream, n uint64, code hubv1.Code) {
			_, c := st.commands(1)
			r := &hubv1.Result{CommandId: c.GetCommandId()}
			if code != 0 {
				r.Status = &hubv1.Status{Code: code}
			}
			st.number(n, &hubv1.Item{Kind: &hubv1.Item_Result{Result: r}})
		}
		done := make(chan error, 1)
		go func() { done <- (<-later).Reply(t.Context(), "late") }()
		answer(b, 2, 0)
		if err := <-done; err != nil {
			t.Error(err)
		}
		go func() { done <- svc.Acknowledge(t.Context(), "0123456789abcdef") }()
		answer(a, 1, hubv1.Code_CODE_NOT_FOUND)
		answer(b, 3, 0)
		if err := <-done; err != nil {
			t.Error(err)
		}
		go func() { done <- svc.Acknowledge(t.Context(), "0123456789abcdef") }()
		answer(a, 2, hubv1.Code_CODE_NOT_FOUND)
		answer(b, 4, hubv1.Code_CODE_NOT_FOUND)
		if err := <-done; !errors.Is(err, ErrSocketGone) {
			t.Error(err)
		}
		a.tell("A=a:1", "B=b:1", "C=nobody:1")
		synctest.Wait()
		go func() { done <- svc.Acknowledge(t.Context(), "0123456789abcdef") }()
		answer(a, 4, hubv1.Code_CODE_NOT_FOUND)
		answer(b, 5, hubv1.Code_CODE_NOT_FOUND)
		if err := <-done; !errors.Is(err, ErrUnavailable) {
			t.Error(err)
		}
	})
}

// An answer that lacks hubs says so.
func TestQuery_MissingHubs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		_, a, _ := two(t, svc)
		done := make(chan error, 1)
		go func() {
			n, err := svc.To("r").CountSockets(t.Context())
			if n != 3 {
				t.Error(n)
			}
			done <- err
		}()
		_, c := a.commands(1)
		a.number(1, &hubv1.Item{Kind: &hubv1.Item_Result{Result: &hubv1.Result{CommandId: c.GetCommandId(), Count: 3, MissingHubIds: []string{"C"}}}})
		var missing *MissingHubsError
		if err := <-done; !errors.As(err, &missing) || missing.Hubs[0] != "C" || SafeToRetry(err) {
			t.Error(err)
		}
	})
}

// Each hub tells its own facts: the program hears of the first and the last.
func TestFacts_AreSummedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		told := make(chan string, 100)
		svc.Namespace("/").AllowAnyone().
			OnRoomOccupied(func(_ context.Context, r *RoomPresence) error { told <- "+" + r.Room + r.HubID; return nil }).
			OnRoomVacated(func(_ context.Context, r *RoomPresence) error { told <- "-" + r.Room + r.HubID; return nil }).
			OnUserPresent(func(_ context.Context, u *UserPresence) error { told <- "+" + u.User + u.HubID; return nil }).
			OnUserAbsent(func(_ context.Context, u *UserPresence) error { told <- "-" + u.User + u.HubID; return nil })
		hubs, a, b := two(t, svc)
		tell := func(st *scriptStream, kind hubv1.NoticeKind, name string) {
			n := &hubv1.Notice{Kind: kind, Count: 1}
			switch kind {
			case hubv1.NoticeKind_NOTICE_KIND_ROOM_OCCUPIED, hubv1.NoticeKind_NOTICE_KIND_ROOM_VACATED:
				n.Fact = &hubv1.Notice_Room{Room: &hubv1.RoomPresence{Namespace: "/", Room: name}}
			case hubv1.NoticeKind_NOTICE_KIND_USER_PRESENT, hubv1.NoticeKind_NOTICE_KIND_USER_ABSENT:
				n.Fact = &hubv1.Notice_User{User: &hubv1.UserPresence{Namespace: "/", User: name}}
			}
			st.say(&hubv1.Item{Kind: &hubv1.Item_Notice{Notice: n}})
			synctest.Wait()
		}
		const occupied, vacated = hubv1.NoticeKind_NOTICE_KIND_ROOM_OCCUPIED, hubv1.NoticeKind_NOTICE_KIND_ROOM_VACATED
		const present, absent = hubv1.NoticeKind_NOTICE_KIND_USER_PRESENT, hubv1.NoticeKind_NOTICE_KIND_USER_ABSENT
		const introduced = hubv1.NoticeKind_NOTICE_KIND_INTRODUCED
		tell(a, occupied, "r")
		tell(b, occupied, "r")
		tell(b, occupied, "r") // told again, as after an attachment
		tell(b, present, "u")
		wantHeard(t, told, "+rA, +uB")
		tell(a, vacated, "r")
		tell(a, vacated, "r")
		tell(a, vacated, "never")
		wantHeard(t, told, "")
		tell(b, vacated, "r")
		tell(b, occupied, "r")
		tell(b, occupied, "q")
		wantHeard(t, told, "-rB, +rB, +qB")
		// What a new attachment is not told has gone.
		a.alive()
		b.end <- cut
		b = hubs.open("b:1")
		b.welcome(as("B", "A=a:1", "B=b:1"))
		tell(b, occupied, "r")
		tell(b, introduced, "")
		got := heard(told)
		if got != "-qB, -uB" && got != "-uB, -qB" {
			t.Error(got)
		}
		// One that resumed is told nothing, and nothing has gone.
		b.end <- cut
		b = hubs.open("b:1")
		b.welcome(resumed(1), func(w *hubv1.Welcome) { w.HubId = "B" })
		tell(b, introduced, "")
		wantHeard(t, told, "")
		// A lost hub counts as vacated.
		tell(a, present, "u")
		tell(b, present, "u")
		tell(b, absent, "u")
		wantHeard(t, told, "+uA")
		a.tell("A=a:1", "B=b:1")
		a.tell("A=a:1")
		b.end <- cut
		wantHeard(t, told, "-rB")
	})
}

// fetches asks who is there, in a goroutine.
func fetches(t *testing.T, svc *Service) (came chan string) {
	came = make(chan string, 1)
	began := time.Now()
	go func() {
		sockets, err := svc.Namespace("/").All().FetchSockets(t.Context())
		came <- fmt.Sprintf("%d sockets after %v, error %v", len(sockets), time.Since(began), err)
	}()
	return came
}

// found answers a fetch.
func found(c *hubv1.Command, missing ...string) *hubv1.Item {
	return &hubv1.Item{Kind: &hubv1.Item_Result{Result: &hubv1.Result{
		CommandId: c.GetCommandId(), MissingHubIds: missing,
		Sockets: []*hubv1.SocketInfo{{Socket: &hubv1.Socket{Id: "s", Namespace: "/"}}},
	}}}
}

const fetch = "*hubv1.Command_Fetch"

// A hub that says nothing any more is not waited for where another one is there.
func TestAsk_ASilentHubIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		svc.Namespace("/").AllowAnyone()
		_, a, b := two(t, svc)
		came := fetches(t, svc)
		a.gets(t, fetch)
		b.number(1, found(b.gets(t, fetch), "A"))
		if got := <-came; got != "1 sockets after 750ms, error service: the answer lacks hubs: A" {
			t.Error(got)
		}
	})
}

// One that says something else meanwhile is.
func TestAsk_AHubThatSpeaksIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		svc.Namespace("/").AllowAnyone()
		_, a, b := two(t, svc)
		came := fetches(t, svc)
		c := a.gets(t, fetch)
		time.Sleep(askElsewhere - 1)
		a.tell("A=a:1", "B=b:1")
		time.Sleep(askElsewhere - 1)
		a.say(found(c))
		if got := <-came; got != "1 sockets after 1.499999998s, error <nil>" {
			t.Error(got)
		}
		b.silent(t)
	})
}

// What went with a hub is asked of another one.
func TestAsk_AgainWhenTheHubIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		svc.Namespace("/").AllowAnyone()
		hubs, a, b := two(t, svc)
		no := cut
		hubs.by["a:1"].refuse.Store(&no)
		came := fetches(t, svc)
		a.gets(t, fetch)
		a.end <- cut
		b.tell("B=b:1")
		b.number(1, found(b.gets(t, fetch)))
		if got := <-came; got != "1 sockets after 0s, error <nil>" {
			t.Error(got)
		}
	})
}

// A handler's query stays at the hub of its delivery.
func TestAsk_HandlersStayAtTheirHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		ns := svc.Namespace("/").AllowAnyone()
		ns.On("x", func(ctx context.Context, e *Event) error {
			_, err := ns.All().CountSockets(ctx)
			return err
		})
		_, a, b := two(t, svc)
		b.number(1, event(7, "s", "x"))
		if c := b.gets(t, "*hubv1.Command_Count"); c.GetDeliverySeq() != 7 {
			t.Error(c)
		}
		time.Sleep(2 * askElsewhere)
		a.silent(t)
	})
}
