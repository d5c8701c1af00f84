package redis

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
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
	process *exec.Cmd
}

// newServer starts a Redis that keeps nothing on disk.
func newServer(t testing.TB, args ...string) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	s := &server{t: t, program: need(t, "redis-server", "apt-get install redis-server"), dir: t.TempDir(), address: address, args: args}
	t.Cleanup(s.kill)
	s.start()
	return s
}

func (s *server) start() {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.address)
	args := append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", s.dir, "--logfile", filepath.Join(s.dir, "log")}, s.args...)
	s.process = exec.Command(s.program, args...)
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "Redis listens", func() bool {
		conn, err := net.Dial("tcp", s.address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// kill ends it without a word.
func (s *server) kill() {
	if s.process != nil {
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
		s.process = nil
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
