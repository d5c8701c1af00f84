package loadgen_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/siohub/siohub/hub/loadgen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server has the handlers that the scenarios want, in `/` over WebSocket, and does
// something else where a test says so.
type server struct {
	// instead is asked about each packet first; true means that it was dealt with.
	instead func(s *server, conn *websocket.Conn, packet string) bool

	mu      sync.Mutex // guards members, and is held while writing to a connection
	members map[string][]*websocket.Conn
}

func newServer(t *testing.T, instead func(s *server, conn *websocket.Conn, packet string) bool) string {
	t.Helper()
	if instead == nil {
		instead = func(*server, *websocket.Conn, string) bool { return false }
	}
	s := &server{members: map[string][]*websocket.Conn{}, instead: instead}
	var connections sync.WaitGroup
	over := false // guarded by s.mu: nobody may join connections any more
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if over { // the server does not wait for the handler of an upgraded connection
			conn.Close()
			return
		}
		connections.Go(func() { s.serve(conn) })
	}))
	t.Cleanup(func() {
		h.Close()
		s.mu.Lock()
		over = true
		s.mu.Unlock()
		connections.Wait()
	})
	return h.URL
}

// refusing answers CONNECT with a packet.
func refusing(with string) func(*server, *websocket.Conn, string) bool {
	return func(s *server, conn *websocket.Conn, packet string) bool {
		if packet != "40" {
			return false
		}
		s.write(with, conn)
		return true
	}
}

func (s *server) serve(conn *websocket.Conn) {
	defer conn.Close()
	s.write(`0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`, conn)
	for {
		_, packet, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if !s.instead(s, conn, string(packet)) {
			s.take(conn, string(packet))
		}
	}
}

func (s *server) take(conn *websocket.Conn, packet string) {
	switch {
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
		room, rest := strings.Split(packet, `"`)[3], strings.Split(packet, ",")[1]
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
			runs(t, loadgen.Config{
				URL: newServer(t, nil), Scenario: scenario, Connections: 12, ConnectRate: 1000, Rooms: 5, Burst: 3, InFlight: 2,
			})
		})
	}
}

// Each length of a frame's header.
func TestRun_PayloadsOfEverySize(t *testing.T) {
	for _, size := range []int{8, 120, 60_000, 100_000} {
		runs(t, loadgen.Config{URL: newServer(t, nil), Scenario: loadgen.Echo, Connections: 2, PayloadBytes: size})
	}
}

func TestRun_MeasuresProcesses(t *testing.T) {
	result, err := untilOperations(t, loadgen.Config{
		URL: newServer(t, nil), Scenario: loadgen.Echo, Connections: 4, PIDs: []int{os.Getpid()},
	}, 1)
	if err != nil {
		t.Skipf("no /proc here: %v", err)
	}
	if len(result.Processes) != 1 || result.Processes[0].RSSAfter < 1<<20 || result.Generator.RSSAfter < 1<<20 {
		t.Errorf("%+v", result.Processes)
	}
	if s := result.String(); !strings.Contains(s, fmt.Sprintf("process %d", os.Getpid())) {
		t.Error(s)
	}
}

func TestRun_SaysWhatTheServerAnswered(t *testing.T) {
	result, err := loadgen.Run(t.Context(), loadgen.Config{
		URL: newServer(t, refusing(`44{"message":"no"}`)), Scenario: loadgen.Echo, Connections: 3,
	})
	if result != nil || err == nil || !strings.Contains(err.Error(), `44{\"message\":\"no\"}`) {
		t.Errorf("got %v, %v", result, err)
	}
}

// A hub without a service closes connections in order, when their time is up.
func TestRun_SaysThatNobodyDecides(t *testing.T) {
	for _, transport := range []string{"websocket"} {
		result, err := loadgen.Run(t.Context(), loadgen.Config{
			URL: newServer(t, func(s *server, conn *websocket.Conn, message string) bool {
				_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
				return true
			}), Scenario: loadgen.Echo, Connections: 3, Transport: transport,
		})
		if result != nil || err == nil || !strings.Contains(err.Error(), "nobody decided who gets into / (websocket: close 1000 (normal)") {
			t.Errorf("got %v, %v", result, err)
		}
	}
}

func TestRun_GivesUpWhenNoConnectGoesWell(t *testing.T) {
	var mu sync.Mutex
	attempts := 0
	_, err := loadgen.Run(t.Context(), loadgen.Config{
		URL: newServer(t, func(s *server, conn *websocket.Conn, _ string) bool {
			mu.Lock()
			defer mu.Unlock()
			attempts++
			s.write("44{}", conn)
			return true
		}), Scenario: loadgen.Idle, Connections: 10_000,
	})
	if err == nil || attempts < 100 || attempts > 200 {
		t.Errorf("%d attempts, %v", attempts, err)
	}
}

