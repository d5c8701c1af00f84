package engineio_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/internal/virtualtime"
)

// A message that has begun and does not go on ends its browser, though a ping is answered in its middle.
func TestUnfinished_StandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) { c.Heartbeat.Interval = time.Hour })
		st.Timeout = time.Hour
		w := st.rawSocketIn("EIO=4&transport=websocket")
		go drain(w)
		start := time.Now()
		_, _ = w.Write(client(0x01, "4"+strings.Repeat("x", 10_000)))
		_, _ = w.Write(client(0x89, "ping"))
		st.wantClose(engineio.ReasonForcedClose)
		if d := time.Since(start); d < 30*time.Second || d > 32*time.Second {
			t.Errorf("closed after %v", d)
		}
		synctest.Wait()
		if n := st.engine.UnfinishedBytes(); n != 0 {
			t.Errorf("%d bytes left", n)
		}
	})
}

// The application may read no further for as long as it likes.
func TestUnfinished_PausedIsNoFault(t *testing.T) {
	message := client(0x81, "4"+strings.Repeat("x", 10_000))
	t.Run("poller", func(t *testing.T) {
		st := newTCPStation(t, nil)
		w := st.rawSocket("EIO=4&transport=websocket", "")
		defer w.Close()
		go drain(w)
		_, _ = w.Write(message[:5000])
		eventually(t, "nothing is counted", func() bool { return st.engine.UnfinishedBytes() > 0 })
		s := st.session(0)
		s.Pause()
		s.Stall()
		s.Resume()
		_, _ = w.Write(message[5000:])
		st.receivedAll(1)
		st.noClose()
	})
	t.Run("reader", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := newStation(t, func(c *engineio.Config) { c.Heartbeat.Interval = time.Hour })
			st.Timeout = time.Hour
			w := st.rawSocketIn("EIO=4&transport=websocket")
			go drain(w)
			_, _ = w.Write(message[:9000])
			synctest.Wait()
			if st.engine.UnfinishedBytes() == 0 {
				t.Error("nothing is counted")
			}
			st.session(0).Pause()
			virtualtime.Pass(10 * time.Minute)
			st.session(0).Resume()
			_, _ = w.Write(message[9000:])
			synctest.Wait()
			st.noClose()
			if n := len(st.messages()); n != 1 {
				t.Errorf("%d messages", n)
			}
		})
	})
}

// drain discards what the server sends.
func drain(w *raw) { _, _ = io.Copy(io.Discard, w.r) }

// Many browsers that each begin a large message and stop hold no more together than the budget, and little beyond
// it; small messages in fragments get through meanwhile; and when the first ones have been given up the others go on.
func TestUnfinished_InSum(t *testing.T) {
	const browsers, large = 50, 900_000
	for _, deflate := range []bool{false, true} {
		t.Run(fmt.Sprint("deflate=", deflate), func(t *testing.T) {
			limit := int64(4 << 20)
			if deflate {
				limit += browsers * 128 << 10 // each message that has begun has an inflater of 44 KiB, small or large
			}
			st := newTCPStation(t, func(c *engineio.Config) {
				c.Limits.UnfinishedBytes = limit
				c.PerMessageDeflate = engineio.DeflateConfig{Enabled: &deflate, Threshold: 1 << 20} // the echoes are not
			})
			message := client(0x81, "4"+strings.Repeat("x", large))
			var all []*raw
			for range browsers {
				w := st.rawSocket("EIO=4&transport=websocket", "")
				defer w.Close()
				all = append(all, w)
				go func() { _, _ = w.Write(message[:large-1]) }()
			}
			// What each may add before it is made to wait, and the buffer that one grows into.
			const beyond = browsers*(16<<10) + 2<<20
			most := int64(0)
			sum := func() int64 {
				n := st.engine.UnfinishedBytes()
				most = max(most, n)
				return n
			}
			eventually(t, "the budget is not used", func() bool { return sum() >= limit*3/4 })
			// While the budget is used up a poller reads 4 KiB at a time: one fragment, and a part of the other.
			st.smallInFragments(3000)
			closed := 0
			eventually(t, "no session was closed", func() bool {
				sum()
				if len(st.closes) > 0 {
					st.wantClose(engineio.ReasonForcedClose)
					closed++
				}
				return closed > 0 // the last one goes on
			})
			if most > limit+beyond {
				t.Errorf("%d bytes in sum, limit %d", most, limit)
			}
			for _, w := range all {
				_ = w.Close()
			}
			// At the latest once they have made no progress for UnfinishedTime: an end that stands behind what waits
			// is read when that may go on.
			eventually(t, "some bytes are left", func() bool { return st.engine.UnfinishedBytes() == 0 })
		})
	}
}

