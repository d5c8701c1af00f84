package house

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wallClock are the files that take a moment apart from the monotonic clock, and why that is no harm. The wall clock of
// a machine may be set at any time: whatever measures how long something took compares values of
// time.Now, and never their Unix time or a time that came over a wire.
var wallClock = map[string]string{
	"hub/internal/engineio/errors.go":               "a deadline that has passed",
	"hub/internal/engineio/post.go":                 "a deadline that has passed",
	"cmd/hub/internal/quicserver/link.go":           "a deadline that has passed",
	"hub/internal/relay/dialer.go":                  "a deadline that has passed",
	"hub/internal/relay/websocket.go":               "a deadline that has passed",
	"hub/internal/request/handshake.go":             "the handshake's time, for services to read",
	"hub/internal/msgpacket/extension.go":           "a date in a message",
	"hub/cluster/internal/wire/answer.go":           "times for services to read",
	"hub/cluster/redis/streamwriter.go":             "where a hub begins to count its messages: beyond its former life",
	"hub/cluster/nats/logwriter.go":                 "where a hub begins to count its messages: beyond its former life",
	"hub/cluster/nats/logreader.go":                 "when a stream was made, as its name",
	"hub/cluster/nats/logsessions.go":               "until when a session is kept, for other hubs to read",
	"hub/cluster/redis/internal/nodewire/socket.go": "the handshake's time, for Node servers to read",
	"hub/internal/recovery/logs.go":                 "where a hub begins to count its commands: beyond its former life",
	"hub/internal/recovery/adopt.go":                "for how long a session was kept that comes from another hub: at least its time to live",
	"hub/internal/socketio/sharer.go":               "when a session was kept, for other hubs to read",
	"hub/internal/socketio/keeper.go":               "when a session was kept, for other hubs to read",
	"controlplane/memo.go":                          "until when an authorization is good, as its service says by the clock",
	"hub/internal/socketio/connect.go":              "when a socket joined, for services to read",
	"hub/internal/socketio/socket.go":               "when a socket joined, for services to read",
	"controlplane/internal/contract/event_item.go":  "times for services to read",
	"controlplane/internal/contract/words.go":       "times for services to read",
	"controlplane/internal/copies/observers.go":     "times for observers to read",
	"controlplane/internal/copies/observation.go":   "times for observers to read",
	"controlplane/decide.go":                        "until when an authorization is good, as its service says by the clock",
	"controlplane/draining.go":                      "a deadline for services to read",
	"controlplane/internal/command/gather.go":       "times for services to read",
	"controlplane/internal/command/query.go":        "times for services to read",
	"cmd/hub/sockets.go":                            "ages for people to read",
	"cmd/hub/internal/jwt/claims.go":                "exp and nbf, with 30 s of skew",
	"cmd/hub/internal/tail/row.go":                  "times for people to read",
	"cmd/hub/internal/conform/deliver.go":           "a time that a program reads",
	"cmd/hub/internal/adminui/shown.go":             "times for people to read",
	"cmd/hub/internal/adminui/stats.go":             "times for people to read",
	"cmd/hub/internal/adminui/tickets.go":           "until when a login is good, for other hubs to read, with a minute of skew",
	"cmd/hub/internal/certs/certs.go":               "until when a certificate is good",
	"cmd/hub/internal/metrics/metrics.go":           "until when a certificate is good",
	"internal/envelope/response.go":                 "times for services to read",
	"service/peer.go":                               "times for handlers to read",
	"service/observe.go":                            "times for handlers to read",
	"service/event.go":                              "times for handlers to read",
	"service/decide.go":                             "times for handlers to read",
	"service/query.go":                              "times for handlers to read",
	"service/handshake.go":                          "times for handlers to read",
	"service/notice.go":                             "a deadline for handlers to read",
}

// wallWords are how that is done.
var wallWords = []string{".Unix()", ".UnixNano()", ".UnixMilli()", ".UnixMicro()", "time.Unix(", "time.UnixMilli(", ".AsTime()", ".Round(0)", "timestamppb.", ".NotAfter)"}

func TestClock_WallClockMeasuresNothing(t *testing.T) {
	found := map[string]bool{}
	for _, part := range []string{"hub", "controlplane", "cmd/hub", "internal", "service"} {
		err := filepath.WalkDir(filepath.Join(root(t), part), func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			name, err := filepath.Rel(root(t), path)
			if err != nil {
				return err
			}
			if strings.HasPrefix(name, "hub/loadgen") || strings.HasPrefix(name, "hub/hubtest") || strings.Contains(name, "test/") {
				return nil
			}
			source, err := os.ReadFile(path)
			for _, word := range wallWords {
				if strings.Contains(string(source), word) {
					found[name] = true
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range found {
		if wallClock[name] == "" {
			t.Errorf("%s takes a moment apart from the monotonic clock", name)
		}
	}
}
