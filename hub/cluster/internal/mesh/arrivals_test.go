package mesh

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

func newArrivals(most int) *arrivals {
	return &arrivals{senders: map[wire.ID]*sender{}, maxMessage: most}
}

// frame is one of a sender's, of epoch 1.
func frame(kind wire.Kind, sequence, count uint64) *wire.Header {
	return &wire.Header{Kind: kind, Sender: wire.ID{1}, Epoch: 1, Sequence: sequence, Count: count}
}

func TestArrivals_DuplicateLateFutureAndGaps(t *testing.T) {
	a, now := newArrivals(100), time.Now()
	for n, test := range []struct {
		sequence, count uint64
		drop            string
		lost            int
	}{
		{100, 50, "", 0}, // where a newcomer begins nothing is lost
		{101, 51, "", 0},
		{101, 51, cluster.DropDuplicate, 0},
		{100, 50, cluster.DropDuplicate, 0},
		{105, 0, "", 0}, // of another lane, not counted
		{104, 52, cluster.DropLate, 0},
		{104, 52, cluster.DropDuplicate, 0},
		{106, 54, "", 2},
		{30, 1, cluster.DropLate, 0},
		{107 + maxAhead, 55, cluster.DropFuture, 0},
		{1000, 55, "", 0},
		{999, 0, cluster.DropLate, 0},
	} {
		if _, drop, lost := a.admit(frame(wire.Command, test.sequence, test.count), now); drop != test.drop || lost != test.lost {
			t.Errorf("%d: %q, lost %d; want %q, %d", n, drop, lost, test.drop, test.lost)
		}
	}
}

func TestArrivals_ForgedNumberSilencesNobodyForLong(t *testing.T) {
	a, now := newArrivals(100), time.Now()
	a.admit(frame(wire.Heartbeat, 10, 10), now)
	a.admit(frame(wire.Command, 10+maxAhead, 0), now) // forged
	for n := uint64(11); ; n++ {
		now = now.Add(heartbeatEvery)
		if _, drop, _ := a.admit(frame(wire.Heartbeat, n, n), now); drop == "" {
			break
		} else if n > 15 {
			t.Fatalf("its heartbeats are still %s", drop)
		}
	}
	if _, drop, _ := a.admit(frame(wire.Command, 20, 20), now); drop != "" {
		t.Error(drop)
	}
}

func TestArrivals_AnotherLifeBeginsAnew(t *testing.T) {
	a, now := newArrivals(100), time.Now()
	s, _, _ := a.admit(frame(wire.Command, 1000, 1000), now)
	s.left = true
	if _, drop, _ := a.admit(frame(wire.Command, 1001, 1001), now); drop != cluster.DropLate {
		t.Errorf("after its leave: %q", drop)
	}
	h := frame(wire.Hello, 1, 1)
	h.Epoch = 2
	if _, drop, lost := a.admit(h, now); drop != "" || lost != 0 {
		t.Errorf("%q, %d", drop, lost)
	}
}

func TestArrivals_TooManySenders(t *testing.T) {
	a, now := newArrivals(100), time.Now()
	for i := range maxMembers + 10 {
		h := frame(wire.Command, 1, 1)
		h.Sender = wire.ID{byte(i), byte(i >> 8), 1}
		if _, drop, _ := a.admit(h, now); (drop != "") != (i >= maxMembers) {
			t.Fatalf("%d: %q", i, drop)
		}
	}
	a.sweep(now.Add(time.Minute), 10*time.Second)
	if len(a.senders) != 0 {
		t.Errorf("%d are left", len(a.senders))
	}
}

func TestArrivals_Parts(t *testing.T) {
	a := newArrivals(10)
	s := &sender{}
	part := func(sequence uint64, more, continued bool) *wire.Header {
		return &wire.Header{Kind: wire.Command, Sequence: sequence, More: more, Continued: continued}
	}
	join := func(h *wire.Header, body, want, drop string) {
		t.Helper()
		whole, why := a.join(s, h, []byte(body))
		if string(whole) != want || why != drop {
			t.Errorf("%q, %q; want %q, %q", whole, why, want, drop)
		}
		if a.partBytes != len(s.part) {
			t.Errorf("%d bytes counted, %d held", a.partBytes, len(s.part))
		}
	}
	join(part(1, false, false), "one", "one", "")
	join(part(2, true, false), "ab", "", "")
	join(part(3, true, true), "cd", "", "")
	join(part(4, false, true), "ef", "abcdef", "")
	join(part(5, false, true), "no beginning", "", cluster.DropPart)
	join(part(6, true, false), "ab", "", "")
	join(part(8, false, true), "a gap", "", cluster.DropPart)
	join(part(9, true, false), "abcdef", "", "")
	join(part(10, true, true), "ghijk", "", cluster.DropTooLarge)
	join(part(11, false, true), "l", "", cluster.DropPart)
	join(part(12, true, false), "ab", "", "")
	join(part(13, false, false), "another", "another", "") // and the rest never comes
	join(part(14, false, true), "c", "", cluster.DropPart)
	other := part(16, false, true)
	other.Kind = wire.Answer
	join(part(15, true, false), "ab", "", "")
	join(other, "c", "", cluster.DropPart)
}

func TestArrivals_PartsOfAllSendersAreBounded(t *testing.T) {
	a := newArrivals(100)
	a.partBytes = maxPartBytes - 150 // of others
	h := &wire.Header{Kind: wire.Command, Sequence: 1, More: true}
	for n, want := range []string{"", cluster.DropTooLarge} {
		if _, drop := a.join(&sender{}, h, make([]byte, 100)); drop != want {
			t.Errorf("%d: %q", n, drop)
		}
	}
}

// TestMesh_UnheardNamespacesOfAHubAloneAreBounded: browsers come to a namespace and leave it while no other hub says anything.
func TestMesh_UnheardNamespacesOfAHubAloneAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := (&air{max: 1 << 20}).join(t, one, nil)
		for range 10 * maxLanes {
			a.Unheard("/")
		}
		if n := cap(a.unheard.lanes); n > 2*maxLanes {
			t.Errorf("%d are kept", n)
		}
		a.close(t)
	})
}

func TestArrivals_WhatWasNotHeardIsNotLost(t *testing.T) {
	for _, unheards := range []int{0, 1, maxLanes, maxLanes + 1, 2 * maxLanes} {
		a, now := newArrivals(100), time.Now()
		var u unheard
		h := frame(wire.Command, 1, 1)
		h.Lane = 7
		a.admit(h, now)
		for range unheards {
			u.add(h.Lane)
		}
		a.forgetLanes(u.take())
		h.Sequence, h.Count = 2, 10
		want := 0
		if unheards == 0 {
			want = 8
		}
		if _, drop, lost := a.admit(h, now); drop != "" || lost != want {
			t.Errorf("unheard %d times: %q, lost %d, want %d", unheards, drop, lost, want)
		}
		if lanes, all := u.take(); len(lanes) > 0 || all {
			t.Error("it is told twice")
		}
	}
}
