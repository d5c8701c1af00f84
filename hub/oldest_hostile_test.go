package hub_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

// limited starts a hub of which the limits that it has told of are kept.
func limited(t *testing.T, change func(*hub.Config)) (p *play, keys func() []string, log func() string) {
	t.Helper()
	var mu sync.Mutex
	var told []string
	text := &safeBuffer{}
	config := allowed
	config.Trace = &hub.Trace{LimitReached: func(key string) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, key)
	}}
	config.Logger = slog.New(slog.NewTextHandler(text, nil))
	if change != nil {
		change(&config)
	}
	return open(t, config), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(told)
	}, text.String
}

// safeBuffer is a log that is read while it is written.
type safeBuffer struct {
	mu  sync.Mutex // guards all
	all bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// wantLimit waits until a limit has been counted once, and is named in the log: both come after the session's end.
func wantLimit(t *testing.T, keys func() []string, log func() string, key string) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for tooLate := time.After(10 * time.Second); !slices.Equal(keys(), []string{key}) || !strings.Contains(log(), "option="+key); {
		select {
		case <-look.C:
		case <-tooLate:
			t.Fatalf("%q\n%s", keys(), log())
		}
	}
}

// The ids of both protocols are of one kind: neither opens the door of the other.
func TestOldest_AnIDIsOfOneProtocol(t *testing.T) {
	p := open(t, allowed)
	o := p.openOld("xhr-polling", "")
	o.expect("1::")
	today := "EIO=4&transport=polling&sid=" + o.sid
	for _, a := range []hubtest.Answer{p.http.Get(today), p.http.Post(today, "1"), p.http.Post(today, "40")} {
		if a.Status != http.StatusBadRequest {
			t.Errorf("%+v", a)
		}
	}
	p.http.Frames("EIO=4&transport=websocket&sid=" + o.sid).WaitClose() // as one more upgrade is closed
	o.send("8::")                                                       // it lives

	b := p.http.Open(hubtest.Options{Transport: hubtest.WebSocket})
	if a := p.old(http.MethodGet, "xhr-polling/"+b.SID(), "", ""); a.Body != "7:::1+0" {
		t.Errorf("%+v", a)
	}
	if a := p.old(http.MethodGet, b.SID(), "disconnect", ""); a.Body != "7:::1+0" {
		t.Errorf("%+v", a)
	}
	b.Send("40")
	b.Next()
}

