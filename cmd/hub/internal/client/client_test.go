package client

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// certificate makes one that is its own authority, for a host, and gives its files.
func certificate(t *testing.T, host string) (pair tls.Certificate, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certFile, keyFile = write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", keyDER)
	if pair, err = tls.LoadX509KeyPair(certFile, keyFile); err != nil {
		t.Fatal(err)
	}
	return pair, certFile, keyFile
}

// serve runs a gRPC server until the test ends.
func serve(t *testing.T, options ...grpc.ServerOption) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(options...)
	hubv1.RegisterControlServiceServer(server, hubv1.UnimplementedControlServiceServer{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() { server.Stop(); <-done })
	return l.Addr().String()
}

// ask makes a call and gives what is said about it.
func ask(t *testing.T, o Options) string {
	t.Helper()
	c, err := Dial(o)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	_, err = c.Do(t.Context(), "emit", &hubv1.Command{})
	return err.Error()
}

// What is not a hub's control listener, or speaks TLS otherwise, is told by what it is.
func TestExplain_TellsWhatIsAtTheOtherEnd(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	pair, certFile, keyFile := certificate(t, "hub.example")
	_, otherFile, _ := certificate(t, "other.example")
	pool := x509.NewCertPool()
	pool.AddCert(pair.Leaf)
	secure := serve(t, grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{pair}})))
	mutual := serve(t, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
	})))
	plain := serve(t)
	const reached = "does not know this call"
	for name, tt := range map[string]struct {
		o    Options
		want string
	}{
		"port for browsers":    {Options{Address: web.Listener.Addr().String()}, "answers HTTP, not gRPC"},
		"plain":                {Options{Address: plain}, reached},
		"TLS":                  {Options{Address: secure, CA: certFile, ServerName: "hub.example"}, reached},
		"mutual TLS":           {Options{Address: mutual, CA: certFile, ServerName: "hub.example", Cert: certFile, Key: keyFile}, reached},
		"TLS at the hub alone": {Options{Address: secure}, "may want TLS; say --tls-ca"},
		"TLS here alone":       {Options{Address: plain, CA: certFile}, "does not speak TLS; leave out --tls-ca"},
		"unknown authority":    {Options{Address: secure, CA: otherFile, ServerName: "hub.example"}, "give that authority with --tls-ca"},
		"another name":         {Options{Address: secure, CA: certFile}, "give that name with --tls-server-name"},
		"no certificate":       {Options{Address: mutual, CA: certFile, ServerName: "hub.example"}, "give it with --tls-cert and --tls-key"},
	} {
		tt.o.Timeout = 20 * time.Second
		if got := ask(t, tt.o); !strings.Contains(got, tt.want) || strings.Contains(got, "\n") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestDial_RefusesWhatCannotBe(t *testing.T) {
	_, certFile, _ := certificate(t, "hub.example")
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		o     Options
		want  string
		usage bool
	}{
		{Options{Address: "https://hub.example/chat"}, "such as hub.example:7420", true},
		{Options{Address: "ws://[::1]:3000"}, "such as [::1]:7420", true},
		{Options{Address: "hub.example:"}, "want HOST:PORT", true},
		{Options{Address: "hub.example:7420", Token: "t"}, "in the clear; say --tls-ca system", true},
		{Options{Address: "hub.example:7420", CA: empty}, "no certificate in PEM form", true},
		{Options{Address: "hub.example:7420", CA: "system", Cert: certFile}, "give both", true},
		{Options{Address: "hub.example:7420", TokenFile: empty}, "is empty", false},
	} {
		_, err := Dial(tt.o)
		var usage *UsageError
		if err == nil || !strings.Contains(err.Error(), tt.want) || errors.As(err, &usage) != tt.usage {
			t.Errorf("%+v: %v", tt.o, err)
		}
	}
	for _, o := range []Options{
		{Address: "hub.example"}, {Address: "[::1]"}, {Address: "hub.example:7420", Token: "t", Insecure: true}, {Address: "[::1]:7420", Token: "t"}, {Address: "localhost:7420", Token: "t"},
		{Address: "hub.example:7420", Token: "t", CA: "system"},
	} {
		c, err := Dial(o)
		if err != nil {
			t.Errorf("%+v: %v", o, err)
			continue
		}
		c.Close()
	}
}
