package reach

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"strings"
)

// TLS says whom a client trusts and what it shows.
type TLS struct {
	// CA is a file with authorities in PEM form. Empty, or `system`, means those of the
	// system.
	CA string
	// Cert and Key are files with the client's certificate. Empty shows none.
	Cert, Key string
	// ServerName is what the certificate of the hub names. Empty means the host that is
	// dialed.
	ServerName string
}

// Setting is the part of TLS that cannot be used.
type Setting int

// The settings.
const (
	SettingCA Setting = iota
	SettingCert
)

// ErrHalfPair says that of Cert and Key only one is set.
var ErrHalfPair = errors.New("reach: a certificate needs its key, and the other way round")

// TLSError is a setting that cannot be used.
type TLSError struct {
	Setting Setting
	Err     error
}

// Error implements error.
func (e *TLSError) Error() string { return e.Err.Error() }

// Unwrap implements errors.Unwrap.
func (e *TLSError) Unwrap() error { return e.Err }

// Config reads the files. It is nil where nothing is set: plain text. Its error is a
// *TLSError.
func (t TLS) Config() (*tls.Config, error) {
	if t == (TLS{}) {
		return nil, nil
	}
	config := &tls.Config{ServerName: t.ServerName, MinVersion: tls.VersionTLS12}
	if t.CA != "" && t.CA != "system" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, &TLSError{SettingCA, err}
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &TLSError{SettingCA, errors.New(t.CA + " has no certificate in PEM form")}
		}
	}
	if t.Cert == "" && t.Key == "" {
		return config, nil
	}
	if t.Cert == "" || t.Key == "" {
		return nil, &TLSError{SettingCert, ErrHalfPair}
	}
	if _, err := tls.LoadX509KeyPair(t.Cert, t.Key); err != nil {
		return nil, &TLSError{SettingCert, err}
	}
	// Read for each connection, so that a renewed certificate needs no restart.
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		return &pair, err
	}
	return config, nil
}

// Token is the token in a text: its first line that is not empty. Empty when there is none.
func Token(text []byte) string {
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(first)
}

// IsHTTP reports whether this text of a gRPC error says that the other end speaks HTTP/1.1,
// as the listeners for browsers and operators do.
func IsHTTP(text string) bool {
	for _, part := range []string{
		"looked like an HTTP/1.1 header", "malformed HTTP response", "unexpected HTTP status code", "unexpected content-type",
	} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
