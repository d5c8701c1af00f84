package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/hub"
)

// What the control plane is beside an Application the Admin UI in front of it passes on.
var _ interface {
	hub.Watcher
	hub.Keeper
	hub.Decider
	hub.Peer
} = (*controlplane.Server)(nil)

// secretHash is that of `open sesame`.
const secretHash = "$2a$10$/1WzEkQ99H1xwh9VoL6rJedFmgYxx1uIceNBnC115USeynTjY/UTq"

// The hash comes from a variable, is printed nowhere, and the page that knows the password is let in.
func TestAdminUI_HashFromAVariable(t *testing.T) {
	t.Setenv("HUB_ADMIN_UI_PASSWORD_HASH", secretHash)
	flags := []string{"--admin-ui-enabled", "--admin-ui-username", "admin", "--recovery-enabled", "--cors-origins", "https://admin.example.com", "--cors-credentials"}
	out, _, code := execute(t, append([]string{"config"}, flags...)...)
	if code != 0 || strings.Contains(out, secretHash) || !strings.Contains(out, "***") {
		t.Errorf("exit %d: %s", code, out)
	}
	p := start(t, with("serve", append(flags, "--log-level", "debug")...)...)
	address := p.ready().browsers
	header := http.Header{"Origin": {"https://admin.example.com"}}
	for _, row := range [][2]string{
		{`40/admin,{"username":"admin","password":"sesame"}`, `44/admin,{"message":"invalid credentials"}`},
		{`40/admin,{"username":"admin","password":"open sesame"}`, `40/admin,{"sid":"`},
	} {
		conn, answer, err := websocket.DefaultDialer.Dial(strings.Replace(address, "http", "ws", 1)+"?EIO=4&transport=websocket", header)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		_, _, _ = conn.ReadMessage() // the open packet
		_ = conn.WriteMessage(websocket.TextMessage, []byte(row[0]))
		if _, got, err := conn.ReadMessage(); err != nil || !strings.HasPrefix(string(got), row[1]) || strings.Contains(string(got), "pid") {
			t.Errorf("%s: %s %v", row[0], got, err)
		}
		_ = conn.Close()
	}
	if log := p.output.text(); strings.Contains(log, "sesame") || strings.Contains(log, secretHash) {
		t.Errorf("a secret is in the log:\n%s", log)
	}
}
