package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/hub"
)

// values are tried with every option that can read them.
var values = []any{
	"-1s", "-1ns", "0", "1ns", "1ms", "9ms", "10ms", "99ms", "100ms", "999ms", "1s", "10m", "1h", "1h1ns", "24h", "24h1s", "9600h", "9601h", "1000000h",
	"-1", "1", "2", "15", "16", "64", "65", "255", "256", "512", "513", "999", "1023", "1024", "4096", "4097", "10000", "10001", "16383", "16384",
	"65536", "65537", "1000000", "1000001", "1048576", "1048577", "10000000", "10000001", "16MiB", "16777217", "63MiB", "64MiB", "66060289", "67108865",
	"1GiB", "1073741825", "64GiB", "68719476737", "1099511627776", "1099511627777", "9223372036854775807", "-9223372036854775808",
	"", " ", "/", "//", "/a", "/a/", "a", "/a?b", "/a#b", "/a b", "/a%20b", "/ä", "/a;b", "/a,b", "/\x00", "a b", "a,b", "a;b", "a=b", `a"b`, "ä", "io", "\x7f",
	"lax", "Lax", "strict", "none", "loose", "true", "false",
	"json", "msgpack", "both", "JSON", "json,msgpack",
	"polling", "websocket", "polling,websocket", "polling,polling", "webtransport", ",",
	"*", "*,*", "null", "example.com", ".example.com", "example.com.", "-example.com", "localhost", "10.0.0.1", "::1", "a..b", "a_b.example",
	"https://example.com", "https://example.com:8443", "https://example.com/", "https://*.example.com", "https://example.com?x", "HTTPS://example.com",
	"https://u@example.com", "https://", "://x", "https://[::1]:80", "https://example.com:port", "chrome-extension://abc", "file://",
	"x-forwarded-for", "forwarded", "Forwarded", "GET", "GET,POST", "GET POST", "X-A", "X-A,X-B", "X:A", "/does/not/exist",
}

// What `hub config` accepts, hub.New and controlplane.New accept, and the other way round. One thing is different by
// intent: the zero of their Config means the default, the zero of a configuration is a zero.
func TestHub_RefusesWhatTheConfigurationRefuses(t *testing.T) {
	lax := func(string, any) error { return nil }
	hubs, controls := ofHub, ofControl
	t.Cleanup(func() { ofHub, ofControl = hubs, controls })
	ofHub.check, ofControl.check = lax, lax
	keys := newTable()
	ofHub, ofControl = hubs, controls

	compared := 0
	for _, k := range keys {
		if k.reset == nil || strings.HasPrefix(k.Name, "http.") { // which hub.New is not told
			continue
		}
		refusals := 0
		company := []map[string]any{{}}
		if strings.HasPrefix(k.Name, "cookie.") || strings.HasPrefix(k.Name, "cors.") { // rules between options
			company = append(company, map[string]any{"cookie.secure": true}, map[string]any{"cookie.same_site": "none"},
				map[string]any{"cors.origins": "*"}, map[string]any{"cors.credentials": true})
		}
		if k.Name == "transports" { // webtransport wants TLS, which is the program's
			company = []map[string]any{{"listen_tls": "127.0.0.1:0", "tls.cert": "cert", "tls.key": "key"}}
		}
		scratch := Default()
		for _, value := range values {
			if k.read(value, scratch) != nil || offByNegative[k.Name] && strings.HasPrefix(value.(string), "-") {
				continue // not of the option's type, or what hub.Config says for a configured 0
			}
			for _, with := range company {
				c := Default()
				c.Cookie.Enabled = true
				flags := map[string]any{"cookie.enabled": true}
				for name, other := range with {
					flags[name] = other
					_ = keyByName(name).read(other, c)
				}
				flags[k.Name] = value
				_ = k.read(value, c)
				_, err := Load(Sources{Flags: flags})
				hubErr := refusal(k.Name, c)
				compared++
				if err != nil {
					refusals++
				}
				if (err == nil) != (hubErr == nil) && !(hubErr == nil && isZero(k.show(c))) {
					t.Errorf("%s = %q, with %v: hub config says %v, the hub says %v", k.Name, value, with, err, hubErr)
				}
				if len(with) == 0 && !sameKey(err, hubErr) {
					t.Errorf("%s = %q: %v and %v name different options", k.Name, value, err, hubErr)
				}
			}
		}
		if refusals == 0 && k.Kind != "yes/no" {
			t.Errorf("%s: no value was refused", k.Name)
		}
	}
	if compared < 1000 {
		t.Errorf("only %d comparisons", compared)
	}
}

// refusal is what the owner of an option says of a configuration: what New returns.
func refusal(key string, c *Config) error {
	if controlplane.Default(key) != nil {
		if wrong := c.ControlPlane().Problems(); len(wrong) > 0 { // controlplane.New returns the first
			return wrong[0]
		}
		return nil
	}
	if wrong := c.Hub().Problems(); len(wrong) > 0 { // hub.New returns the first
		return wrong[0]
	}
	return nil
}

// offByNegative has the options that a negative value in a hub.Config switches off, as 0 does in a configuration.
var offByNegative = map[string]bool{
	"limits.max_sessions": true, "rates.messages": true, "rates.bytes": true, "rates.handshakes": true, "rates.unjoined": true,
	"start_grace": true, "control.stream.failover_delay": true,
	"rates.memory_percent": true, "rates.user_messages": true, "rates.user_bytes": true,
	"rates.connections": true, "rates.unknown_sessions": true, "rates.open_connections": true,
}

// isZero reports whether a value, as it is shown, means the default in hub.Config.
func isZero(v any) bool {
	items, isList := v.([]string)
	return isList && len(items) == 0 || v == "0s" || reflect.ValueOf(v).IsZero()
}

// sameKey reports whether the first refusal of one is among the refusals of the other.
func sameKey(err, hubErr error) bool {
	var refused *Error
	var wrong *hub.ConfigError
	if !errors.As(err, &refused) || !errors.As(hubErr, &wrong) {
		return true
	}
	for _, p := range refused.Problems {
		if p.Key == wrong.Key {
			return true
		}
	}
	return false
}
