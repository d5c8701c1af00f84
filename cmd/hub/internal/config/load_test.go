package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/siohub/siohub/hub"
)

// write puts a file into the test's own directory.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad_NothingGivenIsTheDefault(t *testing.T) {
	loaded, err := Load(Sources{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), loaded.Config); diff != "" {
		t.Errorf("not the default (-want +got):\n%s", diff)
	}
}

// A default that its own key refuses would stop everybody who writes it down.
func TestKeys_DefaultsAreAllowed(t *testing.T) {
	for _, k := range Keys() {
		if k.Secret {
			continue
		}
		if err := k.read(k.Default(), Default()); err != nil && k.Kind != "map" {
			t.Errorf("%s: default %v is refused", k.Name, k.Default())
		}
	}
}

func TestKeys_NamesFlagsAndVariablesAreUnique(t *testing.T) {
	seen := map[string]string{}
	for _, k := range Keys() {
		for _, name := range []string{k.Name, "--" + k.Flag(), k.Env()} {
			if other, twice := seen[name]; twice && name != "--" {
				t.Errorf("%s stands for %s and %s", name, other, k.Name)
			}
			seen[name] = k.Name
		}
		if k.Help == "" || k.Allowed == "" || k.Group == "" {
			t.Errorf("%s: help, range or group is missing", k.Name)
		}
	}
}

