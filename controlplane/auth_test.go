package controlplane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/access"
	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/internal/virtualtime"
)

// lockedBuffer is a log that many goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

const secret = "correct-horse-battery"

// oneSecret knows one caller.
type oneSecret struct{}

func (oneSecret) Authenticate(_ context.Context, c access.Credentials) (*access.Identity, error) {
	switch c.Token {
	case secret:
		return &access.Identity{Name: "chat"}, nil
	case "":
		return nil, access.ErrTokenMissing
	case "broken":
		return nil, errors.New("planted-cause")
	}
	return nil, access.ErrTokenWrong
}

// reasonOf is the reason in the detail of a call's error.
func reasonOf(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if s, ok := detail.(*hubv1.Status); ok {
			return s.Reason
		}
	}
	return ""
}

// No or a wrong token is UNAUTHENTICATED, with one log line without it.
func TestAuth_CallsNeedAToken(t *testing.T) {
	var log lockedBuffer
	failed := 0
	config := Config{
		Authenticator: oneSecret{}, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Trace: &trace.Hooks{AuthFailed: func() { failed++ }},
	}
	inBubble(t, config, func(t *testing.T, w *world) {
		client := hubv1.NewControlServiceClient(w.conn)
		with := func(values ...string) context.Context {
			return metadata.NewOutgoingContext(t.Context(), metadata.Pairs(values...))
		}
		request := &hubv1.CountSocketsRequest{Count: &hubv1.Count{Target: &hubv1.Target{Namespace: "/", All: true}}}
		for name, ctx := range map[string]context.Context{
			"none": t.Context(), "wrong": with("authorization", "Bearer wrong-secret-token"),
			"scheme": with("authorization", "Basic "+secret), "empty": with("authorization", "Bearer "),
		} {
			reason := "TOKEN_MISSING"
			if name == "wrong" {
				reason = "TOKEN_WRONG"
			}
			before := strings.Count(log.String(), "grpc.code=Unauthenticated")
			if _, err := client.CountSockets(ctx, request); status.Code(err) != codes.Unauthenticated || reasonOf(err) != reason {
				t.Errorf("%s: %v, %s", name, err, reasonOf(err))
			}
			if lines := strings.Count(log.String(), "grpc.code=Unauthenticated") - before; lines != 1 {
				t.Errorf("%s: %d log lines", name, lines)
			}
		}
		if failed != 4 {
			t.Errorf("%d failures were counted", failed)
		}
		wantEnd(t, controlplanetest.Open(t, w.conn), codes.Unauthenticated, "token")
		if _, err := client.CountSockets(with("authorization", "Bearer broken"), request); status.Code(err) != codes.Unavailable || strings.Contains(err.Error(), "planted") {
			t.Errorf("an authenticator that fails: %v", err)
		}
		good := with("authorization", "Bearer "+secret)
		if _, err := client.CountSockets(good, request); err != nil {
			t.Errorf("with the token: %v", err)
		}
		check, err := healthv1.NewHealthClient(w.conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
		if err != nil || check.Status != healthv1.HealthCheckResponse_SERVING {
			t.Errorf("health without a token: %v, %v", check, err)
		}
	})
	for _, s := range []string{secret, "wrong-secret-token"} {
		if strings.Contains(log.String(), s) {
			t.Errorf("the log has a token: %s", log.String())
		}
	}
}

// lives knows one caller, whose life ends.
type lives struct{ identity *access.Identity }

func (l lives) Authenticate(context.Context, access.Credentials) (*access.Identity, error) {
	return l.identity, nil
}

// A stream that lives by a token ends with it, within the 5 s that the file has.
func TestAuth_StreamsEndWithTheirCredentials(t *testing.T) {
	for reason, end := range map[string]func(identity *access.Identity) func(){
		"TOKEN_REVOKED": func(identity *access.Identity) func() {
			life, revoke := context.WithCancelCause(context.Background())
			identity.Life = life
			return func() { revoke(access.ErrTokenRevoked) }
		},
		"TOKEN_EXPIRED": func(identity *access.Identity) func() {
			identity.ExpireTime = time.Now().Add(time.Minute)
			return func() { virtualtime.Pass(time.Minute) }
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			identity := &access.Identity{Name: "chat"}
			act := end(identity)
			w := newWorld(t, Config{Authenticator: lives{identity}})
			stream := w.attach("chat", "1")
			act()
			synctest.Wait()
			if err := stream.End(); status.Code(err) != codes.Unauthenticated || reasonOf(err) != reason {
				t.Errorf("%v, reason %s, want %s", err, reasonOf(err), reason)
			}
		})
	}
}

