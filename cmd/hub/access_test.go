package main

import (
	"context"
	"crypto/tls"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/siohub/siohub/cmd/hub/internal/jwttest"
	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/internal/certstest"
)

// dialHub connects to a control listener; without TLS if there is no configuration.
func dialHub(t *testing.T, address string, config *tls.Config) *grpc.ClientConn {
	t.Helper()
	creds := insecure.NewCredentials()
	if config != nil {
		creds = credentials.NewTLS(config)
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(creds))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// asking is a context with a token, that ends when the test has lost its patience.
func asking(t *testing.T, token string) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	if token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

// count asks for something that everybody may who may count.
func count(t *testing.T, conn *grpc.ClientConn, token string) error {
	t.Helper()
	_, err := hubv1.NewControlServiceClient(conn).CountSockets(asking(t, token), &hubv1.CountSocketsRequest{
		Count: &hubv1.Count{Target: &hubv1.Target{Namespace: "/chat", All: true}},
	})
	return err
}

// reason is the reason that a call's error carries.
func reason(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if s, ok := detail.(*hubv1.Status); ok {
			return s.GetReason()
		}
	}
	return ""
}

// eventually asks again and again until the answer is right.
func eventually(t *testing.T, what string, right func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !right(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// holdStream attaches and keeps the stream; the channel gets its end.
func holdStream(t *testing.T, conn *grpc.ClientConn, token string) <-chan error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	stream, err := hubv1.NewAttachServiceClient(conn).Attach(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token))
	if err != nil {
		t.Fatal(err)
	}
	hello := &hubv1.Hello{Group: "chat", InstanceId: token[:4]}
	err = stream.Send(&hubv1.AttachRequest{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Hello{Hello: hello}}}})
	if err != nil {
		t.Fatal(err)
	}
	if first, err := stream.Recv(); err != nil || first.Items[0].GetWelcome() == nil {
		t.Fatal(first, err)
	}
	ended := make(chan error, 1)
	go func() { // ends with the stream
		for {
			if _, err := stream.Recv(); err != nil {
				ended <- err
				return
			}
			_ = stream.Send(&hubv1.AttachRequest{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}}})
		}
	}()
	return ended
}

func TestAccess_ATokenThatIsRemovedEndsItsStreams(t *testing.T) {
	const gone, stays = "gone-0123456789abcdef", "stay-0123456789abcdef"
	tokens := writeFile(t, t.TempDir(), "tokens", "chat: "+gone+"\nchat: "+stays+"\n")
	p := start(t, with("serve", "--control-tokens-file", tokens)...)
	conn := dialHub(t, p.ready().services, nil)
	lost, kept := holdStream(t, conn, gone), holdStream(t, conn, stays)
	if err := os.WriteFile(tokens, []byte("chat: "+stays+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	removed := time.Now()
	select {
	case err := <-lost:
		if status.Code(err) != codes.Unauthenticated || reason(err) != "TOKEN_REVOKED" {
			t.Errorf("%v, reason %s", err, reason(err))
		}
		t.Logf("ended after %s", time.Since(removed))
	case <-time.After(patience):
		t.Error("the stream lives on")
	}
	if err := count(t, conn, gone); reason(err) != "TOKEN_WRONG" {
		t.Error(err)
	}
	if err := count(t, conn, ""); reason(err) != "TOKEN_MISSING" {
		t.Error(err)
	}
	select {
	case err := <-kept:
		t.Errorf("the other stream ended: %v", err)
	default:
	}
	health, err := healthv1.NewHealthClient(conn).Check(asking(t, ""), &healthv1.HealthCheckRequest{})
	if err != nil || health.Status != healthv1.HealthCheckResponse_SERVING {
		t.Errorf("health without a token: %v, %v", health, err)
	}
	if reflects(t, conn, stays) {
		t.Error("the contract is told where tokens are on")
	}
}

// reflects reports whether the listener tells its contract.
func reflects(t *testing.T, conn *grpc.ClientConn, token string) bool {
	t.Helper()
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(asking(t, token))
	if err != nil {
		return false
	}
	_ = stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}})
	_, err = stream.Recv()
	return err == nil
}

func TestAccess_ReflectionIsOnWithoutTokensAndWhereAsked(t *testing.T) {
	p := start(t, with("serve")...)
	if !reflects(t, dialHub(t, p.ready().services, nil), "") {
		t.Error("off without tokens")
	}
	const secret = "chat-0123456789abcdef"
	tokens := writeFile(t, t.TempDir(), "tokens", "chat: "+secret+"\n")
	p = start(t, with("serve", "--control-tokens-file", tokens, "--control-reflection", "true")...)
	conn := dialHub(t, p.ready().services, nil)
	if !reflects(t, conn, secret) || reflects(t, conn, "") {
		t.Error("off where it was asked for, or open to strangers")
	}
}

