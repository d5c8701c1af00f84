package v09

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// engine is an Engine without sessions.
type engine struct {
	panics  chan any
	running sync.WaitGroup
}

func (e *engine) Serve(w http.ResponseWriter, r *http.Request, _ bool, serve http.HandlerFunc) {
	serve(w, r)
}

func (e *engine) OpenStream(http.ResponseWriter, *http.Request, engineio.Stream) (string, bool) {
	return "", false
}
func (e *engine) Guesses(*http.Request) bool                              { return false }
func (e *engine) PassOn(http.ResponseWriter, *http.Request, string) bool  { return false }
func (e *engine) Decorate(http.ResponseWriter, *http.Request)             {}
func (e *engine) Deny(w http.ResponseWriter, _ *http.Request, status int) { w.WriteHeader(status) }

func (e *engine) Start(f func()) {
	e.running.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				e.panics <- v
			}
		}()
		f()
	})
}

// reached are the limits that a server has told of.
type reached struct {
	keys []string
	log  bytes.Buffer
}

// newTestServer returns a server that nobody talks to.
func newTestServer(t *testing.T, change func(*Config)) (*Server, *reached) {
	t.Helper()
	told := &reached{}
	c := Config{
		Path: "/socket.io/", MaxPayload: 100_000, PacketsPerPayload: 100, UnfinishedBytes: 50_000, OutboxBytes: 50_000,
		Pace: engineio.Pace{Bytes: 1024, Still: 30 * time.Second}, Namespaces: 16, NamespaceBytes: 256, JSON: siopacket.NewJSON(siopacket.Limits{}),
		Logger: slog.New(slog.NewTextHandler(&told.log, nil)), LimitReached: func(key string) { told.keys = append(told.keys, key) },
	}
	if change != nil {
		change(&c)
	}
	e := &engine{panics: make(chan any, 10)}
	t.Cleanup(e.running.Wait)
	return New(c, e), told
}

// from is a source without an end of its own.
func from(r io.Reader) source {
	return source{r, func(time.Time) error { return nil }, nil}
}

func TestRead_NoMoreThanMayBe(t *testing.T) {
	s, _ := newTestServer(t, func(c *Config) { c.UnfinishedBytes = 1 << 20 })
	for size, want := range map[int]error{0: nil, 1: nil, 4096: nil, 4097: nil, 100_000: nil, 100_001: errTooLarge, 1_000_000: errTooLarge} {
		data, release, err := s.read(from(strings.NewReader(strings.Repeat("x", size))))
		if !errors.Is(err, want) || err == nil && len(data) != size {
			t.Errorf("%d: %d, %v", size, len(data), err)
		}
		release()
	}
	if _, release, err := s.read(from(io.MultiReader(strings.NewReader("x"), cut{}))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	} else {
		release()
	}
	if s.coming.used != 0 {
		t.Errorf("%d bytes left", s.coming.used)
	}
}

// cut is a body that breaks off.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestRead_NoMoreInSumThanMayBe(t *testing.T) {
	s, _ := newTestServer(t, nil)
	_, first, err := s.read(from(strings.NewReader(strings.Repeat("x", 30_000))))
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := s.read(from(strings.NewReader(strings.Repeat("x", 40_000))))
	if !errors.Is(err, errBusy) {
		t.Error(err)
	}
	_, third, err := s.read(from(strings.NewReader("little")))
	if err != nil {
		t.Error(err)
	}
	first()
	second()
	third()
	if s.coming.used != 0 {
		t.Errorf("%d bytes left", s.coming.used)
	}
}

// slow is a connection that brings so many bytes a second, for so long.
type slow struct {
	pace     int
	left     int
	deadline time.Time
}

func (c *slow) Read(p []byte) (int, error) {
	if c.left == 0 {
		<-time.After(time.Until(c.deadline))
		return 0, os.ErrDeadlineExceeded
	}
	if next := time.Now().Add(time.Second); next.After(c.deadline) {
		<-time.After(time.Until(c.deadline))
		return 0, os.ErrDeadlineExceeded
	}
	<-time.After(time.Second)
	n := min(c.pace, len(p), c.left)
	c.left -= n
	if c.left == 0 {
		return n, io.EOF
	}
	return n, nil
}

func TestRead_NoSlowerThanMayBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			pace, size int
			want       error
		}{{2000, 90_000, nil}, {1100, 90_000, nil}, {700, 90_000, errSlow}, {1, 100, errSlow}} {
			s, _ := newTestServer(t, func(c *Config) { c.UnfinishedBytes = 1 << 20 })
			line := &slow{pace: c.pace, left: c.size}
			_, release, err := s.read(source{line, func(d time.Time) error { line.deadline = d; return nil }, nil})
			if !errors.Is(err, c.want) {
				t.Errorf("%+v: %v", c, err)
			}
			release()
		}
		s, _ := newTestServer(t, func(c *Config) { c.Pace.Still = 5 * time.Second })
		line := &slow{}
		_, release, err := s.read(source{line, func(d time.Time) error { line.deadline = d; return nil }, nil})
		release()
		if !errors.Is(err, errStill) {
			t.Error(err)
		}
		ended := make(chan struct{})
		close(ended)
		if _, _, err := s.read(source{line, func(time.Time) error { return nil }, ended}); !errors.Is(err, errEnded) {
			t.Error(err)
		}
	})
}

// Each limit ends the session by one reason, is counted under the option's key, and named in the log.
func TestFail_NamesTheOption(t *testing.T) {
	for err, e := range endings {
		s, told := newTestServer(t, nil)
		l := newTestLink()
		if status := s.fail(l, err); status != e.status {
			t.Errorf("%v: %d", err, status)
		}
		s.fail(l, err) // is the end once
		if _, end := l.state(); end == nil || end.Error() != err.Error() {
			t.Errorf("%v: ended by %v", err, end)
		}
		if e.option == "" {
			continue
		}
		if len(told.keys) != 1 || told.keys[0] != e.option || !strings.Contains(told.log.String(), "option="+e.option) {
			t.Errorf("%v: %q %s", err, told.keys, told.log.String())
		}
	}
}

// A panic of what serves one WebSocket ends its session, whichever goroutine it is in, and no other one.
func TestCarry_APanicEndsOneSession(t *testing.T) {
	s, _ := newTestServer(t, nil)
	l := newTestLink()
	displaced, _ := l.attach("websocket", nil)
	s.engine.Start(func() { s.carry(nil, l, displaced) }) // every use of that is one
	<-l.done
	e := s.engine.(*engine)
	e.running.Wait()
	if len(e.panics) != 2 {
		t.Errorf("%d panics, one for each goroutine", len(e.panics))
	}
	l = newTestLink()
	displaced, _ = l.attach("websocket", nil)
	s.engine.Start(func() { s.untilLost(l, displaced, func() error { panic("reader or writer") }) })
	<-l.done
	if _, err := l.state(); err.Error() != "internal error" {
		t.Error(err)
	}
}
