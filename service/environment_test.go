package service

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/siohub/siohub/internal/virtualtime"
)

func TestEnvironment_StandsInForEmptyOptions(t *testing.T) {
	env := map[string]string{envAddress: "hub.example:1", envToken: "secret"}
	get := func(name string) string { return env[name] }
	o, err := Options{}.fromEnvironment(get)
	if err != nil || o.Hub != "hub.example:1" || o.Token != "secret" || o.TLS != nil {
		t.Errorf("%+v, %v", o, err)
	}
	o, err = Options{Hub: "other:2", Token: "mine"}.fromEnvironment(get)
	if err != nil || o.Hub != "other:2" || o.Token != "mine" {
		t.Errorf("%+v, %v", o, err)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("\n from-file \nrest\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env = map[string]string{envTokenFile: file, envTLSCA: "system", envTLSServerName: "hub"}
	o, err = Options{}.fromEnvironment(get)
	if err != nil || o.TLS == nil || o.TLS.ServerName != "hub" || o.TLS.RootCAs != nil {
		t.Errorf("%+v, %v", o, err)
	}
	if token, err := o.TokenSource(); token != "from-file" || err != nil {
		t.Error(token, err)
	}
}

func TestEnvironment_SaysWhatIsWrong(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"service: HUB_TLS_CA: open /nowhere":  {envTLSCA: "/nowhere"},
		"service: HUB_TLS_CERT: needs HUB_TL": {envTLSCert: "/cert"},
		"service: HUB_TLS_CERT: open /cert":   {envTLSCert: "/cert", envTLSKey: "/key"},
	} {
		_, err := Options{}.fromEnvironment(func(name string) string { return env[name] })
		var config *ConfigError
		if !errors.As(err, &config) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	t.Setenv(envTLSCA, "/nowhere")
	if err := scripted(Options{}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "HUB_TLS_CA") {
		t.Error(err)
	}
}

func TestHub_AnAddressForBrowsersIsRecognised(t *testing.T) {
	for _, address := range []string{"http://127.0.0.1:7420", "HTTPS://hub.example", "ws://hub.example:3000/", "wss://hub.example"} {
		err := scripted(Options{Hub: address}).Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), "port 7420") || !strings.Contains(err.Error(), "for browsers") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestHub_TheBrowserPortIsRecognised(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler()}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	defer func() { server.Close(); <-served }()
	err = scripted(Options{Hub: listener.Addr().String()}).Run(t.Context())
	var config *ConfigError
	if !errors.As(err, &config) || !strings.Contains(err.Error(), "port 7420") {
		t.Error(err)
	}
}

// A token that was refused is not shown again; another one is.
func TestCredential_IsTriedAgainOnceItDiffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var token atomic.Value
		token.Store("old")
		svc := scripted(Options{TokenSource: func() (string, error) { return token.Load().(string), nil }})
		hub := newScript()
		refusal := status.Error(codes.Unauthenticated, "no")
		hub.refuse.Store(&refusal)
		r := newRunner(svc, func(l *link) (grpcConn, func(), error) {
			if _, err := l.credential.next(); err != nil {
				return nil, nil, err
			}
			return hub, func() {}, nil
		})
		r.fixed = []place{{address: "hub"}}
		ended := make(chan error, 1)
		go func() { ended <- run(context.Background(), svc, r, nil) }()
		virtualtime.Pass(time.Minute)
		if n := hub.opened.Load(); n != 1 {
			t.Errorf("shown %d times", n)
		}
		hub.refuse.Store(nil)
		token.Store("new")
		(<-hub.streams).welcome()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		svc.Close(ctx)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
