package engineio_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/request"
)

// heldBack sends a message and what follows it to a session that is paused, and waits until the server
// has read it: a ping before it is answered then.
func (st *station) heldBack(w *raw, frames ...[]byte) {
	st.t.Helper()
	_, _ = w.Write(slices.Concat(client(0x89, "before"), slices.Concat(frames...)))
	if op, data := w.frame(); op != 10 || string(data) != "before" {
		st.t.Fatalf("answer to a ping: %d %q", op, data)
	}
}

// The messages behind the one at which the handler pauses are held, though they came in the same segment.
func TestPause_PollerHoldsTheNextMessage(t *testing.T) {
	st := newTCPStation(t, nil)
	st.onMessage = pauseAt("pause")
	w := st.rawSocket("EIO=4&transport=websocket", "")
	defer w.Close()
	_, _ = w.Write(slices.Concat(client(0x81, "4one"), client(0x81, "4pause"), client(0x89, "ping"), client(0x81, "3"),
		client(0x81, "4two"), client(0x89, "behind"), client(0x82, "three")))
	for _, want := range []string{"4one", "4pause", "ping"} {
		if _, data := w.frame(); string(data) != want {
			t.Errorf("got %q, want %q", data, want)
		}
	}
	_ = st.session(0).Send(nil, []*engineio.Message{text("down")}, false)
	if _, data := w.frame(); string(data) != "4down" {
		t.Errorf("got %q", data)
	}
	_, _ = w.Write(client(0x81, "4four"))
	st.wantReceived("one", "pause")
	st.session(0).Resume()
	if got := st.receivedAll(5); !slices.Equal(got, []string{"one", "pause", "two", "three", "four"}) {
		t.Errorf("received %q", got)
	}
}

// A message that has begun to come in when the session is paused is held; pings between its fragments wait
// with it.
func TestPause_InTheMiddleOfAMessage(t *testing.T) { overBoth(t, testPauseInTheMiddleOfAMessage) }

func testPauseInTheMiddleOfAMessage(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station) {
	st := serve(t, nil)
	w := st.rawSocket("EIO=4&transport=websocket", "")
	defer w.Close()
	_, _ = w.Write(client(0x01, "4be"))
	st.session(0).Pause()
	_, _ = w.Write(slices.Concat(client(0x00, "gu"), client(0x89, "between"), client(0x80, "n")))
	_ = st.session(0).Send(nil, []*engineio.Message{text("down")}, false)
	if _, data := w.frame(); string(data) != "4down" {
		t.Errorf("got %q", data)
	}
	st.wantReceived()
	st.session(0).Resume()
	if got := st.receivedAll(1); got[0] != "begun" {
		t.Errorf("received %q", got)
	}
}

// A reset is seen behind what is held back, by a poller and by a reader.
func TestPause_ResetEndsAtOnce(t *testing.T) { overBoth(t, testPauseResetEndsAtOnce) }

func testPauseResetEndsAtOnce(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station) {
	for _, deflate := range []bool{false, true} { // true: a goroutine reads
		t.Run(fmt.Sprint("deflate=", deflate), func(t *testing.T) {
			st := serve(t, func(c *engineio.Config) { c.PerMessageDeflate.Enabled = &deflate })
			for _, late := range []bool{false, true} {
				w := st.rawSocket("EIO=4&transport=websocket", "")
				st.lastSession().Pause()
				st.heldBack(w, client(0x81, "4held"), client(0x81, "4half")[:7])
				if late { // what is read first, and is then found ended
					_, _ = w.Write(make([]byte, 100<<10))
				}
				_ = tcp(w.Conn).SetLinger(0)
				_ = w.Close()
				if c := st.wantClose(engineio.ReasonTransportClose); c.Code != 1006 || c.Detail != syscall.ECONNRESET.Error() {
					t.Errorf("%+v", c)
				}
				eventually(t, "the session is left", func() bool { return st.engine.SessionCount() == 0 })
			}
			st.wantReceived()
		})
	}
}

// A browser that has gone is sent nothing more; what it sent before is handed up as Resume allows, and then it has
// gone.
func TestPause_EndBehindWhatIsHeld(t *testing.T) { overBoth(t, testPauseEndBehindWhatIsHeld) }

