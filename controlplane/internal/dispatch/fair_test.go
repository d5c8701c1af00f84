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

// introduced are people that an instance has heard of.
func introduced(t *testing.T, b *bench, a *Attachment, sink *book, n int) []*person {
	t.Helper()
	people := make([]*person, n)
	for i := range people {
		people[i] = b.person(fmt.Sprint(i))
		people[i].lane.Introduce(false)
		settle(t, a, sink.take()...)
	}
	return people
}

// sayBytes says something of a size, which waits for as long as it has to.
func (p *person) sayBytes(text string, bytes int) {
	p.lane.Push(&Delivery{Kind: Event, Body: p.name + ":" + text, Bytes: bytes, Overflow: Pause})
}

// What instances have unsettled is bounded in sum, and one that settles nothing takes from others no more than what they
// have beyond a 64th.
func TestGroup_WhatAllInstancesHoldIsBounded(t *testing.T) {
	const total, size = 64_000, 500
	b := newBench(t, func(c *Config) { c.HandedBytes, c.Socket = total, park.SocketLimit{Items: 1 << 20, Bytes: 1 << 40} })
	stuck, sink := b.attach("stuck", 1024)
	ann := b.person("ann")
	ann.lane.Introduce(false)
	settle(t, stuck, sink.take()...)
	other := b.node.NewGroup("other", b.count)
	t.Cleanup(other.Close)
	busy := &bench{t: t, Group: other, count: b.count}
	a, theirs := busy.attach("busy", 1024)
	for _, p := range introduced(t, b, stuck, sink, 400) {
		p.sayBytes("x", size)
	}
	if got := b.node.handed.Load(); got < total || got > total+2*size || !b.node.Spent() {
		t.Errorf("%d bytes are handed over", got)
	}
	for _, p := range introduced(t, busy, a, theirs, 10) {
		p.sayBytes("x", size)
	}
	settled := 0
	for tries := theirs.take(); len(tries) > 0; tries = theirs.take() {
		if len(tries) > total/64/size+1 {
			t.Errorf("%d at a time", len(tries))
		}
		settle(t, a, tries...)
		settled += len(tries)
	}
	if settled != 10 {
		t.Errorf("%d of 10 came", settled)
	}
	for tries := sink.take(); len(tries) > 0; tries = sink.take() {
		settle(t, stuck, tries...)
	}
	if got := b.node.handed.Load(); got != 0 {
		t.Errorf("%d bytes are left", got)
	}
	b.empty()
}
