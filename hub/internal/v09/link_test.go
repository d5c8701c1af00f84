package v09

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

func newTestLink() *link {
	l := &link{ended: func(*link) {}, done: make(chan struct{}), transport: "polling"}
	l.coming.of, l.going.of = &budget{most: 1 << 20}, &budget{most: 1 << 20}
	l.translator = translator{
		json: siopacket.NewJSON(siopacket.Limits{}), dropped: func(siopacket.Packet, error) {}, refused: func(string) {}, namespaces: 16, namespaceBytes: 256, maxPayload: 1_000_000,
	}
	return l
}

// stream is packets as engineio writes them.
func stream(packets ...string) (all []byte) {
	for _, p := range packets {
		all = append(eiopacket.AppendStreamHeader(all, eiopacket.StreamHeader{Len: uint64(len(p))}), p...)
	}
	return all
}

func TestLink_WritesInPieces(t *testing.T) {
	l := newTestLink()
	if _, ok := l.attach("polling", nil); !ok {
		t.Fatal("has ended")
	}
	for _, c := range stream("0{}", "40", `42["x",1]`) {
		if n, err := l.Write([]byte{c}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	b, ok := l.take(until{})
	if got := string(AppendPayload(nil, b.packets)); got != `�3�1::�27�5:::{"name":"x","args":[1]}` || b.last || !ok {
		t.Error(got, b.last, ok)
	}
}

// What is told may write a log, and a log may wait: the link is free meanwhile.
func TestLink_TellsWithoutItsLock(t *testing.T) {
	l := newTestLink()
	var told []string
	tell := func(what string) {
		told = append(told, what)
		if !l.mu.TryLock() {
			t.Fatalf("%s is told with the lock", what)
		}
		l.mu.Unlock()
	}
	l.refused, l.dropped = tell, func(siopacket.Packet, error) { tell("dropped") }
	l.namespaces = 1
	l.attach("polling", nil)
	if _, err := l.push([]byte("1::/more"), 10, until{}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.push([]byte("1::/"+strings.Repeat("x", 300)), 10, until{}); err != nil {
		t.Fatal(err)
	}
	_, _ = l.Write(stream(`451-["file",{"_placeholder":true,"num":0}]`))
	if want := []string{namespacesKey, nameBytesKey, "dropped"}; !slices.Equal(told, want) {
		t.Errorf("%q, want %q", told, want)
	}
}

func TestLink_WriteWaitsForTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newTestLink()
		l.attach("polling", nil)
		big := stream("40", `42["x","`+strings.Repeat("y", highWater)+`"]`)
		if n, err := l.Write(big); n != len(big) || err != nil {
			t.Fatal(n, err)
		}
		_ = l.SetWriteDeadline(time.Now().Add(time.Second))
		if n, err := l.Write(stream("2")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(n, err)
		}
		_ = l.SetWriteDeadline(time.Time{})
		wrote := make(chan error, 1)
		go func() {
			_, err := l.Write(stream("2"))
			wrote <- err
		}()
		synctest.Wait()
		if b, _ := l.take(until{}); len(b.packets) != 2 {
			t.Error(len(b.packets))
		}
		if err := <-wrote; err != nil {
			t.Error(err)
		}
	})
}

func TestLink_PushWaitsForTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newTestLink()
		l.attach("polling", nil)
		_, _ = l.Write(stream("40"))
		push := func(text string, end until) bool {
			taken, err := l.push([]byte(text), 10, end)
			if err != nil {
				t.Error(err)
			}
			return taken
		}
		if !push("3:::"+strings.Repeat("x", highWater), until{}) {
			t.Fatal("there was room")
		}
		if push("3:::y", until{patience: time.After(time.Second)}) {
			t.Fatal("there was none")
		}
		read, done := 0, make(chan error)
		go func() {
			_, err := io.Copy(counter{&read}, l)
			done <- err
		}()
		if !push("3:::y", until{}) {
			t.Error("nothing was read")
		}
		l.finish(errLeft, 0) // what came before is read first
		if err := <-done; err != nil || read < highWater {
			t.Error(read, err)
		}
		if push("3:::z", until{}) {
			t.Error("it has ended")
		}
		if _, ok := l.attach("polling", nil); ok {
			t.Error("it has ended")
		}
	})
}

type counter struct{ n *int }

func (c counter) Write(p []byte) (int, error) {
	*c.n += len(p)
	return len(p), nil
}

