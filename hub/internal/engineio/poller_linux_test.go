package engineio_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
)

func descriptors(t *testing.T) int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// readers counts the goroutines that read one WebSocket each.
func readers() int {
	buf := make([]byte, 8<<20)
	stacks := string(buf[:runtime.Stack(buf, true)])
	return strings.Count(stacks, "(*gorillaConn).run(") + strings.Count(stacks, "(*probe).run(")
}

func TestPoller_NoGoroutineForAnIdleConnection(t *testing.T) {
	overBoth(t, testPollerNoGoroutineForAnIdleConnection)
}

func testPollerNoGoroutineForAnIdleConnection(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station) {
	st := serve(t, nil)
	first := st.rawSocket("EIO=4&transport=websocket", "")
	defer first.Close()
	before := runtime.NumGoroutine()
	for range 1000 {
		w := st.rawSocket("EIO=4&transport=websocket", "")
		defer w.Close()
	}
	eventually(t, "goroutines of connections that rest", func() bool { return runtime.NumGoroutine() <= before+5 })
	if n := readers(); n != 0 {
		t.Errorf("%d goroutines that read", n)
	}
}

// A goroutine is the price of compression, and only who has asked for that has one.
func TestPoller_NoGoroutineForWhoOffersNoCompression(t *testing.T) {
	on := true
	st := newTCPStation(t, func(c *engineio.Config) { c.PerMessageDeflate.Enabled = &on })
	one := st.rawSocket("EIO=4&transport=websocket", "Sec-WebSocket-Extensions: x-webkit-other\r\n")
	defer one.Close()
	other := st.rawSocket("EIO=4&transport=websocket", offer)
	defer other.Close()
	for _, w := range []*raw{one, other} {
		_, _ = w.Write(client(0x81, "4x"))
	}
	st.receivedAll(2) // both are read by now
	if n := readers(); n != 1 {
		t.Errorf("%d goroutines that read, of one connection that agreed on compression and one that did not", n)
	}
}

// An upgraded session rests as well.
func TestPoller_NoGoroutineAfterAnUpgrade(t *testing.T) {
	overBoth(t, testPollerNoGoroutineAfterAnUpgrade)
}

func testPollerNoGoroutineAfterAnUpgrade(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station) {
	st := serve(t, nil)
	query := st.handshake()
	w := st.rawProbe(probeQuery(query))
	defer w.Close()
	_, _ = w.Write(client(0x81, "2probe"))
	if _, data := w.frame(); string(data) != "3probe" {
		t.Fatalf("answer to the probe: %q", data)
	}
	// What follows the upgrade packet closely belongs to the session.
	_, _ = w.Write(slices.Concat(client(0x81, "5"), client(0x81, "4one"), client(0x81, "4two")[:5]))
	st.receivedAll(1)
	_, _ = w.Write(client(0x81, "4two")[5:])
	if got := st.receivedAll(2); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("received %q", got)
	}
	eventually(t, "a goroutine for a connection at rest", func() bool { return readers() == 0 })
}

// A browser that does not wait for the answer to its probe has upgraded, wherever its poll is meanwhile.
func TestPoller_PollBesideAnUpgradeInOneSegment(t *testing.T) {
	overBoth(t, testPollerPollBesideAnUpgradeInOneSegment)
}

func testPollerPollBesideAnUpgradeInOneSegment(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station) {
	st := serve(t, nil)
	for range 50 {
		query := st.handshake()
		w := st.rawProbe(probeQuery(query))
		poll := st.pending(query)
		_, _ = w.Write(slices.Concat(client(0x81, "2probe"), client(0x81, "5")))
		if a := st.await(poll); a.Status != 400 {
			t.Errorf("%+v", a)
		}
		w.Close()
	}
}

// However a stream of frames is cut into segments, the same messages come out of it.
func TestPoller_AnySegments(t *testing.T) { overBoth(t, testPollerAnySegments) }

