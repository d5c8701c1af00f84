package dispatch

import (
	"fmt"
	"slices"
	"testing"

	"github.com/siohub/siohub/controlplane/internal/park"
)

// pour lets sockets have more in flight and parked than a window of 1024 has.
func pour(t *testing.T, b *bench, a *Attachment, sink *book) []*person {
	t.Helper()
	b.node.config.Socket = park.SocketLimit{Items: 1 << 20, Bytes: 1 << 40}
	chatty := make([]*person, 8)
	for i := range chatty {
		chatty[i] = b.person(fmt.Sprint("chatty", i))
		chatty[i].lane.Introduce(false)
		settle(t, a, sink.take()...)
	}
	for _, c := range chatty {
		for n := range 256 {
			c.say(fmt.Sprint(n))
		}
	}
	return chatty
}

// A service works on what it has in its own order: what is in flight is a queue in front
// of a socket that has nothing there.
func TestGroup_SocketsThatPourQueueUpLittleInFrontOfOthers(t *testing.T) {
	b := newBench(t, nil)
	a, sink := b.attach("i", 1024)
	quiet := b.person("quiet")
	quiet.lane.Introduce(false)
	settle(t, a, sink.take()...)
	pour(t, b, a, sink)
	quiet.say("hello")
	ahead := slices.IndexFunc(sink.tries, func(t Try) bool { return t.Body == "quiet:hello" })
	if ahead < 0 || ahead > 1024/4 {
		t.Errorf("%d deliveries are in front of it, of %d", ahead, len(sink.tries))
	}
	for len(sink.tries) > 0 {
		settle(t, a, sink.take()...)
	}
	b.empty()
}

// Where a window is full whoever has nothing in flight comes first, however many stand
// there already that have.
func TestGroup_SocketWithNothingInFlightComesBeforeThoseThatHave(t *testing.T) {
	b := newBench(t, nil)
	a, sink := b.attach("i", 16)
	quiet := make([]*person, 4)
	for i := range quiet {
		quiet[i] = b.person(fmt.Sprint("quiet", i))
		quiet[i].lane.Introduce(false)
		settle(t, a, sink.take()...)
	}
	pour(t, b, a, sink)
	first := sink.take()
	for _, q := range slices.Concat(quiet, quiet) {
		q.say("hello")
	}
	// The first of them has 15 in flight, the second one has one, and six wait for their first.
	settle(t, a, first[:10]...)
	var got []string
	for _, try := range sink.take() {
		got = append(got, try.Body.(string))
		first = append(first, try)
	}
	want := []string{
		"chatty2:0", "chatty3:0", "chatty4:0", "chatty5:0", "chatty6:0", "chatty7:0",
		"quiet0:hello", "quiet1:hello", "quiet2:hello", "quiet3:hello",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v came, want %v", got, want)
	}
	settle(t, a, first[10:]...)
	for len(sink.tries) > 0 {
		settle(t, a, sink.take()...)
	}
	b.empty()
}
