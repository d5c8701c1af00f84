package dispatch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/controlplane/internal/window"
)

// ask brings an attempt for a namespace.
func (b *bench) ask(namespace string, n int) (*Solo, *Delivery) {
	l, d := b.NewSolo(nil, Share{Connect, namespace}), &Delivery{Kind: Connect, Body: fmt.Sprint(namespace, " ", n), Bytes: 10}
	l.Push(d)
	return l, d
}

// decide is a service that decides about nothing but namespaces that begin so, until nothing of them comes.
func decide(t *testing.T, a *Attachment, sink *book, namespace string) (decided int, left []Try) {
	t.Helper()
	for {
		var mine []Try
		for _, try := range sink.take() {
			if strings.HasPrefix(try.Body.(string), namespace) {
				mine = append(mine, try)
			} else {
				left = append(left, try)
			}
		}
		if len(mine) == 0 {
			return decided, left
		}
		settle(t, a, mine...)
		decided += len(mine)
	}
}

// Many browsers of a namespace about which nobody decides keep nobody from another one.
func TestShare_UndecidedAttemptsLeaveRoomForOtherNamespaces(t *testing.T) {
	for name, late := range map[string]bool{"an instance is there": false, "they waited for one": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, nil)
			var a *Attachment
			var sink *book
			if !late {
				a, sink = b.attach("1", 256)
			}
			for n := range 600 {
				b.ask("/slow", n)
			}
			for n := range 100 {
				b.ask("/", n)
			}
			if late {
				a, sink = b.attach("1", 256)
			}
			decided, left := decide(t, a, sink, "/ ")
			if decided != 100 {
				t.Errorf("%d of 100 have got in", decided)
			}
			if held := b.Status().Instances[0].AttemptsHeld.Deliveries; int(held) != len(left) || held < 128 || held > 256*4/5+1 {
				t.Errorf("%d of 256 are those of the namespace that is not decided about", held)
			}
			// Once it decides all of its own get in as well.
			settle(t, a, left...)
			if decided, _ := decide(t, a, sink, "/slow"); decided+len(left) != 600 {
				t.Errorf("%d of 600 have got in", decided+len(left))
			}
			b.Expire(time.Now())
			b.empty()
		})
	}
}

// Also where the window is one, and where what others have are renewals or calls.
func TestShare_NewcomerHasItsFirstAtOnce(t *testing.T) {
	b := newBench(t, nil)
	sink := &book{}
	a, _, _, _ := b.Attach("1", sink, AttachOptions{})
	a.Start(Windows{Events: window.Size{Deliveries: 4, Bytes: 100}, Attempts: window.Size{Deliveries: 1, Bytes: 25}}, false)
	b.ask("/slow", 0)
	b.ask("/slow", 1)
	b.ask("/", 0)
	b.ask("/", 1)
	b.NewSolo(nil, Share{AuthExpiring, "/slow"}).Push(&Delivery{Kind: AuthExpiring, Body: "renewal"})
	tries := sink.tries
	expect(t, sink, "/slow 0/1", "/ 0/1", "renewal/1")
	settle(t, a, tries[1])
	expect(t, sink, "/ 1/1")
	settle(t, a, tries[0])
	expect(t, sink, "/slow 1/1")
}

// Shares are forgotten with the last of what they have, wherever that goes.
func TestShare_NothingIsKept(t *testing.T) {
	b := newBench(t, nil)
	a, _ := b.attach("1", 4)
	for n := range 40 {
		l, d := b.ask(fmt.Sprint("/", n%5), n)
		if n%3 == 0 && !l.Cancel(d, ReasonBrowserGone) {
			t.Fatal("not cancelled")
		}
	}
	a.Detach(true)
	if p := &b.pool.holder; p.shares.waits != 26 || len(p.shares.all) != 5 {
		t.Errorf("%d wait in %d shares", p.shares.waits, len(p.shares.all))
	}
	again, sink := b.attach("1", 4)
	decide(t, again, sink, "/")
	b.Expire(time.Now())
	decide(t, again, sink, "/")
	b.empty()
	for name, s := range map[string]*shares{"pool": &b.pool.shares, "instance": &again.inst.shares} {
		if len(s.all) != 0 || s.waits != 0 || s.turns[leaders].len+s.turns[followers].len+s.short.len != 0 {
			t.Errorf("%s: %d shares, %d wait", name, len(s.all), s.waits)
		}
	}
}

// One decision at a time allocates nothing for its share.
func TestAllocsShare(t *testing.T) {
	var s shares
	l := &Solo{share: Share{Connect, "/"}}
	l.solo, l.turn.value = l, &l.Lane
	if n := testing.AllocsPerRun(100, func() {
		s.add(&l.Lane)
		s.take(&l.Lane, 1)
		s.remove(&l.Lane)
		s.give(&l.Lane, 1)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
