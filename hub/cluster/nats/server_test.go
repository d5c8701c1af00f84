package nats

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/clustertest"
)

// ids are those of hubs so far.
var ids atomic.Uint64

// opened opens hubs, and closes them at the end.
func opened(t *testing.T, configs ...Config) (clusters []*Cluster, hosts []*clustertest.Host) {
	t.Helper()
	for _, config := range configs {
		c, h := newCluster(t, config), &clustertest.Host{}
		if err := c.Open(cluster.Self{ID: fmt.Sprintf("%016x", ids.Add(1))}, h); err != nil {
			t.Fatal(err)
		}
		c.Serve("/", true)
		clusters, hosts = append(clusters, c), append(hosts, h)
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), clustertest.Patience)
			defer cancel()
			if err := c.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	return clusters, hosts
}

func emit(args string) *cluster.Command {
	return &cluster.Command{Namespace: "/", Target: cluster.Target{All: true}, Message: &cluster.Message{Event: "n", Args: []byte(args)}}
}

func connected(t *testing.T, clusters []*Cluster) {
	t.Helper()
	for _, c := range clusters {
		wait(t, "all to know each other", func() bool { return c.Status().Connected && len(c.Members()) == len(clusters)-1 })
	}
}

// TestServer_KilledUnderTraffic: what is sent while it is away is refused, what comes over is in order, nobody is lost, and it
// goes on by itself.
func TestServer_KilledUnderTraffic(t *testing.T) {
	b := newBroker(t, nil)
	config := Config{URL: b.url(), Settings: cluster.Settings{Expiry: 3 * time.Second}}
	clusters, hosts := opened(t, config, config)
	connected(t, clusters)
	wait(t, "subscriptions", func() bool { _ = clusters[0].Publish(emit("[-1]")); return len(hosts[1].Commands()) > 0 })
	hosts[1].Forget()
	ctx, cancel := context.WithCancel(context.Background())
	var refused atomic.Int64
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ctx.Err() == nil; n++ {
			if clusters[0].Publish(emit(fmt.Sprintf("[%09d]", n))) != nil {
				refused.Add(1)
			}
			<-time.After(time.Millisecond)
		}
	}()
	for range 3 {
		have := len(hosts[1].Commands())
		wait(t, "traffic", func() bool { return len(hosts[1].Commands()) > have+10 })
		was := refused.Load()
		b.kill()
		wait(t, "a refusal", func() bool { return refused.Load() > was+10 })
		b.start()
		have = len(hosts[1].Commands())
		wait(t, "traffic again", func() bool { return len(hosts[1].Commands()) > have+10 })
		if got := clusters[1].Members(); len(got) != 1 || clusters[1].Status().Settled {
			t.Errorf("%+v, %+v", got, clusters[1].Status())
		}
	}
	cancel()
	<-ended
	last := ""
	for _, c := range hosts[1].Commands() {
		args := string(c.Message.Args)
		if args <= last {
			t.Fatalf("%s after %s", args, last)
		}
		last = args
	}
}

// TestServer_NotThereYet: a hub comes up before its engine does.
func TestServer_NotThereYet(t *testing.T) {
	b := newBroker(t, nil)
	b.kill()
	clusters, _ := opened(t, Config{URL: b.url()}, Config{URL: b.url()})
	if clusters[0].Status().Connected {
		t.Error("connected to nothing")
	}
	b.start()
	connected(t, clusters)
}

// TestServer_RoomsThatNobodyIsInDoNotArrive counts what the server delivers.
func TestServer_RoomsThatNobodyIsInDoNotArrive(t *testing.T) {
	b := newBroker(t, nil)
	clusters, hosts := opened(t, Config{URL: b.url()}, Config{URL: b.url(), MaxSubscriptions: 2})
	connected(t, clusters)
	wait(t, "the subscription of the namespace", func() bool { _ = clusters[0].Publish(emit("[]")); return len(hosts[1].Commands()) > 0 })
	before := b.running.NumSubscriptions()
	to := func(room string) {
		_ = clusters[0].Publish(&cluster.Command{Namespace: "/", Target: cluster.Target{Rooms: []string{room}}, Message: &cluster.Message{Event: room}})
	}
	arrives := func(room string) func() bool {
		return func() bool {
			to(room)
			for _, c := range hosts[1].Commands() {
				if c.Message.Event == room {
					return true
				}
			}
			return false
		}
	}
	for _, room := range []string{"a", "b", "c", "d"} { // beyond the bound too
		clusters[1].Room("/", room, true)
		wait(t, "room "+room, arrives(room))
	}
	wait(t, "one subscription in place of four", func() bool { return b.running.NumSubscriptions() == before+1 })
	clusters[1].Room("/", "d", false)
	clusters[1].Room("/", "c", false)
	clusters[1].Room("/", "b", false)
	clusters[1].Room("/", "a", false)
	wait(t, "the end of the subscriptions", func() bool { return b.running.NumSubscriptions() == before })
}

// TestServer_Credentials has one server for each way to say who one is.
func TestServer_Credentials(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	seed, _ := pair.Seed()
	public, _ := pair.PublicKey()
	user := func(o *server.Options) { o.Username, o.Password = "hub", "s3cret" }
	token := func(o *server.Options) { o.Authorization = "t0ken" }
	for name, test := range map[string]struct {
		server func(*server.Options)
		client Config // its URL has the part before the host
	}{
		"User":         {user, Config{URL: "hub:s3cret@"}},
		"PasswordFile": {user, Config{URL: "hub@", PasswordFile: file("password", "s3cret\n")}},
		"Token":        {token, Config{URL: "t0ken@"}},
		"TokenFile":    {token, Config{TokenFile: file("token", "t0ken\n")}},
		"NkeyFile":     {func(o *server.Options) { o.Nkeys = []*server.NkeyUser{{Nkey: public}} }, Config{NkeyFile: file("nkey", string(seed))}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBroker(t, test.server)
			config := test.client
			config.URL = strings.Replace(b.url(), "//", "//"+config.URL, 1)
			clusters, _ := opened(t, config, config)
			connected(t, clusters)
			b.kill()
			wait(t, "its end", func() bool { return !clusters[0].Status().Connected })
			b.start()
			connected(t, clusters)
		})
	}
}

// TestServer_WrongPasswordIsTriedAgain, as somebody may put it right; it is not told.
func TestServer_WrongPasswordIsTriedAgain(t *testing.T) {
	b := newBroker(t, func(o *server.Options) { o.Username, o.Password = "hub", "right" })
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte("wr0ng-secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := &lines{}
	config := Config{URL: strings.Replace(b.url(), "//", "//hub@", 1), PasswordFile: path, Settings: cluster.Settings{Logger: log.logger()}}
	clusters, _ := opened(t, config)
	wait(t, "a line in the log", func() bool { return strings.Contains(log.String(), "cannot be reached") })
	if strings.Contains(log.String(), "wr0ng") {
		t.Error(log.String())
	}
	if err := os.WriteFile(path, []byte("right"), 0o600); err != nil {
		t.Fatal(err)
	}
	connected(t, clusters)
}

// TestServer_OneThatSaysNothingMakesNobodyLost, however short cluster.expiry is.
func TestServer_OneThatSaysNothingMakesNobodyLost(t *testing.T) {
	b := newBroker(t, nil)
	p := newPipe(t, strings.TrimPrefix(b.url(), "nats://"))
	const expiry = 3 * time.Second
	config := Config{URL: "nats://" + p.listener.Addr().String(), Settings: cluster.Settings{Expiry: expiry}}
	clusters, _ := opened(t, config, config)
	connected(t, clusters)
	p.cut(true)
	lost := func() bool { return len(clusters[0].Members()) == 0 || len(clusters[1].Members()) == 0 }
	begun := time.Now()
	wait(t, "longer than whoever is gone stays", func() bool { return lost() || time.Since(begun) > expiry+time.Second })
	if lost() {
		t.Errorf("%+v %+v, %+v %+v", clusters[0].Members(), clusters[0].Status(), clusters[1].Members(), clusters[1].Status())
	}
	wait(t, "it is noticed", func() bool { return !clusters[0].Status().Connected && !clusters[1].Status().Connected })
	p.cut(false)
	connected(t, clusters)
}
