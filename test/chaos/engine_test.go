package chaos_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const (
	nats    = "nats"
	redis   = "redis"
	sharded = "redis-sharded"
	streams = "redis-streams"
)

// engine is a real Redis or NATS that hubs share.
type engine struct {
	t       *testing.T
	kind    string // as cluster.engine
	dir     string
	address string
	flags   []string // beyond those that it has anyway
	process *process
}

// startEngine starts one.
func startEngine(t *testing.T, dir, kind string) *engine {
	t.Helper()
	e := &engine{t: t, kind: kind, dir: t.TempDir()}
	if kind == nats {
		build(t, dir, "github.com/nats-io/nats-server/v2")
		e.dir = dir
	} else if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("HUB_E2E") == "require" {
			t.Fatal("redis-server is missing: apt-get install redis-server")
		}
		t.Skip("redis-server is missing: apt-get install redis-server")
	}
	t.Cleanup(e.kill)
	for range 5 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		e.address = l.Addr().String()
		_ = l.Close()
		if e.begin() {
			return e
		}
		e.kill() // somebody else has taken the port meanwhile
	}
	t.Fatalf("%s finds no port", kind)
	return nil
}

// url is where the engine is, through a proxy.
func (e *engine) url(address string) string {
	if e.kind == nats {
		return "nats://" + address
	}
	return "redis://" + address
}

// begin starts it, and waits until it is there.
func (e *engine) begin() bool {
	e.t.Helper()
	host, port, _ := net.SplitHostPort(e.address)
	program, args, ready := "redis-server", []string{
		"--port", port, "--bind", host, "--dir", e.dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always",
	}, "Ready to accept connections"
	if e.kind == nats {
		program, args, ready = filepath.Join(e.dir, "nats-server"), []string{"-a", host, "-p", port}, "Server is ready"
	}
	p, err := start(program, append(args, e.flags...)...)
	if err != nil {
		e.t.Fatal(err)
	}
	e.process = p
	alive := true
	eventually(e.t, e.kind, func() error {
		select {
		case <-p.exited:
			alive = false
			return nil
		default:
		}
		if !strings.Contains(p.log.head(), ready) {
			return errors.New(p.log.head())
		}
		return nil
	})
	return alive
}

// kill ends it without a word.
func (e *engine) kill() {
	if e.process != nil {
		_ = e.process.end(syscall.SIGKILL)
		e.process = nil
	}
}
