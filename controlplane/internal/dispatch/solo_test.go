package dispatch

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/controlplane/internal/window"
)

func (b *bench) attempt(body string) (*Solo, *Delivery) {
	l, d := b.NewSolo(nil, Share{}), &Delivery{Kind: Connect, Body: body, Bytes: 10}
	l.Push(d)
	return l, d
}

// Strangers' attempts use up no room of events, nor the other way round.
func TestSolo_AttemptsHaveAWindowOfTheirOwn(t *testing.T) {
	b := newBench(t, nil)
	sink := &book{}
	a, _, _, _ := b.Attach("1", sink, AttachOptions{})
	a.Start(Windows{Events: window.Size{Deliveries: 3, Bytes: 100}, Attempts: window.Size{Deliveries: 2, Bytes: 1000}}, false)
	for i := range 5 {
		b.attempt(fmt.Sprint("attempt", i))
	}
	ann := b.person("ann")
	ann.say("1")
	tries := sink.tries
	expect(t, sink, "attempt0/1", "attempt1/1", "ann:connected:late/1", "ann:1/1")
	s := b.Status().Instances[0]
	if s.AttemptsHeld != (window.Size{Deliveries: 2, Bytes: 20}) || s.Held.Deliveries != 2 {
		t.Errorf("%+v", s)
	}
	ann.say("2")
	ann.say("3")
	settle(t, a, tries[0])
	expect(t, sink, "ann:2/1", "attempt2/1")
}

func TestSolo_AvoidsAnInstance(t *testing.T) {
	b := newBench(t, nil)
	_, sink1 := b.attach("1", 10)
	l, d := b.NewSolo(nil, Share{}), &Delivery{Kind: Connect, Body: "attempt"}
	l.Avoid("1")
	l.Push(d)
	expect(t, sink1)
	if !l.Waits(d) {
		t.Error("it does not wait")
	}
	_, sink2 := b.attach("2", 10)
	expect(t, sink2, "attempt/1")
}

func (b *bench) call(instance string) (*Solo, *Delivery, *ender, bool) {
	owner := &ender{}
	l, d := b.NewSolo(owner, Share{}), &Delivery{Kind: ServiceCall, Body: "call to " + instance}
	l.Pin(instance)
	return l, d, owner, l.Push(d)
}

func TestSolo_CallGoesToItsInstanceAlone(t *testing.T) {
	b := newBench(t, nil)
	_, sink1 := b.attach("1", 10)
	a2, sink2 := b.attach("2", 10)
	_, _, _, ok := b.call("2")
	tries := sink2.tries
	expect(t, sink2, "call to 2/1")
	expect(t, sink1)
	settle(t, a2, tries...)
	if _, _, _, refused := b.call("3"); !ok || refused {
		t.Errorf("call to 2: %v, to nobody: %v", ok, refused)
	}
	b.empty()
}

func TestSolo_CallIsLostWithItsInstance(t *testing.T) {
	for name, lose := range map[string]func(*bench, *Attachment){
		"suspension is over": func(_ *bench, a *Attachment) {
			a.Detach(false)
			pass(31 * time.Second)
		},
		"another process": func(b *bench, _ *Attachment) { b.attach("1", 1) },
		"left":            func(_ *bench, a *Attachment) { a.Detach(true) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil)
				a, sink := b.attach("1", 1)
				_, other := b.attach("2", 10)
				_, _, flying, _ := b.call("1")
				_, _, waiting, _ := b.call("1")
				expect(t, sink, "call to 1/1")
				lose(b, a)
				if fmt.Sprint(flying.ended) != fmt.Sprint([]Drop{Lost}) {
					t.Errorf("the one in flight: %v", flying.ended)
				}
				if name != "another process" && fmt.Sprint(waiting.ended) != fmt.Sprint([]Drop{Lost}) {
					t.Errorf("the one that waits: %v", waiting.ended)
				}
				expect(t, other)
			})
		})
	}
}

func TestSolo_CallSurvivesAResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		b.attach("2", 10)
		_, _, owner, _ := b.call("1")
		tries := sink.take()
		a.Detach(false)
		pass(10 * time.Second)
		again, _ := b.resume("1", &book{})
		settle(t, again, tries...)
		if len(owner.ended) > 0 {
			t.Errorf("ended: %v", owner.ended)
		}
		b.empty()
	})
}

func TestSolo_CancelTellsWhy(t *testing.T) {
	b := newBench(t, nil)
	a, sink := b.attach("1", 10)
	l, d := b.attempt("attempt")
	seq := sink.take()[0].Seq
	if !l.Cancel(d, ReasonBrowserGone) || l.Cancel(d, ReasonBrowserGone) {
		t.Error("not cancelled once")
	}
	if len(sink.revoked) != 1 || sink.revoked[seq] != ReasonBrowserGone {
		t.Errorf("revoked %v", sink.revoked)
	}
	if _, err := a.Begin(seq); !errors.Is(err, ErrRevoked) {
		t.Errorf("late decision: %v", err)
	}
	b.empty()
}