func testPauseEndBehindWhatIsHeld(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station) {
	for _, deflate := range []bool{false, true} {
		t.Run(fmt.Sprint("deflate=", deflate), func(t *testing.T) {
			st := serve(t, func(c *engineio.Config) {
				c.PerMessageDeflate.Enabled = &deflate
			})
			w := st.rawSocket("EIO=4&transport=websocket", "")
			s := st.session(0)
			s.Pause()
			var want []string
			var frames [][]byte
			for n := range 2_500 {
				want = append(want, fmt.Sprint("message ", n))
				frames = append(frames, client(0x81, "4"+want[n]))
			}
			all := slices.Concat(frames...)
			_, _ = w.Write(all) // not so much that there is no space for the end behind it
			_ = tcp(w.Conn).CloseWrite()
			eventually(t, "the end is not noted", s.PeerClosed)
			_ = tcp(w.Conn).Close() // anything sent would now be answered with a reset
			eventually(t, "pings go on", func() bool { return !s.InHeartbeat() })
			if err := s.Send(nil, text("lost").Unit(), false); !errors.Is(err, engineio.ErrSessionClosed) {
				t.Error(err)
			}
			st.noClose()
			st.wantReceived()
			s.Resume()
			if c := st.wantClose(engineio.ReasonTransportClose); c.Code != 1006 {
				t.Errorf("%+v", c)
			}
			if got := st.messages(); !slices.Equal(got, want) {
				t.Errorf("received %d messages", len(got))
			}
			eventually(t, "the session is left", func() bool { return st.engine.SessionCount() == 0 })
		})
	}
}

// The end of a browser that is not paused is seen when its messages are read, and not at the next heartbeat. They
// are a multiple of what is read in one turn.
func TestReader_EndBehindManyMessages(t *testing.T) {
	for _, size := range []int{256 << 10, 1 << 20, 300_000} {
		for _, deflate := range []bool{false, true} {
			st := newTCPStation(t, func(c *engineio.Config) { c.PerMessageDeflate.Enabled = &deflate })
			st.silent = true
			w := st.rawSocket("EIO=4&transport=websocket", "")
			frame := client(0x81, "4"+strings.Repeat("x", 57)) // 64 bytes
			start := time.Now()
			_, _ = w.Write(bytes.Repeat(frame, size/len(frame)))
			_ = w.Close()
			if c := st.wantClose(engineio.ReasonTransportClose); c.Code != 1006 {
				t.Errorf("%+v", c)
			}
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("after %v", d)
			}
			if n := len(st.messages()); n != size/len(frame) {
				t.Errorf("received %d of %d", n, size/len(frame))
			}
		}
	}
}

// A peer that has gone without a word is given up by the kernel when pings are not acknowledged. Here it is told at
// least to do so.
func TestPause_KernelIsToldToGiveUp(t *testing.T) { overBoth(t, testPauseKernelIsToldToGiveUp) }

func testPauseKernelIsToldToGiveUp(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station) {
	on := true // within reach
	st := serve(t, func(c *engineio.Config) {
		c.PerMessageDeflate.Enabled = &on
		c.Heartbeat.Interval, c.Heartbeat.Timeout = 20*time.Millisecond, 30*time.Millisecond
	})
	w := st.rawSocket("EIO=4&transport=websocket", "")
	defer w.Close()
	s := st.session(0)
	s.Pause()
	eventually(t, "no TCP_USER_TIMEOUT", func() bool { return s.UserTimeout() == 50 })
	s.Resume()
}

