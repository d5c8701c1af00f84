package nats

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

func TestConfig_NamesTheKeyAndNoSecret(t *testing.T) {
	for want, c := range map[string]Config{
		"cluster.url: empty":               {},
		"cluster.url: the scheme":          {URL: "http://u:s3cret@host"},
		"cluster.url: a URL without a":     {URL: "nats://a,nats://"},
		"cluster.url: not a list":          {URL: "nats://u:s3cret@host:port\x7f"},
		"cluster.prefix":                   {URL: "nats://a", Prefix: "a.*"},
		"cluster.max_subscriptions":        {URL: "nats://a", MaxSubscriptions: -1},
		"cluster.expiry":                   {URL: "nats://a", Settings: cluster.Settings{Expiry: time.Second}},
		"cluster.request_timeout":          {URL: "nats://a", Settings: cluster.Settings{RequestTimeout: 1}},
		"cluster.max_message":              {URL: "nats://a", Settings: cluster.Settings{MaxMessage: 1}},
		"cluster.queue_bytes":              {URL: "nats://a", Settings: cluster.Settings{QueueBytes: 1}},
		"cluster: more than one":           {URL: "nats://a", TokenFile: "a", NkeyFile: "b"},
		"cluster: a certificate and":       {URL: "nats://a", CertFile: "a"},
		"cluster: stat /nothing/here: no ": {URL: "nats://a", TokenFile: "/nothing/here"},
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
