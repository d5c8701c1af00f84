package engineio_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/request"
)

// eventually waits for a condition; what says what is wrong without it.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// receivedAll waits until the application has received so many messages, and returns them.
func (st *station) receivedAll(n int) []string {
	st.t.Helper()
	eventually(st.t, fmt.Sprintf("fewer than %d messages", n), func() bool { return len(st.messages()) >= n })
	return st.messages()
}

// pausedPolling is a station in virtual time with one polling session, which is paused.
func pausedPolling(t *testing.T, change func(*engineio.Config)) (st *station, query string, s *engineio.Session) {
	t.Helper()
	st = newStation(t, change)
	st.Timeout = time.Minute
	query = st.handshake()
	s = st.session(0)
	s.Pause()
	return st, query, s
}

// posting sends a POST that is expected to be held, in virtual time.
func (st *station) posting(query, body string) <-chan hubtest.Answer {
	answers := make(chan hubtest.Answer, 1)
	go func() { answers <- st.Post(query, body) }()
	synctest.Wait()
	return answers
}

// probed sends a probe on a connection that is a session's upgrade.
func (st *station) probed(f *hubtest.Frames) {
	st.t.Helper()
	_ = f.Write("2probe")
	if p := f.Next(); p != "3probe" {
		st.t.Fatalf("got %q", p)
	}
}

// upgraded sends the upgrade packet behind a probe, in virtual time.
func (st *station) upgraded(f *hubtest.Frames, s *engineio.Session) {
	st.t.Helper()
	_ = f.Write("5")
	synctest.Wait()
	if s.TransportName() != request.WebSocket {
		st.t.Fatal("not upgraded")
	}
}

// noClose fails if a session has ended.
func (st *station) noClose() {
	st.t.Helper()
	select {
	case c := <-st.closes:
		st.t.Fatalf("closed: %+v", c)
	default:
	}
}
