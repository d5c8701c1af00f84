package redis

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/internal/certstest"
)

const sentinelUser, sentinelSecret = "watcher", "sentinel-secret"

// watched is a master with replicas, which one Sentinel watches. All want passwords.
type watched struct {
	t        *testing.T
	servers  []*server
	sentinel *server
	asks     *redis.SentinelClient
	scheme   string
	tls      *tls.Config
}

// newWatched starts one. With an authority all speak TLS. There can be as many changes of the master as there are replicas.
func newWatched(t *testing.T, replicas int, authority *certstest.Authority, more ...string) *watched {
	t.Helper()
	auth := append([]string{
		"--requirepass", "redis-secret", "--masterauth", "redis-secret", "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1", "--user", "hub",
	}, strings.Fields(hubRights+recoveryRights+" &socket.ioredis#/* +role >hub-secret")...)
	auth = append(more, auth...)
	w := &watched{t: t, scheme: "redis"}
	start := newServer
	if authority != nil {
		w.scheme, w.tls = "rediss", trust(t, authority)
		start = func(t testing.TB, args ...string) *server { return encrypted(t, authority, args...) }
	}
	master := start(t, auth...)
	host, port, _ := net.SplitHostPort(master.address)
	w.servers = []*server{master}
	for range replicas {
		replica := start(t, append([]string{"--replicaof", host, port}, auth...)...)
		w.servers = append(w.servers, replica)
		eventually(t, "the replica has what the master has", func() bool { return replica.says("sync: Finished with success") })
	}
	w.sentinel = prepare(t, "--sentinel")
	if authority != nil {
		w.sentinel.encrypt(authority)
	}
	w.sentinel.ready = "+monitor master"
	w.sentinel.conf = func(string) string {
		return fmt.Sprintf(`
sentinel monitor here %s %s 1
sentinel down-after-milliseconds here 1000
sentinel failover-timeout here 4000
sentinel auth-pass here redis-secret
user default off
user %s on >%s ~* &* +@all
`, host, port, sentinelUser, sentinelSecret)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(w.sentinel.dir, "log"))
			t.Logf("Sentinel:\n%s", log)
		}
	})
	w.sentinel.launch()
	w.asks = redis.NewSentinelClient(&redis.Options{Addr: w.sentinel.address, Username: sentinelUser, Password: sentinelSecret, TLSConfig: w.tls})
	t.Cleanup(func() { _ = w.asks.Close() })
	return w
}

// hasReplica waits until Sentinel could promote somebody.
func (w *watched) hasReplica() {
	w.t.Helper()
	eventually(w.t, "Sentinel knows a replica", func() bool {
		if m, err := w.asks.Master(w.t.Context(), "here").Result(); err != nil || m["flags"] != "master" {
			return false // another change is still under way
		}
		list, err := w.asks.Replicas(w.t.Context(), "here").Result()
		if err != nil {
			return false
		}
		for _, r := range list {
			if r["flags"] == "slave" && r["master-link-status"] == "ok" && r["role-reported"] == "slave" {
				return true
			}
		}
		return false
	})
}

// master is the server that Sentinel names.
func (w *watched) master() *server {
	address, err := w.asks.GetMasterAddrByName(context.Background(), "here").Result()
	if err == nil {
		for _, s := range w.servers {
			if s.address == net.JoinHostPort(address[0], address[1]) {
				return s
			}
		}
	}
	return nil
}

func (w *watched) config(engine string) Config {
	return Config{
		Engine: engine, URL: w.scheme + "+sentinel://" + w.sentinel.address + "?master_name=here", Prefix: "socket.io" + engine, Stream: "socket.io" + engine,
		Username: "hub", Password: "hub-secret", SentinelUsername: sentinelUser, SentinelPassword: sentinelSecret, TLS: w.tls,
	}
}

// stream of numbered commands from one hub to another.
type numbered struct {
	one, two *host
	n        int
}

// TestSentinel_AnotherMasterUnderTraffic: hubs go on with the master that Sentinel has promoted, whatever became of the last one.
func TestSentinel_AnotherMasterUnderTraffic(t *testing.T) {
	t.Parallel()
	w := newWatched(t, 3, nil)
	var pairs []*numbered
	for _, engine := range engines {
		p := &numbered{}
		p.one = newHost(t, w.config(engine), cluster.Socket{ID: "one", Rooms: []string{"a"}}).connected()
		p.two = newHost(t, w.config(engine), cluster.Socket{ID: "two", Rooms: []string{"a"}}).connected()
		p.one.meets(1)
		p.two.meets(1)
		pairs = append(pairs, p)
	}
	stop := traffic(t, pairs)
	for _, change := range []struct {
		what string
		do   func(*server)
	}{
		{"in order", func(*server) { w.asks.Failover(context.Background(), "here") }},
		{"killed", (*server).kill},
		{"hung", func(s *server) { s.signal(syscall.SIGSTOP) }},
	} {
		w.hasReplica()
		was := w.master()
		change.do(was)
		eventually(t, change.what+": another one is master", func() bool { m := w.master(); return m != nil && m != was })
		begun := time.Now()
		for _, p := range pairs {
			seen := p.two.count()
			eventually(t, change.what+": "+p.one.cluster.Status().Engine+" goes on", func() bool { return p.two.count() > seen+10 })
			t.Logf("%s: %s was back %v after Sentinel had another master", change.what, p.one.cluster.Status().Engine, time.Since(begun))
			p.one.connected()
			p.two.connected()
		}
	}
	stop()
	for _, p := range pairs {
		p.inOrder()
		p.one.meets(1)
		p.two.meets(1)
	}
}

// traffic publishes on each pair until it is stopped.
func traffic(t *testing.T, pairs []*numbered) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, p := range pairs {
		running.Go(func() {
			ticker := time.NewTicker(2 * time.Millisecond)
			defer ticker.Stop()
			for ctx.Err() == nil {
				p.n++
				_ = p.one.cluster.Publish(&cluster.Command{Namespace: "/", Target: all(), Message: message("n", "["+strconv.Itoa(p.n)+"]")}) // refused while it is away
				<-ticker.C
			}
		})
	}
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

func (h *host) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.commands)
}

// inOrder looks that nothing came twice, or late.
func (p *numbered) inOrder() {
	p.two.t.Helper()
	p.two.mu.Lock()
	defer p.two.mu.Unlock()
	last := 0
	for _, c := range p.two.commands {
		var n int
		if _, err := fmt.Sscanf(string(c.Message.Args), "[%d]", &n); err != nil || n <= last {
			p.two.t.Fatalf("%s: %s after %d", p.one.cluster.Status().Engine, c.Message.Args, last)
		}
		last = n
	}
	p.two.t.Logf("%s: %d of %d arrived", p.one.cluster.Status().Engine, len(p.two.commands), p.n)
}
