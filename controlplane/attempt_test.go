package controlplane

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

// gate attaches a service that only decides about /chat.
func (w *world) gate(id string) *controlplanetest.Service {
	w.t.Helper()
	return w.attach("gate", id, controlplanetest.Authorizer("/chat"))
}

// knock is a browser that wants to join /chat.
func (w *world) knock(auth string) *browser {
	w.t.Helper()
	b := w.browser()
	b.Send("40/chat," + auth)
	return b
}

// expectRevoked waits for a delivery that is taken back.
func expectRevoked(t *testing.T, s *controlplanetest.Service, d *hubv1.Delivery, reason string) {
	t.Helper()
	r := s.Revoked()
	if r.GetReason() != reason || len(r.GetDeliverySeqs()) != 1 || r.GetDeliverySeqs()[0] != d.DeliverySeq {
		t.Fatalf("revoked %d %s, got %v", d.DeliverySeq, reason, r)
	}
}

func expectStatus(t *testing.T, s *controlplanetest.Service, d *hubv1.Delivery, code hubv1.Code, reason string) {
	t.Helper()
	r := s.Result()
	if r.DeliverySeq != d.DeliverySeq || r.Status.GetCode() != code || (reason != "" && r.Status.GetReason() != reason) {
		t.Errorf("late settlement: %v", r)
	}
}

func TestAttempt_OneSlowInstanceDecides(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.gate("a")
		b := w.knock("")
		d := gate.Attempt()
		if got := d.GetSettleTimeout().AsDuration(); got != 5*time.Second || d.Attempt != 1 {
			t.Errorf("attempt %d says %v", d.Attempt, got)
		}
		gate.Quiet(12 * time.Second)
		gate.Accept(d)
		b.joined("/chat")
	})
}

func TestAttempt_SecondInstanceIsAskedBesideTheFirst(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		a := w.gate("a")
		browser := w.knock("")
		start := time.Now()
		first := a.Attempt()
		b := w.gate("b")
		second := b.Attempt()
		if took := time.Since(start); took < 5*time.Second || took > 5*time.Second+2*janitorTick {
			t.Errorf("asked after %v", took)
		}
		if second.Attempt != 2 || !bytes.Equal(first.DedupeId, second.DedupeId) || first.DeliverySeq == second.DeliverySeq {
			t.Errorf("not the same delivery: %v and %v", first, second)
		}
		a.Quiet(20 * time.Second) // it has it still
		b.Accept(second)
		browser.joined("/chat")
		expectRevoked(t, a, first, "DECIDED")
		a.Settle(deny(first, "late", ""))
		expectStatus(t, a, first, hubv1.Code_CODE_ABORTED, "")
		b.Quiet(time.Minute)
	})
}

func TestAttempt_TheFirstOneMayStillDecide(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		a, b := w.gate("a"), w.gate("b")
		browser := w.knock("")
		first, with := take(t, a, b)
		other := map[*controlplanetest.Service]*controlplanetest.Service{a: b, b: a}[with]
		second := other.Attempt()
		with.Settle(deny(first, "no", ""))
		browser.Expect(`44/chat,{"message":"no"}`)
		expectRevoked(t, other, second, "DECIDED")
		other.Accept(second)
		expectStatus(t, other, second, hubv1.Code_CODE_ABORTED, "")
	})
}

// take returns the attempt 1, which one of the services has.
func take(t *testing.T, services ...*controlplanetest.Service) (*hubv1.Delivery, *controlplanetest.Service) {
	t.Helper()
	synctest.Wait()
	for _, s := range services {
		if item, ok := s.TryNext(); ok {
			if d := item.GetDelivery(); d.GetAttempt() == 1 {
				return d, s
			}
		}
	}
	t.Fatal("nobody has it")
	return nil, nil
}

func TestAttempt_SubscriptionSaysHowLongAnInstanceHasAlone(t *testing.T) {
	for name, row := range map[string]struct {
		config  time.Duration
		timeout time.Duration
		want    time.Duration
	}{
		"subscription": {0, 2 * time.Second, 2 * time.Second},
		"config":       {3 * time.Second, 0, 3 * time.Second},
		"both":         {3 * time.Second, 20 * time.Second, 20 * time.Second},
	} {
		inBubble(t, Config{Connect: ConnectConfig{Try: row.config}}, func(t *testing.T, w *world) {
			sub := controlplanetest.Authorizer("/chat")
			if row.timeout > 0 {
				sub.SettleTimeout = durationpb.New(row.timeout)
			}
			a := w.attach("gate", "a", sub)
			browser := w.knock("")
			start := time.Now()
			first := a.Attempt()
			if got := first.GetSettleTimeout().AsDuration(); got != row.want {
				t.Errorf("%s: it is told %v", name, got)
			}
			b := w.attach("gate", "b", sub)
			second := b.Attempt()
			if took := time.Since(start); took < row.want || took > row.want+2*janitorTick {
				t.Errorf("%s: asked after %v", name, took)
			}
			b.Accept(second)
			browser.joined("/chat")
		})
	}
}

