package hubtest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"
)

// ServeTLS is ServeTCP with TLS on top of a listener, which wrap makes of the one on the loopback socket. Connections that Dial
// returns are *tls.Conn.
func ServeTLS(t testing.TB, h http.Handler, configure func(*http.Server), wrap func(net.Listener) net.Listener) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("hubtest: %v", err)
	}
	pair, err := selfSigned()
	if err != nil {
		t.Fatalf("hubtest: %v", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	dial := func(ctx context.Context) (net.Conn, error) {
		d := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: host}}
		return d.DialContext(ctx, "tcp", l.Addr().String())
	}
	return start(t, h, configure, tls.NewListener(wrap(l), &tls.Config{Certificates: []tls.Certificate{pair}}), dial)
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}
