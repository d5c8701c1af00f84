package engineio_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

// First packets that begin nothing: no session is made, and who sent them is told so.
func TestWebTransport_BeginningsThatAreNone(t *testing.T) {
	for name, bytes := range map[string]string{
		"a message":          "\x064hello",
		"an empty packet":    "\x00",
		"a binary packet":    "\x810",
		"a long one":         "\x7e\x01\x010" + strings.Repeat(" ", 256),
		"a monster":          "\xff\xff\xff\xff\xff\xff\xff\xff\xff0",
		"no JSON":            "\x040{\"s",
		"no sid":             "\x030{}",
		"another type":       "\x0c0{\"sid\":1234}",
		"null":               "\x050null",
		"a request":          "GET / HTTP/1.1\r\nHost: hub\r\n\r\n",
		"half a header":      "\x7f\x00",
		"half a packet":      "\x050",
		"nothing":            "",
		"an unknown sid":     string(frame(`0{"sid":"AAAAAAAAAAAAAAAAAAAA"}`)),
		"a sid with a NUL":   string(frame(`0{"sid":"\u0000"}`)),
		"no type":            "\x01x",
		"not UTF-8":          string(frame("0{\"sid\":\"\xff\xfe\"}")),
		"deep JSON":          string(frame("0" + strings.Repeat("[", 250))),
		"two, one too early": string(frame("2probe")) + string(frame("0")),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStation(t, withWebTransport)
				b := st.connect(nil)
				start := time.Now()
				go func() { _, _ = b.Write([]byte(bytes)) }()
				b.wantEnd()
				if d := time.Since(start); d > 10*time.Second {
					t.Errorf("took %v", d)
				}
				if n := st.engine.SessionCount(); n != 0 {
					t.Errorf("%d sessions", n)
				}
			})
		})
	}
}

// What a session must not send ends it, as over a WebSocket.
func TestWebTransport_PacketsThatAreNone(t *testing.T) {
	for name, c := range map[string]struct {
		bytes  string
		reason engineio.Reason
		code   int
	}{
		"empty":              {"\x00", engineio.ReasonTransportError, 1002},
		"empty binary":       {"\x80", engineio.ReasonTransportError, 1002},
		"empty in long form": {"\x7e\x00\x00", engineio.ReasonTransportError, 1002},
		"too large":          {"\x7f\x00\x00\x00\x00\x00\x0f\x42\x41", engineio.ReasonTransportError, 1009},
		"a monster":          {"\x7f\xff\xff\xff\xff\xff\xff\xff\xff", engineio.ReasonTransportError, 1009},
		"not UTF-8":          {string(frame("4\xff")), engineio.ReasonTransportError, 1007},
		"no type":            {string(frame("x")), engineio.ReasonParseError, 0},
		"base64":             {string(frame("hello")), engineio.ReasonParseError, 0},
		"a ping":             {string(frame("2")), engineio.ReasonTransportError, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStation(t, withWebTransport)
				other := st.openStream()
				b := st.openStream()
				_, _ = b.Write([]byte(c.bytes))
				if got := st.wantClose(c.reason); got.Code != c.code {
					t.Errorf("%+v", got)
				}
				if code, text := b.wantEnd(); code != c.code || text != string(c.reason) {
					t.Errorf("ended with %d %q", code, text)
				}
				other.send("4undisturbed")
				other.expect("4undisturbed")
			})
		})
	}
}

// The exact limit is allowed.
func TestWebTransport_TakesTheLargestMessage(t *testing.T) {
	st := newStation(t, func(c *engineio.Config) { withWebTransport(c); c.MaxPayload = 100_000 })
	b := st.openStream()
	large := "4" + strings.Repeat("x", 99_999)
	go b.try(large)
	b.expect(large)
}

