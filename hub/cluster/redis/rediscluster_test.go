package redis

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/internal/certstest"
)

// redisCluster is a Redis Cluster of three nodes.
type redisCluster struct {
	t       *testing.T
	url     string
	servers []*server
	options []string // of redis-cli
}

// newRedisCluster starts one. With an authority all speak TLS.
func newRedisCluster(t *testing.T, authority *certstest.Authority, more ...string) *redisCluster {
	t.Helper()
	cli, scheme := need(t, "redis-cli", "apt-get install redis-tools"), "redis"
	start := newServer
	c := &redisCluster{t: t}
	if authority != nil {
		scheme, start = "rediss", func(t testing.TB, args ...string) *server { return encrypted(t, authority, args...) }
	}
	args := []string{"--cluster", "create"}
	for range 3 {
		s := start(t, append([]string{"--cluster-enabled", "yes"}, more...)...)
		c.servers = append(c.servers, s)
		if args = append(args, s.address); authority != nil {
			c.options = []string{"--tls", "--cacert", s.dir + "/ca-cert", "--cert", s.dir + "/cert", "--key", s.dir + "/key"}
		}
	}
	if out, err := exec.Command(cli, slices.Concat(c.options, args, []string{"--cluster-yes"})...).CombinedOutput(); err != nil {
		t.Skipf("no Redis Cluster here: %s", out) // its bus wants ports that may be taken
	}
	c.isWhole()
	c.url = scheme + "+cluster://" + args[2] + "?addr=" + args[3]
	return c
}

// isWhole waits until each node knows all slots.
func (c *redisCluster) isWhole() {
	c.t.Helper()
	for _, s := range c.servers {
		eventually(c.t, "the cluster is whole", func() bool { return strings.Contains(c.cli(s, "cluster", "info"), "cluster_state:ok") })
	}
}

// cli is what redis-cli says.
func (c *redisCluster) cli(s *server, args ...string) string {
	host, port, _ := strings.Cut(s.address, ":")
	out, _ := exec.Command("redis-cli", slices.Concat(c.options, []string{"-h", host, "-p", port}, args)...).CombinedOutput()
	return string(out)
}

func TestRedisCluster_CommandsAndQuestions(t *testing.T) {
	t.Parallel()
	url := newRedisCluster(t, nil).url
	t.Run("redis-streams with sharded_pubsub", func(t *testing.T) {
		crosses(t, Config{Engine: Streams, URL: url, Prefix: "x", Stream: "x", ShardedPubSub: true})
	})
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			c := Config{Engine: engine, URL: url, Prefix: engine, Stream: engine}
			one := newHost(t, c, cluster.Socket{ID: "one", Rooms: []string{"a"}}).connected()
			two := newHost(t, c, cluster.Socket{ID: "two", Rooms: []string{"a", "b", "c", "d", "e", "f"}}).connected()
			one.meets(1)
			two.meets(1)
			for _, room := range []string{"a", "b", "c", "d", "e", "f"} { // on nodes of their own
				eventually(t, "a message to room "+room, func() bool {
					_ = one.cluster.Publish(&cluster.Command{Namespace: "/", Target: toRooms(room), Message: message(room, `[]`)})
					for _, line := range two.seen() {
						if strings.Contains(line, "Event:"+room) {
							return true
						}
					}
					return false
				})
			}
			if answers, missing := one.ask(&cluster.Question{Kind: cluster.Fetch, Namespace: "/", Target: all()}); len(answers) != 1 || len(missing) != 0 {
				t.Errorf("%s, missing %v", short(answers), missing)
			}
		})
	}
}