// smallInFragments sends a message in two fragments of so many bytes, and waits for its echo.
func (st *station) smallInFragments(size int) {
	st.t.Helper()
	w := st.rawSocket("EIO=4&transport=websocket", "")
	st.t.Cleanup(func() { _ = w.Close() })
	half := strings.Repeat("x", size)
	_, _ = w.Write(client(0x01, "4"+half))
	_, _ = w.Write(client(0x80, half))
	if _, data := w.frame(); string(data) != "4"+half+half {
		st.t.Errorf("%d bytes", len(data))
	}
}

// A browser that has to wait loses nothing by it.
func TestUnfinished_WhoWaitsGoesOn(t *testing.T) {
	for _, deflate := range []bool{false, true} {
		t.Run(fmt.Sprint("deflate=", deflate), func(t *testing.T) {
			st := newTCPStation(t, func(c *engineio.Config) {
				c.Limits.UnfinishedBytes = 1 << 20
				c.PerMessageDeflate.Enabled = &deflate
			})
			const browsers = 20
			message := client(0x81, "4"+strings.Repeat("x", 500_000))
			for range browsers {
				w := st.rawSocket("EIO=4&transport=websocket", "")
				defer w.Close()
				go drain(w)
				go func() {
					for rest := message; len(rest) > 0; {
						n := min(len(rest), 20_000)
						_, _ = w.Write(rest[:n])
						rest = rest[n:]
					}
				}()
			}
			st.receivedAll(browsers)
			if len(st.closes) > 0 {
				t.Errorf("closed: %+v", <-st.closes)
			}
		})
	}
}

// A handler that holds part of an event is held to the same.
func TestUnfinished_Event(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) { c.Heartbeat.Interval = time.Hour })
		st.Timeout = time.Hour
		st.onMessage = func(s *engineio.Session, received string) {
			switch received {
			case "begin":
				s.Unfinished(100, nil)
			case "more":
				s.Unfinished(200, nil)
			case "end":
				s.Unfinished(0, nil)
			}
		}
		w := st.rawSocketIn("EIO=4&transport=websocket")
		go drain(w)
		var start time.Time
		for _, message := range []string{"begin", "more", "end", "begin", "more"} {
			virtualtime.Pass(20 * time.Second)
			_, _ = w.Write(client(0x81, "4"+message))
			start = time.Now()
		}
		st.wantClose(engineio.ReasonForcedClose)
		if d := time.Since(start); d < 30*time.Second || d > 32*time.Second {
			t.Errorf("closed after %v", d)
		}
		synctest.Wait()
		if n := st.engine.UnfinishedBytes(); n != 0 {
			t.Errorf("%d bytes left", n)
		}
	})
}

// slowPost sends a body at so many bytes a second and returns the answer.
func (st *station) slowPost(query, body string, pace int) (*http.Response, error) {
	c := st.Dial()
	var sending sync.WaitGroup
	defer sending.Wait()
	defer c.Close()
	_, _ = fmt.Fprintf(c, "POST %s?%s HTTP/1.1\r\nHost: hub.test\r\nContent-Length: %d\r\n\r\n", st.Path, query, len(body))
	sending.Go(func() {
		for rest := body; len(rest) > 0; time.Sleep(time.Second) {
			n := min(len(rest), pace)
			if _, err := io.WriteString(c, rest[:n]); err != nil {
				return
			}
			rest = rest[n:]
		}
	})
	return http.ReadResponse(bufio.NewReader(c), nil)
}

// A slow line may take its time, longer than a heartbeat and net/http's time for an answer.
func TestUnfinished_SlowPost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct{ size, pace, status int }{
			{60_000, 4 << 10, 200}, {900_000, 4 << 10, 200}, {60_000, 1500, 200}, {60_000, 700, 408}, {60_000, 1, 408},
		} {
			st := newStation(t, nil)
			st.Timeout = time.Hour
			query := st.handshake()
			a, err := st.slowPost(query, "4"+strings.Repeat("x", c.size-1), c.pace)
			if err != nil || a.StatusCode != c.status {
				t.Errorf("%+v: %v %v", c, err, a)
				continue
			}
			if c.status == 200 {
				if got := st.messages(); len(got) != 1 || len(got[0]) != c.size-1 {
					t.Errorf("%+v: received %d", c, len(got))
				}
				if b := st.Get(query); b.Status != 200 {
					t.Errorf("%+v: the session has ended: %+v", c, b)
				}
			}
		}
	})
}

