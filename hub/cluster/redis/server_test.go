package redis

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// required reports whether tests may not be left out where something is missing.
func required() bool { return os.Getenv("CI") == "true" || os.Getenv("HUB_E2E") == "require" }

// need is the path of a program. The test is left out without it, but not in CI.
func need(t testing.TB, program, hint string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if required() {
		t.Fatalf("%s is missing: %s", program, hint)
	}
	t.Skipf("%s is missing: %s", program, hint)
	return ""
}

// server is a real Redis.
type server struct {
	t       testing.TB
	program string
	dir     string
	address string
	args    []string
	conf    func(port string) string // what a file of its own says; nil: there is none
	secure  bool                     // it listens with TLS alone
	ready   string                   // the line of its log once it can be used
	process *exec.Cmd
	ended   chan struct{} // closed when process has ended
}

// newServer starts a Redis that keeps nothing on disk.
func newServer(t testing.TB, args ...string) *server {
	t.Helper()
	s := prepare(t, args...)
	s.launch()
	return s
}

// prepare is a Redis that is not started yet.
func prepare(t testing.TB, args ...string) *server {
	t.Helper()
	s := &server{t: t, program: need(t, "redis-server", "apt-get install redis-server"), dir: t.TempDir(), args: args, ready: "Ready to accept connections"}
	t.Cleanup(s.kill)
	return s
}

// launch finds a port, and starts it there.
func (s *server) launch() {
	t := s.t
	t.Helper()
	for range 10 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s.address = l.Addr().String()
		l.Close()
		if s.begin() {
			return
		}
		s.kill() // somebody else has taken the port meanwhile
	}
	t.Fatal("Redis finds no port")
}

func (s *server) start() {
	s.t.Helper()
	if !s.begin() {
		s.t.Fatal("Redis has ended: somebody else has its port")
	}
}

// begin starts it. False: it has ended at once.
func (s *server) begin() bool {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.address)
	args := []string{"--port", port}
	if s.secure {
		args = []string{"--port", "0", "--tls-port", port}
	}
	if s.conf != nil {
		file := filepath.Join(s.dir, "conf")
		if err := os.WriteFile(file, []byte(s.conf(port)), 0o600); err != nil {
			s.t.Fatal(err)
		}
		args = append([]string{file}, args...)
	}
	args = append(append(args, "--bind", "127.0.0.1", "--save", "", "--dir", s.dir, "--logfile", filepath.Join(s.dir, "log")), s.args...)
	s.process = exec.Command(s.program, args...)
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	s.ended = ended
	go func(p *exec.Cmd) { // ends with the process
		_ = p.Wait()
		close(ended)
	}(s.process)
	alive := true
	eventually(s.t, "Redis listens", func() bool {
		select {
		case <-ended:
			alive = false
			return true
		default:
		}
		return s.says(s.ready)
	})
	return alive
}

// says reports whether the process has written a line with this text. That somebody listens at the port says little: it may be
// somebody else.
func (s *server) says(text string) bool {
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	own := fmt.Sprintf("%d:", s.process.Process.Pid)
	for line := range strings.Lines(string(log)) {
		if strings.HasPrefix(line, own) && strings.Contains(line, text) {
			return true
		}
	}
	return false
}

// kill ends it without a word.
func (s *server) kill() {
	if s.process != nil {
		_ = s.process.Process.Kill()
		<-s.ended
		s.process = nil
	}
}

func (s *server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) url() string { return "redis://" + s.address }

// patience is for machines that do much else.
const patience = time.Minute

// eventually waits for a condition.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	eventuallyOr(t, what, func() string { return "something else" }, is)
}

// eventuallyOr is as eventually, and says what there is when it is in vain.
func eventuallyOr(t testing.TB, what string, state func() string, is func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); !is(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s; there is %s", what, state())
		}
	}
}

func short(v any) string {
	text := fmt.Sprintf("%+v", v)
	return text[:min(len(text), 2000)]
}
