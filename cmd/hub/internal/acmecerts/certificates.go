package acmecerts

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/siohub/siohub/internal/sampledlog"
)

// Options say for which hosts certificates are obtained, and where.
type Options struct {
	// Hosts are the names, in lower case and punycode. Required.
	Hosts []string
	// Cache is the directory for keys and certificates. It is made when it is missing. Required.
	Cache string
	// Email is where the authority writes to. Empty: nowhere.
	Email string
	// Directory is the URL of the authority. Required.
	Directory string
	// CA has certificates in PEM that verify the authority's own. Empty: those of the system.
	CA string
	// Protocols are offered to browsers by ALPN, the preferred one first.
	Protocols []string
	// Requested is told what came of each request to the authority: Answered, Refused or
	// Unreachable. Nil tells nobody.
	Requested func(result string)
	// Obtained is told of each certificate, a renewed one as well, and until when it is good. Nil tells nobody.
	Obtained func(host string, until time.Time)
	// Logger takes the log. Nil means slog.Default.
	Logger *slog.Logger
}

// Error is an option that cannot be used.
type Error struct {
	// Setting is `cache` or `ca`, Value its value.
	Setting, Value string
	Err            error
}

// Error implements error.
func (e *Error) Error() string {
	return "acmecerts: " + e.Setting + " = " + e.Value + ": " + e.Err.Error()
}

// Unwrap implements errors.Unwrap.
func (e *Error) Unwrap() error { return e.Err }

var (
	errUnknownHost   = errors.New("acmecerts: no certificate is configured for this name")
	errNoCertificate = errors.New("acmecerts: the authority has issued no certificate for this name yet")
)

// Certificates gives the configuration of a listener. Its methods are safe for concurrent use; Run is called once.
type Certificates struct {
	// Set by Open.
	options   Options
	log       *slog.Logger
	manager   *autocert.Manager
	authority *authority
	overdue   *sampledlog.Line
	current   map[string]*atomic.Pointer[tls.Certificate] // by host; the map never changes
}

// Open looks at the directory and the files. Nothing is asked of the authority before Run. Its error is an *Error.
func Open(options Options) (*Certificates, error) {
	if options.Requested == nil {
		options.Requested = func(string) {}
	}
	if options.Obtained == nil {
		options.Obtained = func(string, time.Time) {}
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	if err := openCache(options.Cache); err != nil {
		return nil, &Error{"cache", options.Cache, err}
	}
	a, err := newAuthority(options)
	if err != nil {
		return nil, &Error{"ca", options.CA, err}
	}
	c := &Certificates{
		options: options, log: options.Logger, authority: a, overdue: sampledlog.New(options.Logger, overduePeriod),
		current: make(map[string]*atomic.Pointer[tls.Certificate], len(options.Hosts)),
	}
	for _, host := range options.Hosts {
		c.current[host] = new(atomic.Pointer[tls.Certificate])
	}
	c.manager = &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(options.Cache), HostPolicy: c.allowed, Email: options.Email,
		Client: &acme.Client{DirectoryURL: options.Directory, HTTPClient: &http.Client{Transport: a}, RetryBackoff: retryBackoff, UserAgent: "siohub"},
	}
	return c, nil
}

// Config is the configuration for a listener; it follows the certificates.
func (c *Certificates) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: append(slices.Clone(c.options.Protocols), acme.ALPNProto),
		GetCertificate: c.certificate,
	}
}

// certificate is what a handshake is shown. Who names no host gets the first one's, as health checks of load balancers do.
func (c *Certificates) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	host := normal(hello.ServerName)
	if host == "" {
		host = c.options.Hosts[0]
	}
	current, known := c.current[host]
	if !known {
		return nil, errUnknownHost
	}
	if slices.Equal(hello.SupportedProtos, []string{acme.ALPNProto}) {
		return c.manager.GetCertificate(hello) // the authority, which wants to see its token
	}
	if cert := current.Load(); cert != nil {
		return cert, nil
	}
	return nil, errNoCertificate
}

// Challenges answers HTTP-01, and sends whoever asks for anything else on one of the hosts to the port 443 of TLS. It is for a
// listener on port 80; from then on the authority is offered HTTP-01 after TLS-ALPN-01.
func (c *Certificates) Challenges() http.Handler {
	challenges := c.manager.HTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		http.Redirect(w, r, "https://"+normal(r.Host)+r.URL.RequestURI(), http.StatusMovedPermanently)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, known := c.current[normal(r.Host)]; !known {
			w.WriteHeader(http.StatusMisdirectedRequest)
			return
		}
		challenges.ServeHTTP(w, r)
	})
}

// normal is a host as it stands in Options, whether or not a port follows it.
func normal(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
