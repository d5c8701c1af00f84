package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/siohub/siohub/cmd/hub/internal/jwttest"
	"github.com/siohub/siohub/internal/certstest"
)

// Secrets of services and of browsers pass through a hub that logs everything; not one
// of them is in what it writes, nor in what `hub config` prints.
func TestSecrets_OfAWholeRunAreNeverWritten(t *testing.T) {
	dir := t.TempDir()
	var planted []string
	plant := func(name string) string {
		planted = append(planted, fmt.Sprintf("planted-%s-%d-0123456789abcdef", name, len(planted)))
		return planted[len(planted)-1]
	}
	plantJWT := func(token string) string {
		parts := strings.Split(token, ".")
		planted = append(planted, parts[1], parts[2])
		return token
	}
	id, web := jwttest.New(t, "https://id.test", "hub"), jwttest.New(t, "https://web.test", "web")
	keys := httptest.NewServer(id)
	defer keys.Close()
	ca := certstest.NewAuthority(t)
	server := ca.Server(t)
	planted = append(planted, strings.Split(string(server.KeyPEM), "\n")[1])

	inFile, later := plant("file"), plant("later")
	tokens := writeFile(t, dir, "tokens", "chat: "+inFile+"\nspare: "+plant("spare")+"\n")
	config := writeFile(t, dir, "hub.yaml", `
control:
  tokens: ["cron:`+plant("list")+`"]
  tokens_file: `+tokens+`
  tls:
    cert: `+writeFile(t, dir, "tls.crt", string(server.CertPEM))+`
    key: `+writeFile(t, dir, "tls.key", string(server.KeyPEM))+`
  jwt: [{issuer: "https://id.test", audience: hub, algorithms: [EdDSA], jwks_url: "`+keys.URL+`/?key=`+plant("url")+`"}]
identities:
  chat: {groups: [chat], namespaces: ["*"], events: ["*"], rooms: ["*"], verbs: [attach, count, emit]}
browsers:
  jwt: {namespaces: [/chat], issuer: "https://web.test", audience: web, algorithms: [EdDSA], jwks_file: `+writeFile(t, dir, "jwks.json", string(web.Set()))+`}
log: {level: debug}
`)
	t.Setenv("HUB_TOKEN", plant("environment"))
	p := start(t, with("serve", "--config", config)...)
	at := p.ready()
	conn := dialHub(t, at.services, &tls.Config{ServerName: "localhost", RootCAs: ca.Pool()})

	// Services: right, wrong, expired, of an unknown key, and one that comes by a reload.
	for _, token := range []string{
		inFile, plant("wrong"), plant("a") + "." + plant("b") + "." + plant("c"),
		plantJWT(id.Token(map[string]any{"sub": "chat"})), plantJWT(id.Token(map[string]any{"sub": plant("subject")})),
		plantJWT(id.Token(map[string]any{"exp": 1})), plantJWT(web.Token(map[string]any{"sub": "chat", "iss": "https://id.test"})),
	} {
		_ = count(t, conn, token)
	}
	if err := os.WriteFile(tokens, []byte("chat: "+later+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the token of the new file", func() bool { return count(t, conn, later) == nil })
	if err := os.WriteFile(tokens, []byte(plant("broken")), 0o600); err != nil {
		t.Fatal(err)
	}
	p.find("tokens not read again")

	for range 2 {
		showAsBrowser(t, at, plant, plantJWT(web.Token(map[string]any{"sub": "u1"})))
	}
	http.DefaultClient.CloseIdleConnections()
	_ = p.Process.Signal(syscall.SIGTERM)
	if code := p.code(); code != 0 {
		t.Errorf("exit %d", code)
	}

	yaml := printConfig(t, config)
	if len(planted) < 25 {
		t.Errorf("only %d secrets are planted", len(planted))
	}
	for _, secret := range planted {
		for where, text := range map[string]string{"the log": p.output.text(), "hub config": yaml} {
			if strings.Contains(text, secret) {
				t.Errorf("%s has %s", where, secret)
			}
		}
	}
}

// showAsBrowser shows secrets in every place that a browser has: query, cookie, header
// and auth.
func showAsBrowser(t *testing.T, at addresses, plant func(string) string, token string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.browsers+"?EIO=4&transport=polling&token="+plant("query"), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Cookie", "session="+plant("cookie"))
	request.Header.Set("Authorization", "Bearer "+plant("header"))
	if res, err := http.DefaultClient.Do(request); err == nil {
		_ = res.Body.Close()
	}
	openTab(t, at, `40/chat,{"token":"`+token+`"}`)
	openTab(t, at, `40/chat,{"token":"`+plant("auth")+`"}`)
}

// printConfig is what `hub config` says about a file.
func printConfig(t *testing.T, config string) string {
	t.Helper()
	printed := exec.CommandContext(t.Context(), os.Args[0], "config", "--config", config)
	printed.Env = append(os.Environ(), runMain+"=1")
	yaml, err := printed.CombinedOutput()
	if err != nil || !strings.Contains(string(yaml), "identities:") {
		t.Errorf("config: %v\n%s", err, yaml)
	}
	return string(yaml)
}
