package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/nats"
)

// newEngine makes the hub's end of what hubs share. Nil: the hub is alone. Its error is a *config.Error.
func newEngine(e config.Engine, logger *slog.Logger, trace *cluster.Trace) (cluster.Cluster, error) {
	settings := cluster.Settings{
		RequestTimeout: e.RequestTimeout, Expiry: e.Expiry, MaxMessage: e.MaxMessage, QueueBytes: e.QueueBytes,
		Trace: trace, Logger: logger.With("component", "cluster"),
	}
	var engine cluster.Cluster
	err := readable(e)
	if err != nil {
		return nil, engineError(err)
	}
	switch e.Name {
	case "":
		return nil, nil
	case config.EngineNATS:
		engine, err = newNATS(e, settings)
	default:
		engine, err = newRedis(e, settings)
	}
	if err != nil {
		return nil, engineError(err)
	}
	return engine, nil
}

// readable looks whether the files are there. Its error names the key.
func readable(e config.Engine) error {
	for _, file := range []struct{ key, path string }{
		{"cluster.password_file", e.PasswordFile}, {"cluster.sentinel_password_file", e.SentinelPasswordFile},
		{"cluster.credentials_file", e.CredentialsFile}, {"cluster.nkey_file", e.NkeyFile}, {"cluster.token_file", e.TokenFile},
		{"cluster.engine_tls.ca", e.TLS.CA}, {"cluster.engine_tls.cert", e.TLS.Cert}, {"cluster.engine_tls.key", e.TLS.Key},
	} {
		if file.path == "" {
			continue
		}
		f, err := os.Open(file.path)
		if err != nil {
			return fmt.Errorf("%s: %w", file.key, err)
		}
		_ = f.Close()
	}
	return nil
}

func newNATS(e config.Engine, settings cluster.Settings) (cluster.Cluster, error) {
	return nats.New(nats.Config{
		Settings: settings, URL: e.URL, Prefix: e.Prefix,
		CredentialsFile: e.CredentialsFile, NkeyFile: e.NkeyFile, TokenFile: e.TokenFile, PasswordFile: e.PasswordFile,
		CAFile: e.TLS.CA, CertFile: e.TLS.Cert, KeyFile: e.TLS.Key,
	})
}

// engineError makes a *config.Error of one that begins with a key.
func engineError(err error) error {
	key, text, ok := strings.Cut(err.Error(), ": ")
	if !ok || !strings.HasPrefix(key, "cluster.") {
		key, text = "cluster.engine", err.Error()
	}
	return &config.Error{Problems: []*config.Problem{{Key: key, Allowed: text}}}
}
