package main

import (
	"strings"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
)

// startNATS starts a NATS server of the process, with JetStream or not, and returns where it is.
func startNATS(t *testing.T, jetStream bool) (url string) {
	t.Helper()
	s, err := natsserver.NewServer(&natsserver.Options{
		Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true, JetStream: jetStream, StoreDir: t.TempDir(),
	})
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
	twoHubs(t, "nats", startNATS(t, false))
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

// Each is refused with exit 2, its key, what was given, and what would be taken.
func TestCluster_SettingsThatCannotBe(t *testing.T) {
	none := writeFile(t, t.TempDir(), "none.pem", "no certificate")
	for want, args := range map[string][]string{
		`cluster.engine = "kafka" (from --cluster-engine): want one of redis,`:                       {"--cluster-engine", "kafka"},
		`cluster.url = "": want where`:                                                               {"--cluster-engine", "nats"},
		`cluster.engine = "": want which`:                                                            {"--cluster-url", "nats://127.0.0.1:4222"},
		`cluster.url = "***" (from --cluster-url): a password`:                                       {"--cluster-engine", "redis", "--cluster-url", "redis://:secret@127.0.0.1:6379"},
		`cluster.url = "***" (from --cluster-url): a password must`:                                  {"--cluster-engine", "redis", "--cluster-url", "redis+sentinel://127.0.0.1:1?master_name=m&sentinel_password=secret"},
		`cluster.url = "***" (from --cluster-url): a password must not`:                              {"--cluster-engine", "nats", "--cluster-url", "nats://127.0.0.1:1,nats://u:secret@127.0.0.1:2"},
		`cluster.url = "***" (from --cluster-url): a token`:                                          {"--cluster-engine", "nats", "--cluster-url", "nats://secret@127.0.0.1:1"},
		`cluster.prefix = "a b": "a b" is not made of`:                                               {"--cluster-engine", "nats", "--cluster-url", "nats://127.0.0.1:1", "--cluster-prefix", "a b"},
		`cluster.engine_tls.ca = "/nowhere": open /nowhere`:                                          {"--cluster-engine", "nats", "--cluster-url", "nats://127.0.0.1:1", "--cluster-engine-tls-ca", "/nowhere"},
		`cluster.engine_tls.ca = "` + none + `": has no`:                                             {"--cluster-engine", "redis", "--cluster-url", "rediss://127.0.0.1:1", "--cluster-engine-tls-ca", none},
		`cluster.engine_tls.cert = "` + none + `": tls: `:                                            {"--cluster-engine", "redis", "--cluster-url", "rediss://127.0.0.1:1", "--cluster-engine-tls-cert", none, "--cluster-engine-tls-key", none},
		`cluster.engine_tls.key = "": want the private key`:                                          {"--cluster-engine", "redis", "--cluster-url", "rediss://127.0.0.1:1", "--cluster-engine-tls-cert", none},
		`cluster.url = "redis://127.0.0.1:1": is without TLS`:                                        {"--cluster-engine", "redis", "--cluster-url", "redis://127.0.0.1:1", "--cluster-engine-tls-server-name", "x"},
		`cluster.url = "redis+sentinel://127.0.0.1:1": master_name is required`:                      {"--cluster-engine", "redis", "--cluster-url", "redis+sentinel://127.0.0.1:1"},
		`cluster.url = "http://127.0.0.1:1": "http" is none of redis, rediss, unix`:                  {"--cluster-engine", "redis", "--cluster-url", "http://127.0.0.1:1"},
		`cluster.url = "redis://127.0.0.1:1?max_retries=3": "max_retries" is none of its`:            {"--cluster-engine", "redis", "--cluster-url", "redis://127.0.0.1:1?max_retries=3"},
		`cluster.url = "redis://127.0.0.1:1?dial_timeout=2h": dial_timeout="2h" is not between`:      {"--cluster-engine", "redis", "--cluster-url", "redis://127.0.0.1:1?dial_timeout=2h"},
		`cluster.url = "redis+sentinel://127.0.0.1:1?master_name=m": a user with Sentinel is either`: {"--cluster-engine", "redis", "--cluster-url", "redis+sentinel://secret@127.0.0.1:1?master_name=m"},
		`cluster.password_file = "/nowhere": open /nowhere`:                                          {"--cluster-engine", "redis", "--cluster-url", "redis://127.0.0.1:1", "--cluster-password-file", "/nowhere"},
	} {
		_, errs, code := execute(t, with("serve", args...)...)
		if code != 2 || !strings.Contains(errs, want) || strings.Contains(errs, "secret") {
			t.Errorf("%q: exit %d %s, not %s", args, code, errs, want)
		}
	}
}
