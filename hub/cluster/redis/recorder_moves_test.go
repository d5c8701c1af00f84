package redis

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// keepsGoing publishes numbered commands and keeps sessions at one hub until it is stopped.
type keepsGoing struct {
	t        *testing.T
	one, two *host
	stop     func()
	n        int
	start    cluster.Position
}

// goOn begins. One command in ten keeps a session.
func goOn(t *testing.T, one, two *host) *keepsGoing {
	k := &keepsGoing{t: t, one: one, two: two, start: one.fence("/")}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		for ctx.Err() == nil {
			k.n++
			mustPublish(t, one, &cluster.Command{
				Namespace: "/", Target: all(), Message: message("n", "["+strconv.Itoa(k.n)+"]"), Origin: cluster.Origin{Number: uint64(k.n)},
			})
			if k.n%10 == 0 {
				one.recorder().KeepSession("session"+strconv.Itoa(k.n), []byte(strconv.Itoa(k.n)), time.Minute, nil)
			}
			<-ticker.C
		}
	}()
	k.stop = func() { cancel(); <-ended }
	t.Cleanup(k.stop)
	return k
}

// goesOn waits until more has come.
func (k *keepsGoing) goesOn(what string) {
	k.t.Helper()
	seen, begun := k.two.count(), time.Now()
	eventually(k.t, what, func() bool { return k.two.count() > seen+10 })
	k.t.Logf("%s: goes on after %v", what, time.Since(begun))
}

// end looks that all has come, in order and once, stands in the log, and that each session is taken once.
func (k *keepsGoing) end() {
	k.t.Helper()
	k.stop()
	eventually(k.t, "all commands", func() bool { return k.two.count() >= k.n })
	inOrder := func(what string, list []*cluster.Command) {
		k.t.Helper()
		if len(list) != k.n {
			k.t.Errorf("%s: %d, want %d", what, len(list), k.n)
		}
		for i, c := range list {
			if c.Origin.Number != uint64(i+1) {
				k.t.Fatalf("%s: %d in place of %d", what, c.Origin.Number, i+1)
			}
		}
	}
	k.two.mu.Lock()
	came := slices.Clone(k.two.commands)
	k.two.mu.Unlock()
	inOrder("applied", came)
	to := k.one.fence("/")
	for name, h := range map[string]*host{"log, first hub": k.one, "log, second hub": k.two} {
		inOrder(name, h.replay("/", k.start, to))
	}
	for n := 10; n <= k.n; n += 10 {
		for _, want := range []string{strconv.Itoa(n), ""} {
			kept, err := k.two.recorder().TakeSession(k.t.Context(), "session"+strconv.Itoa(n))
			got := ""
			if kept != nil {
				got = string(kept.Value)
			}
			if err != nil || got != want {
				k.t.Fatalf("session %d: %q, want %q, %v", n, got, want, err)
			}
		}
	}
}

// TestRedisCluster_TheStreamMoves to another node, key by key as Redis moves slots, and stays between the two for a while: hubs follow
// ASK, and then MOVED.
func TestRedisCluster_TheStreamMoves(t *testing.T) {
	t.Parallel()
	rights := strings.Fields(hubRights + recoveryRights + " +cluster|slots +command +asking >hub-secret") // as docs/cluster.md has them
	c := newRedisCluster(t, nil, append([]string{"--cluster-node-timeout", "2000", "--user", "hub"}, rights...)...)
	config := Config{Engine: Streams, URL: c.url, Username: "hub", Password: "hub-secret"}
	one, two := newHost(t, config).connected(), newHost(t, config).connected()
	one.meets(1)
	two.meets(1)
	k := goOn(t, one, two)
	k.goesOn("before")
	slot := strings.TrimSpace(c.cli(c.servers[0], "cluster", "keyslot", "socket.io"))
	id := func(s *server) string { return strings.TrimSpace(c.cli(s, "cluster", "myid")) }
	for round := range 3 {
		from := c.ownerOf("socket.io")
		to := c.servers[(slices.Index(c.servers, from)+1)%len(c.servers)]
		must := func(s *server, args ...string) {
			t.Helper()
			if got := strings.TrimSpace(c.cli(s, args...)); got != "OK" {
				t.Fatalf("%v: %s", args, got)
			}
		}
		must(to, "cluster", "setslot", slot, "importing", id(from))
		must(from, "cluster", "setslot", slot, "migrating", id(to))
		host, port, _ := net.SplitHostPort(to.address)
		must(from, "migrate", host, port, "socket.io", "0", "5000")
		k.goesOn(fmt.Sprint(round, ": moving"))
		one.fence("/")
		if _, err := two.recorder().TakeSession(t.Context(), "nobody's"); err != nil {
			t.Error(err)
		}
		from2 := two.fence("/")
		if err := two.recorder().Replay(t.Context(), "/", k.start, from2, func(*cluster.Command) bool { return true }); err != nil {
			t.Errorf("a replay while the stream is moving: %v", err)
		}
		if !one.cluster.Status().Connected || !two.cluster.Status().Connected {
			t.Error("away while the stream is moving")
		}
		must(to, "cluster", "setslot", slot, "node", id(to))
		must(from, "cluster", "setslot", slot, "node", id(to))
		k.goesOn(fmt.Sprint(round, ": moved"))
	}
	k.end()
	for _, s := range c.servers {
		if log := strings.TrimSpace(c.cli(s, "acl", "log")); log != "" {
			t.Errorf("refused: %s", log)
		}
	}
}

