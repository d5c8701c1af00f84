package redis

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
)

// newRedisCluster starts a Redis Cluster of three nodes, and returns its URL.
func newRedisCluster(t *testing.T) string {
	t.Helper()
	cli := need(t, "redis-cli", "apt-get install redis-tools")
	args := []string{"--cluster", "create"}
	for range 3 {
		args = append(args, newServer(t, "--cluster-enabled", "yes").address)
	}
	if out, err := exec.Command(cli, append(args, "--cluster-yes")...).CombinedOutput(); err != nil {
		t.Skipf("no Redis Cluster here: %s", out) // its bus wants ports that may be taken
	}
	for _, address := range args[2:] {
		host, port, _ := strings.Cut(address, ":")
		eventually(t, "the cluster is whole", func() bool {
			out, _ := exec.Command(cli, "-h", host, "-p", port, "cluster", "info").Output()
			return strings.Contains(string(out), "cluster_state:ok")
		})
	}
	return "redis+cluster://" + args[2] + "?addr=" + args[3]
}

func TestRedisCluster_CommandsAndQuestions(t *testing.T) {
	url := newRedisCluster(t)
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
