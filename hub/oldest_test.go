package hub_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

// oldest is a client of Socket.IO 0.9.
type oldest struct {
	p   *play
	sid string
	ws  *hubtest.Frames // nil: it polls
}

// old makes a request below /socket.io/1/.
func (p *play) old(method, path, query, body string) hubtest.Answer {
	p.t.Helper()
	var a hubtest.Answer
	p.below(path, func() { a = p.http.Do(method, query, body, nil) })
	return a
}

// below does something with another path.
func (p *play) below(path string, do func()) {
	p.t.Helper()
	before := p.http.Path
	defer func() { p.http.Path = before }()
	p.http.Path = "/socket.io/1/" + path
	do()
}

// shakeHands opens a session.
func (p *play) shakeHands(query string) string {
	p.t.Helper()
	a := p.old(http.MethodGet, "", query, "")
	sid, rest, _ := strings.Cut(a.Body, ":")
	if a.Status != http.StatusOK || len(sid) != 20 || rest != "45:45:websocket,xhr-polling" {
		p.t.Fatalf("handshake: %+v", a)
	}
	return sid
}

// openOld opens a session and a transport for it.
func (p *play) openOld(transport, query string) *oldest {
	p.t.Helper()
	o := &oldest{p: p, sid: p.shakeHands(query)}
	if transport == "websocket" {
		p.below("websocket/"+o.sid, func() { o.ws = p.http.Frames("") })
	}
	return o
}

func (o *oldest) send(packets ...string) {
	o.p.t.Helper()
	for _, packet := range packets {
		if o.ws != nil {
			if err := o.ws.Write(packet); err != nil {
				o.p.t.Fatal(err)
			}
		} else if a := o.p.old(http.MethodPost, "xhr-polling/"+o.sid, "", packet); a.Body != "1" {
			o.p.t.Fatalf("post %s: %+v", packet, a)
		}
	}
}

// expect reads packets until all of these have come, in their order; nothing else may.
func (o *oldest) expect(want ...string) {
	o.p.t.Helper()
	for got := []string(nil); len(want) > 0; want, got = want[1:], got[1:] {
		if len(got) == 0 {
			got = o.next()
		}
		if got[0] != want[0] {
			o.p.t.Fatalf("got %q, want %q", got, want)
		}
		if len(got) > len(want) {
			o.p.t.Fatalf("got %q more", got[len(want):])
		}
	}
}

func (o *oldest) next() []string {
	o.p.t.Helper()
	if o.ws == nil {
		body := o.p.old(http.MethodGet, "xhr-polling/"+o.sid, "t=1", "").Body
		if !strings.HasPrefix(body, "�") {
			return []string{body}
		}
		var packets []string
		for parts := strings.Split(body, "�"); len(parts) > 2; parts = parts[2:] { // no test has one in its data
			packets = append(packets, parts[2])
		}
		return packets
	}
	return []string{o.ws.Next()}
}

var allowed = hub.Config{Protocol: hub.Protocol{AllowV09: true}}

func eachOld(t *testing.T, test func(t *testing.T, transport string)) {
	for _, transport := range []string{"websocket", "xhr-polling"} {
		t.Run(transport, func(t *testing.T) { test(t, transport) })
	}
}

