package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// The server has a core to itself. The generator, which is this program, and the
// service behind a hub share the other one.
const (
	serverCore    = "0"
	generatorCore = "1"
)

// stack is a running peer: one server, and a service where it has one.
type stack struct {
	url       string
	processes []*exec.Cmd
	// stuck is a browser that reads nothing, where the peer has one.
	stuck net.Conn
	// log is what the service has said.
	log bytes.Buffer
}

// up starts a peer.
func (p peer) up() (*stack, error) {
	s := &stack{}
	if err := p.start(s); err != nil {
		s.stop()
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	if p.stuck {
		var err error
		if s.stuck, err = stuck(s.url); err != nil {
			s.stop()
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return s, nil
}

// serve starts the server on its core and waits for its ready line.
func (s *stack) serve(program string, args ...string) (string, error) {
	cmd := onCore(serverCore, program, args...)
	line, err := ready(cmd)
	if cmd.Process != nil {
		s.processes = append(s.processes, cmd)
	}
	s.url = find(line, readyURL)
	return line, err
}

// onCore is a program that runs on some cores alone, where that can be done.
func onCore(cores, program string, args ...string) *exec.Cmd {
	if _, err := exec.LookPath("taskset"); err == nil {
		args = append([]string{"-c", cores, program}, args...)
		program = "taskset"
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "NODE_ENV=production")
	return cmd
}

// readyURL finds where a server takes browsers.
const readyURL = `browsers=(http://[^/\s]+)`

// ready starts a server and waits for its ready line.
func ready(cmd *exec.Cmd) (string, error) {
	log, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if find(lines.Text(), readyURL) != "" {
			go func() { _, _ = io.Copy(io.Discard, log) }() // ends with the process
			return lines.Text(), nil
		}
		fmt.Fprintln(os.Stderr, lines.Text())
	}
	return "", fmt.Errorf("%s ended without a ready line", strings.Join(cmd.Args, " "))
}

// app starts a service; the first connection waits for it.
func (s *stack) app(program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Stderr = &s.log
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

// stop ends all processes, the service first. They have shown what they could: a
// graceful end would only take its time.
func (s *stack) stop() {
	if s.stuck != nil {
		s.stuck.Close()
	}
	for i := len(s.processes) - 1; i >= 0; i-- {
		_ = s.processes[i].Process.Kill()
		_ = s.processes[i].Wait()
	}
	s.processes = nil
}

func find(line, pattern string) string {
	if m := regexp.MustCompile(pattern).FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return ""
}
