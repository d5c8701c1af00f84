package loadgen_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/loadgen"
)

// handlers are what the scenarios want, on an embedded hub.
type handlers struct{ hub *hub.Hub }

func (h *handlers) Knows(namespace string) bool {
	return namespace == "/" || strings.HasPrefix(namespace, "/bench/")
}

func (h *handlers) Connect(a *hub.ConnectAttempt) { _ = a.Accept(hub.Acceptance{}) }

func (h *handlers) Connected(*hub.Socket) {}

func (h *handlers) Event(e *hub.Event) {
	in := hub.Target{Namespace: e.Socket.Namespace()}
	var args []json.RawMessage
	_ = json.Unmarshal(e.Args, &args)
	switch e.Name {
	case "echo":
		_ = e.Reply(nil, e.Args, nil)
	case "broadcast":
		in.All = true
		_, _ = h.hub.Emit(nil, in, hub.Message{Event: "broadcast", Args: e.Args}, hub.EmitOptions{})
	case "join":
		in.Sockets = []string{e.Socket.ID()}
		_, _ = h.hub.UpdateRooms(in, []string{strings.Trim(string(args[0]), `"`)}, nil)
		_ = e.Reply(nil, []byte("[]"), nil)
	case "room":
		in.Rooms = []string{strings.Trim(string(args[0]), `"`)}
		_, _ = h.hub.Emit(nil, in, hub.Message{Event: "room", Args: []byte("[" + string(args[1]) + "]")}, hub.EmitOptions{})
	}
}

func (h *handlers) Disconnected(*hub.Socket, hub.Disconnect) {}

func newHub(t *testing.T) string {
	t.Helper()
	h := &handlers{}
	var err error
	if h.hub, err = hub.New(hub.Config{Application: h}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h.hub)
	h.hub.ConfigureHTTP(server.Config)
	server.Start()
	t.Cleanup(func() {
		if err := h.hub.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return server.URL
}

const nodeServer = "../../bench/node/server.mjs"

// newNode starts the reference server. Without Node.js, or what it takes from npm,
// the test is skipped, unless HUB_E2E or CI says that nothing is.
func newNode(t *testing.T) string {
	t.Helper()
	_, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat("../../bench/node/node_modules/socket.io")
	}
	const missing = "no reference server here: make bench/node/node_modules/.installed"
	switch {
	case err != nil && (os.Getenv("HUB_E2E") == "require" || os.Getenv("CI") == "true"):
		t.Fatal(missing)
	case err != nil:
		t.Skip(missing)
	}
	node := exec.Command("node", nodeServer, "0")
	log, err := node.StderrPipe()
	if err == nil {
		err = node.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = node.Process.Kill()
		_ = node.Wait()
	})
	line, err := bufio.NewReader(log).ReadString('\n')
	m := regexp.MustCompile(`browsers=(http://[^/\s]+)`).FindStringSubmatch(line)
	if m == nil {
		rest, _ := io.ReadAll(log)
		t.Fatalf("not ready: %s%s, %v", line, rest, err)
	}
	return m[1]
}

// The same scenarios over every road, against the hub and against the reference.
func TestRun_AgainstRealServers(t *testing.T) {
	for name, start := range map[string]func(*testing.T) string{"hub": newHub, "node": newNode} {
		t.Run(name, func(t *testing.T) {
			url := start(t)
			for _, transport := range loadgen.Transports() {
				for _, scenario := range loadgen.Scenarios() {
					for _, rate := range []float64{0, 200} {
						config := loadgen.Config{
							URL: url, Transport: transport, Scenario: scenario, Rate: rate,
							Connections: 12, Namespaces: 2, Rooms: 8, RoomsPerSocket: 3, Burst: 2, InFlight: 4,
						}
						t.Run(transport+"/"+string(scenario), func(t *testing.T) { runs(t, config) })
					}
				}
			}
		})
	}
}

// runs does it, longer until there are operations, and expects nothing to go wrong.
func runs(t *testing.T, config loadgen.Config) {
	t.Helper()
	var result *loadgen.Result
	for config.Duration = 50 * time.Millisecond; config.Duration < time.Minute; config.Duration *= 4 {
		config.Warmup = time.Millisecond
		var err error
		if result, err = loadgen.Run(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		if len(result.Errors) > 0 || config.Scenario != loadgen.Connect && result.Connected != config.Connections {
			t.Fatalf("%+v", result)
		}
		if result.Operations > 0 || config.Scenario == loadgen.Idle {
			break
		}
	}
	if l := result.Latency; l.P50 > l.P99 || l.P99 > l.Max || (l.Max > 0) != (config.Scenario != loadgen.Idle) {
		t.Errorf("%+v", result)
	}
}

// untilOperations ends a run at the first look at which so many operations were
// done.
func untilOperations(t *testing.T, config loadgen.Config, enough int64) (*loadgen.Result, error) {
	t.Helper()
	if config.Scenario == loadgen.Idle {
		enough = 0
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	config.Warmup, config.Duration = time.Millisecond, time.Hour
	config.Progress = func(p loadgen.Progress) {
		if p.Phase == loadgen.Measuring && p.Operations >= enough {
			cancel()
		}
	}
	return loadgen.Run(ctx, config)
}
