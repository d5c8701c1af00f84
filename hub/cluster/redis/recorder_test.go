package redis

import (
	"context"
	"encoding/base64"
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/clustertest"
	"github.com/siohub/siohub/hub/internal/msgpacket"
)

func TestRecorder(t *testing.T) {
	clustertest.RunRecorder(t, func(t *testing.T) *clustertest.Net {
		s := newServer(t, "--appendonly", "yes", "--appendfsync", "always")
		c := Config{Engine: Streams, URL: s.url(), Settings: cluster.Settings{Expiry: clustertest.Expiry, Logger: slog.New(slog.DiscardHandler)}}
		client := watch(t, s)
		n := &clustertest.Net{
			Forge: forger(t, s),
			LogAway: func(away bool) {
				if away {
					s.kill()
				} else {
					s.start()
				}
			},
			Shorten: func(t *testing.T) {
				if err := client.XTrimMaxLen(t.Context(), "socket.io", 0).Err(); err != nil {
					t.Fatal(err)
				}
			},
			ForgeSession: func(key string, value []byte) {
				client.Set(context.Background(), "sio:session:"+key, value, time.Minute)
				client.Set(context.Background(), "sio:session:hub:"+key, value, time.Minute)
			},
			ForeignSession: func(key string, session cluster.Socket) {
				value := nodeSession(key, session)
				if err := client.Set(context.Background(), "sio:session:"+key, value, time.Minute).Err(); err != nil {
					t.Fatal(err)
				}
			},
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
func watch(t testing.TB, s *server) *redis.Client {
	t.Helper()
	n, err := Config{URL: s.url()}.connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.close)
	return n.client
}