func TestAttempt_ManyBrowsersAtASlowAuthorizerAllGetIn(t *testing.T) {
	const browsers, atOnce = 500, 10
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.gate("a")
		all := make([]*browser, browsers)
		for i := range all {
			all[i] = w.knock("")
		}
		places := make(chan struct{}, atOnce)
		var deciding sync.WaitGroup
		for range browsers {
			d := gate.Attempt()
			if d.Attempt != 1 {
				t.Errorf("attempt %d", d.Attempt)
			}
			places <- struct{}{}
			deciding.Go(func() {
				time.Sleep(600 * time.Millisecond)
				gate.Accept(d)
				<-places
			})
		}
		deciding.Wait()
		for _, b := range all {
			b.joined("/chat")
		}
		gate.Quiet(time.Minute)
	})
}

func TestAttempt_AuthorizerLearnsThatTheBrowserHasLeft(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.gate("a")
		handler := w.attach("chat", "h", controlplanetest.Handler("/chat"))
		b := w.knock("")
		d := gate.Attempt()
		b.CloseFrame(1001)
		b.WaitEnd()
		expectRevoked(t, gate, d, "BROWSER_GONE")
		cmd := controlplanetest.EmitTo("/chat", "x", "[]", d.Socket.Id)
		cmd.CommandId = 9
		gate.Accept(d, cmd)
		expectStatus(t, gate, d, hubv1.Code_CODE_CANCELLED, "BROWSER_GONE")
		if r := gate.Result(); r.CommandId != 9 || r.Status.GetReason() != "SETTLEMENT_REFUSED" {
			t.Errorf("its command: %v", r)
		}
		gate.Quiet(time.Minute)
		handler.Quiet(time.Second) // neither connected nor disconnected
	})
}

// What a service does wrong is never told as a refusal: the attempt is tried again, with
// backoff, for as long as the browser waits.
func TestAttempt_FailedTriesAreRepeatedWithBackoff(t *testing.T) {
	for name, fail := range map[string]func(*controlplanetest.Service, *hubv1.Delivery){
		"permanent nack": func(s *controlplanetest.Service, d *hubv1.Delivery) { s.Nack(d, &hubv1.Nack{}) },
		"refused accept": func(s *controlplanetest.Service, d *hubv1.Delivery) {
			s.AcceptAs(d, &hubv1.Accept{Data: []byte("{")})
			s.Result()
		},
		"misfit": func(s *controlplanetest.Service, d *hubv1.Delivery) {
			s.Done(d)
			s.Result()
		},
	} {
		inBubble(t, Config{}, func(t *testing.T, w *world) {
			gate := w.gate("a")
			b := w.knock("")
			var waits []time.Duration
			last := time.Now()
			for i := range 8 {
				d := gate.Attempt()
				if d.Attempt != uint32(i+1) {
					t.Errorf("%s: attempt %d is number %d", name, i+1, d.Attempt)
				}
				waits = append(waits, time.Since(last))
				last = time.Now()
				fail(gate, d)
			}
			for i, wait := range waits[1:] {
				least := min(100*time.Millisecond<<i, 10*time.Second)
				if wait < least || wait > least*5/4+2*janitorTick {
					t.Errorf("%s: waits %v", name, waits)
				}
			}
			b.Quiet(time.Second)
			gate.Accept(gate.Attempt())
			b.joined("/chat")
		})
	}
}

// A decision that kills its process is tried again too.
func TestAttempt_LostTriesAreRepeated(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		b := w.knock("")
		for i := range 8 {
			gate := w.gate(fmt.Sprint("i", i))
			gate.Attempt()
			gate.Kill()
			w.pass(time.Minute) // nobody waits for it any more
		}
		gate := w.gate("last")
		d := gate.Attempt()
		gate.Accept(d)
		b.joined("/chat")
	})
}

func TestAttempt_AuthorizerGoesAndComesBack(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.gate("a")
		asked := w.knock("")
		first := gate.Attempt()
		gate.Kill()
		w.pass(5 * time.Minute)
		unasked := w.knock("")
		w.pass(5 * time.Minute)
		back := w.gate("a")
		for range 2 {
			d := back.Attempt()
			if bytes.Equal(d.DedupeId, first.DedupeId) != (d.Attempt > 1) {
				t.Errorf("attempt %d", d.Attempt)
			}
			back.Accept(d)
		}
		asked.joined("/chat")
		unasked.joined("/chat")
		back.Quiet(time.Minute)
	})
}

func TestAttempt_AnotherGroupTakesTheAuthorizersPlace(t *testing.T) {
	inBubble(t, Config{Parking: ParkingConfig{Age: 4 * time.Minute}}, func(t *testing.T, w *world) {
		old := w.gate("a")
		b := w.knock("")
		old.Attempt()
		old.Kill()
		w.pass(5 * time.Minute)
		other := w.attach("other", "o", controlplanetest.Authorizer("/chat"))
		d := other.Attempt()
		if d.Attempt != 2 {
			t.Errorf("attempt %d", d.Attempt)
		}
		other.Accept(d)
		b.joined("/chat")
	})
}

