package config

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const accessExample = `
control:
  listen: 10.0.0.1:7420
  tls: {cert: a.pem, key: b.pem, client_ca: ca.pem, client_auth: optional}
  reflection: true
  jwt:
    - issuer: https://id.example.com
      audience: hub
      algorithms: [RS256, ES256]
      jwks_url: https://id.example.com/keys
      name_claim: client_id
      identities: {chat-prod: chat}
    - {issuer: other, audience: [a, b], algorithms: EdDSA, jwks_file: keys.json}
identities:
  chat: {groups: [chat], roles: [handler], namespaces: [/chat], events: ["*"], rooms: ["*"], verbs: [attach, emit]}
  spiffe://corp.example/ns/cron: {namespaces: [/chat], verbs: [emit], limits: {commands_per_second: 10}}
  nobody: {}
browsers:
  jwt:
    namespaces: [/chat, /org/*]
    issuer: https://id.example.com
    audience: web
    algorithms: [RS256]
    jwks_url: http://localhost:1/keys
    from: [auth.token, "header:Authorization", "cookie:session"]
    claims: {user: sub, rooms: groups, data: profile}
    behind: authorizer
`

// anywhere passes over where an issuer stands: what is printed is always a list.
var anywhere = cmpopts.IgnoreFields(Issuer{}, "Key")

func TestAccess_ExampleIsReadAndPrinted(t *testing.T) {
	first, err := Load(Sources{File: write(t, "hub.yaml", accessExample)})
	if err != nil {
		t.Fatal(err)
	}
	c := first.Config
	if diff := cmp.Diff(TLS{Cert: "a.pem", Key: "b.pem", ClientCA: "ca.pem", ClientAuth: "optional"}, c.Control.TLS); diff != "" || c.Control.Reflection != "true" {
		t.Error(diff, c.Control.Reflection)
	}
	wantJWT := []JWTIssuer{
		{
			Issuer: Issuer{
				Issuer: "https://id.example.com", Audience: []string{"hub"}, Algorithms: []string{"RS256", "ES256"},
				JWKSURL: "https://id.example.com/keys",
			},
			NameClaim: "client_id", Identities: map[string]string{"chat-prod": "chat"},
		},
		{Issuer: Issuer{Issuer: "other", Audience: []string{"a", "b"}, Algorithms: []string{"EdDSA"}, JWKSFile: "keys.json"}},
	}
	if diff := cmp.Diff(wantJWT, c.Control.JWT, anywhere); diff != "" {
		t.Error(diff)
	}
	wantIdentities := map[string]Identity{
		"chat": {
			Groups: []string{"chat"}, Roles: []string{"handler"}, Namespaces: []string{"/chat"}, Events: []string{"*"},
			Rooms: []string{"*"}, Verbs: []string{"attach", "emit"},
		},
		"spiffe://corp.example/ns/cron": {Namespaces: []string{"/chat"}, Verbs: []string{"emit"}, CommandsPerSecond: 10},
		"nobody":                        {},
	}
	if diff := cmp.Diff(wantIdentities, c.Identities); diff != "" {
		t.Error(diff)
	}
	wantBrowsers := []BrowserJWT{{
		Namespaces: []string{"/chat", "/org/*"},
		Issuers: []Issuer{{
			Issuer: "https://id.example.com", Audience: []string{"web"}, Algorithms: []string{"RS256"}, JWKSURL: "http://localhost:1/keys",
		}},
		From: []string{"auth.token", "header:Authorization", "cookie:session"},
		User: "sub", Rooms: "groups", Data: "profile", Expires: "exp", Behind: "authorizer",
	}}
	if diff := cmp.Diff(wantBrowsers, c.BrowserJWT, anywhere); diff != "" {
		t.Error(diff)
	}

	var out bytes.Buffer
	if err := first.WriteYAML(&out); err != nil {
		t.Fatal(err)
	}
	second, err := Load(Sources{File: write(t, "hub.yaml", out.String())})
	if err != nil {
		t.Fatalf("%v in:\n%s", err, out.String())
	}
	if diff := cmp.Diff(c.Control, second.Config.Control) + cmp.Diff(c.Identities, second.Config.Identities) +
		cmp.Diff(c.BrowserJWT, second.Config.BrowserJWT, anywhere); diff != "" {
		t.Error(diff)
	}
}

