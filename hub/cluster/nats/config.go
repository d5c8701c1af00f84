package nats

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/nats-io/nkeys"

	"github.com/siohub/siohub/hub/cluster"
)

// Config says where NATS is. URL is required.
type Config struct {
	cluster.Settings
	// URL is one address, or several of one cluster with commas between: nats://host:4222, or tls://, ws:// or wss://. A user
	// and password, or a token in place of the user, may stand before the host.
	URL string
	// Prefix is what all subjects begin with: letters, digits, `-`, `_`, with points between. Hubs with the same are one
	// cluster. Default: socket.io.
	Prefix string
	// CredentialsFile holds a user's JWT and seed, NkeyFile a seed alone, TokenFile a token, PasswordFile the password of the
	// user in URL. At most one is set. They are read each time a connection is made.
	CredentialsFile, NkeyFile, TokenFile, PasswordFile string
	// CAFile holds the authorities that the server's certificate is held against, in place of the system's; CertFile and
	// KeyFile this hub's certificate. Read each time a connection is made. With any of them there is TLS, whatever the URL says.
	CAFile, CertFile, KeyFile string
	// MaxSubscriptions bounds the rooms that are subscribed to one by one. Default: 20 000.
	MaxSubscriptions int
	// JetStream is how a log is kept, and whether.
	JetStream JetStream
}

const defaultMaxSubscriptions = 20_000

var prefixForm = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

func (c Config) withDefaults() Config {
	c.Settings = c.Settings.WithDefaults()
	if c.Prefix == "" {
		c.Prefix = "socket.io"
	}
	if c.MaxSubscriptions == 0 {
		c.MaxSubscriptions = defaultMaxSubscriptions
	}
	c.JetStream = c.JetStream.withDefaults()
	return c
}

// validate names the key that cannot be. It says nothing of a URL but its host: the rest may be secret.
func (c *Config) validate() error {
	if err := validURL(c.URL); err != nil {
		return err
	}
	if len(c.Prefix) > 64 || !prefixForm.MatchString(c.Prefix) {
		return fmt.Errorf("cluster.prefix: %q is not made of letters, digits, - and _ with points between, 64 at most", c.Prefix)
	}
	if c.MaxSubscriptions < 1 || c.MaxSubscriptions > 1_000_000 {
		return fmt.Errorf("cluster.max_subscriptions: %d is not between 1 and 1000000", c.MaxSubscriptions)
	}
	if err := c.JetStream.validate(); err != nil {
		return err
	}
	secret := ""
	for _, file := range []struct{ key, path string }{
		{"cluster.credentials_file", c.CredentialsFile}, {"cluster.nkey_file", c.NkeyFile}, {"cluster.token_file", c.TokenFile}, {"cluster.password_file", c.PasswordFile},
	} {
		if file.path == "" {
			continue
		}
		if secret != "" {
			return fmt.Errorf("%s: only one file says who this hub is, and there is %s", file.key, secret)
		}
		secret = file.key
	}
	switch {
	case c.CertFile != "" && c.KeyFile == "":
		return errors.New("cluster.engine_tls.key: want the private key of cluster.engine_tls.cert")
	case c.KeyFile != "" && c.CertFile == "":
		return errors.New("cluster.engine_tls.cert: want the certificate of cluster.engine_tls.key")
	}
	return c.looked()
}

// looked says which file cannot be used as it is now.
func (c *Config) looked() error {
	for _, file := range []struct {
		key, path string
		look      func(text []byte) error
	}{
		{"cluster.credentials_file", c.CredentialsFile, func(text []byte) error {
			_, err := nkeys.ParseDecoratedJWT(text)
			if err == nil {
				_, err = nkeys.ParseDecoratedUserNKey(text)
			}
			if err != nil {
				return errors.New("want a user's JWT and seed, as nsc generate creds writes them")
			}
			return nil
		}},
		{"cluster.nkey_file", c.NkeyFile, func(text []byte) error {
			if _, err := nkeys.ParseDecoratedUserNKey(text); err != nil {
				return errors.New("want the seed of a user, which begins with SU")
			}
			return nil
		}},
		{"cluster.token_file", c.TokenFile, notEmpty},
		{"cluster.password_file", c.PasswordFile, notEmpty},
		{"cluster.engine_tls.ca", c.CAFile, func(text []byte) error {
			if !x509.NewCertPool().AppendCertsFromPEM(text) {
				return errors.New("no certificate in it")
			}
			return nil
		}},
		{"cluster.engine_tls.cert", c.CertFile, func([]byte) error {
			_, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
			return err
		}},
	} {
		if file.path == "" {
			continue
		}
		text, err := os.ReadFile(file.path)
		if err == nil {
			err = file.look(text)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file.key, err)
		}
	}
	if _, user := apart(c.URL); c.PasswordFile != "" && user == "" {
		return errors.New("cluster.url: want the user of cluster.password_file in it: nats://user@host")
	}
	return nil
}

func notEmpty(text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return errors.New("it is empty")
	}
	return nil
}

func validURL(list string) error {
	if list == "" {
		return errors.New("cluster.url: empty; NATS needs one, such as nats://localhost:4222")
	}
	web, plain := false, false
	for one := range strings.SplitSeq(list, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil { // its text has the URL in it
			return errors.New("cluster.url: not a list of URLs")
		}
		switch u.Scheme {
		case "nats", "tls":
			plain = true
		case "ws", "wss":
			web = true
		default:
			return fmt.Errorf("cluster.url: the scheme %q is not nats, tls, ws or wss", u.Scheme)
		}
		if u.Hostname() == "" {
			return errors.New("cluster.url: a URL without a host")
		}
	}
	if web && plain {
		return errors.New("cluster.url: ws and nats are not mixed in one list")
	}
	return nil
}
