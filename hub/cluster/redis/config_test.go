package redis

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
)

func TestConfig_Refused(t *testing.T) {
	for want, c := range map[string]Config{
		"cluster.engine":                                {Engine: "memcached", URL: "redis://x"},
		"cluster.url: required":                         {Engine: Classic},
		"cluster.url: a password must not stand":        {Engine: Classic, URL: "redis://user:secret@x"},
		"cluster.url: \"http\" is none of":              {Engine: Classic, URL: "http://x"},
		"master_name is required":                       {Engine: Classic, URL: "redis+sentinel://x"},
		"cluster.url: is no URL":                        {Engine: Classic, URL: "secret"},
		"cluster.url: \"max_retries\" is none of":       {Engine: Classic, URL: "redis://x?max_retries=3"},
		"cluster.url: dial_timeout=\"5h\" is not":       {Engine: Classic, URL: "redis://x?dial_timeout=5h"},
		"cluster.url: pool_size=\"0\"":                  {Engine: Classic, URL: "redis://x?pool_size=0"},
		"cluster.url: addr is for redis+":               {Engine: Classic, URL: "redis://x?addr=y:1"},
		"cluster.url: addr=\"y\" is not host":           {Engine: Classic, URL: "redis+cluster://x?addr=y"},
		"cluster.url: master_name is for redis+":        {Engine: Classic, URL: "redis://x?master_name=m"},
		"cluster.url: a Redis Cluster has no":           {Engine: Classic, URL: "redis+cluster://x/1"},
		"cluster.url: a user with Sentinel":             {Engine: Classic, URL: "redis+sentinel://hub@x?master_name=m"},
		"cluster.url: skip_verify is for rediss":        {Engine: Classic, URL: "redis://x?skip_verify=true"},
		"cluster.url: is without TLS":                   {Engine: Classic, URL: "redis://x", TLS: &tls.Config{ServerName: "x"}},
		"cluster.url: has no path":                      {Engine: Classic, URL: "unix://x"},
		"cluster.url: a password must not stand ":       {Engine: Classic, URL: "redis://x?password=secret"},
		"cluster.specific_responses: true is for":       {Engine: Streams, URL: "redis://x", SpecificResponses: true},
		"cluster.sharded_pubsub: true is for":           {Engine: Sharded, URL: "redis://x", ShardedPubSub: true},
		"cluster.stream_count: 65":                      {Engine: Streams, URL: "redis://x", StreamCount: 65},
		"cluster.stream_length: 1":                      {Engine: Streams, URL: "redis://x", StreamLength: 1},
		"cluster.prefix":                                {Engine: Classic, URL: "redis://x", Prefix: strings.Repeat("x", 257)},
		"cluster.max_message: 1 is not between":         {Engine: Classic, URL: "redis://x", Settings: cluster.Settings{MaxMessage: 1}},
		"cluster.url: \"a\" is no number of a database": {Engine: Classic, URL: "redis://x/a"},
	} {
		_, err := New(c)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("a secret is told: %v", err)
		}
	}
}

// hubRights are those of a user of Redis for hubs, as docs/cluster.md has them.
const hubRights = "on resetchannels &socket.io* &socket.io#/* ~socket.io* -@all +publish +subscribe +unsubscribe +psubscribe +punsubscribe " +
	"+ssubscribe +sunsubscribe +spublish +ping +pubsub +hello +multi +exec +xadd +xread +xrange +xrevrange"

// recoveryRights are those that it needs beside them with recovery.enabled.
const recoveryRights = " ~sio:session:* +xinfo|stream +exists +set +get +getdel +del +eval"

func TestConfig_PasswordAndUserAreGiven(t *testing.T) {
	acl := filepath.Join(t.TempDir(), "acl")
	if err := os.WriteFile(acl, []byte("user default off\nuser hub >right "+hubRights+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	onEach(t, func(t *testing.T, engine string) {
		s := newServer(t, "--aclfile", acl)
		other := newHost(t, Config{Engine: engine, URL: s.url(), Username: "hub", Password: "right"}).connected()
		wrong := newHost(t, Config{Engine: engine, URL: s.url(), Username: "hub", Password: "wrong"})
		right := newHost(t, Config{Engine: engine, URL: s.url(), Username: "hub", Password: "right"}).connected()
		right.meets(1)
		mustPublish(t, right, &cluster.Command{Namespace: "/", Target: all(), Message: message("x", `[]`)})
		other.event("x")
		if _, missing := right.ask(&cluster.Question{Kind: cluster.Fetch, Namespace: "/", Target: all()}); len(missing) > 0 {
			t.Errorf("missing %v", missing)
		}
		if wrong.cluster.Status().Connected {
			t.Error("connected with a wrong password")
		}
	})
}

// TestConfig_PrefixesAreApart also looks at one that is no plain text in a pattern.
func TestConfig_PrefixesAreApart(t *testing.T) {
	onEach(t, func(t *testing.T, engine string) {
		s := newServer(t)
		config := func(prefix string) Config {
			return Config{Engine: engine, URL: s.url(), Prefix: prefix, Stream: prefix}
		}
		one := newHost(t, config("a[b]*?\\")).connected()
		other := newHost(t, config("a")).connected()
		two := newHost(t, config("a[b]*?\\")).connected()
		one.meets(1)
		two.meets(1)
		mustPublish(t, one, &cluster.Command{Namespace: "/", Target: all(), Message: message("x", `[]`)})
		two.event("x")
		if seen := other.seen(); len(seen) > 0 || len(other.cluster.Members()) > 0 {
			t.Errorf("%s", short(seen))
		}
	})
}
