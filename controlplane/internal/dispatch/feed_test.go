package dispatch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// whoAsks is a book that counts how often it is asked.
type whoAsks struct {
	book
	asked int
}

func (w *whoAsks) Accepts(d *Delivery) (Terms, bool) {
	w.asked++
	return w.book.Accepts(d)
}

// A decision about one namespace looks at none of the others, however many browsers of them wait for an instance.
func TestFeed_DecisionLooksAtNoOtherShare(t *testing.T) {
	b := newBench(t, nil)
	for n := range 50 {
		for m := range 20 {
			b.ask(fmt.Sprint("/slow", n), m)
		}
	}
	for n := range 20 {
		b.ask("/", n)
	}
	sink := &whoAsks{}
	a := b.join("1", sink, 4, AttachOptions{})
	sink.asked = 0
	decided, _ := decide(t, a, &sink.book, "/ ")
	if decided != 20 {
		t.Errorf("%d of 20 have got in", decided)
	}
	if sink.asked > 5*decided {
		t.Errorf("it was asked %d times for %d decisions", sink.asked, decided)
	}
}

// Those that wait in the pool come as fast as they are decided about, not as often as Expire looks: also where a window
// has room for one, beside more namespaces than are looked at in one go, each of which has its first at once.
func TestFeed_SharesWithoutDecisionsHoldUpNoOther(t *testing.T) {
	const slow = 4 * mostPassed
	for _, window := range []uint32{1, 4, 64} {
		t.Run(fmt.Sprint(window), func(t *testing.T) {
			b := newBench(t, nil)
			for n := range slow {
				for m := range 3 * window {
					b.ask(fmt.Sprint("/slow", n), int(m))
				}
			}
			for n := range 200 {
				b.ask("/", n)
			}
			a, sink := b.attach("1", window)
			decided, left := decide(t, a, sink, "/ ")
			if decided != 200 {
				t.Errorf("%d of 200 have got in", decided)
			}
			got := make(map[string]bool)
			for _, try := range left {
				namespace, _, _ := strings.Cut(try.Body.(string), " ")
				got[namespace] = true
			}
			if len(got) != slow {
				t.Errorf("%d of %d namespaces have their first", len(got), slow)
			}
		})
	}
}

// Browsers that no longer want to get in make room at their instance for those that wait in the pool.
func TestFeed_CancelledAttemptsMakeRoom(t *testing.T) {
	b := newBench(t, nil)
	type attempt struct {
		lane *Solo
		of   *Delivery
	}
	all := make([]attempt, 20)
	for n := range all {
		all[n].lane, all[n].of = b.ask("/", n)
	}
	a, sink := b.attach("1", 4)
	first := sink.take()
	for _, one := range all[len(first) : len(first)+4] {
		one.lane.Cancel(one.of, ReasonBrowserGone)
	}
	if i := b.Status().Instances[0]; i.Waiting != 4 {
		t.Errorf("%d wait at the instance, want as many as its window has", i.Waiting)
	}
	settle(t, a, first...)
	if decided, _ := decide(t, a, sink, "/"); len(first)+decided != 16 {
		t.Errorf("%d of 16 have got in", len(first)+decided)
	}
	b.empty()
}

// A lane for which there is no room is looked at once in a round, not as often as others might be.
func TestFeed_RoundLooksAtALaneOnce(t *testing.T) {
	b := newBench(t, nil)
	ann, bob := b.person("ann"), b.person("bob")
	for _, p := range []*person{ann, bob} {
		p.say("hello")
	}
	sink := &whoAsks{}
	b.join("1", sink, 1, AttachOptions{})
	if i := b.Status(); i.Instances[0].Waiting != 1 || i.Waiting != 1 {
		t.Fatalf("%+v: want one that waits at the instance, and one in the pool", i)
	}
	sink.asked = 0
	b.Expire(time.Now())
	if sink.asked > 10 {
		t.Errorf("it was asked %d times about one lane", sink.asked)
	}
}

