package dispatch

import (
	"fmt"
	"strconv"
	"testing"
	"time"

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

// BenchmarkDecisionBesideShares asks a pattern about which decisions come in bursts, beside patterns about which none
// come and that browsers stood for before the service was there: what one decision costs.
func BenchmarkDecisionBesideShares(b *testing.B) {
	const burst = 40
	for _, slow := range []int{1, 10, 50, 200} {
		b.Run(strconv.Itoa(slow), func(b *testing.B) {
			g := New(testConfig).NewGroup("g", newCounter())
			wait(g, slow, 600)
			sink := &quickSink{}
			a, _, _, _ := g.Attach("i", sink, AttachOptions{})
			a.Start(some(256), false)
			for b.Loop() {
				for range burst {
					g.NewSolo(nil, quick).Push(&Delivery{Kind: Connect, Hint: quick, Bytes: 10})
				}
				for range burst {
					d, err := a.Begin(sink.seqs[0])
					if err != nil {
						b.Fatal(err)
					}
					sink.seqs = sink.seqs[1:]
					a.Finish(d)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*burst), "ns/decision")
		})
	}
}

// BenchmarkExpireBesideShares looks at a pool of shares for which no instance has room.
func BenchmarkExpireBesideShares(b *testing.B) {
	for _, slow := range []int{1, 200} {
		b.Run(strconv.Itoa(slow), func(b *testing.B) {
			g := New(testConfig).NewGroup("g", newCounter())
			wait(g, slow, 2+2+16)
			a, _, _, _ := g.Attach("i", &quickSink{}, AttachOptions{})
			a.Start(some(2), false)
			for b.Loop() {
				g.Expire(time.Now())
			}
		})
	}
}

// quick is the share about which decisions come.
var quick = Share{Connect, "/"}

// wait lets attempts of some shares wait for an instance.
func wait(g *Group, shares, each int) {
	for n := range shares {
		of := Share{Connect, fmt.Sprint("/slow", n)}
		for range each {
			g.NewSolo(nil, of).Push(&Delivery{Kind: Connect, Hint: of, Bytes: 10})
		}
	}
}

// quickSink keeps what is of the share about which decisions come.
type quickSink struct {
	lastSink
	seqs []uint64
}

func (s *quickSink) Deliver(t Try) {
	if t.Hint == quick {
		s.seqs = append(s.seqs, t.Seq)
	}
}