// ownerOf is the node that has the slot of a key.
func (c *redisCluster) ownerOf(key string) *server {
	c.t.Helper()
	for _, s := range c.servers {
		if out := c.cli(s, "exists", key); !strings.Contains(out, "MOVED") {
			return s
		}
	}
	c.t.Fatal("nobody has the slot")
	return nil
}

// TestSentinel_TheRecorderGoesOn with the master that is promoted: what a replica had is there, and what comes behind it.
func TestSentinel_TheRecorderGoesOn(t *testing.T) {
	t.Parallel()
	w := newWatched(t, 2, nil)
	config := w.config(Streams)
	one, two := newHost(t, config).connected(), newHost(t, config).connected()
	one.meets(1)
	two.meets(1)
	admin := config
	admin.Username, admin.Password = "", "redis-secret"
	client := clientOf(t, admin)
	start, n := one.fence("/"), uint64(0)
	say := func() {
		t.Helper()
		n++
		mustPublish(t, one, &cluster.Command{Namespace: "/", Target: all(), Message: message("n", `[]`), Origin: cluster.Origin{Number: n}})
	}
	for what, change := range map[string]func(*server){
		"in order": func(*server) { w.asks.Failover(context.Background(), "here") },
		"killed":   (*server).kill,
	} {
		w.hasReplica()
		say()
		one.recorder().KeepSession(what, []byte(what), time.Minute, nil)
		before := one.fence("/")
		eventually(t, "the replicas have it", func() bool {
			have, err := client.Do(t.Context(), "WAIT", "1", "1000").Int()
			return err == nil && have > 0
		})
		was := w.master()
		change(was)
		eventually(t, what+": another one is master", func() bool { m := w.master(); return m != nil && m != was })
		if was.process != nil { // what it takes as long as it does not know is lost with it, see docs/cluster.md
			direct := clientOf(t, Config{URL: was.url(), Password: "redis-secret"})
			eventually(t, what+": the last one is none", func() bool {
				role, err := direct.Do(t.Context(), "ROLE").Slice()
				return err == nil && role[0] == "slave"
			})
		}
		say()
		eventually(t, what+": all hubs go on", func() bool { return two.count() >= int(n) })
		one.connected()
		two.connected()
		to := two.fence("/")
		if got := two.replay("/", before, to); len(got) != 1 || got[0].Origin.Number != n {
			t.Errorf("%s: %s behind what was there before", what, short(got))
		}
		if got := one.replay("/", start, to); len(got) != int(n) {
			t.Errorf("%s: %d in the log, want %d", what, len(got), n)
		}
		for _, want := range []string{what, ""} {
			kept, err := two.recorder().TakeSession(t.Context(), what)
			got := ""
			if kept != nil {
				got = string(kept.Value)
			}
			if err != nil || got != want {
				t.Errorf("%s: session %q, %v, want %q", what, got, err, want)
			}
		}
	}
}