func TestRun_EndsWithItsContext(t *testing.T) {
	result, err := untilOperations(t, loadgen.Config{URL: newServer(t, nil), Scenario: loadgen.Idle, Connections: 3}, 0)
	if err != nil || !result.Interrupted || result.Connected != 3 {
		t.Errorf("%+v, %v", result, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result, err = loadgen.Run(ctx, loadgen.Config{URL: newServer(t, nil), Scenario: loadgen.Idle})
	if result != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", result, err)
	}
}

// One connection of four goes; the others carry on, and the count says it. When it
// is the one that triggers, another one does.
func TestRun_CountsLostConnections(t *testing.T) {
	for _, c := range []struct {
		scenario loadgen.Scenario
		trigger  bool
	}{
		{loadgen.Echo, false},
		{loadgen.Fanout, false},
		{loadgen.Fanout, true},
		{loadgen.Room, false},
		{loadgen.Room, true},
		{loadgen.Idle, false},
	} {
		scenario := c.scenario
		t.Run(fmt.Sprintf("%s, trigger %v", scenario, c.trigger), func(t *testing.T) {
			var mu sync.Mutex // guards the next ones
			var s *server
			triggers := map[*websocket.Conn]bool{}
			url := newServer(t, func(on *server, conn *websocket.Conn, packet string) bool {
				mu.Lock()
				defer mu.Unlock()
				s = on
				triggers[conn] = triggers[conn] || strings.HasPrefix(packet, "42[")
				return false
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			lost, after := false, int64(0)
			result, err := loadgen.Run(ctx, loadgen.Config{
				URL: url, Scenario: scenario, Connections: 4, Rooms: 1, Warmup: time.Millisecond, Duration: time.Hour,
				Progress: func(p loadgen.Progress) {
					switch {
					case p.Errors > 0 && (scenario == loadgen.Idle || after > 0 && p.Operations > after):
						cancel()
					case p.Errors > 0:
						after = p.Operations
					case p.Phase == loadgen.Measuring && !lost:
						mu.Lock()
						defer mu.Unlock()
						for _, conn := range s.room("") {
							if triggers[conn] == c.trigger { // else again, when somebody has triggered
								lost = true
								_ = conn.WriteControl(websocket.CloseMessage,
									websocket.FormatCloseMessage(websocket.CloseTryAgainLater, "full"), time.Now().Add(time.Minute))
								return
							}
						}
					}
				},
			})
			var many *loadgen.TooManyErrors
			if !errors.As(err, &many) || many.Count != 1 || result == nil {
				t.Fatalf("%v, %v", result, err)
			}
			want := []loadgen.Failure{{Kind: "disconnect", Reason: "websocket: close 1013: full", Count: 1}}
			if diff := cmp.Diff(want, result.Errors); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRun_EndsWhenNobodyIsLeft(t *testing.T) {
	result, err := loadgen.Run(t.Context(), loadgen.Config{
		Scenario: loadgen.Echo, Connections: 3, Rate: 100, Warmup: time.Millisecond, Duration: time.Hour,
		URL: newServer(t, func(_ *server, conn *websocket.Conn, packet string) bool {
			if packet == "3" || packet == "40" {
				return false
			}
			conn.Close()
			return true
		}),
	})
	if err == nil || result != nil && (result.Ended == "" || result.Interrupted) {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestRun_RefusesBadConfigurations(t *testing.T) {
	for _, c := range []struct {
		config loadgen.Config
		says   string
	}{
		{loadgen.Config{URL: "http://127.0.0.1:1", Scenario: "walk"}, `"walk"`},
		{loadgen.Config{URL: "http://127.0.0.1:1", Scenario: loadgen.Echo, Transport: "pigeon"}, `"pigeon"`},
		{loadgen.Config{URL: "127.0.0.1", Scenario: loadgen.Echo}, `"127.0.0.1"`},
		{loadgen.Config{URL: "http://127.0.0.1:1", Scenario: loadgen.Room, Rooms: 101}, "Rooms is 101: want 1 to 100"},
		{loadgen.Config{URL: "http://127.0.0.1:1", Scenario: loadgen.Room, RoomsPerSocket: 11}, "RoomsPerSocket is 11: want 0 to 10"},
		{loadgen.Config{URL: "http://127.0.0.1:1", Scenario: loadgen.Echo, Namespaces: 101}, "Namespaces is 101: want 1 to 100"},
		{loadgen.Config{URL: "http://127.0.0.1:1", Scenario: loadgen.Echo, Rate: -1}, "Rate is -1: want 0, or 0.01 to 1000000"},
		{loadgen.Config{URL: "http://127.0.0.1:1", Scenario: loadgen.Echo, Duration: -1}, "Duration is -1ns: want 1ms to 720h"},
		{loadgen.Config{URL: "http://127.0.0.1:1", Scenario: loadgen.Idle, Connections: 1 << 20}, "open files"},
	} {
		if _, err := loadgen.Run(t.Context(), c.config); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("got %v, want %s", err, c.says)
		}
	}
}
