package client

import (
	"errors"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/siohub/siohub/internal/reach"
)

// transport is TLS as the options say it, or plain text.
func (o *Options) transport() (creds credentials.TransportCredentials, secure bool, err error) {
	config, err := reach.TLS{CA: o.CA, Cert: o.Cert, Key: o.Key, ServerName: o.ServerName}.Config()
	var bad *reach.TLSError
	switch {
	case errors.Is(err, reach.ErrHalfPair):
		return nil, false, usage("--tls-cert and --tls-key belong together: give both")
	case errors.As(err, &bad) && bad.Setting == reach.SettingCA:
		return nil, false, usage("--tls-ca: %v", err)
	case err != nil:
		return nil, false, usage("--tls-cert, --tls-key: %v", err)
	case config == nil:
		return insecure.NewCredentials(), false, nil
	}
	return credentials.NewTLS(config), true, nil
}