// What a browser sends into a pause stays in the kernel, which is full at some time; nothing of it is lost.
func TestPause_TheBrowserFeelsIt(t *testing.T) {
	for _, deflate := range []bool{false, true} {
		t.Run(fmt.Sprint("deflate=", deflate), func(t *testing.T) {
			st := newTCPStation(t, func(c *engineio.Config) { c.PerMessageDeflate.Enabled = &deflate })
			w := st.rawSocket("EIO=4&transport=websocket", "")
			defer w.Close()
			st.session(0).Pause()
			message := client(0x81, "4"+strings.Repeat("x", 60_000))
			sent := 0
			for sent < 1000 {
				_ = w.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
				n, err := w.Write(message)
				if errors.Is(err, os.ErrDeadlineExceeded) {
					rest := message[n:]
					st.wantReceived()
					st.session(0).Resume()
					go drainFrames(w)
					_ = w.SetWriteDeadline(time.Time{})
					_, _ = w.Write(rest)
					st.receivedAll(sent + 1)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				sent++
			}
			t.Errorf("a paused server took %d messages of 60 KB", sent)
		})
	}
}

func drainFrames(w *raw) {
	for op, _ := w.frame(); op != -1; op, _ = w.frame() {
	}
}

// However often and from wherever a session is paused, each message is received once, in order.
func TestPause_AnyTime(t *testing.T) { overBoth(t, testPauseAnyTime) }

func testPauseAnyTime(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station) {
	st := serve(t, nil)
	const messages = 3000
	st.onMessage = func(s *engineio.Session, received string) {
		switch {
		case strings.HasSuffix(received, "3"):
			s.Pause()
		case strings.HasSuffix(received, "7"):
			s.Pause()
			s.Resume()
		}
	}
	w := st.rawSocket("EIO=4&transport=websocket", "")
	defer w.Close()
	s := st.session(0)
	stop := make(chan struct{})
	var others sync.WaitGroup
	for range 2 {
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(50 * time.Microsecond):
					s.Pause()
					s.Resume()
				}
			}
		})
	}
	go drainFrames(w)
	want := make([]string, messages)
	var frames []byte
	for n := range want {
		want[n] = fmt.Sprint(n)
		frames = append(frames, client(0x81, "4"+want[n])...)
	}
	for rest := frames; len(rest) > 0; {
		n := min(len(rest), 1+len(rest)%997)
		_, _ = w.Write(rest[:n])
		rest = rest[n:]
	}
	if got := st.receivedAll(messages); !slices.Equal(got, want) {
		t.Error("out of order, or not once")
	}
	close(stop)
	others.Wait()
}

// What came in one segment with the upgrade packet is held by a session that is paused.
func TestPause_UpgradeInOneSegment(t *testing.T) { overBoth(t, testPauseUpgradeInOneSegment) }

func testPauseUpgradeInOneSegment(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station) {
	st := serve(t, nil)
	query := st.handshake()
	s := st.session(0)
	s.Pause()
	w := st.rawProbe(probeQuery(query))
	defer w.Close()
	_, _ = w.Write(client(0x81, "2probe"))
	w.frame()
	_, _ = w.Write(slices.Concat(client(0x81, "5"), client(0x89, "ping"), client(0x81, "4one"), client(0x81, "4two")))
	if op, data := w.frame(); op != 10 || string(data) != "ping" {
		t.Errorf("answer to a ping: %d %q", op, data)
	}
	st.wantReceived()
	s.Resume()
	if got := st.receivedAll(2); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("received %q", got)
	}
}

// What was left of a post goes before what came in one segment with the upgrade packet, whoever reads that.
func TestPause_PendingBeforeTheUpgrade(t *testing.T) { overBoth(t, testPausePendingBeforeTheUpgrade) }

func testPausePendingBeforeTheUpgrade(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station) {
	for _, deflate := range []bool{false, true} {
		t.Run(fmt.Sprint("deflate=", deflate), func(t *testing.T) {
			st := serve(t, func(c *engineio.Config) { c.PerMessageDeflate.Enabled = &deflate })
			st.engine.HoldPosts(10 * time.Millisecond)
			st.onMessage = pauseAt("two")
			query := st.handshake()
			s := st.session(0)
			s.Pause()
			if a := st.Post(query, "4one\x1e4two\x1e4three"); a.Body != "ok" {
				t.Errorf("post: %+v", a)
			}
			w := st.rawProbe(probeQuery(query))
			defer w.Close()
			_, _ = w.Write(client(0x81, "2probe"))
			w.frame()
			_, _ = w.Write(slices.Concat(client(0x81, "5"), client(0x81, "4four"), client(0x81, "4five")))
			eventually(t, "not upgraded", func() bool { return s.TransportName() == request.WebSocket })
			st.wantReceived()
			s.Resume()
			st.receivedAll(2)
			st.wantReceived("one", "two")
			s.Resume()
			if got := st.receivedAll(5); !slices.Equal(got, []string{"one", "two", "three", "four", "five"}) {
				t.Errorf("received %q", got)
			}
		})
	}
}
