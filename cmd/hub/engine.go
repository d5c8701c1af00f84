package main

import (
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/nats"
)

// newEngine makes the hub's end of what hubs share. Nil: the hub is alone. Its error is a *config.Error.
func newEngine(c *config.Config, logger *slog.Logger, trace *cluster.Trace) (cluster.Cluster, error) {
	e := c.Cluster.Engine
	settings := cluster.Settings{
		RequestTimeout: e.RequestTimeout, Expiry: e.Expiry, MaxMessage: e.MaxMessage, QueueBytes: e.QueueBytes,
		Trace: trace, Logger: logger.With("component", "cluster"),
	}
	var engine cluster.Cluster
	err := readable(e)
	if err != nil {
		return nil, engineError(e, err)
	}
	switch e.Name {
	case "":
		return nil, nil
	case config.EngineNATS:
		engine, err = newNATS(e, settings)
	default:
		engine, err = newRedis(e, c.Limits.Event, settings)
	}
	if err != nil {
		return nil, engineError(e, err)
	}
	return engine, nil
}

// engineFiles are the files of an engine by their keys.
func engineFiles(e config.Engine) map[string]string {
	return map[string]string{
		"cluster.password_file": e.PasswordFile, "cluster.sentinel_password_file": e.SentinelPasswordFile,
		"cluster.credentials_file": e.CredentialsFile, "cluster.nkey_file": e.NkeyFile, "cluster.token_file": e.TokenFile,
		"cluster.engine_tls.ca": e.TLS.CA, "cluster.engine_tls.cert": e.TLS.Cert, "cluster.engine_tls.key": e.TLS.Key,
	}
}

// readable looks whether the files are there. Its error names the key.
func readable(e config.Engine) error {
	files := engineFiles(e)
	for _, key := range slices.Sorted(maps.Keys(files)) {
		if files[key] == "" {
			continue
		}
		f, err := os.Open(files[key])
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		_ = f.Close()
	}
	return nil
}

func newNATS(e config.Engine, settings cluster.Settings) (cluster.Cluster, error) {
	config := nats.Config{
		Settings: settings, URL: e.URL, Prefix: e.Prefix,
		CredentialsFile: e.CredentialsFile, NkeyFile: e.NkeyFile, TokenFile: e.TokenFile, PasswordFile: e.PasswordFile,
		CAFile: e.TLS.CA, CertFile: e.TLS.Cert, KeyFile: e.TLS.Key,
		JetStream: nats.JetStream{
			Enabled: e.JetStream.Enabled, Replicas: e.JetStream.Replicas, MaxAge: e.JetStream.MaxAge, MaxBytes: e.JetStream.MaxBytes,
		},
	}
	if e.JetStream.Enabled {
		return nats.NewRecorder(config)
	}
	return nats.New(config)
}

// engineError makes a *config.Error of one that begins with a key.
func engineError(e config.Engine, err error) error {
	key, text, ok := strings.Cut(err.Error(), ": ")
	if !ok || !strings.HasPrefix(key, "cluster.") {
		key, text = "cluster.engine", err.Error()
	}
	values := engineFiles(e)
	values["cluster.engine"], values["cluster.url"], values["cluster.prefix"] = e.Name, withoutUser(e.URL), e.Prefix
	problem := &config.Problem{Key: key, Allowed: text}
	if values[key] != "" {
		problem.Value = strconv.Quote(values[key])
	}
	return &config.Error{Problems: []*config.Problem{problem}}
}

// withoutUser is what may be shown of a URL, or of several with commas between.
func withoutUser(list string) string {
	shown := strings.Split(list, ",")
	for i, one := range shown {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || u.Opaque != "" || !strings.Contains(one, "://") || strings.Contains(u.RawQuery, "password") {
			return "***"
		}
		u.User = nil
		shown[i] = u.String()
	}
	return strings.Join(shown, ",")
}
