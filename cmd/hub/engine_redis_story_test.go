package main

import (
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// startRedis starts a Redis of the machine, and returns where it is.
func startRedis(t *testing.T) (url string) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("there is no redis-server (Debian package redis-server): ", err)
	}
	socket := filepath.Join(t.TempDir(), "redis.sock")
	cmd := exec.Command(program, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	waitFor(t, func() bool {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return "unix://" + socket
}

// The same over each engine of Redis as over NATS.
func TestCluster_TwoHubsOverRedis(t *testing.T) {
	for _, engine := range []string{"redis", "redis-sharded", "redis-streams"} {
		t.Run(engine, func(t *testing.T) { twoHubs(t, engine, startRedis(t)) })
	}
}

func twoHubs(t *testing.T, engine, url string) {
	t.Helper()
	var at []addresses
	for range 2 {
		p := start(t, with("demo", "--cluster-engine", engine, "--cluster-url", url)...)
		at = append(at, p.ready())
		attached(t, p, at[len(at)-1], 1)
	}
	ann := openTab(t, at[0], `40/chat,{"name":"Ann"}`)
	ann.reads(`40/chat,{"sid":"`)
	status := func() string {
		out, _, _ := execute(t, "status", "--admin", strings.TrimPrefix(at[1].admin, "http://"))
		return out
	}
	waitFor(t, func() bool { return strings.Contains(status(), ": 1 socket, services ") })
	if out := status(); !strings.Contains(out, engine+" connected since ") {
		t.Errorf("status says\n%s", out)
	}
	out, errs, code := execute(t, "emit", "--hub", at[1].services, "-n", "/chat", "--user", "Ann", "notice", `[1]`)
	if code != 0 {
		t.Fatalf("emit: exit %d %s%s", code, out, errs)
	}
	ann.reads(`42/chat,["notice",[1]`)
	if out, _, _ = execute(t, "sockets", "--hub", at[1].services, "-n", "/chat"); !strings.Contains(out, "Ann") {
		t.Errorf("sockets says\n%s", out)
	}
	if out, _, code = execute(t, "kick", "--hub", at[1].services, "-n", "/chat", "--user", "Ann"); code != 0 {
		t.Errorf("kick: exit %d %s", code, out)
	}
	ann.reads(`41/chat,`)
}
