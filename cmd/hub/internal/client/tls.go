package client

import (
	"crypto/tls"
	"crypto/x509"
	"os"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// transport is TLS as the options say it, or plain text.
func (o *Options) transport() (creds credentials.TransportCredentials, secure bool, err error) {
	if o.CA == "" && o.Cert == "" && o.Key == "" && o.ServerName == "" {
		return insecure.NewCredentials(), false, nil
	}
	config := &tls.Config{ServerName: o.ServerName, MinVersion: tls.VersionTLS12}
	if o.CA != "" && o.CA != "system" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, false, usage("--tls-ca: %v", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, false, usage("--tls-ca: %s has no certificate in PEM form", o.CA)
		}
	}
	if (o.Cert == "") != (o.Key == "") {
		return nil, false, usage("--tls-cert and --tls-key belong together: give both")
	}
	if o.Cert != "" {
		pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, false, usage("--tls-cert, --tls-key: %v", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config), true, nil
}