// A second try whose instance is lost does not come to where the first one is.
func TestAttempt_NoInstanceIsAskedTwice(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		a := w.gate("a")
		browser := w.knock("")
		first := a.Attempt()
		b := w.gate("b")
		second := b.Attempt()
		a.Kill()
		w.pass(time.Minute)
		// What a had comes to b, which has the attempt already: one of both is taken back.
		again := b.Attempt()
		if !bytes.Equal(again.DedupeId, first.DedupeId) {
			t.Fatalf("another delivery: %v", again)
		}
		expectRevoked(t, b, again, "MOVED")
		b.Quiet(time.Minute)
		b.Accept(second)
		browser.joined("/chat")
	})
}

func TestAttempt_AcceptingInstanceGetsTheSocket(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		a, b := w.chat("a"), w.chat("b")
		for range 10 {
			browser := w.knock("")
			d, with := take(t, a, b)
			with.Accept(d)
			browser.joined("/chat")
			with.Done(with.Connected())
			w.pass(0)
		}
	})
}

func TestAttempt_LateAcceptHearsOfTheBrowser(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.gate("a")
		stranger := w.knock("")
		held := gate.Attempt()
		stranger.Abort()
		expectRevoked(t, gate, held, "BROWSER_GONE")
		next := w.knock("")
		gate.Accept(gate.Attempt())
		next.joined("/chat")
		gate.Accept(held)
		expectStatus(t, gate, held, hubv1.Code_CODE_CANCELLED, "BROWSER_GONE")
	})
}

// Attempts that wait are not looked at until something is due.
func TestAttempt_ManyThatWaitCostLittle(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.gate("a")
		const browsers = 50
		all := make([]*browser, browsers)
		for i := range all {
			all[i] = w.knock("")
			gate.Attempt()
		}
		w.pass(time.Second)
		if c := w.srv.connects.next(time.Now()); c != nil {
			t.Error("one is due that has time")
		}
		if n := w.srv.connects.scheduled(); n != browsers {
			t.Errorf("%d are looked after", n)
		}
		for _, b := range all {
			b.Abort()
		}
		w.pass(time.Second)
		if n := w.srv.connects.scheduled(); n != 0 {
			t.Errorf("%d of those who have gone are looked after", n)
		}
	})
}

// The only instance of a group that decides leaves, while another one of the group stays:
// what waits goes to whoever decides now.
func TestAttempt_TheOnlyAuthorizerOfItsGroupLeaves(t *testing.T) {
	for name, leave := range map[string]func(w *world, s *controlplanetest.Service){
		"it leaves": func(_ *world, s *controlplanetest.Service) { _ = s.Leave() },
		"it does not come back": func(w *world, s *controlplanetest.Service) {
			s.Kill()
			w.pass(w.srv.config.Stream.Suspend)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				rest := w.attach("rest", "r", controlplanetest.Authorizer("*"))
				w.attach("chat", "b", controlplanetest.Handler("/chat"))
				one := w.chat("a")
				one.Send(&hubv1.Action{Kind: &hubv1.Action_Window{Window: &hubv1.Window{Paused: true}}})
				w.pass(time.Second)
				b := w.knock("")
				w.pass(time.Minute)
				leave(w, one)
				w.pass(2 * time.Second)
				item, ok := rest.TryNext()
				if !ok {
					t.Fatal("nobody is asked")
				}
				rest.Accept(item.GetDelivery())
				b.joined("/chat")
			})
		})
	}
}

// Browsers of a namespace about which nobody decides keep nobody from another one of the same instance.
func TestAttempt_NamespaceWithoutDecisionsKeepsNobodyFromAnother(t *testing.T) {
	const stuck, quick = 600, 40
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.attach("gate", "a", controlplanetest.Authorizer("/org/*"), controlplanetest.Authorizer("/chat"))
		for n := range stuck {
			w.browser().Send(fmt.Sprintf("40/org/%d,", n%100))
		}
		all := make([]*browser, quick)
		for i := range all {
			all[i] = w.knock("")
		}
		undecided := 0
		for decided := 0; decided < quick; {
			d := gate.Attempt()
			if d.Socket.GetNamespace() != "/chat" {
				undecided++
				continue
			}
			gate.Accept(d)
			decided++
		}
		for _, b := range all {
			b.joined("/chat")
		}
		if undecided > 256 || undecided < 128 {
			t.Errorf("%d attempts of the other namespaces have come", undecided)
		}
	})
}

// Who decides is what a subscription says, and never a name that a browser makes up.
func TestServer_DecidedBy(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		w.attach("gate", "a", controlplanetest.Authorizer("/org/*"), controlplanetest.Authorizer("/org/x"))
		for namespace, want := range map[string]string{"/org/1": "/org/*", "/org/2/3": "/org/*", "/org/x": "/org/x", "/made-up": ""} {
			if got := w.srv.DecidedBy(namespace); got != want {
				t.Errorf("%s: %q, want %q", namespace, got, want)
			}
		}
	})
}