func TestOldest_CarriesAConversation(t *testing.T) {
	eachOld(t, func(t *testing.T, transport string) {
		p := open(t, allowed)
		sockets := make(chan *hub.Socket, 2)
		p.connect = func(a *hub.ConnectAttempt) {
			if a.Handshake().Query()["token"] != "x" || a.Namespace() == "/chat" && string(a.Auth()) != `{"user":"ada"}` {
				t.Errorf("%s %s", a.Handshake().URL(), a.Auth())
			}
			if err := a.Accept(hub.Acceptance{Then: func(s *hub.Socket, _ *hub.Batch) { sockets <- s }}); err != nil {
				t.Error(err)
			}
		}
		p.event = func(e *hub.Event) {
			if e.WantsAck {
				_ = e.Reply(nil, e.Args, nil)
				return
			}
			_, _ = p.hub.Emit(nil, hub.Target{Namespace: e.Socket.Namespace(), All: true}, hub.Message{Event: e.Name + "!", Args: e.Args}, hub.EmitOptions{})
		}
		o := p.openOld(transport, "token=x")
		o.expect("1::")
		s := <-sockets
		want := "polling"
		if transport == "websocket" {
			want = transport
		}
		if s.Transport() != want || s.ID() == o.sid || s.Handshake().ProtocolVersion() != 4 {
			t.Error(s.Transport(), s.ID(), s.Handshake().ProtocolVersion())
		}
		o.send("3:::grüße 🌍", `5:7+::{"name":"q","args":[{"a":1},"b"]}`)
		o.expect(`5:::{"name":"message!","args":["grüße 🌍"]}`, `6:::7+[{"a":1},"b"]`)
		o.send("1::/chat?user=ada", "4::/chat:[1]")
		o.expect("1::/chat", `5::/chat:{"name":"message!","args":[[1]]}`)
		o.send("�5�3:::a�6�3:::bc")
		o.expect(`5:::{"name":"message!","args":["a"]}`, `5:::{"name":"message!","args":["bc"]}`)

		acks := make(chan hub.BrowserAck, 1)
		_, err := p.hub.EmitWithAck(nil, hub.Target{Namespace: "/chat", All: true}, hub.Message{Event: "ask", Args: []byte(`[1]`)}, hub.EmitOptions{},
			hub.AckOptions{Timeout: 10 * time.Second, OnAck: func(a hub.BrowserAck) { acks <- a }})
		if err != nil {
			t.Fatal(err)
		}
		asked := o.next()[0]
		id, ok := strings.CutSuffix(strings.TrimPrefix(asked, "5:"), `+:/chat:{"name":"ask","args":[1]}`)
		if !ok {
			t.Fatal(asked)
		}
		o.send("6::/chat:" + id + "+[2]")
		if a := <-acks; string(a.Args) != "[2]" {
			t.Errorf("%s", a.Args)
		}
		o.send("0::/chat", "0::")
		p.wantGone(hub.ReasonClientNamespaceDisconnect, hub.ReasonClientNamespaceDisconnect)
	})
}

// wantGone waits for sockets to leave.
func (p *play) wantGone(want ...hub.Reason) {
	p.t.Helper()
	for tooLate := time.After(10 * time.Second); ; {
		p.mu.Lock()
		gone := p.gone
		p.mu.Unlock()
		if len(gone) == len(want) {
			for i, d := range gone {
				if d.Reason != want[i] {
					p.t.Errorf("left by %v, want %v", gone, want)
				}
			}
			return
		}
		select {
		case <-p.left:
		case <-tooLate:
			p.t.Fatalf("left by %v, want %v", gone, want)
		}
	}
}

func TestOldest_ARefusalEndsTheNamespaceAlone(t *testing.T) {
	eachOld(t, func(t *testing.T, transport string) {
		p := open(t, allowed)
		p.connect = func(a *hub.ConnectAttempt) {
			if a.Namespace() == "/secret" {
				_ = a.Deny("no", []byte(`{"code":1}`))
				return
			}
			_ = a.Accept(hub.Acceptance{})
		}
		p.event = func(e *hub.Event) { _ = e.Reply(nil, e.Args, nil) }
		o := p.openOld(transport, "")
		o.expect("1::")
		o.send("�10�1::/secret�15�3::/secret:lost�11�1::/unknown")
		o.expect("7::/secret:2", "7::/unknown:2")
		o.send("3::/secret:late", `5:1+::{"name":"here"}`)
		o.expect("6:::1+[]")
	})
}

