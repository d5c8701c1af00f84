package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/filewatch"
)

// Options name the files, in PEM.
type Options struct {
	// Cert has the certificate and its chain, Key the private key.
	Cert, Key string
	// ClientCA has authorities of clients, and for Client those of servers. Empty means that clients show none.
	ClientCA string
	// ClientRequired refuses clients without a certificate; otherwise one that is shown
	// is verified.
	ClientRequired bool
	// Protocols are offered by ALPN, the preferred one first. Nil means HTTP/2 alone.
	Protocols []string
	// Logger is told when files are read again, or cannot be. Nil means slog.Default.
	Logger *slog.Logger
}

// Error is a file that cannot be used from the start.
type Error struct {
	// Setting is `cert`, `key` or `client_ca`, Path its value.
	Setting, Path string
	Err           error
}

// Error implements error.
func (e *Error) Error() string { return "certs: " + e.Setting + " = " + e.Path + ": " + e.Err.Error() }

// Unwrap implements errors.Unwrap.
func (e *Error) Unwrap() error { return e.Err }

// Files gives the configuration of a listener.
type Files struct {
	// Set by Open.
	options Options
	log     *slog.Logger
	watched []*filewatch.Files

	// Owned by Open, then by whoever polls the files.
	pair *tls.Certificate
	pool *x509.CertPool

	current atomic.Pointer[tls.Config]
}

// Open reads the files. Its error is an *Error.
func Open(options Options) (*Files, error) {
	if options.Protocols == nil {
		options.Protocols = []string{"h2"}
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	f := &Files{options: options, log: options.Logger}
	for setting, path := range map[string]string{"cert": options.Cert, "key": options.Key} {
		if _, err := filewatch.Read(path); err != nil {
			return nil, &Error{setting, path, err}
		}
	}
	pair, contents, err := filewatch.Open(f.pairChanged, options.Cert, options.Key)
	if err == nil {
		f.pair, err = parsePair(contents)
	}
	if err != nil {
		return nil, &Error{"cert", options.Cert, err}
	}
	f.watched = append(f.watched, pair)
	if options.ClientCA != "" {
		pool, contents, err := filewatch.Open(f.poolChanged, options.ClientCA)
		if err == nil {
			f.pool, err = parsePool(contents)
		}
		if err != nil {
			return nil, &Error{"client_ca", options.ClientCA, err}
		}
		f.watched = append(f.watched, pool)
	}
	f.swap()
	f.warnOfAge()
	return f, nil
}

// Watched are the files that the caller watches.
func (f *Files) Watched() []*filewatch.Files { return f.watched }

// Config is the configuration for a listener; it follows the files.
func (f *Files) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: f.options.Protocols,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return f.current.Load(), nil },
	}
}

// Client is the configuration of a connection that is opened at this moment, with the same certificate. Servers are verified by ClientCA, or
// by the system's authorities where there is none.
func (f *Files) Client() *tls.Config {
	now := f.current.Load()
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: now.NextProtos, Certificates: now.Certificates, RootCAs: now.ClientCAs}
}

// swap puts what was read in force.
func (f *Files) swap() {
	config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: f.options.Protocols, Certificates: []tls.Certificate{*f.pair}}
	if f.pool != nil {
		config.ClientCAs, config.ClientAuth = f.pool, tls.VerifyClientCertIfGiven
		if f.options.ClientRequired {
			config.ClientAuth = tls.RequireAndVerifyClientCert
		}
	}
	f.current.Store(config)
}

func (f *Files) pairChanged(contents [][]byte, err error) {
	var pair *tls.Certificate
	if err == nil {
		pair, err = parsePair(contents)
	}
	if err != nil {
		f.log.Error("certificate not read again, the old one stays", "cert", f.options.Cert, "key", f.options.Key, "error", err)
		return
	}
	f.pair = pair
	f.swap()
	f.log.Info("certificate read again", "cert", f.options.Cert, "expires", pair.Leaf.NotAfter)
	f.warnOfAge()
}

func (f *Files) poolChanged(contents [][]byte, err error) {
	var pool *x509.CertPool
	if err == nil {
		pool, err = parsePool(contents)
	}
	if err != nil {
		f.log.Error("authorities of clients not read again, the old ones stay", "client_ca", f.options.ClientCA, "error", err)
		return
	}
	f.pool = pool
	f.swap()
	f.log.Info("authorities of clients read again", "client_ca", f.options.ClientCA)
}

// warnOfAge says that clients will not take the certificate.
func (f *Files) warnOfAge() {
	if now := time.Now(); now.After(f.pair.Leaf.NotAfter) || now.Before(f.pair.Leaf.NotBefore) {
		f.log.Warn("certificate is not valid now", "cert", f.options.Cert, "from", f.pair.Leaf.NotBefore, "to", f.pair.Leaf.NotAfter)
	}
}

func parsePair(contents [][]byte) (*tls.Certificate, error) {
	pair, err := tls.X509KeyPair(contents[0], contents[1])
	if err != nil {
		return nil, err
	}
	if pair.Leaf == nil {
		pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0])
	}
	return &pair, err
}

func parsePool(contents [][]byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(contents[0]) {
		return nil, errors.New("has no certificate in PEM")
	}
	return pool, nil
}
