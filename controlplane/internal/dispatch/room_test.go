package dispatch

import (
	"fmt"
	"testing"

	"github.com/siohub/siohub/controlplane/internal/window"
)

// A large delivery does not wait for a window that is nearly empty: it exceeds it. One
// that has used its share waits, and small ones of others pass it.
func TestGroup_SmallDeliveriesPassALargeOneOfAGreedyLane(t *testing.T) {
	b := newBench(t, nil)
	sink := &book{}
	a, _, _, _ := b.Attach("i", sink, AttachOptions{})
	size := window.Size{Deliveries: 64, Bytes: 160}
	a.Start(Windows{Events: size, Attempts: size}, false)
	send := func(p *person, text string, bytes int) {
		p.lane.Push(&Delivery{Kind: Event, Body: p.name + ":" + text, Bytes: bytes})
	}
	small, large := b.person("small"), b.person("large")
	small.lane.Introduce(false)
	large.lane.Introduce(false)
	settle(t, a, sink.take()...)
	send(small, "1", 9)
	send(large, "1", 100)
	send(large, "2", 100)
	send(small, "2", 9)
	tries := sink.tries
	expect(t, sink, "small:1/1", "large:1/1", "small:2/1")
	settle(t, a, tries[0])
	expect(t, sink)
	send(small, "3", 50)
	more := sink.tries
	expect(t, sink, "small:3/1")
	settle(t, a, tries[1])
	last := sink.tries
	expect(t, sink, "large:2/1")
	send(small, "4", 9)
	expect(t, sink)
	settle(t, a, append(append(more, last...), tries[2])...)
	settle(t, a, sink.take()...)
	b.empty()
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
	b.person("late").lane.Introduce(false)
	expect(t, sink, "late:connected/1")
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
