package nats

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

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
	set := 0
	for _, file := range []string{c.CredentialsFile, c.NkeyFile, c.TokenFile, c.PasswordFile} {
		if file != "" {
			set++
		}
	}
	if set > 1 {
		return errors.New("cluster: more than one of the files of credentials, of an nkey, of a token and of a password is set")
	}
	if (c.CertFile == "") != (c.KeyFile == "") {
		return errors.New("cluster: a certificate and its key are set together")
	}
	for _, file := range []string{c.CredentialsFile, c.NkeyFile, c.TokenFile, c.PasswordFile, c.CAFile, c.CertFile, c.KeyFile} {
		if file == "" {
			continue
		}
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("cluster: %w", err)
		}
	}
	return nil
}

func validURL(list string) error {
	if list == "" {
		return errors.New("cluster.url: empty; NATS needs one, such as nats://localhost:4222")
	}
	for one := range strings.SplitSeq(list, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil { // its text has the URL in it
			return errors.New("cluster.url: not a list of URLs")
		}
		switch u.Scheme {
		case "nats", "tls", "ws", "wss":
		default:
			return fmt.Errorf("cluster.url: the scheme %q is not nats, tls, ws or wss", u.Scheme)
		}
		if u.Hostname() == "" {
			return errors.New("cluster.url: a URL without a host")
		}
	}
	return nil
}
