package main

import (
	"bufio"
	"encoding/json"
	"net"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A browser is recovered at another hub than the one that it had, which ends in order, or is killed: with its id, and what it
// has missed.
func TestCluster_ABrowserIsRecoveredAtAnotherHub(t *testing.T) {
	t.Run("redis-streams, SIGTERM", func(t *testing.T) {
		moves(t, startRedis(t), syscall.SIGTERM, nil, "--cluster-engine", "redis-streams")
	})
	t.Run("redis-streams, SIGKILL", func(t *testing.T) {
		url := startRedis(t)
		moves(t, url, syscall.SIGKILL, func() bool { return hasSession(t, url) },
			"--cluster-engine", "redis-streams", "--recovery-persist", "on_change")
	})
	t.Run("redis-streams in a Redis Cluster, SIGTERM", func(t *testing.T) {
		moves(t, startRedisCluster(t), syscall.SIGTERM, nil, "--cluster-engine", "redis-streams")
	})
	t.Run("redis-streams in a Redis Cluster with sharded_pubsub, SIGKILL", func(t *testing.T) {
		url := startRedisCluster(t)
		moves(t, url, syscall.SIGKILL, func() bool { return hasSession(t, url) },
			"--cluster-engine", "redis-streams", "--cluster-sharded-pubsub", "--recovery-persist", "on_change")
	})
	t.Run("nats, SIGTERM", func(t *testing.T) {
		moves(t, startNATS(t, true), syscall.SIGTERM, nil, "--cluster-engine", "nats", "--cluster-jetstream-enabled")
	})
}

// hasSession reports whether a Redis, or a node of a cluster, has the session of a hub's browser.
func hasSession(t *testing.T, where string) bool {
	t.Helper()
	if path, unix := strings.CutPrefix(where, "unix://"); unix {
		return asksForSession(t, "unix", path)
	}
	u, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(append(u.Query()["addr"], u.Host), func(address string) bool { return asksForSession(t, "tcp", address) })
}

func asksForSession(t *testing.T, network, address string) bool {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write([]byte("KEYS sio:session:hub:*\r\n")); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && strings.TrimSpace(line) != "*0"
}

// moves has a hub end by a signal, once kept reports true (nil: at once), while its browser is there.
func moves(t *testing.T, where string, end syscall.Signal, kept func() bool, args ...string) {
	t.Helper()
	var hubs []*process
	var at []addresses
	for range 2 {
		p := start(t, with("demo", append([]string{"--cluster-url", where, "--recovery-enabled"}, args...)...)...)
		hubs, at = append(hubs, p), append(at, p.ready())
		attached(t, p, at[len(at)-1], 1)
	}
	emit := func(n string) {
		out, errs, code := execute(t, "emit", "--hub", at[1].services, "-n", "/chat", "--user", "Ann", "notice", `[`+n+`]`)
		if code != 0 {
			t.Fatalf("emit: exit %d %s%s", code, out, errs)
		}
	}
	ann := openTab(t, at[0], `40/chat,{"name":"Ann"}`)
	var session struct{ SID, PID string }
	decode(t, strings.TrimPrefix(ann.reads(`40/chat,`), "40/chat,"), &session)
	waitFor(t, func() bool { // both hubs know each other
		out, _, _ := execute(t, "status", "--admin", strings.TrimPrefix(at[1].admin, "http://"))
		return strings.Contains(out, ": 1 socket, services ")
	})
	emit("1")
	var event []any
	decode(t, strings.TrimPrefix(ann.reads(`42/chat,["notice",[1]`), "42/chat,"), &event)
	offset, _ := event[len(event)-1].(string)
	if kept != nil {
		waitFor(t, kept)
	}
	if err := hubs[0].Process.Signal(end); err != nil {
		t.Fatal(err)
	}
	_ = hubs[0].code()
	emit("2")
	back := openTab(t, at[1], `40/chat,{"pid":"`+session.PID+`","offset":"`+offset+`","name":"Ann"}`)
	got := ""
	for range 3 { // CONNECT, and what it has missed behind it, mostly come at once
		if got += back.exchange("") + "\x1e"; strings.Contains(got, `42/chat,["notice",[2]`) {
			break
		}
	}
	connected := `40/chat,{"sid":"` + session.SID + `","pid":"` + session.PID + `"}`
	if at, next := strings.Index(got, connected), strings.Index(got, `42/chat,["notice",[2]`); at < 0 || next < at {
		t.Fatalf("it was %+v, and reads %q", session, got)
	}
	_, metrics := get(t, at[1].admin+"/metrics")
	if !strings.Contains(metrics, `hub_recoveries_total{result="recovered"} 1`) {
		t.Error("it is not counted")
	}
}

func decode(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}