func TestLoad_FlagWinsOverVariableOverFileOverDefault(t *testing.T) {
	file := write(t, "hub.yaml", "ping_interval: 11s\nping_timeout: 12s\nupgrade_timeout: 13s\n")
	loaded, err := Load(Sources{
		File:    file,
		Environ: []string{"HUB_PING_TIMEOUT=22s", "HUB_UPGRADE_TIMEOUT=23s", "HOME=/"},
		Flags:   map[string]any{"upgrade_timeout": "33s"},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := loaded.Config.SocketIO
	got := []time.Duration{s.ConnectTimeout, s.PingInterval, s.PingTimeout, s.UpgradeTimeout}
	want := []time.Duration{45 * time.Second, 11 * time.Second, 22 * time.Second, 33 * time.Second}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	wantSource := map[string]string{
		"ping_interval": file, "ping_timeout": "HUB_PING_TIMEOUT", "upgrade_timeout": "--upgrade-timeout",
	}
	if diff := cmp.Diff(wantSource, loaded.Source); diff != "" {
		t.Error(diff)
	}
}

func TestLoad_EveryFormOfAValue(t *testing.T) {
	loaded, err := Load(Sources{
		File: write(t, "hub.yaml", `
max_payload: 64KiB
add_trailing_slash: no
namespaces: [/chat, /org/*]
cors:
  origins: ["https://a.example:8443", "http://b.example"]
cookie:
log:
  levels: {engineio: debug}
limits:
  outbox_bytes: 2e6
`),
		Environ: []string{
			"HUB_TRANSPORTS=websocket", "HUB_COOKIE_ENABLED=yes", "HUB_LIMITS_EVENT_BYTES=1_000_000",
			"HUB_LISTEN=", "HUB_LOG_LEVEL=WARN",
		},
		Flags: map[string]any{"cors.methods": []string{"GET,POST"}, "serve_client": false, "start_grace": "0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.SocketIO.MaxPayload = 64 << 10
	want.SocketIO.AddTrailingSlash = false
	want.SocketIO.Transports = []string{"websocket"}
	want.SocketIO.ServeClient = false
	want.Namespaces = []string{"/chat", "/org/*"}
	want.CORS.Origins = []string{"https://a.example:8443", "http://b.example"}
	want.CORS.Methods = []string{"GET", "POST"}
	want.Cookie.Enabled = true
	want.Log.Levels = map[string]string{"engineio": "debug"}
	want.Log.Level = "warn"
	want.Limits.Outbox.Bytes = 2_000_000
	want.Limits.Event.Bytes = 1_000_000
	want.StartGrace = 0
	if diff := cmp.Diff(want, loaded.Config); diff != "" {
		t.Error(diff)
	}
}

// problems loads and returns what was refused.
func problems(t *testing.T, s Sources) []*Problem {
	t.Helper()
	_, err := Load(s)
	var refused *Error
	if !errors.As(err, &refused) {
		t.Fatalf("accepted, or another error: %v", err)
	}
	return refused.Problems
}

func TestLoad_BadValueNamesKeyValueAndRange(t *testing.T) {
	for _, tt := range []struct{ key, value, allowed string }{
		{"listen", "3000", "host:port"},
		{"listen", "localhost:70000", "0 to 65535"},
		{"control.listen", "unix:/tmp/x", "host:port"},
		{"control.listen", "0.0.0.0:7420", "--insecure"},
		{"control.listen", ":7420", "--insecure"},
		{"admin.listen", "nonsense", "host:port"},
		{"insecure", "maybe", "true or false"},
		{"shutdown_timeout", "-1s", "0s to 10m"},
		{"shutdown.delay", "11m", "0s to 10m"},
		{"shutdown.spread", "5", "with its unit"},
		{"path", "socket.io", "starts with /"},
		{"path", "/a?b", "starts with /"},
		{"ping_interval", "25000", "with its unit"},
		{"ping_interval", "0s", "10ms to 1h"},
		{"ping_timeout", "soon", "10ms to 1h"},
		{"tls.acme.hosts", "a.test,A.test", "none twice"},
		{"tls.acme.hosts", "bücher.test,xn--bcher-kva.test", "none twice"},
		{"upgrade_timeout", "2h", "10ms to 1h"},
		{"connect_timeout", "1", "with its unit"},
		{"max_payload", "0", "1024 to 67108864"},
		{"max_payload", "1e99", "1024 to 67108864"},
		{"max_payload", "9999999999GiB", "1024 to 67108864"},
		{"parser", "bson", "one of json, msgpack, both"},
		{"parser", "json,msgpack", "one of json, msgpack, both"},
		{"transports", "webtransport", "want listen_tls, and a certificate"},
		{"transports", "webrtc", "one or more of polling, websocket, webtransport"},
		{"transports", "polling,polling", "one or more of polling, websocket, webtransport"},
		{"transports", ",", "one or more of polling, websocket, webtransport"},
		{"allow_upgrades", "2", "true or false"},
		{"client_dir", "/does/not/exist", "a directory with socket.io.js"},
		{"cookie.name", "a b", "a cookie name"},
		{"cookie.path", "x;y", "starts with /"},
		{"cookie.same_site", "loose", "one of lax, strict, none"},
		{"cookie.same_site", "none", "cookie.secure"},
		{"cookie.partitioned", "true", "cookie.secure"},
		{"cors.origins", "example.com", "scheme://host"},
		{"cors.origins", "https://example.com/", "scheme://host"},
		{"cors.origins", "null", "scheme://host"},
		{"cors.max_age", "48h", "0s to 24h"},
		{"http_compression.threshold", "-1", "1 to 67108864"},
		{"namespaces", "chat", "such as /, /chat"},
		{"namespaces", "/a*b", "such as /, /chat"},
		{"start_grace", "2h", "0s to 1h"},
		{"limits.depth", "513", "1 to 512"},
		{"limits.attachments", "65", "1 to 64"},
		{"limits.packets_per_payload", "1.5", "1 to 1000000"},
		{"http.header_bytes", "1", "8192 to"},
		{"control.window.max_deliveries", "0", "1 to 10000000"},
		{"parking.group_bytes", "2048", "at least parking.socket_bytes"},
		{"parking.age", "0", "100ms to 1h"},
		{"log.format", "xml", "one of text, json"},
		{"log.level", "loud", "one of debug, info, warn, error"},
		{"log.levels", "engine=debug", "components are"},
		{"log.levels", "engineio", "components are"},
	} {
		t.Run(tt.key+"="+tt.value, func(t *testing.T) {
			env := keyByName(tt.key).Env()
			got := problems(t, Sources{Environ: []string{env + "=" + tt.value}})
			if len(got) != 1 {
				t.Fatalf("problems: %v", got)
			}
			p := got[0]
			if p.Key != tt.key || p.Source != env || !strings.Contains(p.Value, strings.TrimSuffix(tt.value, ",")) ||
				!strings.Contains(p.Allowed, tt.allowed) {
				t.Errorf("got %q; want key %s, value %s, %q and %s", p.Error(), tt.key, tt.value, tt.allowed, env)
			}
		})
	}
}

func TestLoad_AllProblemsAtOnce(t *testing.T) {
	file := write(t, "hub.yaml", "ping_interval: [1]\ncors: {origin: '*'}\nlog: {levels: {engine: debug}}\n")
	_, err := Load(Sources{File: file, Environ: []string{"HUB_PORT=3000", "HUB_MAX_PAYLOAD=x"}})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`ping_interval = "[1]" (from ` + file + `)`, "cors.origin ", "did you mean cors.origins?",
		"log.levels", "HUB_PORT", `max_payload = "x" (from HUB_MAX_PAYLOAD)`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}

func TestLoad_RefusesEveryUnknownName(t *testing.T) {
	for _, tt := range []struct{ name, yaml, env, want string }{
		{name: "top", yaml: "pingInterval: 25s", want: "did you mean ping_interval?"},
		{name: "nested", yaml: "cors: {orgins: []}", want: "did you mean cors.origins?"},
		{name: "scalar for a section", yaml: "cookie: true", want: "no option has this name"},
		{name: "strange", yaml: "zzzzzzzzzz: 1", want: "hub config --keys"},
		{name: "variable", env: "HUB_PING_INTERVALL=25s", want: "did you mean HUB_PING_INTERVAL?"},
		{name: "not YAML", yaml: "a: [", want: "is not YAML"},
		{name: "a list", yaml: "- a", want: "is not YAML"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Sources{Environ: []string{tt.env}}
			if tt.yaml != "" {
				s.File = write(t, "hub.yaml", tt.yaml)
			}
			got := problems(t, s)
			if !strings.Contains(got[0].Error(), tt.want) {
				t.Errorf("got %q, want %q", got[0].Error(), tt.want)
			}
		})
	}
}

func TestLoad_MissingFileSaysSo(t *testing.T) {
	got := problems(t, Sources{File: "/does/not/exist.yaml"})
	if want := "--config = /does/not/exist.yaml: cannot be read: no such file or directory"; got[0].Error() != want {
		t.Errorf("got %q, want %q", got[0].Error(), want)
	}
}

// In Kubernetes a Service called hub puts HUB_PORT=tcp://… into every pod.
func TestLoad_KubernetesVariablesAreNobodysMistake(t *testing.T) {
	_, err := Load(Sources{Environ: []string{
		"HUB_SERVICE_HOST=10.0.0.1", "HUB_SERVICE_PORT=3000", "HUB_SERVICE_PORT_HTTP=3000", "HUB_PORT=tcp://10.0.0.1:3000",
		"HUB_PORT_3000_TCP=tcp://10.0.0.1:3000", "HUB_PORT_3000_TCP_ADDR=10.0.0.1", "HUB_CONTROL_SERVICE_HOST=10.0.0.2",
		"HUB_CONTROL_PORT=tcp://10.0.0.2:7420",
	}})
	if err != nil {
		t.Error(err)
	}
}

func TestLoad_InsecureAllowsEveryAddress(t *testing.T) {
	for _, address := range []string{"0.0.0.0:7420", ":0", "hub.internal:7420"} {
		if _, err := Load(Sources{Flags: map[string]any{"control.listen": address, "insecure": true}}); err != nil {
			t.Error(err)
		}
	}
	for _, address := range []string{"localhost:1", "127.8.9.1:1", "[::1]:0", "[::ffff:127.0.0.1]:1"} {
		if _, err := Load(Sources{Flags: map[string]any{"control.listen": address}}); err != nil {
			t.Error(err)
		}
	}
}

func TestLoad_DebugVariable(t *testing.T) {
	loaded, err := Load(Sources{Environ: []string{"DEBUG=engineio, control*,-hub"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"engineio", "control*", "-hub"}, loaded.Debug); diff != "" {
		t.Error(diff)
	}
}

func TestLoad_ShutdownFitsIntoItsTime(t *testing.T) {
	for _, tt := range []struct {
		timeout, delay, spread string // empty: not given
		want                   time.Duration
		refused                bool
	}{
		{"", "", "", 10 * time.Second, false},
		{"1s", "", "", 500 * time.Millisecond, false},
		{"", "15s", "", 5 * time.Second, false},
		{"0s", "", "", 0, false},
		{"0s", "", "0s", 0, false},
		{"30s", "10s", "19s", 19 * time.Second, false},
		{"30s", "10s", "20s", 0, true},
		{"", "25s", "", 0, true},
		{"1s", "", "2s", 0, true},
	} {
		flags := map[string]any{}
		for key, value := range map[string]string{"shutdown_timeout": tt.timeout, "shutdown.delay": tt.delay, "shutdown.spread": tt.spread} {
			if value != "" {
				flags[key] = value
			}
		}
		if tt.refused {
			p := problems(t, Sources{Flags: flags})
			if len(p) != 1 || p[0].Key != "shutdown_timeout" || !strings.Contains(p[0].Allowed, "shutdown.delay") || !strings.Contains(p[0].Allowed, "shutdown.spread") {
				t.Errorf("%+v: %v", tt, p)
			}
			continue
		}
		loaded, err := Load(Sources{Flags: flags})
		if err != nil || loaded.Config.Shutdown.Spread != tt.want {
			t.Errorf("%+v: %v, %v", tt, loaded, err)
		}
	}
}

// What browsers may make the hub hold in all has to fit into its memory, unless somebody says otherwise.
func TestLoad_DefaultsFitIntoTheMemory(t *testing.T) {
	const mib = 1 << 20
	held := func(outbox, unfinished, undecided int64) hub.Limits {
		return hub.Limits{
			Outbox:     hub.OutboxLimits{TotalBytes: outbox},
			Unfinished: hub.UnfinishedLimits{Bytes: unfinished},
			Undecided:  hub.UndecidedLimits{Bytes: undecided},
		}
	}
	for limit, want := range map[int64]hub.Limits{
		0:          Default().Limits,
		1024 * mib: held(256*mib, 128*mib, 64*mib),
		128 * mib:  held(32*mib, 16*mib, 8*mib),
		3 * mib:    held(mib, mib, mib),
		1 << 50:    Default().Limits,
	} {
		loaded, err := Load(Sources{Memory: limit})
		if err != nil {
			t.Fatal(err)
		}
		got := loaded.Config.Limits
		if got.Outbox.TotalBytes != want.Outbox.TotalBytes || got.Unfinished.Bytes != want.Unfinished.Bytes || got.Undecided.Bytes != want.Undecided.Bytes {
			t.Errorf("%d: %+v", limit, got)
		}
		if got := loaded.Config.Held(); limit >= 16*mib && got > loaded.Config.HeldDefault(limit) {
			t.Errorf("%d: %d are held", limit, got)
		}
		// What services leave is part of it, as is that an instance alone must not fill what all have.
		c := loaded.Config.Control
		if most := max(limit/16, mib); limit > 0 && (c.Window.TotalBytes > most || c.KeptBytes > most || c.Window.MaxBytes > c.Window.TotalBytes) {
			t.Errorf("%d: %+v, %d", limit, c.Window, c.KeptBytes)
		}
		// A group alone must not fill what all of them have.
		if p := loaded.Config.Parking; limit >= 32*mib && p.GroupBytes > p.NodeBytes/2 {
			t.Errorf("%d: a group may keep %d of %d", limit, p.GroupBytes, p.NodeBytes)
		}
	}
	loaded, err := Load(Sources{Memory: 128 * mib, Flags: map[string]any{"limits.unfinished_bytes": "256MiB"}})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Config.Limits.Unfinished.Bytes != 256*mib || loaded.Source["limits.unfinished_bytes"] != "--limits-unfinished-bytes" {
		t.Error("what was said does not count")
	}
	var out strings.Builder
	if err := loaded.WriteYAML(&out); err != nil {
		t.Fatal(err)
	}
	if want := "node_bytes: 8388608 # from the memory limit, 1/16 of 134217728\n"; !strings.Contains(out.String(), want) {
		t.Errorf("nothing says where a default comes from:\n%s", &out)
	}
}

// What cannot take effect is refused, but the default is right beside any payload.
func TestLoad_EventsAreWithinWhatCanCome(t *testing.T) {
	for _, flags := range []map[string]any{
		{"max_payload": "64KiB"},
		{"max_payload": "64KiB", "limits.event_bytes": "3MiB"},
		{"limits.event_bytes": "10MB"},
		{"limits.event_bytes": "60MiB", "max_payload": "60MiB"},
	} {
		if _, err := Load(Sources{Flags: flags}); err != nil {
			t.Errorf("%v: %v", flags, err)
		}
	}
	p := problems(t, Sources{Flags: map[string]any{"limits.event_bytes": "60MiB"}})
	if len(p) != 1 || p[0].Key != "limits.event_bytes" || !strings.Contains(p[0].Allowed, "max_payload (1000000) and limits.attachments (10)") {
		t.Errorf("%v", p)
	}
}