// However many polls there are at a time: the latest one gets what there is, and each of the others a noop.
func TestOldest_PollsAtTheSameTime(t *testing.T) {
	p := open(t, allowed)
	o := p.openOld("xhr-polling", "")
	o.expect("1::")
	const polls = 20
	answers := make(chan string, polls)
	path := "http://hub.test/socket.io/1/xhr-polling/" + o.sid
	for range polls {
		go func() {
			a, err := p.http.Client().Get(path)
			if err != nil {
				answers <- err.Error()
				return
			}
			defer a.Body.Close()
			body, _ := io.ReadAll(a.Body)
			answers <- string(body)
		}()
	}
	for range polls - 1 {
		if got := <-answers; got != "8::" {
			t.Errorf("%q", got)
		}
	}
	if _, err := p.hub.Emit(nil, all, hub.Message{Event: "x"}, hub.EmitOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := <-answers; got != `5:::{"name":"x","args":[]}` {
		t.Errorf("%q", got)
	}
}

// startPost begins a POST whose body does not end.
func (o *oldest) startPost(body string) io.ReadWriteCloser {
	o.p.t.Helper()
	c := o.p.http.Dial()
	if _, err := fmt.Fprintf(c, "POST /socket.io/1/xhr-polling/%s HTTP/1.1\r\nHost: hub.test\r\nContent-Length: 1000\r\n\r\n%s", o.sid, body); err != nil {
		o.p.t.Fatal(err)
	}
	return c
}

func TestOldest_TwoPostsAtTheSameTime(t *testing.T) {
	p := open(t, allowed)
	o := p.openOld("xhr-polling", "")
	o.expect("1::")
	defer o.startPost("3:::x").Close()
	for { // the first one may not have been seen yet; whichever is second gets 400
		if a := p.old(http.MethodPost, "xhr-polling/"+o.sid, "", "8::"); a.Status != http.StatusOK || a.Body != "1" {
			break
		}
	}
	p.wantGone(hub.ReasonTransportError)
}

// Who leaves while a body is coming in has left; nothing of the body counts.
func TestOldest_LeavesInTheMiddleOfAPost(t *testing.T) {
	p := open(t, allowed)
	p.event = func(e *hub.Event) { t.Errorf("%s", e.Args) }
	o := p.openOld("xhr-polling", "")
	o.expect("1::")
	c := o.startPost("3:::x")
	defer c.Close()
	if a := p.old(http.MethodGet, "xhr-polling/"+o.sid, "disconnect", ""); a.Status != http.StatusOK {
		t.Errorf("%+v", a)
	}
	p.wantGone(hub.ReasonClientNamespaceDisconnect)
	_, _ = io.WriteString(c, strings.Repeat("x", 995))
	answer := make([]byte, 12)
	if _, err := io.ReadFull(c, answer); err != nil || string(answer) != "HTTP/1.1 200" {
		t.Errorf("%q, %v", answer, err)
	}
}

// Nothing of this means anything, and nothing of it hurts.
func TestOldest_PacketsOutOfPlace(t *testing.T) {
	eachOld(t, func(t *testing.T, transport string) {
		p := open(t, allowed)
		p.event = func(e *hub.Event) { _ = e.Reply(nil, e.Args, nil) }
		o := p.openOld(transport, "")
		o.expect("1::")
		for range 200 {
			o.send("2::")
		}
		o.send("6:::12+[1]", "6:::18446744073709551615", "6::/never:1+[2]", "0::/never", "3::/never:x", "7:::2+0", "8::", "2::/never")
		o.send("1::/unknown", `5:1+::{"name":"here"}`)
		o.expect("7::/unknown:2", "6:::1+[]")
	})
}

// What a foreign page could load as a script is not there, and no answer says what the request says.
func TestOldest_NothingIsAScript(t *testing.T) {
	p := open(t, allowed)
	o := p.openOld("xhr-polling", "")
	for _, path := range []string{"jsonp-polling/" + o.sid, "htmlfile/" + o.sid, "flashsocket/" + o.sid, "xhr-multipart/" + o.sid} {
		a := p.old(http.MethodGet, path, "i=0&jsonp=%3Cscript%3E&callback=%3Cscript%3E", "")
		if a.Status != http.StatusBadRequest || strings.Contains(a.Body, "script") {
			t.Errorf("%s: %+v", path, a)
		}
	}
	a := p.old(http.MethodGet, "xhr-polling/"+o.sid, "callback=%3Cscript%3E", "")
	if a.Body != "1::" || a.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("%+v", a)
	}
	a = p.old(http.MethodGet, "xhr-polling/<script>", "", "")
	if strings.Contains(a.Body, "script") {
		t.Errorf("%+v", a)
	}
}

func TestOldest_LimitsAreCountedAndNamed(t *testing.T) {
	large := strings.Repeat("x", 2000)
	for _, c := range []struct {
		name, transport, body, key string
		reason                     hub.Reason
	}{
		{"body", "xhr-polling", "3:::" + large, "max_payload", hub.ReasonTransportError},
		{"message", "websocket", "3:::" + large, "max_payload", hub.ReasonTransportError},
		{"what JSON makes of it", "xhr-polling", "3:::" + strings.Repeat("\x01", 1000), "max_payload", hub.ReasonTransportError},
		{"what JSON makes of auth", "websocket", "1::/a?x=" + strings.Repeat("%01", 330), "max_payload", hub.ReasonTransportError},
		{"packets", "xhr-polling", strings.Repeat("�3�8::", 11), "limits.packets_per_payload", hub.ReasonParseError},
		{"packets in a message", "websocket", strings.Repeat("�3�8::", 11), "limits.packets_per_payload", hub.ReasonParseError},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, keys, log := limited(t, func(c *hub.Config) {
				c.MaxPayload, c.Limits.Event.Bytes, c.Limits.Request.PacketsPerPayload = 1100, 1024, 10
			})
			o := p.openOld(c.transport, "")
			o.expect("1::")
			if o.ws != nil {
				_ = o.ws.Write(c.body)
				o.ws.WaitClose()
			} else {
				p.old(http.MethodPost, "xhr-polling/"+o.sid, "", c.body)
			}
			p.wantGone(c.reason)
			wantLimit(t, keys, log, c.key)
		})
	}
	t.Run("namespaces", func(t *testing.T) {
		p, keys, log := limited(t, func(c *hub.Config) { c.Limits.NamespacesPerClient = 2 })
		o := p.openOld("websocket", "")
		o.expect("1::")
		o.send("1::/a")
		o.expect("1::/a")
		o.send("1::/b", "0::/a")
		o.expect("7::/b:2")
		p.wantGone(hub.ReasonClientNamespaceDisconnect)
		wantLimit(t, keys, log, "limits.namespaces_per_client")
	})
	t.Run("name", func(t *testing.T) {
		p, keys, log := limited(t, func(c *hub.Config) { c.Limits.NamespaceBytes = 16 })
		o := p.openOld("websocket", "")
		o.expect("1::")
		o.send("1::/aaaaaaaaaaaaaaaa")
		o.expect("7::/aaaaaaaaaaaaaaaa:2")
		wantLimit(t, keys, log, "limits.namespace_bytes")
	})
	t.Run("time", func(t *testing.T) {
		for _, transport := range []string{"websocket", "xhr-polling"} {
			p, keys, log := limited(t, func(c *hub.Config) { c.Limits.Unfinished.Time = time.Second })
			o := p.openOld(transport, "")
			o.expect("1::")
			if o.ws != nil {
				_, _ = o.ws.Conn.NetConn().Write([]byte{0x01, 0x84, 0, 0, 0, 0, '3', ':', ':', ':'}) // a fragment
			} else {
				defer o.startPost("3:::").Close()
			}
			p.wantGone(hub.ReasonForcedClose)
			wantLimit(t, keys, log, "limits.unfinished_time")
		}
	})
}