func TestOldest_AttachmentsAreDroppedAndCounted(t *testing.T) {
	limits := make(chan string, 10)
	config := allowed
	config.Trace = &hub.Trace{LimitReached: func(key string) { limits <- key }}
	p := open(t, config)
	o := p.openOld("websocket", "")
	o.expect("1::")
	for _, m := range []hub.Message{
		{Event: "file", Args: []byte(`[{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1, 2}}}, {Event: "next"},
	} {
		if _, err := p.hub.Emit(nil, all, m, hub.EmitOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	o.expect(`5:::{"name":"next","args":[]}`)
	if key := <-limits; key != "allow_v09" {
		t.Error(key)
	}
}

func TestOldest_TheServerBeats(t *testing.T) {
	eachOld(t, func(t *testing.T, transport string) {
		config := allowed
		config.Heartbeat = hub.Heartbeat{Interval: 100 * time.Millisecond, Timeout: 44900 * time.Millisecond}
		p := open(t, config)
		o := p.openOld(transport, "")
		o.expect("1::", "2::")
		o.send("2::")
		o.expect("2::")
	})
}

func TestOldest_WhoDoesNotAnswerIsGone(t *testing.T) {
	config := allowed
	config.Heartbeat = hub.Heartbeat{Interval: time.Second, Timeout: 50 * time.Millisecond}
	p := open(t, config)
	a := p.old(http.MethodGet, "", "", "")
	sid, rest, _ := strings.Cut(a.Body, ":")
	if rest != "2:2:websocket,xhr-polling" {
		t.Fatal(a.Body)
	}
	(&oldest{p: p, sid: sid}).expect("1::")
	p.wantGone(hub.ReasonPingTimeout)
	if a := p.old(http.MethodGet, "xhr-polling/"+sid, "", ""); a.Body != "7:::1+0" {
		t.Errorf("%+v", a)
	}
}

func TestOldest_UnknownSessions(t *testing.T) {
	config := allowed
	config.Rates = hub.Rates{UnknownSessions: 1, PrivateAddresses: true}
	p := open(t, config)
	last := hubtest.Answer{}
	for n := range 30 {
		if last = p.old(http.MethodGet, "xhr-polling/AAAAAAAAAAAAAAAAAAAA", "", ""); n == 0 && (last.Status != http.StatusOK || last.Body != "7:::1+0") {
			t.Errorf("%+v", last)
		}
	}
	if last.Status != http.StatusTooManyRequests {
		t.Errorf("%+v", last)
	}
}

func TestOldest_BadRequests(t *testing.T) {
	p := open(t, allowed)
	o := p.openOld("xhr-polling", "")
	o.expect("1::")
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{http.MethodPost, "", "x", http.StatusBadRequest},
		{http.MethodPost, "", "", http.StatusBadRequest},
		{http.MethodGet, "websocket", "", http.StatusNotFound},
		{http.MethodGet, "a/b/c", "", http.StatusNotFound},
		{http.MethodGet, "jsonp-polling/" + o.sid, "", http.StatusBadRequest},
		{http.MethodGet, "websocket/" + o.sid, "", http.StatusBadRequest},
		{http.MethodPut, "xhr-polling/" + o.sid, "", http.StatusMethodNotAllowed},
	} {
		if a := p.old(c.method, c.path, "", c.body); a.Status != c.status {
			t.Errorf("%s %s: %+v", c.method, c.path, a)
		}
	}
	o.send("8::") // it lives
	if a := p.old(http.MethodPost, "xhr-polling/"+o.sid, "", strings.Repeat("x", 1_000_001)); a.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("%+v", a)
	}
	p.wantGone(hub.ReasonTransportError)
}

func TestOldest_WhatIsNoPacketEndsTheSession(t *testing.T) {
	for _, body := range []string{"", "9::", "�", "�5�3:::a�", "5:::{", "4:::[", "6:::x", "3:::\xff", "42[\"x\"]", "1::chat"} {
		p := open(t, allowed)
		o := p.openOld("xhr-polling", "")
		o.expect("1::")
		p.old(http.MethodPost, "xhr-polling/"+o.sid, "", body)
		p.wantGone(hub.ReasonParseError)
	}
	p := open(t, allowed)
	o := p.openOld("xhr-polling", "")
	o.expect("1::")
	o.send(`5:::{"name":"connect"}`) // what Socket.IO today does not allow is told apart
	p.wantGone(hub.ReasonForcedClose)
	for _, frame := range []string{"", "x", hubtest.Binary([]byte("3:::x"))} {
		p := open(t, allowed)
		o := p.openOld("websocket", "")
		o.expect("1::")
		o.send(frame)
		o.ws.WaitClose()
		p.wantGone(hub.ReasonParseError)
	}
}

func TestOldest_LeavesByRequest(t *testing.T) {
	for _, path := range []string{"xhr-polling/", "/"} { // the second is what the client makes of it
		p := open(t, allowed)
		o := p.openOld("xhr-polling", "")
		o.expect("1::")
		if a := p.old(http.MethodGet, path+o.sid+"/", "disconnect=1", ""); a.Status != http.StatusOK {
			t.Errorf("%+v", a)
		}
		p.wantGone(hub.ReasonClientNamespaceDisconnect)
	}
}

func TestOldest_IsToldToLeave(t *testing.T) {
	eachOld(t, func(t *testing.T, transport string) {
		p := open(t, allowed)
		o := p.openOld(transport, "")
		o.expect("1::")
		o.send("1::/chat")
		o.expect("1::/chat")
		if _, err := p.hub.Disconnect(nil, all, hub.DisconnectOptions{}); err != nil {
			t.Fatal(err)
		}
		o.expect("0::")
		p.wantGone(hub.ReasonServerNamespaceDisconnect, hub.ReasonTransportClose)
	})
}

func TestOldest_ComesBackAfterAShutdown(t *testing.T) {
	eachOld(t, func(t *testing.T, transport string) {
		p := open(t, allowed)
		o := p.openOld(transport, "")
		o.expect("1::")
		answers := make(chan string, 1)
		go func() {
			if o.ws != nil {
				answers <- fmt.Sprint(o.ws.WaitClose())
				return
			}
			answers <- o.next()[0]
		}()
		if err := p.hub.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := <-answers; got != "1001" && got != "7:::1+0" && got != "1000" {
			t.Error(got)
		}
		if a := p.old(http.MethodGet, "", "", ""); a.Status != http.StatusServiceUnavailable {
			t.Errorf("%+v", a)
		}
	})
}

func TestOldest_HandshakesAreAdmittedLikeOthers(t *testing.T) {
	config := allowed
	config.Handshakes.AllowRequest = func(r *http.Request) error { return errors.New("not " + r.URL.Query().Get("user")) }
	p := open(t, config)
	if a := p.old(http.MethodGet, "", "user=ada", ""); a.Status != http.StatusForbidden || !strings.Contains(a.Body, "not ada") {
		t.Errorf("%+v", a)
	}
	p.below("", func() {
		if a := p.http.Do(http.MethodGet, "", "", http.Header{"Origin": {"https://elsewhere.test"}}); a.Status != http.StatusForbidden {
			t.Errorf("%+v", a)
		}
	})
}

func TestOldest_OffIsSaidInTheLog(t *testing.T) {
	var log bytes.Buffer
	p := open(t, hub.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for range 3 {
		if a := p.old(http.MethodGet, "", "t=1", ""); a.Status != http.StatusBadRequest || !strings.Contains(a.Body, `"code":0`) {
			t.Errorf("%+v", a)
		}
	}
	if err := p.hub.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "option=allow_v09"); n != 1 {
		t.Error(log.String())
	}
}

func TestOldest_LeavesEngineIOBelowItsPathAlone(t *testing.T) {
	p := open(t, allowed)
	if a := p.old(http.MethodGet, "", "EIO=4&transport=polling", ""); a.Status != http.StatusOK || !strings.HasPrefix(a.Body, "0{") {
		t.Errorf("%+v", a)
	}
}

func TestNew_OldestClientsSpeakJSON(t *testing.T) {
	_, err := hub.New(hub.Config{Application: &play{}, Protocol: hub.Protocol{AllowV09: true, Parser: "msgpack"}})
	var wrong *hub.ConfigError
	if !errors.As(err, &wrong) || wrong.Key != "allow_v09" {
		t.Error(err)
	}
}
