package conform

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Guest is a browser at the hub that is held against the rules: it speaks Socket.IO over
// polling, in its plainest form.
type Guest struct {
	t         *T
	url       string
	namespace string
	cancel    context.CancelFunc
	client    *http.Client
	over      chan struct{}

	// Guarded by t.mu.
	packets []string // that no case has taken
	gone    bool
	id      string // of the socket
}

// guest opens a session and asks to join a namespace.
func (t *T) guest(namespace, auth string) *Guest {
	ctx, cancel := context.WithCancel(context.Background())
	g := &Guest{t: t, url: t.opts.Target.URL + "/socket.io/?EIO=4&transport=polling", namespace: namespace, cancel: cancel,
		client: &http.Client{Transport: &http.Transport{}}, over: make(chan struct{})}
	first, err := g.exchange(ctx, "")
	var open struct{ Sid string }
	if err == nil {
		err = json.Unmarshal([]byte(strings.TrimPrefix(first, "0")), &open)
	}
	if err != nil {
		cancel()
		t.fail("", "a session at "+t.opts.Target.URL, "%.200s %v", first, err)
	}
	g.url += "&sid=" + open.Sid
	go g.poll(ctx) // ends with ctx, or with the session
	t.Cleanup(g.leave)
	g.say("40" + namespace + "," + auth)
	return g
}

// leave breaks the connection.
func (g *Guest) leave() {
	g.cancel()
	<-g.over
	g.client.CloseIdleConnections()
}

// close ends the session as a browser does whose tab is closed.
func (g *Guest) close() { g.say("1") }

func (g *Guest) poll(ctx context.Context) {
	defer close(g.over)
	for {
		text, err := g.exchange(ctx, "")
		if err != nil {
			g.t.locked(func() { g.gone = true; g.t.touch() })
			return
		}
		for packet := range strings.SplitSeq(text, "\x1e") {
			if packet == "2" {
				_, _ = g.exchange(ctx, "3") // the poll learns of an end
				continue
			}
			g.t.locked(func() { g.packets = append(g.packets, packet); g.t.touch() })
		}
	}
}

// say sends packets in one body.
func (g *Guest) say(packets ...string) {
	if _, err := g.exchange(context.Background(), strings.Join(packets, "\x1e")); err != nil {
		g.t.fail("", "a browser that is heard", "%v", err)
	}
}

// emit sends an event with arguments, which begin behind the name; id asks for an
// acknowledgement.
func (g *Guest) emit(id, name, args string) {
	list := quote(name)
	if inner := strings.TrimSuffix(strings.TrimPrefix(args, "["), "]"); inner != "" {
		list += "," + inner
	}
	g.say("42" + g.namespace + "," + id + "[" + list + "]")
}

// emitBinary sends an event with attachments.
func (g *Guest) emitBinary(name, args string, attachments ...[]byte) {
	packets := []string{fmt.Sprintf("45%d-%s,[%s,%s", len(attachments), g.namespace, quote(name), strings.TrimPrefix(args, "["))}
	for _, a := range attachments {
		packets = append(packets, "b"+base64.StdEncoding.EncodeToString(a))
	}
	g.say(packets...)
}

// reads waits for a packet with a prefix, behind which the namespace stands, and takes
// it with all that came before. It returns what is behind.
func (g *Guest) reads(rule, want, prefix string) (rest string) {
	found := false
	g.t.until(rule, want, func() bool {
		for n, packet := range g.packets {
			after, ok := strings.CutPrefix(packet, prefix+g.namespace+",")
			if ok {
				rest, found, g.packets = after, true, g.packets[n+1:]
				return true
			}
		}
		return false
	})
	g.t.check(rule, found, want, "%v", g.packets)
	return rest
}

// enters waits until the hub has let the browser in.
func (g *Guest) enters() {
	g.id = member(g.reads("D10", "CONNECT at the browser", "40"), "sid")
}

func (g *Guest) exchange(ctx context.Context, say string) (string, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if say != "" {
		method, body = http.MethodPost, strings.NewReader(say)
	}
	req, err := http.NewRequestWithContext(ctx, method, g.url, body)
	if err != nil {
		return "", err
	}
	res, err := g.client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s %.200s", method, res.Status, text)
	}
	return string(text), err
}
