package main

import (
	"strings"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
)

// startNATS starts a NATS server of the process, and returns where it is.
func startNATS(t *testing.T) (url string) {
	t.Helper()
	s, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(patience) {
		t.Fatal("NATS does not start")
	}
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	return s.ClientURL()
}

// What is said at one hub reaches the browsers of another, and either knows of the other.
func TestCluster_TwoHubsOverNATS(t *testing.T) {
	twoHubs(t, "nats", startNATS(t))
}

// An engine that is not there stops nobody.
func TestCluster_AHubWithoutItsEngineServes(t *testing.T) {
	p := start(t, with("demo", "--cluster-engine", "nats", "--cluster-url", "nats://127.0.0.1:1")...)
	at := p.ready()
	attached(t, p, at, 1)
	ann := openTab(t, at, `40/chat,{"name":"Ann"}`)
	ann.reads(`40/chat,{"sid":"`)
	before := time.Now()
	if _, errs, code := execute(t, "emit", "--hub", at.services, "-n", "/chat", "--user", "Ann", "notice", `[1]`); code != 0 {
		t.Errorf("emit: exit %d %s", code, errs)
	}
	ann.reads(`42/chat,["notice",[1]`)
	if took := time.Since(before); took > patience {
		t.Errorf("after %v", took)
	}
	if out, _, _ := execute(t, "status", "--admin", strings.TrimPrefix(at.admin, "http://")); !strings.Contains(out, "not reached") {
		t.Errorf("status says\n%s", out)
	}
}

func TestCluster_SettingsThatCannotBe(t *testing.T) {
	for _, row := range [][]string{
		{"cluster.engine", "--cluster-engine", "kafka"},
		{"cluster.url", "--cluster-engine", "nats"},
		{"cluster.engine", "--cluster-url", "nats://127.0.0.1:4222"},
		{"cluster.url", "--cluster-engine", "redis", "--cluster-url", "redis://:secret@127.0.0.1:6379"},
		{"cluster.url", "--cluster-engine", "redis", "--cluster-url", "redis+sentinel://127.0.0.1:1?master_name=m&sentinel_password=secret"},
		{"cluster.url", "--cluster-engine", "nats", "--cluster-url", "nats://127.0.0.1:1,nats://u:secret@127.0.0.1:2"},
		{"cluster.url", "--cluster-engine", "nats", "--cluster-url", "nats://secret@127.0.0.1:1"},
		{"cluster.prefix", "--cluster-engine", "nats", "--cluster-url", "nats://127.0.0.1:1", "--cluster-prefix", "a b"},
		{"cluster.engine_tls.ca", "--cluster-engine", "nats", "--cluster-url", "nats://127.0.0.1:1", "--cluster-engine-tls-ca", "/nowhere"},
	} {
		_, errs, code := execute(t, with("serve", row[1:]...)...)
		if code != 2 || !strings.Contains(errs, row[0]) || strings.Contains(errs, "secret") {
			t.Errorf("%q: exit %d %s", row, code, errs)
		}
	}
}
