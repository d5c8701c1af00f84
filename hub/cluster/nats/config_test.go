package nats

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

func TestConfig_NamesTheKeyAndNoSecret(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]Config{
		"cluster.url: empty":               {},
		"cluster.url: the scheme":          {URL: "http://u:s3cret@host"},
		"cluster.url: a URL without a":     {URL: "nats://a,nats://"},
		"cluster.url: not a list":          {URL: "nats://u:s3cret@host:port\x7f"},
		"cluster.prefix":                   {URL: "nats://a", Prefix: "a.*"},
		"cluster.jetstream.replicas":       {URL: "nats://a", JetStream: JetStream{Replicas: 7}},
		"cluster.jetstream.max_age":        {URL: "nats://a", JetStream: JetStream{MaxAge: time.Second}},
		"cluster.jetstream.max_bytes":      {URL: "nats://a", JetStream: JetStream{MaxBytes: 1}},
		"cluster.max_subscriptions":        {URL: "nats://a", MaxSubscriptions: -1},
		"cluster.expiry":                   {URL: "nats://a", Settings: cluster.Settings{Expiry: time.Second}},
		"cluster.request_timeout":          {URL: "nats://a", Settings: cluster.Settings{RequestTimeout: 1}},
		"cluster.max_message":              {URL: "nats://a", Settings: cluster.Settings{MaxMessage: 1}},
		"cluster.queue_bytes":              {URL: "nats://a", Settings: cluster.Settings{QueueBytes: 1}},
		"cluster.token_file: only one":     {URL: "nats://a", TokenFile: "a", NkeyFile: "b"},
		"cluster.engine_tls.key":           {URL: "nats://a", CertFile: "a"},
		"cluster.engine_tls.cert: want":    {URL: "nats://a", KeyFile: "a"},
		"cluster.token_file: open /no":     {URL: "nats://a", TokenFile: "/nothing/here"},
		"cluster.credentials_file: want a": {URL: "nats://a", CredentialsFile: text},
		"cluster.nkey_file: want the seed": {URL: "nats://a", NkeyFile: text},
		"cluster.engine_tls.ca: no cert":   {URL: "nats://a", CAFile: text},
		"cluster.engine_tls.cert: tls":     {URL: "nats://a", CertFile: text, KeyFile: text},
		"cluster.url: want the user":       {URL: "nats://a", PasswordFile: text},
		"cluster.url: ws and nats are":     {URL: "nats://a,ws://b"},
	} {
		_, err := New(c)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// lines is a log that is read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }
