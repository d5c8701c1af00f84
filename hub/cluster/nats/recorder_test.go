package nats

import (
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/clustertest"
)

// withJetStream has a server keep streams.
func withJetStream(t *testing.T) func(*server.Options) {
	dir := t.TempDir()
	return func(o *server.Options) { o.JetStream, o.StoreDir = true, dir }
}

// threeRecorders is a net of three hubs with a log.
func threeRecorders(t *testing.T) *clustertest.Net {
	t.Helper()
	b := newBroker(t, withJetStream(t))
	n := &clustertest.Net{}
	var pipes []*pipe
	for range 3 {
		p := newPipe(t, b.url()[len("nats://"):])
		pipes = append(pipes, p)
		n.Clusters = append(n.Clusters, newRecorder(t, Config{URL: "nats://" + p.listener.Addr().String(), Settings: cluster.Settings{Expiry: clustertest.Expiry}}))
	}
	n.Cut = func(i int, off bool) { pipes[i].cut(off) }
	n.LogAway = func(away bool) {
		if away {
			b.kill()
		} else {
			b.start()
		}
	}
	var conn *nats.Conn
	dial := func() *nats.Conn {
		if conn == nil {
			conn = connect(t, b.url())
		}
		return conn
	}
	t.Cleanup(func() {
		if conn != nil {
			conn.Close()
		}
	})
	n.Forge = func(data []byte) {
		for _, subject := range []string{"socket.io.hubs", "socket.io.log"} {
			if err := dial().Publish(subject, data); err != nil {
				t.Log(err) // larger than the server takes
			}
		}
		if err := dial().Flush(); err != nil {
			t.Fatal(err)
		}
	}
	n.ForgeSession = func(key string, value []byte) {
		_ = dial().Publish(subjects{"socket.io"}.session(key), value)
		_ = dial().Flush()
	}
	n.Shorten = func(t *testing.T) {
		if _, err := dial().Request("$JS.API.STREAM.PURGE.socket--io-log", nil, clustertest.Patience); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func newRecorder(t *testing.T, config Config) *Recorder {
	t.Helper()
	if config.Logger == nil {
		config.Logger = quiet()
	}
	r, err := NewRecorder(config)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRecorder(t *testing.T) { clustertest.RunRecorder(t, threeRecorders) }

func TestRecorder_IsACluster(t *testing.T) { clustertest.Run(t, threeRecorders) }
