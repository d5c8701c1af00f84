package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "rewrite testdata")

// runMain tells a copy of the test binary to be the program itself. It must not
// start with HUB_, which the program would refuse.
const runMain = "SIOHUB_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		main()
		return
	}
	// The tests' own environment must not configure the hubs that they start.
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "HUB_") || name == "DEBUG" {
			_ = os.Unsetenv(name)
		}
	}
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what has to happen.
const patience = 30 * time.Second

// process is a running copy of the program.
type process struct {
	*exec.Cmd
	t      *testing.T
	output *lines
}

// start runs the program with its arguments; the test ends it.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return startCommand(t, exec.Command(os.Args[0], args...))
}

// startCommand runs a command that becomes the program.
func startCommand(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{Cmd: cmd, t: t, output: newLines()}
	p.Env = append(os.Environ(), runMain+"=1")
	p.Stdout, p.Stderr = p.output, p.output
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Process.Kill()
		_ = p.Wait()
		if t.Failed() {
			t.Logf("%v:\n%s", p.Args[1:], p.output.text())
		}
	})
	return p
}

// code waits for the end and gives the exit code.
func (p *process) code() int {
	p.t.Helper()
	done := make(chan struct{})
	go func() {
		_ = p.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(patience):
		_ = p.Process.Signal(syscall.SIGQUIT) // shows where it hangs
		<-done
		p.t.Fatalf("did not end:\n%s", p.output.text())
	}
	return p.ProcessState.ExitCode()
}

// find waits for a line of the output that matches and gives its groups.
func (p *process) find(pattern string) []string {
	p.t.Helper()
	found := p.output.find(regexp.MustCompile(pattern))
	if found == nil {
		p.t.Fatalf("no line matches %s in:\n%s", pattern, p.output.text())
	}
	return found
}

// addresses of a hub that is ready.
type addresses struct{ browsers, services, admin string }

func (p *process) ready() addresses {
	p.t.Helper()
	m := p.find(`^hub ready browsers=(\S+) services=(\S+) admin=(\S+) `)
	return addresses{m[1], m[2], m[3]}
}

// lines collects output and wakes those who wait for a line.
type lines struct {
	mu     sync.Mutex
	all    bytes.Buffer
	change chan struct{} // closed and replaced at each write
}

func newLines() *lines { return &lines{change: make(chan struct{})} }

// Write implements io.Writer.
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.change)
	l.change = make(chan struct{})
	return l.all.Write(b)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

func (l *lines) find(pattern *regexp.Regexp) []string {
	timeout := time.After(patience)
	for {
		l.mu.Lock()
		text, change := l.all.String(), l.change
		l.mu.Unlock()
		scan := bufio.NewScanner(strings.NewReader(text))
		for scan.Scan() {
			if m := pattern.FindStringSubmatch(scan.Text()); m != nil {
				return m
			}
		}
		select {
		case <-change:
		case <-timeout:
			return nil
		}
	}
}

// anyPorts are the flags for a hub that disturbs no other.
var anyPorts = []string{"--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"}

// with puts a command before anyPorts and flags behind.
func with(command string, flags ...string) []string {
	return append(append(strings.Fields(command), anyPorts...), flags...)
}

// get fetches a page and gives its status and body.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// execute runs a command line in this process.
func execute(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	err := run(t.Context(), args, &out, &errs)
	code = report(err, &errs)
	return out.String(), errs.String(), code
}

func TestHelp_IsWhatNewcomersRead(t *testing.T) {
	var all strings.Builder
	for _, command := range []string{"", "serve", "demo", "demo run", "demo service", "status", "emit", "sockets", "rooms", "users", "tail", "kick", "forget", "token", "token new", "token hash", "token check", "bench", "conform", "config", "version"} {
		out, errs, code := execute(t, append(strings.Fields(command), "--help")...)
		if code != 0 || errs != "" {
			t.Errorf("%s --help: exit %d, stderr %s", command, code, errs)
		}
		all.WriteString("$ hub " + strings.TrimSpace(command+" --help") + "\n" + out + "\n")
	}
	golden := filepath.Join("testdata", "help.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), all.String()); diff != "" {
		t.Errorf("the help changed; run this test with -update when it should (-file +now):\n%s", diff)
	}
	if out, _, code := execute(t); code != 0 || !strings.Contains(out, "Usage: hub <command>") {
		t.Errorf("no command: exit %d\n%s", code, out)
	}
}