// Frames that lie about themselves end their session alone.
func TestOldest_HostileFrames(t *testing.T) {
	p := open(t, allowed)
	for name, bytes := range map[string]string{
		"length of 2^63":          "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"length of 2^62":          "\x81\xff\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"not masked":              "\x81\x033::",
		"reserved bits":           "\xf1\x83\x00\x00\x00\x003::",
		"reserved opcode":         "\x83\x83\x00\x00\x00\x003::",
		"continuation of nothing": "\x80\x83\x00\x00\x00\x003::",
		"long ping":               "\x89\xfe\x00\x80\x00\x00\x00\x00",
		"ping in fragments":       "\x09\x81\x00\x00\x00\x00x",
		"not UTF-8":               "\x81\x85\x00\x00\x00\x003:::\xff",
	} {
		t.Run(name, func(t *testing.T) {
			o := p.openOld("websocket", "")
			o.expect("1::")
			_, _ = io.WriteString(o.ws.Conn.NetConn(), bytes)
			o.ws.WaitClose()
			if a := p.old(http.MethodGet, "xhr-polling/"+o.sid, "", ""); a.Body != "7:::1+0" {
				t.Errorf("%+v", a)
			}
		})
	}
}

// A client may post before it has a transport that it hears by.
func TestOldest_PostsBeforeItPolls(t *testing.T) {
	p := open(t, allowed)
	p.event = func(e *hub.Event) { _ = e.Reply(nil, e.Args, nil) }
	o := p.openOld("xhr-polling", "")
	o.send("1::/chat", `5:1+:/chat:{"name":"x"}`, `5:2+::{"name":"y"}`)
	got := ""
	for range 5 {
		if got += strings.Join(o.next(), " ") + " "; strings.Contains(got, "6:::2+[]") && strings.Contains(got, "6::/chat:1+[]") {
			return
		}
	}
	t.Errorf("%q", got)
}

// A client may close its connection as soon as it has read an answer.
func TestOldest_AConnectionForEachPoll(t *testing.T) {
	p := open(t, allowed)
	o := p.openOld("xhr-polling", "")
	o.expect("1::")
	for n := range 100 {
		c := o.request("xhr-polling", "")
		if _, err := p.hub.Emit(nil, all, hub.Message{Event: "x"}, hub.EmitOptions{}); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = c.Close()
		if err != nil || string(body) != `5:::{"name":"x","args":[]}` {
			t.Fatalf("%d: %q, %v", n, body, err)
		}
	}
}

// What means nothing counts against the rates as everything else does.
func TestOldest_RatesHoldForWhatIsDropped(t *testing.T) {
	large := strings.Repeat("x", 20_000)
	for name, packet := range map[string]string{"a message": "3:::" + large, "to nowhere": "3::/never:" + large, "noop": "8:::" + large} {
		t.Run(name, func(t *testing.T) {
			eachOld(t, func(t *testing.T, transport string) {
				p, keys, _ := limited(t, func(c *hub.Config) { c.Rates = hub.Rates{Messages: 40, Ahead: 100 * time.Millisecond, Bytes: -1} })
				o := p.openOld(transport, "")
				o.expect("1::")
				begun := time.Now()
				for range 40 {
					o.send(packet)
				}
				p.waitFor("the rate is reached", func() bool { return slices.Contains(keys(), "rates.messages") })
				if took := time.Since(begun); took < 500*time.Millisecond {
					t.Errorf("40 packets at 40 a second took %v", took)
				}
			})
		})
	}
}
