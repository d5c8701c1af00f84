package redis

import (
	"context"
	"log/slog"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/clustertest"
)

func TestKit(t *testing.T) {
	onEach(t, func(t *testing.T, engine string) {
		clustertest.Run(t, func(t *testing.T) *clustertest.Net {
			s := newServer(t)
			c := Config{Engine: engine, URL: s.url(), Settings: cluster.Settings{Expiry: clustertest.Expiry, Logger: slog.New(slog.DiscardHandler)}}
			n := &clustertest.Net{Forge: func(data []byte) { forge(t, s, data) }}
			if engine != Streams { // which keeps what is published meanwhile
				n.Away = func(away bool) {
					if away {
						s.kill()
					} else {
						s.start()
					}
				}
			}
			for range 3 {
				hub, err := New(c)
				if err != nil {
					t.Fatal(err)
				}
				n.Clusters = append(n.Clusters, hub)
			}
			return n
		})
	})
}

// forge sends bytes to every channel, and to the stream.
func forge(t *testing.T, s *server, data []byte) {
	t.Helper()
	n, err := Config{URL: s.url()}.connect()
	if err != nil {
		t.Fatal(err)
	}
	defer n.close()
	ctx := context.Background()
	for _, channel := range []string{"socket.io#/#", "socket.io#/#a#", "socket.io-request#/#", "socket.io-response#/#", "socket.io-hub#"} {
		for _, command := range []string{"PUBLISH", "SPUBLISH"} {
			if err := n.client.Do(ctx, command, channel, data).Err(); err != nil {
				t.Error(err)
			}
		}
	}
	for _, kind := range []string{"3", "7", "x", ""} {
		if err := n.client.Do(ctx, "XADD", "socket.io", "*", "uid", "forged", "nsp", "/", "type", kind, "data", data).Err(); err != nil {
			t.Error(err)
		}
	}
	if err := n.client.Do(ctx, "XADD", "socket.io", "*", "uid", "forged", "hub", "1", "type", "5", "data", data).Err(); err != nil {
		t.Error(err)
	}
}
