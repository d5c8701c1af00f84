package dispatch

import (
	"testing"
	"testing/synctest"
	"time"
)

// begin starts a settlement of the last try that came.
func begin(t *testing.T, a *Attachment, b *book) *Delivery {
	t.Helper()
	tries := b.take()
	if len(tries) == 0 {
		t.Fatal("nothing came")
	}
	d, err := a.Begin(tries[len(tries)-1].Seq)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// An attempt whose settlement comes to nothing as its stream is lost is still there.
func TestAttachment_AttemptOutlivesAStreamLostDuringItsSettlement(t *testing.T) {
	for name, end := range map[string]func(*Attachment, *Delivery){
		"abandon": func(a *Attachment, d *Delivery) { a.Abandon(d) },
		"retry": func(a *Attachment, d *Delivery) {
			if !a.Retry(d, 0) {
				t.Error("no other try")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil)
				a, sink := b.attach("a", 8)
				lane := b.NewSolo(nil, Share{})
				lane.Push(&Delivery{Kind: Connect, Body: "attempt"})
				d := begin(t, a, sink)
				a.Detach(false)
				end(a, d)
				_, sink = b.attach("b", 8)
				pass(time.Second)
				expect(t, sink, "attempt/2")
				if !lane.Cancel(d, ReasonCancelled) {
					t.Error("it cannot be cancelled")
				}
				b.empty()
			})
		})
	}
}

// The last delivery of a socket too.
func TestAttachment_DisconnectedOutlivesAStreamLostDuringItsSettlement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("a", 8)
		p := b.person("p")
		p.lane.Introduce(false)
		settle(t, a, sink.take()...)
		p.leave()
		d := begin(t, a, sink)
		a.Detach(false)
		a.Retry(d, 0)
		second, sink := b.attach("b", 8)
		pass(time.Second)
		tries := sink.take()
		if len(tries) != 1 || tries[0].Body != "p:disconnected" {
			t.Fatalf("tries: %v", tries)
		}
		settle(t, second, tries...)
		b.empty()
	})
}

// While a settlement is carried out whose stream was lost, nobody else gets the
// socket: neither beside it, nor before what it may give back.
func TestAttachment_NothingPassesASettlementWhoseStreamIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("a", 8)
		second, other := b.attach("b", 8)
		second.Resize(paused)
		p := b.person("p")
		p.lane.Introduce(false)
		settle(t, a, sink.take()...)
		p.say("1")
		d := begin(t, a, sink)
		p.say("2")
		second.Resize(some(8))
		a.Detach(true)
		p.say("3")
		pass(0)
		expect(t, other)
		a.Abandon(d)
		tries := other.tries
		expect(t, other, "p:1/2", "p:2/2", "p:3/1")
		settle(t, second, tries...)
		b.empty()
	})
}
