package redis

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/internal/certstest"
)

// encrypted is a Redis that is reached by TLS alone, and wants certificates of clients.
func encrypted(t testing.TB, authority *certstest.Authority, args ...string) *server {
	t.Helper()
	s := prepare(t, args...)
	s.encrypt(authority)
	s.launch()
	return s
}

// encrypt makes it so before it is started.
func (s *server) encrypt(authority *certstest.Authority) {
	s.t.Helper()
	pair := authority.Peer(s.t)
	args := []string{"--tls-replication", "yes", "--tls-cluster", "yes"}
	for name, text := range map[string][]byte{"cert": pair.CertPEM, "key": pair.KeyPEM, "ca-cert": authority.PEM} {
		path := filepath.Join(s.dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			s.t.Fatal(err)
		}
		args = append(args, "--tls-"+name+"-file", path)
	}
	s.secure, s.args = true, append(args, s.args...)
}

// trust is what a hub needs to be let in.
func trust(t *testing.T, authority *certstest.Authority) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authority.Pool(), Certificates: []tls.Certificate{*authority.Client(t, "hub").TLS(t)}}
}

// TestTLS_CertificatesAndUser has strangers beside two hubs that know each other.
func TestTLS_CertificatesAndUser(t *testing.T) {
	authority := certstest.NewAuthority(t)
	trusted := trust(t, authority)
	onEach(t, func(t *testing.T, engine string) {
		s := encrypted(t, authority, append([]string{"--user", "hub"}, strings.Fields(hubRights+" >right")...)...)
		right := Config{Engine: engine, URL: "rediss://" + s.address, Username: "hub", Password: "right", TLS: trusted}
		strangers := map[string]Config{}
		for name, change := range map[string]func(*Config){
			"an unknown authority": func(c *Config) { c.TLS = nil },
			"no certificate":       func(c *Config) { c.TLS = &tls.Config{RootCAs: authority.Pool()} },
			"another name":         func(c *Config) { c.TLS = trusted.Clone(); c.TLS.ServerName = "elsewhere" },
			"no TLS":               func(c *Config) { c.URL, c.TLS = "redis://"+s.address, nil },
			"a wrong password":     func(c *Config) { c.Password = "wrong" },
		} {
			c := right
			change(&c)
			strangers[name] = c
		}
		hosts := map[string]*host{}
		for name, c := range strangers {
			hosts[name] = newHost(t, c)
		}
		crosses(t, right)
		for name, h := range hosts {
			if h.cluster.Status().Connected {
				t.Errorf("connected with %s", name)
			}
		}
		unverified := right
		unverified.TLS = trusted.Clone()
		unverified.TLS.RootCAs = nil
		unverified.URL += "?skip_verify=true"
		newHost(t, unverified).connected()
	})
}

// crosses looks that a command and a question go from one hub to another.
func crosses(t *testing.T, c Config) {
	t.Helper()
	one := newHost(t, c, cluster.Socket{ID: "one", Rooms: []string{"a"}}).connected()
	two := newHost(t, c, cluster.Socket{ID: "two", Rooms: []string{"a"}}).connected()
	one.meets(1)
	two.meets(1)
	mustPublish(t, one, &cluster.Command{Namespace: "/", Target: all(), Message: message("x", `[]`)})
	two.event("x")
	if answers, missing := one.ask(&cluster.Question{Kind: cluster.Fetch, Namespace: "/", Target: all()}); len(answers) != 1 || len(missing) > 0 {
		t.Errorf("%s, missing %v", short(answers), missing)
	}
}

func TestTLS_Sentinel(t *testing.T) {
	t.Parallel()
	w := newWatched(t, 1, certstest.NewAuthority(t))
	for _, engine := range engines {
		crosses(t, w.config(engine))
	}
}

func TestTLS_RedisCluster(t *testing.T) {
	t.Parallel()
	authority := certstest.NewAuthority(t)
	url, trusted := newRedisCluster(t, authority).url, trust(t, authority)
	for _, engine := range engines {
		crosses(t, Config{Engine: engine, URL: url, Prefix: engine, Stream: engine, TLS: trusted})
	}
}