func TestCommandLine_MistakesExitWith2AndSayWhatToDo(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"serv", `did you mean one of "serve"`},
		{"serve --lisen :0", "unknown flag --lisen"},
		{"serv", "`hub --help` shows the commands"},
		{"serve --lisen :0", "`hub serve --help` shows how it is used"},
		{"token new", "`hub token new --help` shows how it is used"},
		{"kick", "`hub kick --help` shows how it is used"},
		{"serve stray", "unexpected argument stray"},
		{"serve --ping-interval 25000", `ping_interval = "25000" (from --ping-interval): want 10ms to 1h`},
		{"serve --config /does/not/exist", "cannot be read"},
		{"serve --control-listen :7420", "--insecure"},
		{"config --log-level loud", "one of debug, info, warn, error"},
		{"config --admin-ui-enabled", `admin_ui.username = "": want a name`},
		{"config --admin-ui-enabled --admin-ui-username a", `admin_ui.password_hash_file = "": want a file with a bcrypt hash`},
		{"serve --admin-ui-enabled --admin-ui-username a --admin-ui-password-hash-file /does/not/exist", `admin_ui.password_hash_file = /does/not/exist`},
		{"serve --admin-ui-enabled --admin-ui-username a --admin-ui-password-hash-file main_test.go", `cost 10 to 14`},
		{"config --admin-ui-password-hash x", "unknown flag --admin-ui-password-hash"},
		{"config --admin-ui-mode test", `admin_ui.mode = "test" (from --admin-ui-mode): want one of production, development`},
		{"config --admin-ui-namespace /", `admin_ui.namespace = "/"`},
		{"emit", "expected \"<event>\""},
		{"emit hello", "--room, --user, --socket or --all"},
		{"emit --all --room x hello", "--all is everybody already"},
		{"emit --all hello text", `'"text"'`},
		{"emit --timeout soon --all hello", "timeout"},
		{"emit --hub http://localhost:3000 --all hello", "is for browsers; give the control listener of the hub as HOST:PORT, such as localhost:7420"},
		{"sockets --hub localhost:", "want HOST:PORT"},
		{"sockets -o yaml", "must be one of \"table\",\"json\""},
		{"sockets --timeout 0s", "--timeout = 0s: want more than 0s"},
		{"rooms --tls-cert x", "--tls-cert and --tls-key belong together"},
		{"users --tls-ca /does/not/exist", "--tls-ca: open /does/not/exist"},
		{"kick", "who should leave? Give --socket, --user or --room"},
		{"kick --revoke --room x", "--revoke is for users and sockets"},
		{"kick --revoke --close --user x", "leave out --close"},
		{"conform", "want a program behind --, or --hub"},
		{"conform -- no-such-program", `the program cannot be started: exec: "no-such-program"`},
		{"forget", "expected \"<group>\""},
		{"tail --kinds connected,all", `--kinds = "all": want some of connected, event`},
		{"bench", "missing flags: --scenario"},
		{"bench -s walk", `--scenario = "walk": want one of [idle echo fanout room connect]`},
		{"bench -s echo --transport smoke", `--transport = "smoke": want one of [polling websocket]`},
		{"bench -s echo --url localhost", `--url = "localhost": want http://HOST:PORT`},
		{"bench -s echo --connections 0", `--connections = "0": want 1 to 1048576`},
		{"bench -s echo --duration 0", `--duration`},
		{"bench -s echo --duration 0s", `--duration = "0s": want 1ms to 720h`},
		{"bench -s echo --rate=-1", `--rate = "-1": want 0, or 0.01 to 1000000`},
		{"bench -s room --rooms 200", `--rooms = "200": want 1 to 100, so that each`},
		{"bench -s room --rooms-per-socket 11", `--rooms-per-socket = "11": want 0 to 10, no more`},
		{"bench -s echo --payload 4", `--payload = "4": want 8 to 1048576`},
		{"bench -s echo --pid x", "--pid"},
	} {
		t.Run(tt.line, func(t *testing.T) {
			_, errs, code := execute(t, strings.Fields(tt.line)...)
			if code != 2 || !strings.Contains(errs, tt.want) {
				t.Errorf("exit %d, want 2 and %q in:\n%s", code, tt.want, errs)
			}
		})
	}
}

func TestReport_NoErrorSteersTheTerminal(t *testing.T) {
	var errs bytes.Buffer
	code := report(errors.New("refused: \x1b[2J\u202e\u2028\nuse --hub"), &errs)
	if want := "hub: refused: \ufffd[2J\ufffd\ufffd\nuse --hub\n"; code != 1 || errs.String() != want {
		t.Errorf("exit %d: %q", code, errs.String())
	}
}

func TestConfig_PrintsWhatIsInForce(t *testing.T) {
	t.Setenv("HUB_PING_TIMEOUT", "7s")
	out, errs, code := execute(t, "config", "--listen", ":1234")
	if code != 0 {
		t.Fatal(errs)
	}
	for _, want := range []string{"listen: :1234 # from --listen", "ping_timeout: 7s # from HUB_PING_TIMEOUT", "ping_interval: 25s\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
	out, _, _ = execute(t, "config", "--keys")
	if !strings.Contains(out, "  cors.origins\n") || !strings.Contains(out, "default 25s; allowed: 10ms to 1h") {
		t.Errorf("not the table:\n%s", out)
	}
}

func TestVersion_SaysWhichOneThisIs(t *testing.T) {
	version = "v9.8.7"
	t.Cleanup(func() { version = "" })
	if out, _, code := execute(t, "version"); code != 0 || !strings.HasPrefix(out, "hub v9.8.7 (go") {
		t.Errorf("exit %d: %s", code, out)
	}
}

func writeFile(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
