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
	MaxPayload     = 1_000_000
)

// Target is the server under test.
type Target struct {
	Addr    string // of browsers
	Control string // of services; empty: no grpc kinds
	admin   string // of metrics and profiles; empty: not looked at
	PID     int    // zero: memory and descriptors are not looked at
	Token   string // of services; empty: none is needed
	// Reference is true for the reference server.
	Reference bool
	Log       *serverLog
	Stop      func() error
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

// FindTarget starts the server that the environment asks for, see the package
// comment.
func FindTarget() (*Target, error) {
	if addr := os.Getenv("HOSTILE_TARGET"); addr != "" {
		pid, _ := strconv.Atoi(os.Getenv("HOSTILE_PID"))
		return &Target{Addr: addr, Control: os.Getenv("HOSTILE_CONTROL"), admin: os.Getenv("HOSTILE_ADMIN"), PID: pid,
			Log: &serverLog{}, Stop: func() error { return nil }}, nil
	}
	if dir := os.Getenv("HOSTILE_REFERENCE"); dir != "" {
		return startReference(dir)
	}
	if program := os.Getenv("HOSTILE_PROGRAM"); program != "" {
		return startProgram(program)
	}
	dir, err := Programs()
	if err != nil {
		return nil, err
	}
	return startProgram(filepath.Join(dir, "conformance"))
}

// ProgramsDir is where programs were built; empty when they were not.
var ProgramsDir string

// Programs builds what is tested, once, and returns its folder.
var Programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hostile")
	if err != nil {
		return "", err
	}
	ProgramsDir = dir
	args := []string{"build", "-o", dir}
	if Raced {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "../../cmd/conformance", "../../cmd/hub")...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return dir, err
})

func startReference(dir string) (*Target, error) {
	t := &Target{Addr: freePort(), Reference: true}
	cmd := exec.Command("node", "testdata/reference.js", t.Addr, ms(pingInterval), ms(pingTimeout), ms(connectTimeout))
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"))
	return t, t.start(cmd)
}

// startProgram runs a program with the flags of the conformance program.
func startProgram(program string) (*Target, error) {
	t := &Target{Addr: freePort(), Control: freePort(), admin: freePort()}
	return t, t.start(exec.Command(program, "-addr", t.Addr, "-control-listen", t.Control, "-admin-listen", t.admin,
		"-ping-interval", pingInterval.String(), "-ping-timeout", pingTimeout.String(),
		"-connect-timeout", connectTimeout.String(), "-max-payload", strconv.Itoa(MaxPayload)))
}

// start runs the server and waits until it serves.
func (t *Target) start(cmd *exec.Cmd) error {
	return t.launch(cmd, func() bool {
		_, err := Fresh(t, false)
		return err == nil
	})
}

// launch runs the server and waits until it is ready.
func (t *Target) launch(cmd *exec.Cmd, ready func() bool) error {
	t.Log = &serverLog{}
	cmd.Stdout, cmd.Stderr = t.Log, t.Log
	if err := cmd.Start(); err != nil {
		return err
	}
	t.PID = cmd.Process.Pid
	t.exit = make(chan struct{})
	go func() {
		t.exitErr = cmd.Wait()
		close(t.exit)
	}()
	t.Stop = sync.OnceValue(func() error { return t.terminate(cmd) })
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for {
		select {
		case <-t.exit:
			return fmt.Errorf("the server ended: %w\n%s", t.exitErr, t.Log)
		case <-limit:
			_ = t.Stop()
			return fmt.Errorf("the server does not serve\n%s", t.Log)
		case <-tick.C:
			if ready() {
				return nil
			}
		}
	}
}

// terminate ends the server in order, and says whether it had ended before.
func (t *Target) terminate(cmd *exec.Cmd) error {
	if t.Ended() {
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

// Ended reports whether the server that was started is gone.
func (t *Target) Ended() bool {
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
