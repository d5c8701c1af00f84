package redis

import (
	"context"
	"log/slog"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/clustertest"
)

func TestKit(t *testing.T) {
	onEach(t, func(t *testing.T, engine string) {
		clustertest.Run(t, func(t *testing.T) *clustertest.Net {
			s := newServer(t)
			c := Config{Engine: engine, URL: s.url(), Settings: cluster.Settings{Expiry: clustertest.Expiry, Logger: slog.New(slog.DiscardHandler)}}
			n := &clustertest.Net{Forge: forger(t, c)}
			if engine != Streams { // which keeps what is published meanwhile
				n.Away = func(away bool) {
					if away {
						s.kill()
					} else {
						s.start()
					}
				}
			}
			n.Clusters = threeHubs(t, c)
			return n
		})
	})
}

// threeHubs are clusters with the same configuration.
func threeHubs(t *testing.T, c Config) (all []cluster.Cluster) {
	for range 3 {
		hub, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, hub)
	}
	return all
}

// forger returns a function that sends bytes to every channel, and to the stream.
func forger(t *testing.T, c Config) func(data []byte) {
	t.Helper()
	client := clientOf(t, c)
	c = c.withDefaults()
	ctx := context.Background()
	return func(data []byte) {
		t.Helper()
		if _, err := client.Pipelined(ctx, func(p redis.Pipeliner) error { forge(ctx, p, c, data); return nil }); err != nil {
			t.Error(err)
		}
	}
}

func forge(ctx context.Context, p redis.Pipeliner, c Config, data []byte) {
	for _, channel := range []string{"#/#", "#/#a#", "-request#/#", "-response#/#", "-hub#"} {
		for _, command := range []string{"PUBLISH", "SPUBLISH"} {
			p.Do(ctx, command, c.Prefix+channel, data)
		}
	}
	stream := streamNames{c.Stream, c.StreamCount}.of("/")
	for _, kind := range []string{"3", "7", "x", ""} {
		p.Do(ctx, "XADD", stream, "*", "uid", "forged", "nsp", "/", "type", kind, "data", data)
	}
	p.Do(ctx, "XADD", stream, "*", "uid", "forged", "hub", "1", "type", "5", "data", data)
}
