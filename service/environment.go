package service

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
)

// Variables that stand in for options that are empty.
const (
	envAddress       = "HUB_ADDRESS"
	envToken         = "HUB_TOKEN"
	envTokenFile     = "HUB_TOKEN_FILE"
	envTLSCA         = "HUB_TLS_CA"
	envTLSCert       = "HUB_TLS_CERT"
	envTLSKey        = "HUB_TLS_KEY"
	envTLSServerName = "HUB_TLS_SERVER_NAME"
)

// fromEnvironment fills in options that say how the hub is reached. What is wrong about
// it is the error of validate.
func (o Options) fromEnvironment(getenv func(string) string) (Options, error) {
	if o.Hub == "" {
		o.Hub = getenv(envAddress)
	}
	if o.Token == "" && o.TokenSource == nil {
		if o.Token = getenv(envToken); o.Token == "" && getenv(envTokenFile) != "" {
			o.TokenSource = TokenFile(getenv(envTokenFile))
		}
	}
	if o.TLS != nil {
		return o, nil
	}
	config, err := tlsFromEnvironment(getenv)
	o.TLS = config
	return o, err
}

func tlsFromEnvironment(getenv func(string) string) (*tls.Config, error) {
	ca, cert, key, name := getenv(envTLSCA), getenv(envTLSCert), getenv(envTLSKey), getenv(envTLSServerName)
	if ca == "" && cert == "" && key == "" && name == "" {
		return nil, nil
	}
	config := &tls.Config{ServerName: name, MinVersion: tls.VersionTLS12}
	if ca != "" && ca != "system" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, &ConfigError{Field: envTLSCA, Problem: err.Error()}
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &ConfigError{Field: envTLSCA, Problem: ca + " has no certificate in PEM form"}
		}
	}
	switch {
	case cert == "" && key == "":
		return config, nil
	case cert == "" || key == "":
		return nil, &ConfigError{Field: envTLSCert, Problem: "needs " + envTLSKey + " beside it, and the other way round"}
	}
	if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
		return nil, &ConfigError{Field: envTLSCert, Problem: err.Error()}
	}
	// Read for each connection, so that a renewed certificate needs no restart.
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(cert, key)
		return &pair, err
	}
	return config, nil
}

// TokenFile is a token source that reads a file for each connection: its first line
// that is not empty.
func TokenFile(path string) func() (string, error) {
	return func() (string, error) {
		data, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("service: token: %w", err)
		}
		token, _, _ := strings.Cut(strings.TrimSpace(string(data)), "\n")
		if token = strings.TrimSpace(token); token == "" {
			return "", fmt.Errorf("service: token: %s is empty", path)
		}
		return token, nil
	}
}

// notAHub recognises a target that is meant for browsers.
func notAHub(target string) error {
	for _, scheme := range []string{"http:", "https:", "ws:", "wss:"} {
		if strings.HasPrefix(strings.ToLower(target), scheme) {
			return &ConfigError{Field: "Options.Hub", Problem: target + " is an address for browsers; services reach " +
				"the hub's control listener at HOST:PORT, port " + defaultPort + " by default"}
		}
	}
	return nil
}

// whatHTTPSays are parts of gRPC's errors when the other end speaks HTTP/1.1.
var whatHTTPSays = []string{"looked like an HTTP/1.1 header", "malformed HTTP response", "unexpected HTTP status code", "unexpected content-type"}

// browserPort turns the error of a call to a port that is not a hub's control listener
// into one that says so. Any other error is returned as it is.
func browserPort(target string, err error) error {
	if err == nil {
		return nil
	}
	for _, part := range whatHTTPSays {
		if strings.Contains(err.Error(), part) {
			return &ConfigError{Field: "Options.Hub", Problem: target + " answers HTTP, not gRPC: it may be the port for browsers; " +
				"services reach the hub's control listener, port " + defaultPort + " by default"}
		}
	}
	return err
}
