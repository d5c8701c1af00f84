package main

import (
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/siohub/siohub/internal/certstest"
)

// startRedis starts a Redis of the machine, and returns where it is.
func startRedis(t *testing.T, args ...string) (url string) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("there is no redis-server (Debian package redis-server): ", err)
	}
	socket := filepath.Join(t.TempDir(), "redis.sock")
	cmd := exec.Command(program, append([]string{"--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", t.TempDir()}, args...)...)
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

// startRedisCluster starts a Redis Cluster of three nodes, and returns the URL of it.
func startRedisCluster(t *testing.T) (url string) {
	t.Helper()
	create := []string{"--cluster", "create"}
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		l.Close()
		_, port, _ := net.SplitHostPort(address)
		startRedis(t, "--port", port, "--bind", "127.0.0.1", "--cluster-enabled", "yes")
		create = append(create, address)
	}
	waitFor(t, func() bool { // a node may not be ready for it at first; it makes all of it, or nothing
		return exec.Command("redis-cli", append(create, "--cluster-yes")...).Run() == nil
	})
	for _, address := range create[2:] {
		_, port, _ := net.SplitHostPort(address)
		waitFor(t, func() bool {
			out, _ := exec.Command("redis-cli", "-p", port, "cluster", "info").Output()
			return strings.Contains(string(out), "cluster_state:ok")
		})
	}
	return "redis+cluster://" + create[2] + "?addr=" + create[3] + "&addr=" + create[4]
}

// The same over each engine of Redis as over NATS.
func TestCluster_TwoHubsOverRedis(t *testing.T) {
	for _, engine := range []string{"redis", "redis-sharded", "redis-streams"} {
		t.Run(engine, func(t *testing.T) { twoHubs(t, engine, startRedis(t)) })
	}
}

// A Redis that is reached by TLS, wants a certificate, and has a user with a password for hubs.
func TestCluster_TwoHubsOverRedisWithTLS(t *testing.T) {
	dir, authority := t.TempDir(), certstest.NewAuthority(t)
	server, client := authority.Server(t), authority.Client(t, "hub")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	ca := writeFile(t, dir, "ca", string(authority.PEM))
	startRedis(t, "--tls-port", port, "--bind", "127.0.0.1", "--tls-ca-cert-file", ca, "--tls-cert-file", writeFile(t, dir, "cert", string(server.CertPEM)),
		"--tls-key-file", writeFile(t, dir, "key", string(server.KeyPEM)), "--user", "hub", "on", "~*", "&*", "+@all", ">s3cret", "--user", "default", "off")
	twoHubs(t, "redis", "rediss://localhost:"+port, "--cluster-username", "hub", "--cluster-password-file", writeFile(t, dir, "password", "s3cret\n"),
		"--cluster-engine-tls-ca", ca, "--cluster-engine-tls-cert", writeFile(t, dir, "hub.cert", string(client.CertPEM)),
		"--cluster-engine-tls-key", writeFile(t, dir, "hub.key", string(client.KeyPEM)))
}

func twoHubs(t *testing.T, engine, url string, args ...string) {
	t.Helper()
	var at []addresses
	for range 2 {
		p := start(t, with("demo", append([]string{"--cluster-engine", engine, "--cluster-url", url}, args...)...)...)
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