// A header costs no memory by what it announces: a buffer grows with what has come.
func TestWebTransport_AnnouncedBytesCostNothing(t *testing.T) {
	hubtest.Heap() // empties the pools: a buffer that another test's message has made larger counts with all that it has
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) { withWebTransport(c); c.MaxPayload = 64 << 20 })
		b := st.openStream()
		_, _ = b.Write([]byte("\x7f\x00\x00\x00\x00\x03\x00\x00\x004"))
		synctest.Wait()
		if n := st.engine.UnfinishedBytes(); n == 0 || n > 8<<10 { // of 48 MiB
			t.Errorf("%d bytes are held", n)
		}
		time.Sleep(32 * time.Second) // no progress for longer than limits.unfinished_time
		st.wantClose(engineio.ReasonForcedClose)
		b.wantEnd()
		if n := st.engine.UnfinishedBytes(); n != 0 {
			t.Errorf("%d bytes are still counted", n)
		}
	})
}

// Whoever sends a message byte by byte gets it through, and is counted until it is whole.
func TestWebTransport_TakesPacketsInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, withWebTransport)
		b := st.openStream()
		packet := "4" + strings.Repeat("piecemeal ", 30)
		for _, c := range frame(packet) {
			_, _ = b.Write([]byte{c})
			synctest.Wait()
		}
		b.expect(packet)
		if n := st.engine.UnfinishedBytes(); n != 0 {
			t.Errorf("%d bytes are still counted", n)
		}
	})
}

// Messages that are not whole wait while all may hold no more, and whoever stands still makes room.
func TestWebTransport_UnfinishedMessagesAreBoundedInSum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) { withWebTransport(c); c.Limits.UnfinishedBytes = 1 << 20 })
		var stalled []*streamBrowser
		for range 6 {
			b := st.openStream()
			go func() { _, _ = b.Write(frame("4" + strings.Repeat("x", 600_000))[:200_000]) }()
			stalled = append(stalled, b)
		}
		time.Sleep(time.Second)
		if n := st.engine.UnfinishedBytes(); n > 2<<20 {
			t.Errorf("%d bytes are held", n)
		}
		good := st.openStream()
		large := "4" + strings.Repeat("y", 500_000)
		go good.try(large)
		good.expectBehindPings(large)
		time.Sleep(time.Minute)
		for _, b := range stalled {
			b.wantEnd()
		}
		if n := st.engine.UnfinishedBytes(); n != 0 {
			t.Errorf("%d bytes are still counted", n)
		}
	})
}

// While a session is paused its stream is not read; the end of it is seen all the same.
func TestWebTransport_IsNotReadInAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, withWebTransport)
		b := st.openStream()
		s := st.session(0)
		s.Pause()
		written := make(chan struct{})
		go func() { _, _ = io.Copy(io.Discard, b) }()
		go func() {
			defer close(written)
			for range 100 {
				_, _ = b.Write(frame("4" + strings.Repeat("x", 10_000)))
			}
		}()
		time.Sleep(time.Minute) // pings are not missed
		select {
		case <-written:
			t.Fatal("all was read")
		default:
		}
		if n := len(st.messages()); n != 0 {
			t.Fatalf("%d messages", n)
		}
		st.noClose()
		s.Resume()
		<-written
		st.receivedAll(100)
		s.Pause()
		b.send("4held")
		synctest.Wait()
		b.link.Close(0, "lost") // as the QUIC server does
		st.wantClose(engineio.ReasonTransportClose)
	})
}

// Whoever sends too much is read more slowly.
func TestWebTransport_HoldsToTheRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) {
			withWebTransport(c)
			c.Rates.Messages, c.Rates.Ahead = 10, time.Second
		})
		st.silent = true
		b := st.openStream()
		start := time.Now()
		for range 50 {
			b.send("4x")
		}
		st.receivedAll(50)
		if d := time.Since(start); d < 3*time.Second || d > 6*time.Second {
			t.Errorf("took %v", d)
		}
	})
}

