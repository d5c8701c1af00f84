package redis

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/clustertest"
	"github.com/siohub/siohub/hub/internal/msgpacket"
)

func TestRecorder(t *testing.T) {
	clustertest.RunRecorder(t, func(t *testing.T) *clustertest.Net {
		s := newServer(t, durable...)
		return recorders(t, Config{URL: s.url()}, s)
	})
}

// durable keeps what Redis has acknowledged.
var durable = []string{"--appendonly", "yes", "--appendfsync", "always"}

// TestRecorder_OnARedisCluster has stream and sessions on nodes of their own. One cluster is enough for all parts, each of which has
// names of its own.
func TestRecorder_OnARedisCluster(t *testing.T) {
	t.Parallel()
	for name, shards := range map[string]bool{"plain": false, "sharded_pubsub": true} {
		t.Run(name, func(t *testing.T) {
			c := newRedisCluster(t, nil, append([]string{"--cluster-node-timeout", "2000"}, durable...)...)
			run := 0
			clustertest.RunRecorder(t, func(t *testing.T) *clustertest.Net {
				run++
				own := fmt.Sprint(name, run)
				return recorders(t, Config{
					URL: c.url, ShardedPubSub: shards, Prefix: own, Stream: own, SessionPrefix: own + ":",
				}, c.servers...)
			})
		})
	}
}

// TestRecorder_WithShardedPubSub on one server.
func TestRecorder_WithShardedPubSub(t *testing.T) {
	t.Parallel()
	clustertest.RunRecorder(t, func(t *testing.T) *clustertest.Net {
		s := newServer(t, durable...)
		return recorders(t, Config{URL: s.url(), ShardedPubSub: true}, s)
	})
}

// TestRecorder_WithSentinel, which names one master all the time: TestSentinel has it name another.
func TestRecorder_WithSentinel(t *testing.T) {
	t.Parallel()
	w := newWatched(t, 1, nil, durable...)
	run := 0
	clustertest.RunRecorder(t, func(t *testing.T) *clustertest.Net {
		run++
		own := fmt.Sprint("socket.io", run)
		c := w.config(own)
		c.SessionPrefix = "sio:session:" + own + ":"
		admin := c
		admin.Username, admin.Password = "", "redis-secret"
		return recordersAs(t, c, admin, w.servers...)
	})
}

// recorders are three hubs over the same servers.
func recorders(t *testing.T, c Config, servers ...*server) *clustertest.Net {
	t.Helper()
	return recordersAs(t, c, c, servers...)
}

// recordersAs has the test connect as somebody who may do more.
func recordersAs(t *testing.T, c, admin Config, servers ...*server) *clustertest.Net {
	t.Helper()
	c.Engine, c.Settings = Streams, cluster.Settings{Expiry: clustertest.Expiry, Logger: slog.New(slog.DiscardHandler)}
	client := clientOf(t, admin)
	c = c.withDefaults()
	n := &clustertest.Net{
		Forge: forger(t, admin),
		LogAway: func(away bool) {
			for _, s := range servers {
				if away {
					s.kill()
				} else {
					s.start()
				}
			}
		},
		Shorten: func(t *testing.T) {
			if err := client.XTrimMaxLen(t.Context(), c.Stream, 0).Err(); err != nil {
				t.Fatal(err)
			}
		},
		ForgeSession: func(key string, value []byte) {
			client.Set(context.Background(), c.SessionPrefix+key, value, time.Minute)
			client.Set(context.Background(), c.SessionPrefix+"hub:"+key, value, time.Minute)
		},
		ForeignSession: func(key string, session cluster.Socket) {
			value := nodeSession(key, session)
			if err := client.Set(context.Background(), c.SessionPrefix+key, value, time.Minute).Err(); err != nil {
				t.Fatal(err)
			}
		},
	}
	n.Clusters = threeHubs(t, c)
	return n
}

// nodeSession is a session as Node keeps it.
func nodeSession(key string, session cluster.Socket) string {
	text := `{"sid":"` + session.ID + `","pid":"` + key + `","rooms":["`
	for i, room := range session.Rooms {
		if i > 0 {
			text += `","`
		}
		text += room
	}
	return base64.StdEncoding.EncodeToString(msgpacket.AppendJSON(nil, []byte(text+`"],"data":`+string(session.Data)+`}`), nil))
}

// watch is a connection of the test.
func watch(t testing.TB, s *server) redis.UniversalClient {
	t.Helper()
	return clientOf(t, Config{URL: s.url()})
}

// clientOf is a connection of the test to what a hub connects to.
func clientOf(t testing.TB, c Config) redis.UniversalClient {
	t.Helper()
	with := "?"
	if strings.Contains(c.URL, "?") {
		with = "&"
	}
	c.URL += with + "read_timeout=1m&write_timeout=1m" // hubs do not wait for a busy machine, a test does
	n, err := c.connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.close)
	return n.any()
}
