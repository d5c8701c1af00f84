package dispatch

import (
	"testing"

	"github.com/siohub/siohub/controlplane/internal/park"
)

// BenchmarkEcho hands an event over and settles it: what dispatching costs.
func BenchmarkEcho(b *testing.B) {
	g := New(testConfig).NewGroup("g", newCounter())
	sink := &lastSink{}
	a, _, _, _ := g.Attach("i", sink, AttachOptions{})
	a.Start(some(1024), false)
	lanes := make([]*Lane, 64)
	for i := range lanes {
		p := &person{name: "p"}
		lanes[i] = g.NewLane(p, &park.Meter{})
		lanes[i].Introduce(false)
		sink.settle(b, a)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		lanes[n%len(lanes)].Push(&Delivery{Kind: Event, Bytes: 32})
		sink.settle(b, a)
	}
}

// lastSink keeps the last try.
type lastSink struct {
	book
	last Try
}

func (s *lastSink) Deliver(t Try) { s.last = t }

func (s *lastSink) settle(b testing.TB, a *Attachment) {
	d, err := a.Begin(s.last.Seq)
	if err != nil {
		b.Fatal(err)
	}
	a.Finish(d)
}

func (s *lastSink) Accepts(*Delivery) (Terms, bool) { return Terms{}, true }