// A browser that does not read is closed when nothing could be written for 20 s, and no other one notices.
func TestWebTransport_SlowReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, withWebTransport)
		slow, other := st.openStream(), st.openStream()
		for range 5 {
			if err := st.session(0).Send(nil, []*engineio.Message{text(strings.Repeat("x", 100_000))}, false); err != nil {
				t.Fatal(err)
			}
		}
		other.send("4quick")
		other.expect("4quick")
		time.Sleep(19 * time.Second)
		st.noClose()
		time.Sleep(3 * time.Second)
		st.wantClose(engineio.ReasonForcedClose)
		slow.wantEnd()
		if len(st.slow) != 1 || st.slow[0] != "no_progress" {
			t.Errorf("%q", st.slow)
		}
	})
}

// A browser that takes at once what it is sent is never watched for being slow; one that takes a while, or for which much
// waits, is.
func TestWebTransport_QuickReadersAreNotSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, withWebTransport)
		b := st.openStream()
		s := st.session(0)
		for _, packet := range []string{"4hello", "4" + strings.Repeat("x", 60_000)} {
			go b.try(packet)
			b.expect(packet)
			synctest.Wait()
			if s.Slow() {
				t.Errorf("a browser is slow that has read %.10q", packet)
			}
		}
		send := func(bytes int) {
			if err := s.Send(nil, []*engineio.Message{text(strings.Repeat("x", bytes))}, false); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		send(100)
		if s.Slow() {
			t.Error("slow at once")
		}
		time.Sleep(2 * time.Second)
		if !s.Slow() {
			t.Error("not slow after two seconds")
		}
		b.next()
		time.Sleep(3 * time.Second)
		if s.Slow() {
			t.Error("still slow")
		}
		send(100)
		send(70_000)
		send(1)
		if !s.Slow() {
			t.Error("not slow with 70 kB behind a write")
		}
		for range 3 {
			b.next()
		}
	})
}

func TestWebTransport_OutboxIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) { withWebTransport(c); c.Limits.OutboxBytes = 100_000 })
		b := st.openStream()
		var err error
		for range 100 {
			if err = st.session(0).Send(nil, []*engineio.Message{text(strings.Repeat("x", 10_000))}, false); err != nil {
				break
			}
		}
		if !errors.Is(err, engineio.ErrOutboxFull) {
			t.Errorf("%v", err)
		}
		st.wantClose(engineio.ReasonForcedClose)
		b.wantEnd()
	})
}

// Rubbish in any shape ends its own session, and holds nothing.
func TestWebTransport_Rubbish(t *testing.T) {
	st := newStation(t, withWebTransport)
	other := st.openStream()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		b := st.connect(nil)
		if r.IntN(4) > 0 {
			b.send("0")
			b.next()
		}
		go func() { _, _ = io.Copy(io.Discard, b) }()
		_ = b.SetWriteDeadline(time.Now().Add(time.Second))
		for range r.IntN(20) {
			junk := make([]byte, r.IntN(2000))
			for i := range junk {
				junk[i] = byte(r.Uint32())
			}
			if r.IntN(2) == 0 {
				junk = frame("4" + string(junk[:len(junk)/2]))
			}
			if _, err := b.Write(junk); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
		}
		_ = b.Close()
	}
	other.send("4undisturbed")
	other.expect("4undisturbed")
	eventually(t, "sessions are left", func() bool { return st.engine.SessionCount() == 1 })
	eventually(t, "bytes are counted that nobody holds", func() bool { return st.engine.UnfinishedBytes() == 0 })
}

// Packets that mean nothing are read as slowly as messages, also by themselves.
func TestWebTransport_RatesHoldForWhatMeansNothing(t *testing.T) {
	for name, packet := range map[string]string{"message": "4", "noop": "6", "upgrade": "5", "open": "0"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStation(t, func(c *engineio.Config) {
					withWebTransport(c)
					c.Rates = engineio.Rates{Messages: 1, Ahead: time.Second}
				})
				b := st.openStream()
				go func() { _, _ = io.Copy(io.Discard, b) }()
				start := time.Now()
				for range 20 {
					b.send(packet + strings.Repeat("x", 1000))
				}
				if took := time.Since(start); took < 15*time.Second {
					t.Errorf("20 packets at one a second took %v", took)
				}
			})
		})
	}
}
