package socketio

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
)

// page is a log that can be read while it is written.
type page struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *page) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// Who debugs follows a socket by its names; what was said is nobody's business.
func TestLog_FollowsASocketAndKeepsSecrets(t *testing.T) {
	log := &page{}
	s := play(t, Config{})
	s.server.trace.logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.connect = func(a *Attempt) {
		if a.Namespace() == "/no" {
			_ = a.Deny("secret", []byte(`"secret"`))
			return
		}
		_ = a.Accept(Acceptance{User: "ann", Data: []byte(`"secret"`), Policy: &Policy{Events: []string{"chat"}}})
	}
	b := s.open()
	b.Send(`40{"token":"secret"}`)
	b.Next()
	b.Send(`42["chat","secret"]`, `42["other","secret"]`, "40/no")
	b.Expect(`44/no,{"message":"secret","data":"secret"}`)
	s.server.Emit(nil, "/", everybody, cluster.Message{Event: "news", Args: []byte(`["secret"]`)})
	b.Send("41")
	s.heard(`connect / {"token":"secret"}`, "connected /", `event / chat["secret"] 0`, "connect /no ", "disconnected / "+ReasonClientNamespaceDisconnect)
	who := "namespace=/ socket=" + s.socket("/").ID()
	for _, line := range []string{
		"msg=connect " + who, "msg=accepted " + who + " user=ann client=" + s.socket("/").ClientID(),
		"msg=event " + who + " user=ann event=chat bytes=10", `msg="event dropped" ` + who + " user=ann event=other reason=policy_event",
		"msg=refused namespace=/no", "msg=emit namespace=/ event=news matched=1 queued=1 dropped=0",
		"msg=disconnected " + who + ` user=ann reason="client namespace disconnect"`,
	} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("no line %q in\n%s", line, log)
		}
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("a secret in\n%s", log)
	}
}