func TestAuth_PermissionsAndLimitsHoldOnStreamsAndCalls(t *testing.T) {
	p, err := access.NewPermissions(access.Rules{
		Groups: []string{"chat"}, Namespaces: []string{"/chat"}, Events: []string{"*"}, Rooms: []string{"order:*"},
		Verbs: []string{"attach", "emit", "count"}, MaxInstances: 1, CommandsPerSecond: 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	inBubble(t, Config{Authenticator: lives{&access.Identity{Name: "chat", Permissions: p}}}, func(t *testing.T, w *world) {
		w.attach("chat", "1")
		second := controlplanetest.Open(t, w.dial())
		wantEnd(t, second, codes.ResourceExhausted, "limit")
		emit := func(target *hubv1.Target) *hubv1.Command {
			target.Namespace = "/chat"
			return &hubv1.Command{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{Target: target, Event: "e"}}}
		}
		// Each command is answered for itself; the fourth is one too many.
		resp, err := hubv1.NewControlServiceClient(w.conn).Execute(t.Context(), &hubv1.ExecuteRequest{Commands: []*hubv1.Command{
			emit(&hubv1.Target{All: true}), emit(&hubv1.Target{Rooms: []string{"order:1"}}),
			emit(&hubv1.Target{Rooms: []string{"lobby"}}), emit(&hubv1.Target{Rooms: []string{"order:1"}}),
		}})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"NOT_PERMITTED", "", "NOT_PERMITTED", "COMMAND_RATE"} {
			if got := resp.Results[i].GetStatus().GetReason(); got != want {
				t.Errorf("command %d: %q, want %q", i, got, want)
			}
		}
		w.pass(time.Second)
		client := hubv1.NewControlServiceClient(w.conn)
		_, err = client.CountSockets(t.Context(), &hubv1.CountSocketsRequest{Count: &hubv1.Count{Target: &hubv1.Target{Namespace: "/chat", All: true}}})
		if status.Code(err) != codes.PermissionDenied || reasonOf(err) != "NOT_PERMITTED" {
			t.Errorf("a query: %v", err)
		}
	})
}

// pending knows nobody yet.
type pending struct{}

func (pending) Authenticate(context.Context, access.Credentials) (*access.Identity, error) {
	return nil, fmt.Errorf("waiting: %w", access.ErrKeysPending)
}

// Keys that cannot be had now say nothing about a token: the call may come again, and it
// is no error of the hub.
func TestAuth_PendingKeysAreNoRefusal(t *testing.T) {
	var log lockedBuffer
	inBubble(t, Config{Authenticator: pending{}, Logger: slog.New(slog.NewTextHandler(&log, nil))}, func(t *testing.T, w *world) {
		_, err := hubv1.NewControlServiceClient(w.conn).CountSockets(t.Context(), &hubv1.CountSocketsRequest{})
		if status.Code(err) != codes.Unavailable || reasonOf(err) != "AUTHENTICATOR_FAILED" {
			t.Errorf("%v, %s", err, reasonOf(err))
		}
		if strings.Contains(log.String(), "level=ERROR") {
			t.Error(log.String())
		}
	})
}
