package identity

import (
	"bytes"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/siohub/siohub/cmd/hub/internal/jwt"
	"github.com/siohub/siohub/cmd/hub/internal/jwttest"
	"github.com/siohub/siohub/cmd/hub/internal/token"
	"github.com/siohub/siohub/controlplane/access"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	chatSecret = "chat-0123456789abcdef"
	cronSecret = "cron-0123456789abcdef"
)

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, options Options) *Authenticator {
	t.Helper()
	a, err := New(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func byToken(t *testing.T, a *Authenticator, secret string) (*access.Identity, error) {
	t.Helper()
	who, err := a.Authenticate(t.Context(), access.Credentials{Token: secret})
	if err != nil && secret != "" && strings.Contains(err.Error(), secret) {
		t.Errorf("the error has the token: %v", err)
	}
	return who, err
}

func poll(a *Authenticator, times int) {
	for range times {
		for _, f := range a.Files() {
			f.Poll()
		}
	}
}

func TestAuthenticate_FileListAndOwn(t *testing.T) {
	list, _ := token.Parse("cron:" + cronSecret)
	a := open(t, Options{
		Tokens: []token.Token{list}, Own: []token.Token{{Name: "demo", Hash: token.HashOf("demo-0123456789abcdef")}},
		File:        write(t, filepath.Join(t.TempDir(), "tokens"), "chat: "+chatSecret+"\n"),
		Permissions: map[string]*access.Permissions{"chat": {}},
	})
	for secret, want := range map[string]string{chatSecret: "chat", cronSecret: "cron", "demo-0123456789abcdef": "demo"} {
		who, err := byToken(t, a, secret)
		if err != nil || who.Name != want {
			t.Errorf("%v, %v, want %s", who, err, want)
		}
		if (who.Permissions == nil) != (want == "demo") {
			t.Errorf("%s: permissions %v", want, who.Permissions)
		}
	}
	for secret, want := range map[string]error{
		"": access.ErrTokenMissing, "chat": access.ErrTokenWrong, chatSecret + "x": access.ErrTokenWrong,
		"a.b.c": access.ErrTokenWrong, token.HashOf(chatSecret).String(): access.ErrTokenWrong,
	} {
		if _, err := byToken(t, a, secret); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", secret, err, want)
		}
	}
}

func TestFile_ARemovedTokenEndsItsLifeAndNoOther(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "tokens"), "chat: "+chatSecret+"\ncron: "+cronSecret+"\n")
	var log bytes.Buffer
	a := open(t, Options{File: path, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	chat, _ := byToken(t, a, chatSecret)
	cron, _ := byToken(t, a, cronSecret)
	write(t, path, "# later\ncron: "+token.HashOf(cronSecret).String()+"\nnext: next-0123456789abcdef\n")
	poll(a, 2)
	if context.Cause(chat.Life) != access.ErrTokenRevoked || cron.Life.Err() != nil {
		t.Errorf("chat %v, cron %v", context.Cause(chat.Life), cron.Life.Err())
	}
	if _, err := byToken(t, a, chatSecret); !errors.Is(err, access.ErrTokenWrong) {
		t.Error(err)
	}
	if who, err := byToken(t, a, "next-0123456789abcdef"); err != nil || who.Name != "next" {
		t.Error(who, err)
	}
	if strings.Contains(log.String(), "0123456789abcdef") || !strings.Contains(log.String(), "removed=1") {
		t.Error(log.String())
	}
	// The same token under another name is another identity.
	write(t, path, "other: "+cronSecret+"\n")
	poll(a, 2)
	if who, err := byToken(t, a, cronSecret); err != nil || who.Name != "other" || cron.Life.Err() == nil {
		t.Error(who, err)
	}
}

func TestFile_BrokenOrGoneKeepsTheOldTokens(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "tokens"), "chat: "+chatSecret+"\n")
	var log bytes.Buffer
	a := open(t, Options{File: path, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	chat, _ := byToken(t, a, chatSecret)
	write(t, path, "planted-0123456789abcdef")
	poll(a, 3)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	poll(a, 3)
	if _, err := byToken(t, a, chatSecret); err != nil || chat.Life.Err() != nil {
		t.Error(err, chat.Life.Err())
	}
	if n := strings.Count(log.String(), "not read again"); n != 2 || strings.Contains(log.String(), "planted") {
		t.Errorf("%d lines: %s", n, log.String())
	}
	write(t, path, "") // nobody, and said on purpose
	poll(a, 3)
	if _, err := byToken(t, a, chatSecret); err == nil || chat.Life.Err() == nil {
		t.Error("an empty file keeps its tokens")
	}
}

func TestNew_BadSettingsAreNamed(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		options Options
		key     string
	}{
		"absent":    {Options{File: filepath.Join(dir, "none")}, "control.tokens_file"},
		"empty":     {Options{File: write(t, filepath.Join(dir, "empty"), "# none\n")}, "control.tokens_file"},
		"broken":    {Options{File: write(t, filepath.Join(dir, "broken"), "planted-0123456789abcdef\n")}, "control.tokens_file"},
		"keys file": {Options{Issuers: []Issuer{{Issuer: jwt.Issuer{Key: "control.jwt", File: filepath.Join(dir, "none")}}}}, "control.jwt.jwks_file"},
		"keys URL":  {Options{Issuers: []Issuer{{Issuer: jwt.Issuer{Key: "control.jwt[1]", URL: "http://127.0.0.1:1/"}}}}, "control.jwt[1].jwks_url"},
	} {
		_, err := New(t.Context(), c.options)
		var bad *Error
		if !errors.As(err, &bad) || bad.Key != c.key || bad.Value == "" || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFile_ThatOthersMayWriteIsRefusedAndReadIsSaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens")
	hash := "chat: " + token.HashOf(chatSecret).String() + "\n"
	for _, c := range []struct {
		mode          os.FileMode
		text          string
		refused, said bool
	}{
		{0o666, hash, true, false}, {0o602, "chat: " + chatSecret, true, false},
		{0o604, "chat: " + chatSecret, false, true}, {0o644, hash, false, false}, {0o660, "chat: " + chatSecret, false, false},
	} {
		write(t, path, c.text)
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		_, err := New(t.Context(), Options{File: path, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if (err != nil) != c.refused || c.refused && !strings.Contains(err.Error(), c.mode.String()) {
			t.Errorf("%s: %v", c.mode, err)
		}
		if strings.Contains(log.String(), "may read the tokens file") != c.said {
			t.Errorf("%s: %s", c.mode, log.String())
		}
	}
}

func issuerOf(t *testing.T, i *jwttest.Issuer) jwt.Issuer {
	t.Helper()
	file := write(t, filepath.Join(t.TempDir(), "jwks.json"), string(i.Set()))
	return jwt.Issuer{Name: i.Name, Audiences: []string{i.Audience}, Algorithms: []string{"EdDSA"}, File: file}
}

func TestAuthenticate_JWT(t *testing.T) {
	id, partner := jwttest.New(t, "https://id.test", "hub"), jwttest.New(t, "partner", "hub")
	only, err := access.NewPermissions(access.Rules{Verbs: []string{"emit"}})
	if err != nil {
		t.Fatal(err)
	}
	a := open(t, Options{
		Issuers: []Issuer{
			{Issuer: issuerOf(t, id)},
			{Issuer: issuerOf(t, partner), NameClaim: "access.roles", Identities: map[string]string{"role-chat": "chat"}},
		},
		Permissions: map[string]*access.Permissions{"chat": only},
	})
	for name, c := range map[string]struct {
		token, want string
		err         error
	}{
		"sub":           {id.Token(map[string]any{"sub": "chat"}), "chat", nil},
		"unknown name":  {id.Token(map[string]any{"sub": "else"}), "else", nil},
		"no name":       {id.Token(nil), "", access.ErrTokenWrong},
		"control":       {id.Token(map[string]any{"sub": "a\nb"}), "", access.ErrTokenWrong},
		"mapped":        {partner.Token(map[string]any{"access": map[string]any{"roles": []string{"x", "role-chat"}}}), "chat", nil},
		"not mapped":    {partner.Token(map[string]any{"access": map[string]any{"roles": []string{"chat"}}}), "", access.ErrTokenWrong},
		"expired":       {id.Token(map[string]any{"sub": "chat", "exp": time.Now().Add(-time.Minute).Unix()}), "", access.ErrTokenExpired},
		"other issuer":  {id.Token(map[string]any{"sub": "chat", "iss": "partner"}), "", access.ErrTokenWrong},
		"other subject": {id.Token(map[string]any{"sub": "chat", "aud": "browsers"}), "", access.ErrTokenWrong},
	} {
		who, err := byToken(t, a, c.token)
		switch {
		case !errors.Is(err, c.err):
			t.Errorf("%s: %v, want %v", name, err, c.err)
		case err == nil && (who.Name != c.want || who.Permissions == nil || (who.Permissions == only) != (c.want == "chat")):
			t.Errorf("%s: %+v", name, who)
		case err == nil && (time.Until(who.ExpireTime) < 50*time.Minute || time.Until(who.ExpireTime) > time.Hour):
			t.Errorf("%s: expires %v", name, who.ExpireTime)
		}
	}
}

func TestAuthenticate_Certificate(t *testing.T) {
	spiffe, _ := url.Parse("spiffe://corp.example/ns/prod/chat")
	cert := &x509.Certificate{
		URIs: []*url.URL{spiffe}, DNSNames: []string{"chat.corp.example"}, Subject: pkix.Name{CommonName: "chat"},
		NotAfter: time.Now().Add(time.Hour),
	}
	show := func(a *Authenticator, c *x509.Certificate, token string) (*access.Identity, error) {
		return a.Authenticate(t.Context(), access.Credentials{Token: token, Certificates: []*x509.Certificate{c}})
	}
	open := func(names ...string) *Authenticator {
		options := Options{}
		for _, n := range names {
			if options.Permissions == nil {
				options.Permissions = map[string]*access.Permissions{}
			}
			options.Permissions[n] = &access.Permissions{}
		}
		return open(t, options)
	}
	for want, a := range map[string]*Authenticator{
		spiffe.String(): open(), "chat.corp.example": open("chat.corp.example", "chat"), "chat": open("chat", "x"),
	} {
		who, err := show(a, cert, "")
		if err != nil || who.Name != want || !who.ExpireTime.Equal(cert.NotAfter) || who.Expired != access.ErrCertificateExpired {
			t.Errorf("%+v, %v, want %s", who, err, want)
		}
	}
	if who, err := show(open("x"), cert, ""); err != nil || who.Name != spiffe.String() || who.Permissions == nil {
		t.Errorf("%+v, %v", who, err)
	}
	if _, err := show(open(), &x509.Certificate{}, ""); !errors.Is(err, access.ErrCertificateUnknown) {
		t.Error(err)
	}
	// A token decides alone, so that a mistake does not hide behind the certificate.
	if _, err := show(open(), cert, chatSecret); !errors.Is(err, access.ErrTokenWrong) {
		t.Error(err)
	}
	if _, err := open().Authenticate(t.Context(), access.Credentials{}); !errors.Is(err, access.ErrCertificateMissing) {
		t.Error(err)
	}
}