func TestLink_ANewTransportTakesOver(t *testing.T) {
	l := newTestLink()
	first, _ := l.attach("websocket", nil)
	_, _ = l.Write(stream("40"))
	_, _ = l.take(until{}) // and lost on the way
	second, _ := l.attach("polling", nil)
	if !displacedBy(first) || displacedBy(second) {
		t.Error("the first one does not know")
	}
	s, _ := newTestServer(t, nil)
	lose := func(displaced <-chan struct{}) {
		s.untilLost(l, displaced, func() error { return io.ErrUnexpectedEOF })
	}
	lose(first)
	b, _ := l.take(until{displaced: second})
	if got := string(AppendPayload(nil, b.packets)); got != "1::" || l.Transport() != "polling" {
		t.Error(got, l.Transport())
	}
	lose(second)
	if _, err := l.state(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

// Transports that take turns and take nothing do not make the client's welcome longer.
func TestLink_TransportsTakeTurns(t *testing.T) {
	l := newTestLink()
	l.attach("polling", nil)
	_, _ = l.Write(stream("40"))
	for range 50 {
		l.attach("websocket", nil)
		l.attach("polling", nil)
	}
	if b, _ := l.take(until{}); len(b.packets) != 1 {
		t.Errorf("%q", b.packets)
	}
}

func TestLink_CloseEndsWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newTestLink()
		l.attach("polling", nil)
		over := make(chan bool)
		go func() {
			_, ok := l.take(until{})
			over <- ok
		}()
		synctest.Wait()
		l.Close(1001, "bye")
		l.Close(1002, "again")
		if <-over {
			t.Error("packets of a session that has ended")
		}
		<-l.Done()
		if _, err := l.Write(stream("2")); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if code, _ := l.state(); code != 1001 {
			t.Error(code)
		}
	})
}

// What clients do not take is bounded in sum: who would write more waits until something is taken, but for a little.
func TestLink_WhatWaitsForClientsIsBoundedInSum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		going := &budget{most: 20_000}
		greedy, modest := newTestLink(), newTestLink()
		for _, l := range []*link{greedy, modest} {
			l.going.of = going
			l.attach("polling", nil)
			_, _ = l.Write(stream("40"))
			b, _ := l.take(until{})
			l.written(b)
		}
		large := stream(`42["x","` + strings.Repeat("y", 15_000) + `"]`)
		if _, err := greedy.Write(large); err != nil {
			t.Fatal(err)
		}
		_ = modest.SetWriteDeadline(time.Now().Add(time.Second))
		if _, err := modest.Write(large); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		if _, err := modest.Write(stream("2")); err != nil {
			t.Error("a little:", err)
		}
		wrote := make(chan error, 1)
		_ = modest.SetWriteDeadline(time.Time{})
		go func() {
			_, err := modest.Write(large)
			wrote <- err
		}()
		synctest.Wait()
		b, _ := greedy.take(until{})
		synctest.Wait()
		if len(wrote) > 0 {
			t.Error("what is being written counts")
		}
		greedy.written(b)
		if err := <-wrote; err != nil {
			t.Error(err)
		}
		modest.Close(0, "")
		greedy.Close(0, "")
		if going.used != 0 {
			t.Errorf("%d bytes left", going.used)
		}
	})
}

// Who waits is not woken for each packet that is taken, and those who come later do not take its room.
func TestBudget_WakesWhenAnEighthIsFree(t *testing.T) {
	b := &budget{most: 800}
	b.change(800)
	if b.admits(1) {
		t.Fatal("it is full")
	}
	freed := b.next()
	woken := func() bool {
		select {
		case <-freed:
			return true
		default:
			return false
		}
	}
	b.change(-99)
	if woken() || b.admits(1) || !b.fits(99) {
		t.Error("others wait already")
	}
	b.change(-1)
	if !woken() || !b.admits(100) {
		t.Error("an eighth is free")
	}
	freed = b.next()
	if b.admits(101) || !b.admits(100) {
		t.Error("who needs more than is kept free waits alone")
	}
	b.change(-1)
	if !woken() {
		t.Error("there is room")
	}
}

// A session that waits for its own client is not woken by others, and one that does not wait has no timer.
func TestLink_WaitsForNoMoreThanItMust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newTestLink()
		l.attach("polling", nil)
		write := func() { _, _ = l.Write(stream("6")) }
		without := testing.AllocsPerRun(100, write)
		_ = l.SetWriteDeadline(time.Now().Add(time.Hour))
		if with := testing.AllocsPerRun(100, write); with != without {
			t.Errorf("%.0f allocations with a deadline, %.0f without", with, without)
		}
		_, _ = l.Write(stream("40", `42["x","`+strings.Repeat("y", highWater)+`"]`))
		wrote := make(chan struct{})
		go func() {
			defer close(wrote)
			write()
		}()
		synctest.Wait()
		l.going.of.mu.Lock()
		if l.going.of.freed != nil {
			t.Error("it looks for what others give back")
		}
		l.going.of.mu.Unlock()
		_, _ = l.take(until{})
		<-wrote
	})
}

// So is what clients have sent and the engine does not take.
func TestLink_WhatWaitsForTheServerIsBoundedInSum(t *testing.T) {
	coming := &budget{most: 20_000}
	greedy, modest := newTestLink(), newTestLink()
	for _, l := range []*link{greedy, modest} {
		l.coming.of = coming
		l.attach("polling", nil)
		_, _ = l.Write(stream("40"))
	}
	// Each of these bytes is six in JSON.
	if _, err := greedy.push([]byte("3:::"+strings.Repeat("\x01", 5000)), 10, until{}); !errors.Is(err, errBusy) {
		t.Error(err)
	}
	if taken, err := modest.push([]byte("3:::little"), 10, until{}); !taken || err != nil {
		t.Error(taken, err)
	}
	greedy.Close(0, "")
	if taken, err := modest.push([]byte("3:::"+strings.Repeat("x", 10_000)), 10, until{}); !taken || err != nil {
		t.Error(taken, err)
	}
	modest.Close(0, "")
	if coming.used != 0 {
		t.Errorf("%d bytes left", coming.used)
	}
}
