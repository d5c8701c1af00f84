package controlplane

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
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

func tokenFile(t *testing.T, lines string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTokens_FileForms(t *testing.T) {
	hash := sha256.Sum256([]byte("another-long-secret"))
	tokens, err := LoadTokens(tokenFile(t, "# comment\n\nchat: "+secret+"\ncron: sha256:"+hex.EncodeToString(hash[:])+"\nquoted: \"yet-another-secret\"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		secret: "chat", "another-long-secret": "cron", "yet-another-secret": "quoted",
		"": "", "correct-horse": "", secret + "x": "", hex.EncodeToString(hash[:]): "",
	} {
		got, err := tokens.Authenticate(t.Context(), Credentials{Token: given})
		if (err == nil) != (want != "") || (err == nil && got.Name != want) {
			t.Errorf("%q is %v, %v", given, got, err)
		}
	}
}

func TestTokens_BadFilesAreRefusedWithoutTheirContent(t *testing.T) {
	for name, lines := range map[string]string{
		"empty": "", "comment": "# nothing\n", "no colon": "just-a-token-of-some-length\n",
		"short": "chat: short-word\n"[:14] + "\n", "no name": ": long-enough-token-here\n", "hash": "chat: sha256:zz\n",
	} {
		_, err := LoadTokens(tokenFile(t, lines), nil)
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		for _, secret := range []string{"just-a-token", "short-wor", "long-enough"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error gives the secret away: %v", name, err)
			}
		}
	}
	if _, err := LoadTokens(filepath.Join(t.TempDir(), "missing"), nil); err == nil {
		t.Error("a missing file is taken")
	}
}

func TestTokens_AreReadAgain(t *testing.T) {
	path := tokenFile(t, "chat: "+secret+"\n")
	var log lockedBuffer
	tokens, err := LoadTokens(path, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	look := func(token string) bool {
		tokens.mu.Lock()
		tokens.checked = time.Time{}
		tokens.mu.Unlock()
		_, err := tokens.Authenticate(t.Context(), Credentials{Token: token})
		return err == nil
	}
	if err := os.WriteFile(path, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !look(secret) || !strings.Contains(log.String(), "not read again") {
		t.Error("a broken file does not keep the old tokens, or is not logged")
	}
	if err := os.WriteFile(path, []byte("chat: a-new-token-for-chat\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if look(secret) || !look("a-new-token-for-chat") {
		t.Error("the new file is not in force")
	}
	if strings.Contains(log.String(), "a-new-token") || strings.Contains(log.String(), secret) {
		t.Error("a token is in the log")
	}
}

// Table (c): no or a wrong token is UNAUTHENTICATED, with one log line without it.
func TestAuth_CallsNeedAToken(t *testing.T) {
	tokens, err := LoadTokens(tokenFile(t, "chat: "+secret+"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var log lockedBuffer
	failed := 0
	config := Config{
		Authenticator: tokens, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Trace: &Trace{AuthFailed: func() { failed++ }},
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
			before := strings.Count(log.String(), "grpc.code=Unauthenticated")
			if _, err := client.CountSockets(ctx, request); status.Code(err) != codes.Unauthenticated {
				t.Errorf("%s: %v", name, err)
			}
			if lines := strings.Count(log.String(), "grpc.code=Unauthenticated") - before; lines != 1 {
				t.Errorf("%s: %d log lines", name, lines)
			}
		}
		if failed != 4 {
			t.Errorf("%d failures were counted", failed)
		}
		wantEnd(t, controlplanetest.Open(t, w.conn), codes.Unauthenticated, "token")
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
