package engineio_test

import (
	"errors"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
)

func TestConfig_ZeroValueWorks(t *testing.T) {
	if _, err := engineio.New(engineio.Config{}); err != nil {
		t.Fatal(err)
	}
}

func TestConfig_NamesWhatIsWrong(t *testing.T) {
	for key, change := range map[string]func(*engineio.Config){
		"path":                          func(c *engineio.Config) { c.Path = "engine" },
		"ping_interval":                 func(c *engineio.Config) { c.PingInterval = -1 },
		"ping_timeout":                  func(c *engineio.Config) { c.PingTimeout = 25 * time.Hour },
		"upgrade_timeout":               func(c *engineio.Config) { c.UpgradeTimeout = time.Microsecond },
		"max_payload":                   func(c *engineio.Config) { c.MaxPayload = 2 << 30 },
		"transports":                    func(c *engineio.Config) { c.Transports = []string{"polling", "flashsocket"} },
		"cookie":                        func(c *engineio.Config) { c.Cookie = &engineio.CookieConfig{Name: "a b"} },
		"cookie.max_age":                func(c *engineio.Config) { c.Cookie = &engineio.CookieConfig{MaxAge: -1} },
		"cors.origins":                  func(c *engineio.Config) { c.CORS.Origins = []string{"https://*.example.com"} },
		"cors.credentials":              func(c *engineio.Config) { c.CORS.Origins, c.CORS.Credentials = []string{"*"}, true },
		"cors.max_age":                  func(c *engineio.Config) { c.CORS.MaxAge = -1 },
		"limits.max_sessions":           func(c *engineio.Config) { c.Limits.MaxSessions = -1 },
		"limits.outbox_bytes":           func(c *engineio.Config) { c.Limits.OutboxBytes = -1 },
		"per_message_deflate.threshold": func(c *engineio.Config) { c.PerMessageDeflate.Threshold = -1 },
	} {
		var config engineio.Config
		change(&config)
		_, err := engineio.New(config)
		var wrong *engineio.ConfigError
		if !errors.As(err, &wrong) || wrong.Key != key || wrong.Allowed == "" {
			t.Errorf("%s: %v", key, err)
		}
	}
	for _, origin := range []string{"example.com", "https://example.com/", "https://a.b/c", "null", ""} {
		if _, err := engineio.New(engineio.Config{CORS: engineio.CORSConfig{Origins: []string{origin}}}); err == nil {
			t.Errorf("origin %q was taken", origin)
		}
	}
}
