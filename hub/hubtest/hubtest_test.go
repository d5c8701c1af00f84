package hubtest

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

func TestMain(m *testing.M) { Main(m) }

// parrot is the least that a Browser can talk to: one session, which echoes; a ping comes first.
type parrot struct {
	queue chan string
	// probed is closed by a probe: from then on a poll is answered with a noop at once, because the
	// browser may start one more before it has read the answer to its probe.
	probed chan struct{}
}

func newParrot() *parrot { return &parrot{make(chan string, 16), make(chan struct{})} }

func (p *parrot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const open = `0{"sid":"parrot","upgrades":[],"pingInterval":1,"pingTimeout":1,"maxPayload":1}`
	q := r.URL.Query()
	switch {
	case websocket.IsWebSocketUpgrade(r):
		p.serveFrames(w, r, q.Get("sid") == "", open)
	case q.Get("sid") == "":
		_, _ = io.WriteString(w, open+"\x1e2")
	case r.Method == http.MethodPost:
		body, _ := io.ReadAll(r.Body)
		for packet := range strings.SplitSeq(string(body), "\x1e") {
			p.queue <- packet
		}
		_, _ = io.WriteString(w, "ok")
	default:
		select {
		case packet := <-p.queue:
			_, _ = io.WriteString(w, packet)
		case <-p.probed:
			_, _ = io.WriteString(w, "6")
		case <-r.Context().Done():
		}
	}
}

func (p *parrot) serveFrames(w http.ResponseWriter, r *http.Request, fresh bool, open string) {
	c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	if fresh {
		_ = c.WriteMessage(websocket.TextMessage, []byte(open))
	}
	for {
		kind, data, err := c.ReadMessage()
		if err != nil {
			return
		}
		switch string(data) {
		case "2probe":
			data = []byte("3probe")
			close(p.probed)
		case "5":
			continue
		}
		_ = c.WriteMessage(kind, data)
	}
}

func TestBrowser_EchoesOverEveryRoad(t *testing.T) {
	Each(t, func(t *testing.T, road Transport) {
		b := Serve(t, newParrot(), nil).Open(Options{Transport: road})
		if b.SID() != "parrot" {
			t.Errorf("sid %q", b.SID())
		}
		b.Send("4hello", Binary([]byte{1, 2, 3, 4}))
		if road == Polling {
			// The pong that the browser answered by itself comes back from a parrot too.
			seen := map[string]bool{b.Next(): true, b.Next(): true, b.Next(): true}
			if !seen["3"] || !seen["4hello"] || !seen["bAQIDBA=="] {
				t.Errorf("%v", seen)
			}
			return
		}
		for _, want := range []string{"4hello", "bAQIDBA=="} {
			got := b.Next()
			if got == "3" {
				got = b.Next()
			}
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}

func TestBrowser_WorksInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Serve(t, newParrot(), nil).Open(Options{Pings: true})
		b.Expect("2")
		start := time.Now()
		b.Quiet(time.Hour)
		if d := time.Since(start); d != time.Hour {
			t.Errorf("an hour took %v", d)
		}
	})
}

func TestBrowser_SeesTheEnd(t *testing.T) {
	s := ServeTCP(t, newParrot(), nil)
	b := s.Open(Options{Transport: WebSocket})
	b.CloseFrame(1001)
	if end := b.WaitEnd(); end.Code != 1001 || !end.Told {
		t.Errorf("%+v", end)
	}
	b = s.Open(Options{Pings: true})
	b.Send("1")
	if end := b.WaitEnd(); !end.Told {
		t.Errorf("%+v", end)
	}
}

func TestTranscript_PlaysAndRewrites(t *testing.T) {
	serve := func(t *testing.T) *Server { return Serve(t, newParrot(), nil) }
	file := filepath.Join(t.TempDir(), "story.txt")
	const script = "# a story\nopen websocket\n< ?\n> 4hello\n< ?\nrequest GET sid=\n= ?\n"
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	*rewrite = true
	Transcript(t, serve(t), file)
	*rewrite = false
	Transcripts(t, file, serve)
	got, _ := os.ReadFile(file)
	const open = `0{"sid":"…","upgrades":[],"pingInterval":1,"pingTimeout":1,"maxPayload":1}`
	want := "# a story\nopen websocket\n< " + open + "\n> 4hello\n< 4hello\nrequest GET sid=\n= 200 " + open + `\x1e2` + "\n"
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
