package dispatch

import (
	"fmt"
	"testing"
)

// A large delivery that waits for room is not passed by small ones that would fit.
func TestGroup_LargeDeliveryIsNotStarvedBySmallOnes(t *testing.T) {
	b := newBench(t, nil)
	sink := &book{}
	a, _, _, _ := b.Attach("i", sink, AttachOptions{})
	a.Start(some(8), false)
	send := func(p *person, bytes int) {
		p.lane.Push(&Delivery{Kind: Event, Body: p.name, Bytes: bytes})
	}
	small, large := b.person("small"), b.person("large")
	small.lane.Introduce(false)
	large.lane.Introduce(false)
	settle(t, a, sink.take()...)
	send(small, 30)
	send(small, 30)
	send(large, 90)
	open := sink.take()
	for range 5 {
		send(small, 30)
		open = append(open, sink.take()...)
		if len(open) == 0 {
			t.Fatal("nothing is handed over")
		}
		settle(t, a, open[0])
		open = append(open[1:], sink.take()...)
		if open[len(open)-1].Body == "large" {
			return
		}
	}
	t.Error("the large one still waits")
}

// Who comes anew goes where there is room, not to a full instance with fewer sockets.
func TestGroup_FullInstanceGetsNobodyWhileAnotherHasRoom(t *testing.T) {
	b := newBench(t, nil)
	free, sink := b.attach("free", 2)
	for i := range 5 {
		b.person(fmt.Sprint(i)).lane.Introduce(false)
		settle(t, free, sink.take()...)
	}
	_, stuck := b.attach("stuck", 2)
	for i := range 2 {
		b.person(fmt.Sprint("stuck", i)).lane.Introduce(false)
	}
	expect(t, stuck, "stuck0:connected/1", "stuck1:connected/1")
	lane := b.NewSolo(nil)
	attempt := &Delivery{Kind: Connect, Body: "attempt"}
	lane.Push(attempt)
	expect(t, sink, "attempt/1")
	lane.Cancel(attempt, ReasonCancelled)
}

// A connected that could not be handed over is made anew like any other.
func TestAttachment_DiscardedConnectedIsIntroducedAnew(t *testing.T) {
	b := newBench(t, nil)
	a, sink := b.attach("i", 8)
	p := b.person("p")
	p.lane.Introduce(false)
	if !a.Discard(sink.take()[0], TooLarge) {
		t.Fatal("not discarded")
	}
	b.Anew()
	p.say("1")
	tries := sink.tries
	expect(t, sink, "p:connected:late/2", "p:1/1")
	settle(t, a, tries...)
	b.empty()
}
