package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/siohub/siohub/service"
)

// benched is a hub in a process of its own, and a service with the handlers that
// bench wants.
func benched(t *testing.T) (*process, addresses) {
	t.Helper()
	p := start(t, with("serve")...)
	at := p.ready()
	svc := service.New("bench", service.Options{Hub: at.services})
	ns := svc.Namespace("/")
	ns.OnConnect(func(context.Context, *service.ConnectAttempt) (service.Accept, error) { return service.Accept{}, nil })
	ns.On("echo", func(_ context.Context, e *service.Event) error { return e.Reply(e.Payload()) })
	ns.On("broadcast", func(ctx context.Context, e *service.Event) error { return ns.Emit(ctx, "broadcast", e.Payload()) })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- svc.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return p, at // connections wait for the service
}

func TestBench_PrintsATableAndProgress(t *testing.T) {
	p, at := benched(t)
	for _, transport := range []string{"websocket", "polling"} {
		out, errs, code := execute(t, "bench", "--url", at.browsers, "-s", "echo", "-t", transport, "-n", "5", "-d", "1200ms",
			"--rate", "100", "--pid", strconv.Itoa(p.Process.Pid))
		if code != 0 {
			t.Fatalf("exit %d: %s%s", code, out, errs)
		}
		for _, want := range []string{"5 of 5 in /", "100 echoes a second", "latency from due  p50", "errors ", "process " + strconv.Itoa(p.Process.Pid), "generator"} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in:\n%s", want, out)
			}
		}
		if !strings.Contains(errs, "5 connected, ") || !strings.Contains(errs, " echoes, ") {
			t.Errorf("progress:\n%s", errs)
		}
	}
}

// The names are what programs read: a change breaks them.
func TestBench_JSONHasTheseFields(t *testing.T) {
	p, at := benched(t)
	out, errs, code := execute(t, "bench", "--url", at.browsers, "-s", "fanout", "-n", "5", "-d", "200ms", "--json", "-q",
		"--pid", strconv.Itoa(p.Process.Pid))
	if code != 0 || errs != "" {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(out), &got); err != nil || strings.Count(out, "\n") != 1 {
		t.Fatalf("%v in %s", err, out)
	}
	latency := []string{"max_ns", "p50_ns", "p90_ns", "p999_ns", "p99_ns"}
	process := []string{"cpu_ns", "pid", "rss_after_bytes", "rss_before_bytes"}
	for _, c := range []struct {
		fields any
		want   []string
	}{
		{got, []string{
			"burst", "connect_rate", "connected", "connections", "connects_ns", "due", "elapsed_ns", "errors", "generator", "in_flight",
			"interrupted", "lag", "latency", "namespaces", "not_started", "oldest_under_way_ns", "operations", "payload_bytes",
			"processes", "rate", "rooms", "rooms_per_socket", "scenario", "started", "transport", "under_way", "url",
		}},
		{got["latency"], latency},
		{got["lag"], latency},
		{got["generator"], process},
		{got["processes"].([]any)[0], process},
	} {
		if diff := cmp.Diff(c.want, slices.Sorted(maps.Keys(c.fields.(map[string]any)))); diff != "" {
			t.Error(diff)
		}
	}
}

func TestBench_FailuresSayWhatHappened(t *testing.T) {
	_, at := benched(t)
	for _, tt := range []struct{ line, want string }{
		{"bench -q -s echo --url http://127.0.0.1:1", "connection refused"},
		{"bench -q -s echo --url " + at.admin, "404"},
		{"bench -q -s echo -t polling --url " + at.admin, "404"},
		{"bench -q -s echo -d 1ms --pid 999999999 --url " + at.browsers, "process 999999999"},
	} {
		out, errs, code := execute(t, strings.Fields(tt.line)...)
		if code != 1 || !strings.Contains(errs, tt.want) || out != "" {
			t.Errorf("%s: exit %d: %s%s", tt.line, code, out, errs)
		}
	}
}

func TestBench_AnInterruptPrintsWhatThereIs(t *testing.T) {
	_, at := benched(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	progress := newLines()
	args := []string{"bench", "-s", "echo", "-n", "5", "-d", "1h", "--warmup", "1ms", "--url", at.browsers}
	err := run(ctx, args, &out, writes(func(b []byte) {
		_, _ = progress.Write(b)
		cancel()
	}))
	if err != nil || !strings.Contains(out.String(), "then interrupted") || !strings.Contains(out.String(), "echoes") {
		t.Errorf("%v\n%s", err, out.String())
	}
	if !strings.Contains(progress.text(), "measuring") {
		t.Errorf("no progress: %s", progress.text())
	}
}

// writes is an io.Writer.
type writes func([]byte)

// Write implements io.Writer.
func (w writes) Write(b []byte) (int, error) {
	w(b)
	return len(b), nil
}
