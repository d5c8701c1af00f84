package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/redis"
)

func newRedis(e config.Engine, limits hub.EventLimits, settings cluster.Settings) (cluster.Cluster, error) {
	c := redis.Config{
		Settings: settings, Engine: e.Name, URL: e.URL, Prefix: e.Prefix, Username: e.Username, SentinelUsername: e.SentinelUsername,
		SubscriptionMode: e.SubscriptionMode, Stream: e.Stream, StreamCount: e.StreamCount, StreamLength: int64(e.StreamLength), SessionPrefix: e.SessionPrefix,
		SpecificResponses: e.SpecificResponses, ShardedPubSub: e.ShardedPubSub,
		Event: redis.EventLimits{
			Attachments: limits.Attachments, Depth: limits.Depth, Arguments: limits.Arguments, NameBytes: limits.NameBytes,
		},
	}
	var err error
	if c.Password, err = secretOf("cluster.password_file", e.PasswordFile); err != nil {
		return nil, err
	}
	if c.SentinelPassword, err = secretOf("cluster.sentinel_password_file", e.SentinelPasswordFile); err != nil {
		return nil, err
	}
	if c.TLS, err = engineTLS(e.TLS); err != nil {
		return nil, err
	}
	return redis.New(c)
}

// secretOf reads a file with a secret. Its error names the key.
func secretOf(key, file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	return strings.TrimSpace(string(text)), nil
}

// engineTLS is that of connections to Redis. Nil: what the machine has. The certificate is read anew for each connection.
func engineTLS(files config.EngineTLS) (*tls.Config, error) {
	if files == (config.EngineTLS{}) {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: files.ServerName}
	if files.CA != "" {
		pem, err := os.ReadFile(files.CA)
		if err != nil {
			return nil, fmt.Errorf("cluster.engine_tls.ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("cluster.engine_tls.ca: has no certificate")
		}
	}
	if files.Cert != "" {
		if _, err := tls.LoadX509KeyPair(files.Cert, files.Key); err != nil {
			return nil, fmt.Errorf("cluster.engine_tls.cert: %w", err)
		}
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
			return &pair, err
		}
	}
	return c, nil
}
