package conform

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Program is one process of the candidate.
type Program struct {
	t      *T
	cmd    *exec.Cmd
	stderr *tail

	// Guarded by t.mu.
	ended bool
	code  int
	over  chan struct{}
}

// start runs the candidate with these hubs, and NAME=VALUE beside them.
func (t *T) start(hubs []*Hub, environ ...string) *Program {
	addresses := make([]string, len(hubs))
	for i, h := range hubs {
		addresses[i] = h.Address
	}
	command := t.opts.Command
	p := &Program{t: t, cmd: exec.Command(command[0], command[1:]...), stderr: &tail{}, over: make(chan struct{})}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "HUB_") && !strings.HasPrefix(pair, "CONFORM_INSTANCE=") {
			p.cmd.Env = append(p.cmd.Env, pair)
		}
	}
	p.cmd.Env = append(p.cmd.Env, "HUB_ADDRESS="+strings.Join(addresses, ","))
	p.cmd.Env = append(append(p.cmd.Env, t.opts.Environ...), environ...)
	p.cmd.Stderr, p.cmd.Stdout = p.stderr, p.stderr
	p.cmd.WaitDelay = time.Second // for children that hold the pipe
	ownGroup(p.cmd)
	if err := p.cmd.Start(); err != nil {
		t.fail("", "a program that can be started", "%v", err)
	}
	t.locked(func() { t.programs = append(t.programs, p) })
	go p.wait() // ends with the process
	t.Cleanup(p.kill)
	return p
}

// one starts the candidate with a hub of its own, and attaches it.
func (t *T) one(environ ...string) (*Program, *Attachment) {
	h := t.Hub()
	p := t.start([]*Hub{h}, environ...)
	return p, h.attach()
}

func (p *Program) wait() {
	_ = p.cmd.Wait() // ProcessState has what came of it
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	p.ended, p.code = true, p.cmd.ProcessState.ExitCode()
	close(p.over)
	p.t.touch()
}

// terminate asks the program to end.
func (p *Program) terminate() { _ = p.cmd.Process.Signal(syscall.SIGTERM) } // it may have ended

// exit waits for the end of the process, and returns its code.
func (p *Program) exit(patience time.Duration, rule, want string) int {
	p.t.within(patience, rule, want, func() bool { return p.ended })
	return p.code
}

// kill ends the process and its children.
func (p *Program) kill() {
	killGroup(p.cmd)
	<-p.over
}

// tail keeps the end of what is written.
type tail struct {
	mu   sync.Mutex // guards the field below
	text []byte
}

const tailBytes = 16 << 10

// Write implements io.Writer.
func (w *tail) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, b...)
	if over := len(w.text) - tailBytes; over > 0 {
		w.text = append(w.text[:0], w.text[over:]...)
	}
	return len(b), nil
}

// last is the last line.
func (w *tail) last() string {
	lines := strings.Split(strings.TrimSpace(w.String()), "\n")
	line := lines[len(lines)-1]
	return line[:min(len(line), 300)]
}

// String is the end of what was written.
func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.text)
}
