package nats

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/clustertest"
	"github.com/siohub/siohub/internal/certstest"
)

// account is one of an operator, which makes users.
type account struct {
	t    *testing.T
	pair nkeys.KeyPair
	jwt  string
}

// operated makes the options of a server whose operator has two accounts.
func operated(t *testing.T) (change func(*server.Options), hubs, others *account) {
	t.Helper()
	operator := newPair(t, nkeys.CreateOperator)
	newAccount := func(name string) *account {
		a := &account{t: t, pair: newPair(t, nkeys.CreateAccount)}
		claims := jwt.NewAccountClaims(public(t, a.pair))
		claims.Name = name
		a.jwt = encoded(t, claims, operator)
		return a
	}
	hubs, others = newAccount("hubs"), newAccount("others")
	change = func(o *server.Options) {
		resolver := &server.MemAccResolver{}
		for _, a := range []*account{hubs, others} {
			if err := resolver.Store(public(t, a.pair), a.jwt); err != nil {
				t.Fatal(err)
			}
		}
		o.TrustedKeys, o.AccountResolver = []string{public(t, operator)}, resolver
	}
	return change, hubs, others
}

// user makes a file for one that has the rights of docs/cluster.md, until a time.
func (a *account) user(path string, until time.Time) {
	a.t.Helper()
	pair := newPair(a.t, nkeys.CreateUser)
	claims := jwt.NewUserClaims(public(a.t, pair))
	claims.Expires = until.Unix()
	claims.Permissions.Pub.Allow.Add("socket.io.>")
	claims.Permissions.Sub.Allow.Add("socket.io.>")
	seed, err := pair.Seed()
	if err != nil {
		a.t.Fatal(err)
	}
	text, err := jwt.FormatUserConfig(encoded(a.t, claims, a.pair), seed)
	if err != nil {
		a.t.Fatal(err)
	}
	write(a.t, path, text)
}

func newPair(t *testing.T, create func() (nkeys.KeyPair, error)) nkeys.KeyPair {
	t.Helper()
	pair, err := create()
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func public(t *testing.T, pair nkeys.KeyPair) string {
	t.Helper()
	key, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func encoded(t *testing.T, claims jwt.Claims, by nkeys.KeyPair) string {
	t.Helper()
	text, err := claims.Encode(by)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestServer_CredentialsOfAnOperator: who is of another account is of another cluster, and a file that has been replaced is read
// anew.
func TestServer_CredentialsOfAnOperator(t *testing.T) {
	change, hubs, others := operated(t)
	b := newBroker(t, change)
	dir := t.TempDir()
	one, two, foreign := filepath.Join(dir, "one.creds"), filepath.Join(dir, "two.creds"), filepath.Join(dir, "foreign.creds")
	hubs.user(one, time.Now().Add(time.Hour))
	hubs.user(two, time.Now().Add(time.Hour))
	others.user(foreign, time.Now().Add(time.Hour))
	clusters, hosts := opened(t, Config{URL: b.url(), CredentialsFile: one}, Config{URL: b.url(), CredentialsFile: two})
	connected(t, clusters)
	stranger, _ := opened(t, Config{URL: b.url(), CredentialsFile: foreign})
	wait(t, "the other account's hub", func() bool { return stranger[0].Status().Connected })
	wait(t, "a command", func() bool { _ = clusters[0].Publish(emit("[]")); return len(hosts[1].Commands()) > 0 })
	if others := stranger[0].Members(); len(others) != 0 {
		t.Errorf("%+v", others)
	}

	// Those of the first one end; others are in the file until it is read.
	log := &lines{}
	short := filepath.Join(dir, "short.creds")
	hubs.user(short, time.Now().Add(2*time.Second))
	brief, _ := opened(t, Config{URL: b.url(), CredentialsFile: short, Settings: cluster.Settings{Logger: log.logger()}})
	wait(t, "a hub for two seconds", func() bool { return brief[0].Status().Connected })
	wait(t, "its end", func() bool { return !brief[0].Status().Connected })
	hubs.user(short, time.Now().Add(time.Hour))
	wait(t, "its return", func() bool { return brief[0].Status().Connected && len(brief[0].Members()) == 2 })
	if text := log.String(); strings.Contains(text, "SU") || strings.Contains(text, "eyJ") {
		t.Errorf("a secret is logged: %s", text)
	}
}

// files are those of a certificate of an authority.
type files struct{ ca, cert, key string }

func filesOf(t *testing.T, authority *certstest.Authority, pair *certstest.Pair) files {
	t.Helper()
	dir := t.TempDir()
	f := files{filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	write(t, f.ca, authority.PEM)
	write(t, f.cert, pair.CertPEM)
	write(t, f.key, pair.KeyPEM)
	return f
}

// TestServer_TLSAndWebSocket has all schemes, each with a user.
func TestServer_TLSAndWebSocket(t *testing.T) {
	authority := certstest.NewAuthority(t)
	secure := &tls.Config{
		Certificates: []tls.Certificate{*authority.Server(t).TLS(t)}, ClientCAs: authority.Pool(), ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13,
	}
	mine := filesOf(t, authority, authority.Client(t, "hub"))
	password := filepath.Join(t.TempDir(), "password")
	write(t, password, []byte("s3cret\n"))
	for scheme, change := range map[string]func(*server.Options){
		"nats": nil,
		"tls":  func(o *server.Options) { o.TLSConfig, o.TLSTimeout = secure, clustertest.Patience.Seconds() },
		"ws":   func(o *server.Options) { o.Websocket = server.WebsocketOpts{Host: "127.0.0.1", Port: -1, NoTLS: true} },
		"wss": func(o *server.Options) {
			o.Websocket = server.WebsocketOpts{Host: "127.0.0.1", Port: -1, TLSConfig: secure, HandshakeTimeout: clustertest.Patience}
		},
	} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			b := newBroker(t, func(o *server.Options) {
				o.Username, o.Password = "hub", "s3cret"
				if change != nil {
					change(o)
				}
			})
			_, rest, _ := strings.Cut(b.url(), "//")
			if strings.HasPrefix(scheme, "ws") {
				_, rest, _ = strings.Cut(b.running.WebsocketURL(), "//")
			}
			config := Config{URL: scheme + "://hub@" + rest, PasswordFile: password}
			strangers := []Config{{URL: scheme + "://" + rest}}
			if scheme == "tls" || scheme == "wss" {
				strangers = append(strangers, config) // the machine's authorities do not know the server
				config.CAFile = mine.ca
				strangers = append(strangers, config) // without a certificate of its own
				config.CertFile, config.KeyFile = mine.cert, mine.key
			}
			unknown, _ := opened(t, strangers...)
			clusters, hosts := opened(t, config, config)
			connected(t, clusters)
			wait(t, "a command", func() bool { _ = clusters[0].Publish(emit("[]")); return len(hosts[1].Commands()) > 0 })
			for i, c := range unknown {
				if c.Status().Connected {
					t.Errorf("connected: %d", i)
				}
			}
			b.kill()
			wait(t, "its end", func() bool { return !clusters[0].Status().Connected })
			b.start()
			connected(t, clusters)
		})
	}
}
