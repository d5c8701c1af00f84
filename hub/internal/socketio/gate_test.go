package socketio

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestGate_HolderCarriesOutWhatIsLeft(t *testing.T) {
	var g gate
	var order []int
	g.tryEnter()
	g.post(func() { order = append(order, 1); g.post(func() { order = append(order, 3) }) })
	g.post(func() { order = append(order, 2) })
	if len(order) != 0 {
		t.Fatal("ran while the gate was held")
	}
	g.leave()
	if len(order) != 3 || order[0] != 1 || order[1] != 2 || order[2] != 3 {
		t.Fatalf("order %v", order)
	}
	if g.held || g.queue != nil {
		t.Fatal("the gate is not free")
	}
}

func TestGate_IsTakenByOne(t *testing.T) {
	var g gate
	if !g.tryEnter() || g.tryEnter() {
		t.Fatal("taken by none, or by two")
	}
	g.leave()
	if !g.tryEnter() {
		t.Fatal("not free again")
	}
}

func TestGate_APanicDoesNotHoldIt(t *testing.T) {
	var g gate
	ran := false
	func() {
		defer func() { _ = recover() }()
		g.tryEnter()
		defer g.leave()
		g.post(func() { panic("one") })
		g.post(func() { ran = true })
		panic("two")
	}()
	if !ran || g.held {
		t.Fatalf("ran %v, held %v", ran, g.held)
	}
}

func TestGate_OneAtATime(t *testing.T) {
	var g gate
	var wg sync.WaitGroup
	inside, total := 0, 0
	step := func() {
		if inside++; inside != 1 {
			t.Error("two at a time")
		}
		total++
		inside--
	}
	for range 8 {
		wg.Go(func() {
			for range 500 {
				if g.tryEnter() {
					step()
					g.leave()
				} else {
					g.post(step)
				}
				g.post(step)
			}
		})
	}
	wg.Wait()
	done := make(chan struct{})
	g.post(func() { close(done) }) // behind what a goroutine may still be about
	<-done
	if total != 8*1000 {
		t.Fatalf("%d steps", total)
	}
}

func TestGate_FreeTurnCostsNoAllocation(t *testing.T) {
	var g gate
	if n := testing.AllocsPerRun(100, func() { g.tryEnter(); g.leave() }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

// Who posts without end must not keep whoever happened to hold the gate.
func TestGate_LetsGoOfAHolderThatWorksForOthers(t *testing.T) {
	var g gate
	stop := make(chan struct{})
	var ran atomic.Int64
	var again func()
	again = func() {
		ran.Add(1)
		select {
		case <-stop:
		default:
			g.leaveNote(again)
		}
	}
	g.tryEnter()
	g.leaveNote(again)
	g.leave() // returns, though there is always something left
	close(stop)
	eventually(t, "the gate is free", g.tryEnter)
	if n := ran.Load(); n < captive {
		t.Errorf("%d notes were carried out", n)
	}
}

// What others have left for a client is done by whoever holds its gate, or by a goroutine of its own when there is much
// of it. A panic in it ends the client that it is about, and neither the hub nor the one who was there.
func TestClient_PanicInANoteEndsTheClientAlone(t *testing.T) {
	panics := make(chan any, 2)
	s := play(t, Config{Trace: &Trace{Panic: func(value any) { panics <- value }}})
	ran := make(chan struct{})
	for name, left := range map[string]int{"by the holder": 0, "by a goroutine": captive} {
		b := s.join("/")
		c := s.socket("/").client
		eventually(t, "the gate is free", c.gate.tryEnter)
		for range left {
			c.post(func() {})
		}
		c.post(func() { panic(name) })
		c.post(func() { ran <- struct{}{} })
		go c.gate.leave()
		if got := <-panics; got != name {
			t.Errorf("%v, want %s", got, name)
		}
		<-ran
		s.heard("disconnected / transport error")
		b.WaitEnd()
	}
	s.join("/")
}

func TestAck_PanicInACallbackEndsNobody(t *testing.T) {
	panics := make(chan any, 2)
	s := play(t, Config{Trace: &Trace{Panic: func(value any) { panics <- value }}})
	b := s.join("/")
	done := make(chan AckTotal)
	for _, options := range []AckOptions{
		{Timeout: time.Minute, OnAck: func(BrowserAck) { panic("ack") }, OnDone: func(total AckTotal) { done <- total }},
		{Timeout: time.Millisecond, OnDone: func(AckTotal) { panic("done") }},
	} {
		s.server.EmitWithAck(nil, "/", everybody, msg("ask"), options)
		asked := b.Next()
		if options.OnAck != nil {
			id, _, _ := strings.Cut(strings.TrimPrefix(asked, "42"), "[")
			b.Send("43" + id + "[]")
			<-done
		}
		<-panics
	}
	s.enter(b, "/x")
}
