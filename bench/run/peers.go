package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The server has a core to itself. The generator, which is this program, and the
// service behind a hub share the other one: `make bench` starts it there.
const serverCore = "0"

// peer is a server under test.
type peer struct {
	name string
	// packages are the programs that it needs, built from this tree.
	packages []string
	// start brings it up and adds its processes to the stack, the server first.
	start func(s *stack) error
}

// peers lists those whose name contains a text.
func peers(dir, only string) []peer {
	program := func(name string) string { return filepath.Join(dir, name) }
	all := []peer{
		{"siohub", []string{"./cmd/hub", "./bench/service"}, func(s *stack) error {
			ready, err := s.serve(program("hub"), "serve", "--listen", "127.0.0.1:0",
				"--control-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")
			if err != nil {
				return err
			}
			services := find(ready, `services=(\S+)`)
			return s.app(program("service"), "--hub", services)
		}},
		{"Node socket.io", nil, func(s *stack) error {
			_, err := s.serve("node", "bench/node/server.mjs", "0")
			return err
		}},
		{"floor", []string{"./bench/floor"}, func(s *stack) error {
			_, err := s.serve(program("floor"))
			return err
		}},
	}
	return slices.DeleteFunc(all, func(p peer) bool { return !strings.Contains(p.name, only) })
}

// stack is a running peer: one server, and a service where it has one.
type stack struct {
	url       string
	processes []*exec.Cmd
}

// start brings a peer up.
func (p peer) up() (*stack, error) {
	s := &stack{}
	if err := p.start(s); err != nil {
		s.stop()
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	return s, nil
}

// serve starts the server on its core and waits for its ready line.
func (s *stack) serve(program string, args ...string) (string, error) {
	if _, err := exec.LookPath("taskset"); err == nil {
		args = append([]string{"-c", serverCore, program}, args...)
		program = "taskset"
	}
	cmd := exec.Command(program, args...)
	log, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	s.processes = append(s.processes, cmd)
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if s.url = find(lines.Text(), `browsers=(http://[^/\s]+)`); s.url != "" {
			go func() { _, _ = io.Copy(io.Discard, log) }() // ends with the process
			return lines.Text(), nil
		}
		fmt.Fprintln(os.Stderr, lines.Text())
	}
	return "", fmt.Errorf("%s ended without a ready line", program)
}

// app starts a service; the first connection waits for it.
func (s *stack) app(program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	s.processes = append(s.processes, cmd)
	return nil
}

// pids of the processes, the server first.
func (s *stack) pids() []int {
	var pids []int
	for _, cmd := range s.processes {
		pids = append(pids, cmd.Process.Pid)
	}
	return pids
}

// stop ends all processes, the service first.
func (s *stack) stop() {
	for i := len(s.processes) - 1; i >= 0; i-- {
		cmd := s.processes[i]
		_ = cmd.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		timer.Stop()
	}
}

func find(line, pattern string) string {
	if m := regexp.MustCompile(pattern).FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return ""
}

// build compiles the programs of a peer into a directory.
func (p peer) build(dir string) error {
	for _, pkg := range p.packages {
		cmd := exec.Command("go", "build", "-o", filepath.Join(dir, filepath.Base(pkg)), pkg)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("build %s: %w", pkg, err)
		}
	}
	return nil
}