// A browser that sends a long message over a slow line before it sends the upgrade packet is not cut meanwhile.
func TestUnfinished_SlowPostDuringAnUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		st.Timeout = time.Hour
		query := st.handshake()
		f := st.Frames(probeQuery(query))
		st.probed(f)
		a, err := st.slowPost(query, "4"+strings.Repeat("x", 59_999), 4<<10)
		if err != nil || a.StatusCode != 200 {
			t.Fatal(err, a)
		}
		virtualtime.Pass(5 * time.Second)
		st.upgraded(f, st.session(0))

		query = st.handshake()
		f = st.Frames(probeQuery(query))
		start := time.Now()
		if _, err := st.slowPost(query, "4"+strings.Repeat("x", 59_999), 4<<10); err != nil {
			t.Fatal(err)
		}
		f.WaitClose()
		if d := time.Since(start); d < 20*time.Second || d > 30*time.Second {
			t.Errorf("one that does not go on is cut after %v", d)
		}
	})
}

// A body that stands still is given up, however much of it has come.
func TestUnfinished_StalledPost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		st.Timeout = time.Hour
		query := st.handshake()
		c := st.Dial()
		start := time.Now()
		_, _ = fmt.Fprintf(c, "POST %s?%s HTTP/1.1\r\nHost: hub.test\r\nContent-Length: 999999\r\n\r\n%s", st.Path, query, strings.Repeat("4", 900_000))
		a, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || !slices.Contains([]int{408, 400}, a.StatusCode) {
			t.Errorf("%v %v", err, a)
		}
		if d := time.Since(start); d > 32*time.Second {
			t.Errorf("after %v", d)
		}
		synctest.Wait()
		if n := st.engine.UnfinishedBytes(); n != 0 {
			t.Errorf("%d bytes left", n)
		}
	})
}

// What comes in pieces and is small does not wait for room, however large a buffer it has.
func TestUnfinished_SmallInPiecesDoesNotWait(t *testing.T) {
	t.Run("post", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var full atomic.Bool
			st := newStation(t, func(c *engineio.Config) { fullWhile(c, full.Load) })
			query := st.handshake()
			st.Post(query, "4"+strings.Repeat("x", 30_000)) // its buffer is used again
			full.Store(true)
			a, err := st.slowPost(query, "4"+strings.Repeat("x", 300), 100)
			if err != nil || a.StatusCode != 200 {
				t.Errorf("%v %v", a, err)
			}
		})
	})
	for name, deflate := range map[string]bool{"poller": false, "reader": true} {
		t.Run(name, func(t *testing.T) {
			st := newTCPStation(t, func(c *engineio.Config) {
				fullWhile(c, func() bool { return true })
				c.PerMessageDeflate.Enabled = &deflate
			})
			w := st.rawSocket("EIO=4&transport=websocket", "")
			defer w.Close()
			go drain(w)
			message := client(0x81, "4"+strings.Repeat("x", 3000))
			for piece := range slices.Chunk(message, 1400) {
				_, _ = w.Write(piece)
				eventually(t, "nothing is counted", func() bool {
					return deflate || st.engine.UnfinishedBytes() > 0 || len(st.messages()) > 0
				})
			}
			st.receivedAll(1)
		})
	}
}

// fullWhile lets a config have one room for all.
func fullWhile(c *engineio.Config, full func() bool) {
	c.Rooms = roomWhile(full)
}

type roomWhile func() bool

func (full roomWhile) Crowded() bool { return full() }

func (full roomWhile) Room(*engineio.Session, []byte, bool) engineio.Room { return full }

func (full roomWhile) Full() string {
	if full() {
		return "parking.node_bytes"
	}
	return ""
}

// A POST waits for room in time for its answer, and no longer.
func TestUnfinished_PostWaitsForRoomInTime(t *testing.T) {
	for after, status := range map[time.Duration]int{20 * time.Second: 200, time.Hour: 503} {
		synctest.Test(t, func(t *testing.T) {
			var limits reached
			start := time.Now()
			st := newStation(t, func(c *engineio.Config) {
				fullWhile(c, func() bool { return time.Since(start) < after })
				limits.note(c)
			})
			st.Timeout = time.Hour
			query := st.handshake()
			a, err := st.slowPost(query, "4"+strings.Repeat("x", 29_999), 10_000)
			if err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); a.StatusCode != status || d > 30*time.Second {
				t.Errorf("%+v after %v", a, d)
			}
			if status == 503 && a.Header.Get("Retry-After") == "" {
				t.Errorf("%+v", a)
			}
			limits.want(t, "parking.node_bytes")
		})
	}
}