func TestAccess_StructuresInVariables(t *testing.T) {
	loaded, err := Load(Sources{Environ: []string{
		`HUB_IDENTITIES={"chat": {"verbs": ["emit"]}}`, "HUB_CONTROL_REFLECTION=false",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]Identity{"chat": {Verbs: []string{"emit"}}}, loaded.Config.Identities); diff != "" {
		t.Error(diff)
	}
	if _, err := Load(Sources{Environ: []string{"HUB_IDENTITIES=[a"}}); err == nil {
		t.Error("taken")
	}
}

// Each says the key, the value and what is allowed, as all options do.
func TestAccess_BadValues(t *testing.T) {
	issuer := func(change string) string {
		return "control:\n  jwt:\n    - {issuer: a, audience: b, algorithms: [RS256], jwks_file: k, " + change + "}\n"
	}
	for _, c := range []struct{ yaml, want string }{
		{"control: {jwt: [{}]}", "control.jwt[0].issuer (from "},
		{"control: {jwt: [{}]}", "control.jwt[0].audience"},
		{"control: {jwt: [{}]}", "control.jwt[0].algorithms"},
		{"control: {jwt: [{}]}", "control.jwt[0].jwks_url"},
		{"control: {jwt: [7]}", `control.jwt[0] = "7"`},
		{issuer("algorithms: [none]"), ""},
		{"control: {jwt: [{issuer: a, audience: b, algorithms: [none], jwks_file: k}]}", `control.jwt[0].algorithms = "none"`},
		{"control: {jwt: [{issuer: a, audience: b, algorithms: [HS256], jwks_file: k}]}", "RS256, RS384"},
		{issuer("jwks_url: https://x"), "either jwks_url or jwks_file"},
		{issuer("jwks: k"), "control.jwt[0].jwks"},
		{"control: {jwt: [{issuer: a, audience: b, algorithms: [RS256], jwks_url: 'https://u:planted@x/'}]}", "without user and password"},
		{"control: {jwt: [{issuer: a, audience: b, algorithms: [RS256], jwks_url: 'http://x/?planted'}]}", "want https"},
		{"control: {jwt: [{issuer: a, audience: b, algorithms: [RS256], jwks_url: 'ftp://x/'}]}", "want an https URL"},
		{"identities: [chat]", `identities = "[chat]"`},
		{"identities: {chat: emit}", `identities.chat = "emit"`},
		{"identities: {chat: {verb: [emit]}}", "identities.chat.verb"},
		{"identities: {chat: {verbs: {a: b}}}", "identities.chat.verbs"},
		{"identities: {chat: {limits: {max_instances: -1}}}", `identities.chat.limits.max_instances = "-1"`},
		{"identities: {chat: {limits: {rate: 1}}}", "identities.chat.limits.rate"},
		{"browsers: {jwt: {issuer: a, audience: b, algorithms: [RS256], jwks_file: k}}", "browsers.jwt.namespaces"},
		{"browsers: {jwt: {namespaces: [chat], issuer: a, audience: b, algorithms: [RS256], jwks_file: k}}", `browsers.jwt.namespaces = "chat"`},
		{"browsers: {jwt: {namespaces: [/], from: [token], issuer: a, audience: b, algorithms: [RS256], jwks_file: k}}", `browsers.jwt.from = "token"`},
		{"browsers: {jwt: {namespaces: [/], behind: me, issuer: a, audience: b, algorithms: [RS256], jwks_file: k}}", `browsers.jwt.behind = "me"`},
		{"browsers: {jwt: {namespaces: [/], claims: {name: a}, issuer: a, audience: b, algorithms: [RS256], jwks_file: k}}", "browsers.jwt.claims.name"},
		{"control: {jwt: {issuer: a, audience: b, algorithms: [RS256], jwks_url: 'http://x/'}}", "control.jwt.jwks_url = \"http://…\" (from "},
		{"control: {jwt: [{issuer: a, audience: b, algorithms: [RS256], jwks_url: 'http://x/'}]}", "control.jwt[0].jwks_url = \"http://…\" (from "},
		{"browsers: {jwt: {namespaces: [/], issuer: a, audience: b, algorithms: [RS256], jwks_url: 'http://x/'}}", "browsers.jwt.jwks_url = \"http://…\" (from "},
		{"browsers: {jwt: {namespaces: [/], issuers: [{issuer: a, audience: b, algorithms: [RS256], jwks_url: 'http://x/'}]}}", "browsers.jwt.issuers[0].jwks_url = \"http://…\" (from "},
		{"browsers: {jwt: [{namespaces: [/], issuer: a, audience: b, algorithms: [RS256], jwks_url: 'http://x/'}]}", "browsers.jwt[0].jwks_url = \"http://…\" (from "},
		{"control: {tls: {cert: a}}", "control.tls.key"},
		{"control: {tls: {key: a}}", "control.tls.cert"},
		{"control: {tls: {client_ca: a}}", "control.tls.client_ca"},
		{"control: {tls: {client_auth: maybe}}", "one of require, optional"},
		{"control: {reflection: maybe}", "one of auto, true, false"},
	} {
		_, err := Load(Sources{File: write(t, "hub.yaml", c.yaml)})
		var bad *Error
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s:\n%v\nwant %s", c.yaml, err, c.want)
		}
	}
}
