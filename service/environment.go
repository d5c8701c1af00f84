package service

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/siohub/siohub/internal/reach"
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
	config, err := reach.TLS{
		CA: getenv(envTLSCA), Cert: getenv(envTLSCert), Key: getenv(envTLSKey), ServerName: getenv(envTLSServerName),
	}.Config()
	var bad *reach.TLSError
	switch {
	case err == nil:
		return config, nil
	case errors.Is(err, reach.ErrHalfPair):
		return nil, &ConfigError{Field: envTLSCert, Problem: "needs " + envTLSKey + " beside it, and the other way round"}
	case errors.As(err, &bad) && bad.Setting == reach.SettingCA:
		return nil, &ConfigError{Field: envTLSCA, Problem: err.Error()}
	}
	return nil, &ConfigError{Field: envTLSCert, Problem: err.Error()}
}

// TokenFile is a token source that reads a file for each connection: its first line
// that is not empty.
func TokenFile(path string) func() (string, error) {
	return func() (string, error) {
		data, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("service: token: %w", err)
		}
		token := reach.Token(data)
		if token == "" {
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

// browserPort turns the error of a call to a port that is not a hub's control listener
// into one that says so. Any other error is returned as it is.
func browserPort(target string, err error) error {
	if err == nil || !reach.IsHTTP(err.Error()) {
		return err
	}
	return &ConfigError{Field: "Options.Hub", Problem: target + " answers HTTP, not gRPC: it may be the port for browsers; " +
		"services reach the hub's control listener, port " + defaultPort + " by default"}
}
