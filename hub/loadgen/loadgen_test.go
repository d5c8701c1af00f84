package loadgen_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/siohub/siohub/hub/loadgen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server has the handlers that the scenarios want, and nothing else.
type server struct {
	mu      sync.Mutex // held while writing to a connection
	members map[string][]*websocket.Conn
	// refuse is sent instead of CONNECT when it is set.
	refuse string
}

func newServer(t *testing.T, refuse string) string {
	t.Helper()
	s := &server{members: map[string][]*websocket.Conn{}, refuse: refuse}
	var connections sync.WaitGroup
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		connections.Go(func() { s.serve(conn) })
	}))
	t.Cleanup(func() {
		h.Close()
		connections.Wait()
	})
	return h.URL
}

func (s *server) serve(conn *websocket.Conn) {
	defer conn.Close()
	s.write(`0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`, conn)
	for {
		_, packet, err := conn.ReadMessage()
		if err != nil {
			return
		}
		s.take(conn, string(packet))
	}
}

func (s *server) take(conn *websocket.Conn, packet string) {
	var room, rest string
	switch {
	case packet == "40" && s.refuse != "":
		s.write(s.refuse, conn)
	case packet == "40":
		s.write("2", conn) // a heartbeat at once: the generator has to answer
		s.write(`40{"sid":"y"}`, conn)
		s.join("", conn)
	case strings.HasPrefix(packet, `421["echo",`):
		s.write("431["+packet[len(`421["echo",`):], conn)
	case strings.HasPrefix(packet, `42["broadcast"`):
		s.write(packet, s.room("")...)
	case strings.HasPrefix(packet, `421["join"`):
		s.join(strings.Split(packet, `"`)[3], conn)
		s.write("431[]", conn)
	case strings.HasPrefix(packet, `42["room"`):
		room, rest = strings.Split(packet, `"`)[3], strings.Split(packet, ",")[1]
		s.write(`42["room",`+rest, s.room(room)...)
	}
}

func (s *server) join(room string, conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members[room] = append(s.members[room], conn)
}

func (s *server) room(room string) []*websocket.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.members[room]
}

func (s *server) write(packet string, to ...*websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range to {
		_ = conn.WriteMessage(websocket.TextMessage, []byte(packet))
	}
}

func TestRun_EveryScenario(t *testing.T) {
	for _, scenario := range loadgen.Scenarios() {
		t.Run(string(scenario), func(t *testing.T) {
			result, err := loadgen.Run(t.Context(), loadgen.Config{
				URL: newServer(t, ""), Scenario: scenario, Connections: 12, Rooms: 5, Burst: 3, InFlight: 2,
				Warmup: 10 * time.Millisecond, Duration: 100 * time.Millisecond,
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := result.Operations > 0; got != (scenario != loadgen.Idle) {
				t.Errorf("%d operations", result.Operations)
			}
			if l := result.Latency; l.P50 > l.P99 || l.P99 > l.Max || (l.Max > 0) != (result.Operations > 0) {
				t.Errorf("latency %+v", l)
			}
		})
	}
}

func TestRun_MeasuresProcesses(t *testing.T) {
	result, err := loadgen.Run(t.Context(), loadgen.Config{
		URL: newServer(t, ""), Scenario: loadgen.Echo, Connections: 4, PIDs: []int{os.Getpid()},
		Warmup: time.Millisecond, Duration: 100 * time.Millisecond,
	})
	if err != nil {
		t.Skipf("no /proc here: %v", err)
	}
	if len(result.Processes) != 1 || result.Processes[0].RSSAfter < 1<<20 {
		t.Errorf("%+v", result.Processes)
	}
	if s := result.String(); !strings.Contains(s, fmt.Sprintf("process %d", os.Getpid())) {
		t.Error(s)
	}
}

func TestRun_SaysWhatTheServerAnswered(t *testing.T) {
	_, err := loadgen.Run(t.Context(), loadgen.Config{
		URL: newServer(t, `44{"message":"no"}`), Scenario: loadgen.Echo, Connections: 3,
	})
	if err == nil || !strings.Contains(err.Error(), `44{\"message\":\"no\"}`) {
		t.Errorf("got %v", err)
	}
}

func TestRun_EndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	result, err := loadgen.Run(ctx, loadgen.Config{
		URL: newServer(t, ""), Scenario: loadgen.Idle, Connections: 3, Duration: time.Hour, Warmup: time.Millisecond,
		Progress: func(p loadgen.Progress) {
			if p.Connected == 3 {
				cancel()
			}
		},
	})
	if err != nil || !result.Interrupted || result.Connected != 3 {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestRun_RefusesBadConfigurations(t *testing.T) {
	for _, c := range []struct {
		config loadgen.Config
		says   string
	}{
		{loadgen.Config{URL: "http://127.0.0.1:1", Scenario: "walk"}, `"walk"`},
		{loadgen.Config{URL: "127.0.0.1", Scenario: loadgen.Echo}, `"127.0.0.1"`},
		{loadgen.Config{URL: "http://127.0.0.1:1", Scenario: loadgen.Room, Rooms: 101}, "Rooms is 101"},
		{loadgen.Config{URL: "http://127.0.0.1:1", Scenario: loadgen.Echo, Duration: -1}, "Duration"},
	} {
		if _, err := loadgen.Run(t.Context(), c.config); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("got %v, want %s", err, c.says)
		}
	}
}