func testPollerAnySegments(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station) {
	long := strings.Repeat("x", 70_000)
	frames := slices.Concat(
		client(0x81, "4short"), client(0x81, "4"+strings.Repeat("m", 300)),
		client(0x89, "ping"), client(0x01, "4be"), client(0x80, "gun"),
		client(0x01, "4"), client(0x8A, ""), client(0x00, ""), client(0x80, "with a pong"),
		client(0x82, "binary"), client(0x81, "4"+long), client(0x81, "4last"), client(0x89, "again"))
	want := []string{"short", strings.Repeat("m", 300), "begun", "with a pong", "binary", long, "last"}
	sizes := map[string]func() int{
		"byte by byte": func() int { return 1 },
		"sevens":       func() int { return 7 },
		"any":          func() int { return 1 + rand.IntN(3000) },
		"at once":      func() int { return len(frames) },
	}
	for name, size := range sizes {
		t.Run(name, func(t *testing.T) {
			st := serve(t, nil)
			sockets := []*raw{st.rawSocket("EIO=4&transport=websocket", "")}
			sent := frames
			if name == "byte by byte" {
				sent = frames[:bytes.Index(frames, client(0x82, "binary"))]
			}
			for _, w := range sockets {
				go func() {
					for rest := sent; len(rest) > 0; {
						n := min(size(), len(rest))
						_, _ = w.Write(rest[:n])
						rest = rest[n:]
					}
				}()
			}
			expected := want
			if len(sent) < len(frames) {
				expected = want[:4]
			}
			if got := st.receivedAll(len(expected)); !slices.Equal(got, expected) {
				t.Errorf("received %d messages, want %d", len(got), len(expected))
			}
			_ = sockets[0].Close()
			st.wantClose(engineio.ReasonTransportClose)
		})
	}
}

// The end of a watched connection is told once, with all that came before it. It is seen as well where that is more
// than is read in a turn: what is there of a message makes the reads small, and the poller is busy until
// everything has arrived.
func TestPoller_EndBehindMoreThanATurn(t *testing.T) { overBoth(t, testPollerEndBehindMoreThanATurn) }

func testPollerEndBehindMoreThanATurn(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // one poller for both
	st := serve(t, nil)
	st.silent = true
	busy, release := make(chan struct{}), make(chan struct{})
	st.onMessage = func(_ *engineio.Session, heard string) {
		if heard == "block" {
			close(busy)
			<-release
		}
	}
	other := st.rawSocket("EIO=4&transport=websocket", "")
	w := st.rawSocket("EIO=4&transport=websocket", "")
	frame := client(0x81, "4"+strings.Repeat("x", 57))
	_, _ = w.Write(append(client(0x81, "4begun"), frame[:10]...))
	eventually(t, "nothing was received", func() bool { return len(st.messages()) == 1 })
	_, _ = other.Write(client(0x81, "4block"))
	<-busy
	const count = 800 // 50 KiB, which the kernel takes without anybody reading
	_, _ = w.Write(append(slices.Clone(frame[10:]), bytes.Repeat(frame, count-1)...))
	_ = w.Close()
	close(release)
	st.wantClose(engineio.ReasonTransportClose)
	if n := len(st.messages()); n != count+2 {
		t.Errorf("heard %d of %d", n, count+2)
	}
	_ = other.Close()
	st.wantClose(engineio.ReasonTransportClose)
}

// Every way to go gives the descriptors back, on both sides of the connection.
func TestPoller_DescriptorsComeBack(t *testing.T) { overBoth(t, testPollerDescriptorsComeBack) }

func testPollerDescriptorsComeBack(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station) {
	closeFrame := client(0x88, closePayload(1001, ""))
	ends := map[string]func(*station, *raw){
		"FIN":      func(_ *station, w *raw) {},
		"half":     func(_ *station, w *raw) { _ = tcp(w.Conn).CloseWrite(); w.frame() },
		"RST":      func(_ *station, w *raw) { _ = tcp(w.Conn).SetLinger(0) },
		"in frame": func(_ *station, w *raw) { _, _ = w.Write(client(0x81, "4half")[:7]) },
		"close":    func(_ *station, w *raw) { _, _ = w.Write(closeFrame); w.closeCode() },
		"fault":    func(_ *station, w *raw) { _, _ = w.Write([]byte{0x81, 0x01, '4'}); w.frame() },
		"by server": func(st *station, w *raw) {
			st.lastSession().Close(engineio.Close{Reason: "over"})
			w.frame()
			_, _ = w.Write(closeFrame)
			w.frame()
		},
		"no answer": func(st *station, w *raw) { st.lastSession().Close(engineio.Close{Reason: "over"}) },
	}
	st := serve(t, nil)
	_ = st.rawSocket("EIO=4&transport=websocket", "").Close()
	st.wantClose(engineio.ReasonTransportClose)
	eventually(t, "a session is left", func() bool { return st.engine.SessionCount() == 0 })
	before := descriptors(t)
	for name, end := range ends {
		for range 30 {
			w := st.rawSocket("EIO=4&transport=websocket", "")
			end(st, w)
			_ = w.Close()
			<-st.closes
		}
		eventually(t, name+": sessions are left", func() bool { return st.engine.SessionCount() == 0 })
		eventually(t, name+": descriptors are left", func() bool { return descriptors(t) <= before })
	}
}

