package hostile

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// The heartbeat of the server under test: long enough for every input, short
// enough that the silent peers of kind slow end within their limit.
const (
	pingInterval   = 3 * time.Second
	pingTimeout    = 4 * time.Second
	connectTimeout = 8 * time.Second
	maxPayload     = 1_000_000
)

// target is the server under test.
type target struct {
	addr    string // of browsers
	control string // of services; empty: no grpc kinds
	admin   string // of metrics and profiles; empty: not looked at
	pid     int    // zero: memory and descriptors are not looked at
	token   string // of services; empty: none is needed
	// reference is true for the reference server.
	reference bool
	log       *serverLog
	stop      func() error
	exit      chan struct{} // closed when the server has ended; nil: not ours
	exitErr   error         // why, once exit is closed
}

// serverLog keeps what the server wrote, bounded.
type serverLog struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *serverLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buf.Len() < 8<<20 {
		l.buf.Write(b)
	}
	return len(b), nil
}

// String returns what was written so far.
func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// findTarget starts the server that the environment asks for, see the package
// comment.
func findTarget() (*target, error) {
	if addr := os.Getenv("HOSTILE_TARGET"); addr != "" {
		pid, _ := strconv.Atoi(os.Getenv("HOSTILE_PID"))
		return &target{addr: addr, control: os.Getenv("HOSTILE_CONTROL"), admin: os.Getenv("HOSTILE_ADMIN"), pid: pid,
			log: &serverLog{}, stop: func() error { return nil }}, nil
	}
	if dir := os.Getenv("HOSTILE_REFERENCE"); dir != "" {
		return startReference(dir)
	}
	if program := os.Getenv("HOSTILE_PROGRAM"); program != "" {
		return startProgram(program)
	}
	dir, err := programs()
	if err != nil {
		return nil, err
	}
	return startProgram(filepath.Join(dir, "conformance"))
}

// programsDir is where programs were built; empty when they were not.
var programsDir string

// programs builds what is tested, once, and returns its folder.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hostile")
	if err != nil {
		return "", err
	}
	programsDir = dir
	args := []string{"build", "-o", dir}
	if raced {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "../../cmd/conformance", "../../cmd/hub")...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return dir, err
})

func startReference(dir string) (*target, error) {
	t := &target{addr: freePort(), reference: true}
	cmd := exec.Command("node", "testdata/reference.js", t.addr, ms(pingInterval), ms(pingTimeout), ms(connectTimeout))
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"))
	return t, t.start(cmd)
}

// startProgram runs a program with the flags of the conformance program.
func startProgram(program string) (*target, error) {
	t := &target{addr: freePort(), control: freePort(), admin: freePort()}
	return t, t.start(exec.Command(program, "-addr", t.addr, "-control-listen", t.control, "-admin-listen", t.admin,
		"-ping-interval", pingInterval.String(), "-ping-timeout", pingTimeout.String(),
		"-connect-timeout", connectTimeout.String(), "-max-payload", strconv.Itoa(maxPayload)))
}

// start runs the server and waits until it serves.
func (t *target) start(cmd *exec.Cmd) error {
	return t.launch(cmd, func() bool {
		_, err := fresh(t, false)
		return err == nil
	})
}

// launch runs the server and waits until it is ready.
func (t *target) launch(cmd *exec.Cmd, ready func() bool) error {
	t.log = &serverLog{}
	cmd.Stdout, cmd.Stderr = t.log, t.log
	if err := cmd.Start(); err != nil {
		return err
	}
	t.pid = cmd.Process.Pid
	t.exit = make(chan struct{})
	go func() {
		t.exitErr = cmd.Wait()
		close(t.exit)
	}()
	t.stop = sync.OnceValue(func() error { return t.terminate(cmd) })
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for {
		select {
		case <-t.exit:
			return fmt.Errorf("the server ended: %w\n%s", t.exitErr, t.log)
		case <-limit:
			_ = t.stop()
			return fmt.Errorf("the server does not serve\n%s", t.log)
		case <-tick.C:
			if ready() {
				return nil
			}
		}
	}
}

// terminate ends the server in order, and says whether it had ended before.
func (t *target) terminate(cmd *exec.Cmd) error {
	if t.ended() {
		return fmt.Errorf("the server ended by itself: %w", t.exitErr)
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-t.exit:
		return t.exitErr
	case <-time.After(15 * time.Second):
		_ = cmd.Process.Kill()
		<-t.exit
		return errors.New("the server did not end within 15 s of SIGTERM")
	}
}

// ended reports whether the server that was started is gone.
func (t *target) ended() bool {
	select {
	case <-t.exit:
		return true
	default:
		return false
	}
}

// freePort picks a port of the loopback that is free now, from below those that systems give to connections: one of
// these may be taken by any connection until the server listens.
func freePort() string {
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(10_000+rand.IntN(20_000)))
		if err == nil {
			_ = l.Close()
			return l.Addr().String()
		}
	}
	panic("hostile: no free port")
}

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
