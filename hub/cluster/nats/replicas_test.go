package nats

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/clustertest"
)

// newBrokers are three NATS servers, which keep streams together.
func newBrokers(t *testing.T) (list []*broker) {
	t.Helper()
	var routes []*url.URL
	var ports []int
	for range 3 { // each has to know the others before it starts
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
		routes = append(routes, &url.URL{Scheme: "nats", Host: l.Addr().String()})
		l.Close()
	}
	for i, port := range ports {
		list = append(list, newBroker(t, func(o *server.Options) {
			withJetStream(t)(o)
			o.ServerName = fmt.Sprint("server", i)
			o.Cluster = server.ClusterOpts{Name: "here", Host: "127.0.0.1", Port: port, PoolSize: -1}
			o.Routes = routes
		}))
	}
	wait(t, "the servers to have a leader, and all of them", func() bool {
		for _, b := range list {
			if b.running.JetStreamIsLeader() {
				return len(b.running.JetStreamClusterPeers()) == len(list)
			}
		}
		return false
	})
	return list
}

// urlOf names all servers.
func urlOf(list []*broker) string {
	var urls []string
	for _, b := range list {
		urls = append(urls, b.url())
	}
	return strings.Join(urls, ",")
}

// TestRecorder_WithReplicas has three servers keep the streams. One cluster of them is enough for all parts, each of which has a prefix
// of its own. It takes two minutes, for streams with replicas are slow to be made.
func TestRecorder_WithReplicas(t *testing.T) {
	if os.Getenv("NATS_REPLICAS") != "full" {
		t.Skip("make cluster-faults runs it, with NATS_REPLICAS=full; TestRecorder_AServerOfThreeIsKilled has replicas as well")
	}
	brokers := newBrokers(t)
	conn := connect(t, urlOf(brokers))
	defer conn.Close()
	run := 0
	clustertest.RunRecorder(t, func(t *testing.T) *clustertest.Net {
		run++
		prefix := fmt.Sprint("part", run)
		n := &clustertest.Net{
			LogAway: func(away bool) {
				for _, b := range brokers {
					if away {
						b.kill()
					} else {
						b.begin()
					}
				}
				for _, b := range brokers {
					if !away {
						b.ready()
					}
				}
			},
			Forge: func(data []byte) {
				for _, subject := range []string{prefix + ".hubs", prefix + ".log"} {
					_ = conn.Publish(subject, data) // what is larger than the server takes is refused here
				}
				if err := conn.Flush(); err != nil {
					t.Fatal(err)
				}
			},
			ForgeSession: func(key string, value []byte) {
				_ = conn.Publish(subjects{prefix}.session(key), value)
				_ = conn.Flush()
			},
			Shorten: func(t *testing.T) {
				if _, err := conn.Request("$JS.API.STREAM.PURGE."+prefix+"-log", nil, clustertest.Patience); err != nil {
					t.Fatal(err)
				}
			},
		}
		for i := range 3 {
			n.Clusters = append(n.Clusters, newRecorder(t, Config{
				URL: brokers[i].url() + "," + urlOf(brokers), Prefix: prefix, JetStream: JetStream{Replicas: 3}, Settings: cluster.Settings{Expiry: clustertest.Expiry},
			}))
		}
		return n
	})
}

// TestRecorder_AServerOfThreeIsKilled under traffic, whichever leads: nothing is lost, nothing comes twice, and sessions are kept and
// taken.
func TestRecorder_AServerOfThreeIsKilled(t *testing.T) {
	brokers := newBrokers(t)
	config := Config{URL: urlOf(brokers), JetStream: JetStream{Replicas: 3}, Settings: cluster.Settings{Expiry: 3 * time.Second}}
	list, hosts := openedRecorders(t, config, config)
	start := fenceOf(t, list[0])
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	n := uint64(0)
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			n++
			c := emit(fmt.Sprintf("[%d]", n))
			c.Origin.Number = n
			if err := list[0].Publish(c); err != nil {
				t.Error(err)
			}
			if n%10 == 0 {
				list[0].KeepSession(fmt.Sprint("session", n), fmt.Append(nil, n), time.Minute, nil)
			}
			<-time.After(2 * time.Millisecond)
		}
	}()
	goesOn := func(what string) {
		t.Helper()
		have := len(hosts[1].Commands())
		wait(t, what, func() bool { return len(hosts[1].Commands()) > have+50 })
	}
	goesOn("traffic")
	for i, b := range brokers {
		b.kill()
		goesOn(fmt.Sprint("traffic without server ", i))
		b.start()
		goesOn(fmt.Sprint("traffic with server ", i, " again"))
		wait(t, "the servers know each other", func() bool { return b.running.NumRoutes() >= 2 && b.running.JetStreamIsCurrent() })
	}
	cancel()
	<-ended
	wait(t, "all commands", func() bool { return len(hosts[1].Commands()) >= int(n) })
	to := fenceOf(t, list[1])
	for what, got := range map[string][]*cluster.Command{"applied": hosts[1].Commands(), "in the log": replayed(t, list[1], start, to)} {
		if len(got) != int(n) {
			t.Errorf("%d %s, want %d", len(got), what, n)
		}
		for i, c := range got {
			if c.Origin.Number != uint64(i+1) {
				t.Fatalf("%s: %d in place of %d", what, c.Origin.Number, i+1)
			}
		}
	}
	for k := uint64(10); k <= n; k += 10 {
		kept, err := list[1].TakeSession(t.Context(), fmt.Sprint("session", k))
		if err != nil || kept == nil || string(kept.Value) != fmt.Sprint(k) {
			t.Fatalf("session %d of %d: %+v, %v", k, n, kept, err)
		}
		if again, err := list[0].TakeSession(t.Context(), fmt.Sprint("session", k)); err != nil || again != nil {
			t.Fatalf("session %d again: %+v, %v", k, again, err)
		}
	}
}
