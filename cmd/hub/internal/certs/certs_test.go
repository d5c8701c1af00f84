package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/siohub/siohub/internal/certstest"
)

// files are a certificate, its key and an authority of clients on disk.
type files struct{ cert, key, ca string }

func newFiles(t *testing.T, server *certstest.Pair, clients *certstest.Authority) files {
	t.Helper()
	dir := t.TempDir()
	f := files{filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"), filepath.Join(dir, "ca.crt")}
	f.write(t, server)
	write(t, f.ca, clients.PEM)
	return f
}

func (f files) write(t *testing.T, p *certstest.Pair) {
	t.Helper()
	write(t, f.cert, p.CertPEM)
	write(t, f.key, p.KeyPEM)
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (f files) options(required bool, log io.Writer) Options {
	return Options{Cert: f.cert, Key: f.key, ClientCA: f.ca, ClientRequired: required, Logger: slog.New(slog.NewTextHandler(log, nil))}
}

func poll(f *Files, times int) {
	for range times {
		for _, w := range f.Watched() {
			w.Poll()
		}
	}
}

// shake does a handshake; it returns the server's certificate and the client's chain as
// the server sees it.
func shake(t *testing.T, f *Files, roots *x509.CertPool, client *certstest.Pair) (server, seen *x509.Certificate, err error) {
	t.Helper()
	config := &tls.Config{ServerName: "localhost", RootCAs: roots, NextProtos: []string{"h2"}}
	if client != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return client.TLS(t), nil }
	}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	ended := make(chan error, 1)
	far := tls.Server(a, f.Config())
	go func() {
		err := far.Handshake()
		if err != nil {
			_ = a.Close()
		}
		ended <- err
	}()
	near := tls.Client(b, config)
	if err = near.Handshake(); err != nil {
		_ = b.Close()
		return nil, nil, errors.Join(err, <-ended)
	}
	go func() { _, _ = io.Copy(io.Discard, near) }() // TLS 1.3: the server speaks once more
	if err = <-ended; err != nil {
		return nil, nil, err
	}
	if chains := far.ConnectionState().VerifiedChains; len(chains) > 0 {
		seen = chains[0][0]
	}
	return near.ConnectionState().PeerCertificates[0], seen, nil
}

func TestFiles_ClientCertificates(t *testing.T) {
	ca, strangers := certstest.NewAuthority(t), certstest.NewAuthority(t)
	f := newFiles(t, ca.Server(t), ca)
	chat, stranger := ca.Client(t, "chat"), strangers.Client(t, "chat")
	for name, c := range map[string]struct {
		required bool
		client   *certstest.Pair
		ok       bool
	}{
		"required, shown": {true, chat, true}, "required, missing": {true, nil, false}, "required, unknown": {true, stranger, false},
		"optional, shown": {false, chat, true}, "optional, missing": {false, nil, true}, "optional, unknown": {false, stranger, false},
	} {
		opened, err := Open(f.options(c.required, io.Discard))
		if err != nil {
			t.Fatal(err)
		}
		_, seen, err := shake(t, opened, ca.Pool(), c.client)
		if (err == nil) != c.ok || (c.ok && (seen != nil) != (c.client != nil)) {
			t.Errorf("%s: %v, %v", name, seen, err)
		}
	}
}

func TestFiles_AreReadAgain(t *testing.T) {
	ca, next := certstest.NewAuthority(t), certstest.NewAuthority(t)
	f := newFiles(t, ca.Server(t), ca)
	var log bytes.Buffer
	opened, err := Open(f.options(true, &log))
	if err != nil {
		t.Fatal(err)
	}
	before, _, err := shake(t, opened, ca.Pool(), ca.Client(t, "chat"))
	if err != nil {
		t.Fatal(err)
	}
	// A certificate whose key has not come yet, then rubbish, then nothing: the old ones stay.
	second := ca.Server(t)
	write(t, f.cert, second.CertPEM)
	poll(opened, 3)
	write(t, f.ca, []byte("planted"))
	poll(opened, 3)
	if err := os.Remove(f.key); err != nil {
		t.Fatal(err)
	}
	poll(opened, 3)
	if now, _, err := shake(t, opened, ca.Pool(), ca.Client(t, "chat")); err != nil || !now.Equal(before) {
		t.Error(now, err)
	}
	if n := strings.Count(log.String(), "not read again"); n != 3 || strings.Contains(log.String(), "planted") {
		t.Errorf("%d lines: %s", n, log.String())
	}
	f.write(t, second)
	write(t, f.ca, next.PEM)
	poll(opened, 2)
	if now, seen, err := shake(t, opened, ca.Pool(), next.Client(t, "chat")); err != nil || now.Equal(before) || seen == nil {
		t.Error(now, seen, err)
	}
	if _, _, err := shake(t, opened, ca.Pool(), ca.Client(t, "chat")); err == nil {
		t.Error("a client of the old authority is let in")
	}
}

func TestOpen_BadFilesAreNamed(t *testing.T) {
	ca := certstest.NewAuthority(t)
	one, other := ca.Server(t), ca.Server(t)
	good := newFiles(t, one, ca)
	dir := t.TempDir()
	rubbish, key := filepath.Join(dir, "rubbish"), filepath.Join(dir, "key")
	write(t, rubbish, []byte("planted"))
	write(t, key, other.KeyPEM)
	for name, c := range map[string]struct {
		change  func(*Options)
		setting string
	}{
		"no cert":     {func(o *Options) { o.Cert = filepath.Join(dir, "none") }, "cert"},
		"no key":      {func(o *Options) { o.Key = filepath.Join(dir, "none") }, "key"},
		"no ca":       {func(o *Options) { o.ClientCA = filepath.Join(dir, "none") }, "client_ca"},
		"a directory": {func(o *Options) { o.Cert = dir }, "cert"},
		"bad cert":    {func(o *Options) { o.Cert = rubbish }, "cert"},
		"bad key":     {func(o *Options) { o.Key = rubbish }, "cert"},
		"other key":   {func(o *Options) { o.Key = key }, "cert"},
		"bad ca":      {func(o *Options) { o.ClientCA = rubbish }, "client_ca"},
	} {
		options := good.options(true, io.Discard)
		c.change(&options)
		_, err := Open(options)
		var bad *Error
		if !errors.As(err, &bad) || bad.Setting != c.setting || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
