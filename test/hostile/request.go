package hostile

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// messages are the Engine.IO errors by code.
var messages = []string{
	"Transport unknown", "Session ID unknown", "Bad handshake method",
	"Bad request", "Forbidden", "Unsupported protocol version",
}

// Reply is what came back to a request.
type Reply struct {
	Status int
	header http.Header
	body   string
	close  bool // the server wants the connection closed
	err    error
}

// read reads one response to a request of the method.
func (w *Wire) read(method string) Reply {
	for {
		resp, err := http.ReadResponse(w.In, &http.Request{Method: method})
		if err != nil {
			return Reply{err: err}
		}
		if resp.StatusCode == http.StatusContinue {
			continue
		}
		if resp.StatusCode == http.StatusSwitchingProtocols {
			return Reply{Status: resp.StatusCode, header: resp.Header}
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
		resp.Body.Close()
		return Reply{Status: resp.StatusCode, header: resp.Header, body: string(body), close: resp.Close, err: err}
	}
}

// exchange sends the raw request and reads the response.
func (w *Wire) exchange(raw []byte) Reply {
	w.Say(raw)
	method, _, _ := bytes.Cut(raw, []byte(" "))
	return w.read(string(method))
}

// Outcome names the reply.
func (r Reply) Outcome() Outcome {
	if r.err != nil && r.Status == 0 {
		switch {
		case IsTimeout(r.err):
			return Hang
		case isGone(r.err):
			return Dropped
		}
		return Outcome(fmt.Sprintf("garbage: %v", r.err))
	}
	for code, message := range messages {
		if r.body == fmt.Sprintf(`{"code":%d,"message":"%s"}`, code, message) {
			return Outcome(fmt.Sprintf("%d/%d", r.Status, code))
		}
		if r.body == message {
			return Outcome(fmt.Sprintf("%d:%d", r.Status, code))
		}
	}
	return Outcome(fmt.Sprint(r.Status))
}

// Line is a kept-alive connection for healthy requests; it dials again when the
// server closes it. For one goroutine at a time.
type Line struct {
	Probe *Probe
	wire  *Wire
}

// Do sends a request with a body (nil: none) and returns the reply.
func (l *Line) Do(method, uri string, body []byte) Reply {
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, uri, l.Probe.Target.Addr)
	if body != nil {
		fmt.Fprintf(&raw, "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: %d\r\n", len(body))
	}
	raw.WriteString("\r\n")
	raw.Write(body)
	for {
		kept := l.wire != nil
		if !kept {
			l.wire = l.Probe.dial()
		}
		r := l.wire.exchange(raw.Bytes())
		if r.err != nil || r.close {
			_ = l.wire.Close()
			l.wire = nil
		}
		// A kept connection may have been closed by the server in its idle time.
		if r.err != nil && r.Status == 0 && kept && isGone(r.err) {
			continue
		}
		return r
	}
}

// PollingURI is where a polling session lives.
func PollingURI(sid string) string {
	uri := "/socket.io/?EIO=4&transport=polling"
	if sid != "" {
		uri += "&sid=" + sid
	}
	return uri
}

// upgradeHead is a proper WebSocket opening request without its last line.
func upgradeHead(uri, host string) string {
	return fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", uri, host)
}
