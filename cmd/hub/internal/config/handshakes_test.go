package config

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/siohub/siohub/hub"
)

const handshakeExample = `
handshakes:
  rules:
    - {addresses: [10.0.0.0/8], action: allow}
    - {headers: {User-Agent: "*bot*"}, message: no bots}
    - {path: /socket.io/v1/*, query: {version: ["", 1, "2,5*"], debug: true}, origins: ["https://*.example.com", ""]}
  headers: {Set-Cookie: [node=1; Path=/, a=b]}
http:
  headers: {Strict-Transport-Security: "max-age=31536000, x"}
`

func TestHandshakes_ExampleIsReadAndPrinted(t *testing.T) {
	first, err := Load(Sources{File: write(t, "hub.yaml", handshakeExample)})
	if err != nil {
		t.Fatal(err)
	}
	want := Handshakes{
		Rules: []hub.HandshakeRule{
			{Addresses: []string{"10.0.0.0/8"}, Allow: true},
			{Headers: map[string][]string{"User-Agent": {"*bot*"}}, Message: "no bots"},
			{Path: "/socket.io/v1/*", Query: map[string][]string{"version": {"", "1", "2,5*"}, "debug": {"true"}}, Origins: []string{"https://*.example.com", ""}},
		},
		Headers:    http.Header{"Set-Cookie": {"node=1; Path=/", "a=b"}},
		AllHeaders: http.Header{"Strict-Transport-Security": {"max-age=31536000, x"}},
	}
	if diff := cmp.Diff(want, first.Config.Handshakes); diff != "" {
		t.Error(diff)
	}
	var printed bytes.Buffer
	if err := first.WriteYAML(&printed); err != nil {
		t.Fatal(err)
	}
	second, err := Load(Sources{File: write(t, "again.yaml", printed.String())})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.Config.Handshakes, second.Config.Handshakes); diff != "" {
		t.Error(diff)
	}
	one, err := Load(Sources{Environ: []string{`HUB_HANDSHAKES_RULES={path: /x}`, `HUB_HTTP_HEADERS={"X-A": "b"}`}})
	if err != nil || one.Config.Handshakes.Rules[0].Path != "/x" || one.Config.Handshakes.AllHeaders.Get("X-A") != "b" {
		t.Error(one, err)
	}
}

func TestHandshakes_ProblemsNameKeyAndValue(t *testing.T) {
	for given, want := range map[string]string{
		`handshakes: {rules: [{}, {adresses: [1]}]}`:          `handshakes.rules[1].adresses`,
		`handshakes: {rules: [{addresses: [10.0.0.0/40]}]}`:   `handshakes.rules[0].addresses = "10.0.0.0/40"`,
		`handshakes: {rules: [{origins: [example.com]}]}`:     `handshakes.rules[0].origins = "example.com"`,
		`handshakes: {rules: [{path: x}]}`:                    `handshakes.rules[0].path = "x"`,
		`handshakes: {rules: [{action: deny}]}`:               `handshakes.rules[0].action = "deny"`,
		`handshakes: {rules: [{query: {a: {b: c}}}]}`:         `handshakes.rules[0].query.a`,
		`handshakes: {rules: [{headers: {"a b": x}}]}`:        `handshakes.rules[0].headers = "a b"`,
		`handshakes: {headers: {Content-Length: 5}}`:          `handshakes.headers = "Content-Length"`,
		`handshakes: {headers: {sec-websocket-accept: x}}`:    `handshakes.headers = "sec-websocket-accept"`,
		`handshakes: {headers: [x]}`:                          `handshakes.headers`,
		`http: {headers: {Access-Control-Allow-Origin: "*"}}`: `http.headers = "Access-Control-Allow-Origin"`,
		`http: {headers: {Connection: close}}`:                `http.headers = "Connection"`,
		`http: {headers: {Transfer-Encoding: chunked}}`:       `http.headers = "Transfer-Encoding"`,
		`http: {headers: {Vary: Origin}}`:                     `http.headers = "Vary"`,
		`http: {headers: {"X-A": "b\r\nSet-Cookie: c"}}`:      `http.headers.X-A`,
		`http: {headers: {"X-A": ""}}`:                        `http.headers.X-A`,
		`http: {headers: {"X A": "b"}}`:                       `http.headers = "X A"`,
	} {
		_, err := Load(Sources{File: write(t, "hub.yaml", given)})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "want ") && !strings.Contains(err.Error(), "no option has this name") {
			t.Errorf("%s: %v", given, err)
		}
	}
}
