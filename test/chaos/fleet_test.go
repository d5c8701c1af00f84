package chaos_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// build compiles programs of this module into a directory, with the flags of
// CHAOS_BUILD.
func build(t *testing.T, dir string, packages ...string) {
	t.Helper()
	for _, pkg := range packages {
		name := path.Base(strings.TrimSuffix(pkg, "/v2"))
		args := append([]string{"build", "-o", filepath.Join(dir, name)}, strings.Fields(os.Getenv("CHAOS_BUILD"))...)
		cmd := exec.Command("go", append(args, pkg)...)
		cmd.Dir = "../.."
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", pkg, err, out)
		}
	}
}

// process is a running program whose standard error is kept.
type process struct {
	cmd    *exec.Cmd
	log    *tail
	exited chan struct{}
	err    error // how it ended; read once exited is closed
}

// start runs a program.
func start(program string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(program, args...), log: &tail{}, exited: make(chan struct{})}
	p.cmd.Stderr, p.cmd.Stdout = p.log, p.log
	takeAlong(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.exited)
		p.err = p.cmd.Wait()
	}()
	return p, nil
}

// end sends a signal and waits for the end.
func (p *process) end(signal os.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil {
		return err
	}
	select {
	case <-p.exited:
		return p.err
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.exited
		return fmt.Errorf("%s did not end within 20 s of %v", p.cmd.Path, signal)
	}
}

// tail keeps the first and the last bytes of a log.
type tail struct {
	mu          sync.Mutex
	first, last []byte
}

const tailBytes = 16 << 10

// Write implements io.Writer.
func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if room := tailBytes - len(l.first); room > 0 {
		l.first = append(l.first, p[:min(room, len(p))]...)
	}
	l.last = append(l.last, p...)
	if len(l.last) > 2*tailBytes {
		l.last = bytes.Clone(l.last[len(l.last)-tailBytes:])
	}
	return len(p), nil
}

// head is what was written first.
func (l *tail) head() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.first)
}

// String is what was written last.
func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.last)
}

// fleet is the instances of the service.
type fleet struct {
	program, hub, ledger string
	random               *rand.Rand
	instances            []*process
	killed               map[string]bool // by the numbers of their processes
	same                 int
}

func (f *fleet) start(i int, id string) error {
	p, err := start(f.program, "--hub", f.hub, "--ledger", f.ledger, "--instance", id)
	if err == nil {
		f.instances[i] = p
	}
	return err
}

// killInTurns kills an instance each second, at a moment of its own, and starts it
// again: every other time under its old id, which gives it its sockets back, else
// under a new one, so that they move.
func (f *fleet) killInTurns(ctx context.Context) error {
	for round := 0; ; round++ {
		at := time.Duration(f.random.IntN(400)) * time.Millisecond
		if !wait(ctx, at) {
			return nil
		}
		i := round % len(f.instances)
		p := f.instances[i]
		select {
		case <-p.exited:
			return fmt.Errorf("instance %d ended by itself: %v\n%s", i, p.err, p.log)
		default:
		}
		_ = p.end(syscall.SIGKILL)
		f.killed[strconv.Itoa(p.cmd.Process.Pid)] = true
		pause := time.Duration(f.random.IntN(300)) * time.Millisecond
		wait(ctx, pause)
		id := ""
		if f.random.IntN(2) == 0 {
			id, f.same = "fixed-"+strconv.Itoa(i), f.same+1
		}
		if err := f.start(i, id); err != nil {
			return err
		}
		if !wait(ctx, time.Second-at-pause) {
			return nil
		}
	}
}

// stop ends all instances.
func (f *fleet) stop() {
	for _, p := range f.instances {
		if p != nil {
			_ = p.end(syscall.SIGKILL)
		}
	}
}

// wait reports whether the time has passed before the context ended.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