func TestAccess_CertificatesNameServicesAndAreReadAgain(t *testing.T) {
	ca, next := certstest.NewAuthority(t), certstest.NewAuthority(t)
	dir := t.TempDir()
	put := func(name string, content []byte) string { return writeFile(t, dir, name, string(content)) }
	server := ca.Server(t)
	cert, key, clients := put("tls.crt", server.CertPEM), put("tls.key", server.KeyPEM), put("ca.crt", ca.PEM)
	config := put("hub.yaml", []byte("identities:\n  spiffe://corp.example/chat: {namespaces: [/chat], rooms: [\"*\"], verbs: [count]}\n"))
	p := start(t, with("serve", "--config", config, "--control-tls-cert", cert, "--control-tls-key", key, "--control-tls-client-ca", clients)...)
	address := p.ready().services
	as := func(pair *certstest.Pair) *grpc.ClientConn {
		c := &tls.Config{ServerName: "localhost", RootCAs: ca.Pool()}
		if pair != nil {
			c.Certificates = []tls.Certificate{*pair.TLS(t)}
		}
		return dialHub(t, address, c)
	}
	if err := count(t, as(ca.Client(t, "x", "spiffe://corp.example/chat")), ""); err != nil {
		t.Errorf("the certificate with rights: %v", err)
	}
	if err := count(t, as(ca.Client(t, "else")), ""); status.Code(err) != codes.PermissionDenied || reason(err) != "NOT_PERMITTED" {
		t.Errorf("a certificate without rights: %v", err)
	}
	for name, conn := range map[string]*grpc.ClientConn{
		"no certificate": as(nil), "a stranger's": as(next.Client(t, "x", "spiffe://corp.example/chat")), "no TLS": dialHub(t, address, nil),
	} {
		if err := count(t, conn, ""); status.Code(err) != codes.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
	put("ca.crt", next.PEM)
	eventually(t, "the new authority", func() bool {
		return count(t, as(next.Client(t, "x", "spiffe://corp.example/chat")), "") == nil
	})
	put("tls.crt", []byte("planted"))
	p.find("certificate not read again")
	if err := count(t, as(next.Client(t, "x", "spiffe://corp.example/chat")), ""); err != nil {
		t.Errorf("a broken file takes the old certificate away: %v", err)
	}
}

func TestAccess_KeysRotateAndOutlastAnOutage(t *testing.T) {
	id := jwttest.New(t, "https://id.test", "hub")
	keys := httptest.NewServer(id)
	defer keys.Close()
	config := writeFile(t, t.TempDir(), "hub.yaml", `
control:
  jwt: [{issuer: "https://id.test", audience: hub, algorithms: [EdDSA], jwks_url: "`+keys.URL+`"}]
identities:
  chat: {groups: [chat], namespaces: [/chat], rooms: ["*"], verbs: [attach, count]}
`)
	p := start(t, with("serve", "--config", config)...)
	at := p.ready()
	conn := dialHub(t, at.services, nil)
	chat := map[string]any{"sub": "chat"}
	old := id.Token(chat)
	if err := count(t, conn, old); err != nil {
		t.Error(err)
	}
	if err := count(t, conn, id.Token(map[string]any{"sub": "else"})); status.Code(err) != codes.PermissionDenied {
		t.Errorf("an identity without rules: %v", err)
	}
	if err := count(t, conn, id.Token(map[string]any{"exp": time.Now().Add(-time.Minute).Unix()})); reason(err) != "TOKEN_EXPIRED" {
		t.Errorf("expired: %v", err)
	}
	short := holdStream(t, conn, id.Token(map[string]any{"sub": "chat", "exp": time.Now().Add(3 * time.Second).Unix()}))
	id.Rotate("k2")
	if err := count(t, conn, id.Token(chat)); err != nil {
		t.Errorf("the new key: %v", err)
	}
	if err := count(t, conn, old); reason(err) != "TOKEN_WRONG" {
		t.Errorf("the old key: %v", err)
	}
	id.Down(true)
	current := id.Token(chat)
	stranger := jwttest.New(t, "https://id.test", "hub")
	stranger.Rotate("k3")
	// It may be the next key of the issuer: nothing is said about its token.
	if err := count(t, conn, stranger.Token(chat)); status.Code(err) != codes.Unavailable || reason(err) != "AUTHENTICATOR_FAILED" {
		t.Errorf("a stranger in the outage: %v", err)
	}
	if err := count(t, conn, current); err != nil {
		t.Errorf("the outage takes the keys away: %v", err)
	}
	p.find("keys of an issuer not read again")
	if _, metrics := get(t, at.admin+"/metrics"); !strings.Contains(metrics, `hub_jwks_refreshes_total{issuer="https://id.test",result="failed"}`) {
		t.Error("the outage is not counted")
	}
	id.Down(false)
	if err := count(t, conn, stranger.Token(chat)); reason(err) != "TOKEN_WRONG" {
		t.Errorf("a stranger after the outage: %v", err)
	}
	if err := <-short; status.Code(err) != codes.Unauthenticated || reason(err) != "TOKEN_EXPIRED" {
		t.Errorf("the stream of an expired token: %v, %s", err, reason(err))
	}
}

func TestAccess_BadSettingsEndTheStart(t *testing.T) {
	dir := t.TempDir()
	rubbish := writeFile(t, dir, "rubbish", "planted")
	issuer := "{issuer: a, audience: b, algorithms: [RS256], "
	for name, c := range map[string]struct {
		yaml string
		want []string
	}{
		"absent cert":    {"control: {tls: {cert: /none, key: /none}}", []string{"= /none", "want a PEM file"}},
		"rubbish cert":   {"control: {tls: {cert: " + rubbish + ", key: " + rubbish + "}}", []string{"control.tls.cert = " + rubbish, "want a PEM file"}},
		"unknown verb":   {"identities: {chat: {verbs: [shout]}}", []string{`identities.chat.verbs = "shout"`, "attach, emit, rooms"}},
		"unknown role":   {"identities: {chat: {roles: [boss]}}", []string{`identities.chat.roles = "boss"`, "authorizer, handler, observer"}},
		"bad pattern":    {"identities: {chat: {rooms: [a*b]}}", []string{`identities.chat.rooms = "a*b"`, "* at the end"}},
		"bad namespace":  {"identities: {chat: {namespaces: [chat]}}", []string{`identities.chat.namespaces = "chat"`, "/org/*"}},
		"keys away":      {"control: {jwt: [" + issuer + "jwks_url: 'http://127.0.0.1:1/keys'}]}", []string{"control.jwt[0].jwks_url = http://127.0.0.1:1/keys", "want a URL that answers with a JWK set"}},
		"keys absent":    {"control: {jwt: [" + issuer + "jwks_file: /none}]}", []string{"control.jwt[0].jwks_file = /none", "want a file"}},
		"browsers' keys": {"browsers: {jwt: {namespaces: [/], issuer: a, audience: b, algorithms: [RS256], jwks_file: " + rubbish + "}}", []string{"browsers.jwt.jwks_file = " + rubbish, "want {"}},
		"services' keys": {"control: {jwt: " + issuer + "jwks_file: /none}}", []string{"control.jwt.jwks_file = /none"}},
		"one of several": {"browsers: {jwt: [{namespaces: [/], issuers: [" + issuer + "jwks_file: " + rubbish + "}]}]}", []string{"browsers.jwt[0].issuers[0].jwks_file = " + rubbish}},
	} {
		_, errs, code := execute(t, with("serve", "--config", writeFile(t, dir, filepath.Base(t.Name())+".yaml", c.yaml))...)
		for _, want := range c.want {
			if code != 2 || !strings.Contains(errs, want) || strings.Contains(errs, "planted") {
				t.Errorf("%s: exit %d, %q is missing: %s", name, code, want, errs)
			}
		}
	}
}

func TestAccess_ATokenLetsABrowserInWithoutAService(t *testing.T) {
	web := jwttest.New(t, "https://web.test", "web")
	keys := httptest.NewServer(web)
	defer keys.Close()
	config := writeFile(t, t.TempDir(), "hub.yaml", `
browsers:
  jwt:
    {namespaces: [/chat], issuer: "https://web.test", audience: web, algorithms: [EdDSA], jwks_url: "`+keys.URL+`", claims: {user: sub, rooms: groups}}
`)
	p := start(t, with("serve", "--config", config)...)
	at := p.ready()
	ann := openTab(t, at, `40/chat,{"token":"`+web.Token(map[string]any{"sub": "ann", "groups": []string{"staff"}})+`"}`)
	ann.reads(`40/chat,{"sid":"`)
	for name, c := range map[string]struct{ auth, code string }{
		"none": {"", "TOKEN_MISSING"}, "wrong": {`{"token":"x.y.z"}`, "TOKEN_WRONG"},
		"expired": {`{"token":"` + web.Token(map[string]any{"sub": "ann", "exp": 1}) + `"}`, "TOKEN_EXPIRED"},
	} {
		if got := openTab(t, at, "40/chat,"+c.auth).reads("44/chat,"); !strings.Contains(got, `"data":{"code":"`+c.code+`"}`) {
			t.Errorf("%s: %s", name, got)
		}
	}
	out, errs, code := execute(t, "emit", "--hub", at.services, "-n", "/chat", "--room", "staff", "notice")
	if code != 0 || !strings.Contains(out, "matched 1") {
		t.Errorf("emit to a room of the token: exit %d %s%s", code, out, errs)
	}
	web.Rotate("k2")
	bob := openTab(t, at, `40/chat,{"token":"`+web.Token(map[string]any{"sub": "bob"})+`"}`)
	bob.reads(`40/chat,{"sid":"`)
}