// Whatever happens, shares stand where they belong, and nothing waits for room that is there.
func TestFeed_SharesStandWhereTheyBelong(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t, nil)
		defer b.Close()
		type attempt struct {
			lane *Solo
			of   *Delivery
		}
		var open []attempt
		procs := []*shareProcess{{id: "1"}, {id: "2"}}
		for range rapid.IntRange(1, 80).Draw(rt, "steps") {
			p := procs[rapid.IntRange(0, 1).Draw(rt, "process")]
			switch rapid.SampledFrom([]string{"ask", "ask", "ask", "settle", "settle", "cancel", "attach", "detach", "pause"}).Draw(rt, "what") {
			case "ask":
				of := fmt.Sprint("/", rapid.IntRange(0, 3).Draw(rt, "share"))
				for n := range rapid.IntRange(1, 6).Draw(rt, "times") {
					l, d := b.ask(of, n)
					open = append(open, attempt{l, d})
				}
			case "settle":
				p.settle(rapid.IntRange(1, 4).Draw(rt, "how many"))
			case "cancel":
				if len(open) > 0 {
					n := rapid.IntRange(0, len(open)-1).Draw(rt, "which")
					open[n].lane.Cancel(open[n].of, ReasonBrowserGone)
					open = append(open[:n], open[n+1:]...)
				}
			case "attach":
				p.attach(b, rapid.Uint32Range(1, 6).Draw(rt, "window"))
			case "detach":
				p.detach()
			case "pause":
				p.pause()
			}
			b.standsRight(rt)
		}
		for _, p := range procs {
			p.attach(b, 3)
		}
		for procs[0].settle(10)+procs[1].settle(10) > 0 {
			b.standsRight(rt)
		}
		if s := b.Status(); s.Waiting != 0 || s.Instances[0].Waiting != 0 || s.Instances[1].Waiting != 0 {
			rt.Fatalf("left over: %+v", s)
		}
	})
}

// shareProcess is an instance that decides.
type shareProcess struct {
	id     string
	a      *Attachment
	sink   *book
	paused bool
}

func (p *shareProcess) attach(b *bench, window uint32) {
	if p.a == nil {
		p.a, p.sink = b.attach(p.id, window)
	} else {
		p.a.Resize(some(window))
	}
	p.paused = false
}

func (p *shareProcess) detach() {
	if p.a != nil {
		p.a.Detach(true)
		p.a = nil
	}
}

func (p *shareProcess) pause() {
	if p.a != nil {
		p.a.Resize(paused)
		p.paused = true
	}
}

// settle settles some of what has come, and returns how many.
func (p *shareProcess) settle(most int) (settled int) {
	if p.a == nil {
		return 0
	}
	for settled < most && len(p.sink.tries) > 0 {
		try := p.sink.tries[0]
		p.sink.tries = p.sink.tries[1:]
		if d, err := p.a.Begin(try.Seq); err == nil {
			p.a.Finish(d)
			settled++
		}
	}
	return settled
}

// standsRight checks what holds when nothing happens.
func (b *bench) standsRight(t *rapid.T) {
	p := &b.pool
	b.standIn(t, &p.holder)
	for _, i := range p.members {
		b.standIn(t, &i.holder)
		if !i.takes() {
			continue
		}
		for name, of := range i.shares.all {
			if of.lanes.len > 0 && i.windows[solos].FitsShare(of.held) {
				t.Fatalf("%v waits at %s though there is room", name, i.id)
			}
		}
		for name, of := range p.shares.all {
			if of.lanes.len > 0 && i.shares.waiting(of.lanes.front.value) < int(i.limit[solos].Load())/2 {
				t.Fatalf("%v waits in the pool though %s has few", name, i.id)
			}
		}
	}
}

// standIn checks the shares of a holder.
func (b *bench) standIn(t *rapid.T, h *holder) {
	s, waits := &h.shares, 0
	for name, of := range s.all {
		waits += of.lanes.len
		switch {
		case of.of != name:
			t.Fatalf("%v is there as %v", of.of, name)
		case of.lanes.len == 0 && of.turn.list != nil:
			t.Fatalf("%v has a turn and no lane", name)
		case of.lanes.len > 0 && of.turn.list != &s.turns[of.line()]:
			t.Fatalf("%v stands in the wrong line", name)
		case of.lanes.len == 0 && of.held.Deliveries == 0 && of.short.list == nil:
			t.Fatalf("%v is kept though it is empty", name)
		}
	}
	if waits != s.waits || int(h.backlog[solos].Load()) != waits {
		t.Fatalf("%d lanes wait, %d are counted", waits, s.waits)
	}
}
