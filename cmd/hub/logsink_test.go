//go:build linux

package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// startInto runs the program with the log going to a file, and gives its addresses, which
// read takes from its ready line.
func startInto(t *testing.T, stderr *os.File, read func() string, args ...string) (*process, addresses) {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], args...), t: t, output: newLines()}
	p.Env = append(os.Environ(), runMain+"=1")
	p.Stderr = stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Process.Kill()
		_ = p.Wait()
	})
	m := regexp.MustCompile(`hub ready browsers=(\S+) services=(\S+) admin=(\S+) `).FindStringSubmatch(read())
	if m == nil {
		t.Fatal("not ready")
	}
	return p, addresses{m[1], m[2], m[3]}
}

// readyLine reads up to the line that says that the ports are open. Warnings may come first.
func readyLine(r *os.File) string {
	lines := bufio.NewScanner(r)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "hub ready ") {
	}
	return lines.Text()
}

// piped starts the hub with its log in a pipe, and gives both ends.
func piped(t *testing.T) (p *process, at addresses, r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.Close()
		_ = w.Close()
	})
	p, at = startInto(t, w, func() string { return readyLine(r) }, with("serve", "--log-level", "debug")...)
	return p, at, r, w
}

// fill writes to a pipe until it takes no more.
func fill(t *testing.T, w *os.File) {
	t.Helper()
	junk := []byte(strings.Repeat("x", 1023) + "\n")
	for {
		fds := []unix.PollFd{{Fd: int32(w.Fd()), Events: unix.POLLOUT}}
		n, err := unix.Poll(fds, 0)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		if _, err := w.Write(junk); err != nil {
			t.Fatal(err)
		}
	}
}

// serves looks whether the hub does all that it is for: browsers, operators, services.
func serves(t *testing.T, at addresses) {
	t.Helper()
	for range 20 {
		leaveLine(t, at)
	}
	service := start(t, "demo", "service", "--hub", at.services)
	attached(t, service, at, 1)
	_ = service.Process.Signal(syscall.SIGTERM)
	if code := service.code(); code != 0 {
		t.Errorf("the service: exit %d", code)
	}
}

func endsInOrder(t *testing.T, p *process) {
	t.Helper()
	_ = p.Process.Signal(syscall.SIGTERM)
	if code := p.code(); code != 0 {
		t.Errorf("exit %d, %v", code, p.ProcessState)
	}
}

// A terminal that was stopped with Ctrl-S, a log collector that hangs.
func TestLog_StoppedReaderHoldsUpNobody(t *testing.T) {
	p, at, _, w := piped(t)
	fill(t, w)
	serves(t, at)
	endsInOrder(t, p)
}

// What was lost is counted, and said once somebody reads again.
func TestLog_LostLinesAreCountedAndTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	r, w := reader(t, path), openFile(t, path, os.O_WRONLY)
	p, at := startInto(t, w, func() string { return readyLine(r) }, with("serve", "--log-level", "debug")...)
	_ = r.Close()
	waitFor(t, func() bool {
		leaveLine(t, at)
		_, metrics := get(t, at.admin+"/metrics")
		return !strings.Contains(metrics, "hub_log_lines_dropped_total 0\n")
	})
	lines := bufio.NewScanner(reader(t, path))
	leaveLine(t, at)
	for lines.Scan() && !strings.Contains(lines.Text(), "log lines were lost") {
	}
	if line := lines.Text(); !strings.Contains(line, "level=WARN") || !regexp.MustCompile(` lines=[1-9]`).MatchString(line) {
		t.Errorf("nobody was told: %s", line)
	}
	endsInOrder(t, p)
}

// reader opens a named pipe without waiting for a writer.
func reader(t *testing.T, path string) *os.File {
	return openFile(t, path, os.O_RDONLY|unix.O_NONBLOCK)
}

func openFile(t *testing.T, path string, mode int) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, mode, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// leaveLine does what the hub logs at debug level: a browser comes and goes.
func leaveLine(t *testing.T, at addresses) {
	t.Helper()
	openTab(t, at, "1")
}

// `hub serve 2>&1 | head`, a log collector that was killed.
func TestLog_DeadReaderKillsNobody(t *testing.T) {
	p, at, r, w := piped(t)
	_, _ = r.Close(), w.Close()
	serves(t, at)
	endsInOrder(t, p)
}

func TestLog_FullDiskKillsNobody(t *testing.T) {
	full := openFile(t, "/dev/full", os.O_WRONLY)
	// The ready line is lost as well: the ports have to be known.
	ports := freePorts(t, 3)
	at := addresses{"http://" + ports[0] + "/socket.io/", ports[1], "http://" + ports[2]}
	p, _ := startInto(t, full, func() string {
		return fmt.Sprintf("hub ready browsers=%s services=%s admin=%s ", at.browsers, at.services, at.admin)
	}, "serve", "--listen", ports[0], "--control-listen", ports[1], "--admin-listen", ports[2], "--log-level", "debug")
	waitFor(t, func() bool { return listens(ports[2]) })
	serves(t, at)
	if _, metrics := get(t, at.admin+"/metrics"); strings.Contains(metrics, "hub_log_lines_dropped_total 0\n") {
		t.Error("nothing was counted")
	}
	endsInOrder(t, p)
}

// freePorts gives addresses that nobody listens on, with ports below those that systems give to connections: one of
// these may be taken by any connection until the hub listens.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	var all []string
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", 10_000+rand.IntN(20_000)))
		if err != nil {
			continue
		}
		defer l.Close()
		if all = append(all, l.Addr().String()); len(all) == n {
			return all
		}
	}
	t.Fatal("no free ports")
	return nil
}

func listens(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