// Thousands of connections come and go while others write to them and close them: nobody may ever get a
// frame that is another one's, as would be if a descriptor's number were used after its end.
func TestPoller_ReusedDescriptorsAreNobodyElses(t *testing.T) {
	st := newTCPStation(t, nil)
	const workers, lives = 16, 120
	stop := make(chan struct{})
	var meddlers, clients sync.WaitGroup
	for range 2 {
		meddlers.Go(func() { // sends to and closes whom it meets
			for {
				select {
				case <-stop:
					return
				case <-time.After(100 * time.Microsecond):
				}
				st.mu.Lock()
				n := len(st.sessions)
				if n == 0 {
					st.mu.Unlock()
					continue
				}
				s := st.sessions[max(n-1-rand.IntN(workers), 0)]
				st.mu.Unlock()
				_ = s.Send(nil, []*engineio.Message{text(s.ID())}, false)
				if rand.IntN(4) == 0 {
					s.Close(engineio.Close{Reason: "meddled"})
				}
			}
		})
	}
	for worker := range workers {
		clients.Go(func() {
			for life := range lives {
				w := st.rawUpgrade("EIO=4&transport=websocket", "")
				_, opened := w.frame()
				_, sid, _ := strings.Cut(string(opened), `"sid":"`)
				sid, _, _ = strings.Cut(sid, `"`)
				own := fmt.Sprintf("%d.%d", worker, life)
				_, _ = w.Write(client(0x81, "4"+own))
				for range 3 {
					op, data := w.frame()
					if op != 1 {
						break
					}
					if got := string(data[1:]); got != own && got != sid {
						t.Errorf("%s, session %s, got %q", own, sid, got)
					}
					if life%3 == 0 {
						break
					}
					_, _ = w.Write(client(0x81, "4"+own))
				}
				if life%2 == 0 {
					_ = tcp(w.Conn).SetLinger(0)
				}
				_ = w.Close()
			}
		})
	}
	clients.Wait()
	close(stop)
	meddlers.Wait()
	eventually(t, "sessions are left", func() bool { return st.engine.SessionCount() == 0 })
}

// A browser that sends without end does not keep the poller from the others.
func TestPoller_FloodDelaysNobody(t *testing.T) {
	st := newTCPStation(t, nil)
	var flood []byte
	for range 2000 {
		flood = append(flood, client(0x8A, strings.Repeat("p", 100))...)
	}
	var flooders sync.WaitGroup
	var sockets []*raw
	for range 4 {
		w := st.rawSocket("EIO=4&transport=websocket", "")
		sockets = append(sockets, w)
		flooders.Go(func() {
			for {
				if _, err := w.Write(flood); err != nil {
					return
				}
			}
		})
	}
	quiet := st.rawSocket("EIO=4&transport=websocket", "")
	for i := range 50 {
		said := fmt.Sprint("4quiet ", i)
		_, _ = quiet.Write(client(0x81, said))
		if _, data := quiet.frame(); string(data) != said {
			t.Fatalf("got %q", data)
		}
	}
	for _, w := range sockets {
		_ = w.Close()
	}
	flooders.Wait()
}

// What the kernel does not take at once follows when it does.
func TestPoller_RestOfALargeMessageFollows(t *testing.T) {
	overBoth(t, testPollerRestOfALargeMessageFollows)
}

func testPollerRestOfALargeMessageFollows(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station) {
	st := serve(t, nil)
	w := st.rawSocket("EIO=4&transport=websocket", "")
	large := strings.Repeat("large", 4<<20)
	if err := st.session(0).Send(nil, []*engineio.Message{text(large), text("behind")}, false); err != nil {
		t.Fatal(err)
	}
	if _, data := w.frame(); string(data) != "4"+large {
		t.Errorf("%d bytes", len(data))
	}
	if _, data := w.frame(); string(data) != "4behind" {
		t.Errorf("got %q", data)
	}
	_ = w.Close()
	st.wantClose(engineio.ReasonTransportClose)
}
