package hostile

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"
)

// rawPacket is an Engine.IO packet among the packets of Session.Send.
type rawPacket string

// Session is one Engine.IO session over either transport, driven by one
// goroutine. It answers heartbeats by itself.
type Session interface {
	// id is the Engine.IO session id.
	id() string
	// Send sends Socket.IO packets: a string is a packet's text, []byte an
	// attachment, rawPacket an Engine.IO packet. They leave in one write.
	Send(packets ...any)
	// SendRaw sends Engine.IO packets as they are.
	SendRaw(packets ...string)
	// Next returns the next Socket.IO packet, an attachment as "bin:" and its bytes,
	// or another Engine.IO packet as "eio:" and its text.
	Next() (string, error)
}

var errNotUTF8 = errors.New("the server sent text that is not UTF-8")

// openPacket is what the handshake says.
type openPacket struct {
	SID string `json:"sid"`
}

func parseOpen(packet string) (string, error) {
	var o openPacket
	if !strings.HasPrefix(packet, "0") || json.Unmarshal([]byte(packet[1:]), &o) != nil || o.SID == "" {
		return "", fmt.Errorf("no open packet: %.60q", packet)
	}
	return o.SID, nil
}

// WebSocketSession is a session on WebSocket.
type WebSocketSession struct {
	*Wire
	sid string
}

// Upgrade asks for a WebSocket at the URI and returns the connection and the answer.
func (p *Probe) Upgrade(uri string) (*Wire, Reply) {
	w := p.dial()
	return w, w.exchange([]byte(upgradeHead(uri, p.Target.Addr) + "\r\n"))
}

// WebSocket opens a WebSocket session.
func (p *Probe) WebSocket() (*WebSocketSession, error) {
	w, r := p.Upgrade("/socket.io/?EIO=4&transport=websocket")
	if r.Status != 101 {
		return nil, errors.Join(fmt.Errorf("handshake: %v", r.Outcome()), r.err)
	}
	s := &WebSocketSession{Wire: w}
	packet, err := s.Read()
	if err != nil {
		return nil, err
	}
	s.sid, err = parseOpen(packet)
	return s, err
}

func (s *WebSocketSession) id() string { return s.sid }

// Send implements Session.
func (s *WebSocketSession) Send(packets ...any) {
	var b []byte
	for _, p := range packets {
		switch p := p.(type) {
		case string:
			b = append(b, TextFrame("4"+p)...)
		case rawPacket:
			b = append(b, TextFrame(string(p))...)
		case []byte:
			b = append(b, BinaryFrame(p)...)
		}
	}
	s.Say(b)
}

// SendRaw implements Session.
func (s *WebSocketSession) SendRaw(packets ...string) {
	var b []byte
	for _, p := range packets {
		b = append(b, TextFrame(p)...)
	}
	s.Say(b)
}

// Read returns the next message: text as it is, binary with "bin:" before it. A
// close frame is answered and our direction ended, as RFC 6455 wants it.
func (s *WebSocketSession) Read() (string, error) {
	var message []byte
	var binary bool
	for {
		first, payload, err := readFrame(s.In)
		if err != nil {
			return "", err
		}
		switch first & 15 {
		case OpPing:
			s.Say(Frame{First: FinBit | opPong, payload: payload}.Bytes())
			continue
		case opPong:
			continue
		case opClose:
			code := 1005
			if len(payload) >= 2 {
				code = int(payload[0])<<8 | int(payload[1])
			}
			s.Say(closeFrame(1000))
			s.HangUp()
			return "", closedError{fmt.Sprintf("close %d", code)}
		}
		binary = binary || first&15 == opBinary
		message = append(message, payload...)
		if first&FinBit == 0 {
			continue
		}
		if binary {
			return "bin:" + string(message), nil
		}
		if !utf8.Valid(message) {
			return "", errNotUTF8
		}
		return string(message), nil
	}
}

// Next implements Session.
func (s *WebSocketSession) Next() (string, error) {
	for {
		m, err := s.Read()
		if err != nil || strings.HasPrefix(m, "bin:") {
			return m, err
		}
		packet, ok := unwrap(m)
		switch {
		case packet == "ping":
			s.SendRaw("3")
		case ok:
			return packet, nil
		}
	}
}

// unwrap takes an Engine.IO packet apart: "ping" for a heartbeat, false for what
// nobody waits for.
func unwrap(m string) (packet string, ok bool) {
	switch {
	case m == "2":
		return "ping", false
	case m == "6":
		return "", false
	case strings.HasPrefix(m, "4"):
		return m[1:], true
	case strings.HasPrefix(m, "b"):
		data, err := base64.StdEncoding.DecodeString(m[1:])
		if err != nil {
			return "eio:" + m, true
		}
		return "bin:" + string(data), true
	}
	return "eio:" + m, true
}

// PollingSession is a session on polling, with one line for each direction.
type PollingSession struct {
	probe     *Probe
	SID       string
	get, post Line
	queue     []string

	mu       sync.Mutex // guards post and lastPost: a reader answers pings beside a sender
	LastPost Outcome
}

// Polling opens a polling session.
func (p *Probe) Polling() (*PollingSession, error) {
	s := &PollingSession{probe: p, get: Line{Probe: p}, post: Line{Probe: p}}
	r := s.get.Do("GET", PollingURI(""), nil)
	if r.Status != 200 {
		return nil, errors.Join(fmt.Errorf("handshake: %v", r.Outcome()), r.err)
	}
	packets := strings.Split(r.body, "\x1e")
	sid, err := parseOpen(packets[0])
	s.SID, s.queue = sid, packets[1:]
	return s, err
}

func (s *PollingSession) id() string { return s.SID }

// Send implements Session.
func (s *PollingSession) Send(packets ...any) {
	raw := make([]string, 0, len(packets))
	for _, p := range packets {
		switch p := p.(type) {
		case string:
			raw = append(raw, "4"+p)
		case rawPacket:
			raw = append(raw, string(p))
		case []byte:
			raw = append(raw, "b"+base64.StdEncoding.EncodeToString(p))
		}
	}
	s.SendRaw(raw...)
}

// SendRaw implements Session.
func (s *PollingSession) SendRaw(packets ...string) {
	s.PostBody([]byte(strings.Join(packets, "\x1e")))
}

// PostBody posts a body as it is.
func (s *PollingSession) PostBody(body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.LastPost = s.post.Do("POST", PollingURI(s.SID), body).Outcome()
}

// Next implements Session.
func (s *PollingSession) Next() (string, error) {
	for {
		for len(s.queue) == 0 {
			if err := s.poll(); err != nil {
				return "", err
			}
		}
		m := s.queue[0]
		s.queue = s.queue[1:]
		if m == "1" {
			return "", closedError{"close packet"}
		}
		packet, ok := unwrap(m)
		switch {
		case packet == "ping":
			s.SendRaw("3")
		case ok:
			return packet, nil
		}
	}
}

func (s *PollingSession) poll() error {
	r := s.get.Do("GET", PollingURI(s.SID), nil)
	switch {
	case r.err != nil:
		return r.err
	case r.Status != 200:
		return closedError{string(r.Outcome())}
	case !utf8.ValidString(r.body):
		return errNotUTF8
	}
	s.queue = strings.Split(r.body, "\x1e")
	return nil
}
