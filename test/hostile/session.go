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

// rawPacket is an Engine.IO packet among the packets of a session's send.
type rawPacket string

// session is one Engine.IO session over either transport, driven by one
// goroutine. It answers heartbeats by itself.
type session interface {
	// id is the Engine.IO session id.
	id() string
	// send sends Socket.IO packets: a string is a packet's text, []byte an
	// attachment, rawPacket an Engine.IO packet. They leave in one write.
	send(packets ...any)
	// sendRaw sends Engine.IO packets as they are.
	sendRaw(packets ...string)
	// next returns the next Socket.IO packet, an attachment as "bin:" and its bytes,
	// or another Engine.IO packet as "eio:" and its text.
	next() (string, error)
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

// websocketSession is a session on WebSocket.
type websocketSession struct {
	*wire
	sid string
}

// upgrade opens a WebSocket at the URI; ok is false when the server refuses.
func (p *probe) upgrade(uri string) (*wire, reply) {
	w := p.dial()
	return w, w.exchange([]byte(upgradeHead(uri, p.target.addr) + "\r\n"))
}

// websocket opens a WebSocket session.
func (p *probe) websocket() (*websocketSession, error) {
	w, r := p.upgrade("/socket.io/?EIO=4&transport=websocket")
	if r.status != 101 {
		return nil, errors.Join(fmt.Errorf("handshake: %v", r.outcome()), r.err)
	}
	s := &websocketSession{wire: w}
	packet, err := s.read()
	if err != nil {
		return nil, err
	}
	s.sid, err = parseOpen(packet)
	return s, err
}

func (s *websocketSession) id() string { return s.sid }

func (s *websocketSession) send(packets ...any) {
	var b []byte
	for _, p := range packets {
		switch p := p.(type) {
		case string:
			b = append(b, textFrame("4"+p)...)
		case rawPacket:
			b = append(b, textFrame(string(p))...)
		case []byte:
			b = append(b, binaryFrame(p)...)
		}
	}
	s.say(b)
}

func (s *websocketSession) sendRaw(packets ...string) {
	var b []byte
	for _, p := range packets {
		b = append(b, textFrame(p)...)
	}
	s.say(b)
}

// read returns the next message: text as it is, binary with "bin:" before it. A
// close frame is answered and our direction ended, as RFC 6455 wants it.
func (s *websocketSession) read() (string, error) {
	var message []byte
	var binary bool
	for {
		first, payload, err := readFrame(s.in)
		if err != nil {
			return "", err
		}
		switch first & 15 {
		case opPing:
			s.say(frame{first: finBit | opPong, payload: payload}.bytes())
			continue
		case opPong:
			continue
		case opClose:
			code := 1005
			if len(payload) >= 2 {
				code = int(payload[0])<<8 | int(payload[1])
			}
			s.say(closeFrame(1000))
			s.hangUp()
			return "", closedError{fmt.Sprintf("close %d", code)}
		}
		binary = binary || first&15 == opBinary
		message = append(message, payload...)
		if first&finBit == 0 {
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

func (s *websocketSession) next() (string, error) {
	for {
		m, err := s.read()
		if err != nil || strings.HasPrefix(m, "bin:") {
			return m, err
		}
		packet, ok := unwrap(m)
		switch {
		case packet == "ping":
			s.sendRaw("3")
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

// pollingSession is a session on polling, with one line for each direction.
type pollingSession struct {
	probe     *probe
	sid       string
	get, post line
	queue     []string

	mu       sync.Mutex // guards post and lastPost: a reader answers pings beside a sender
	lastPost outcome
}

// polling opens a polling session.
func (p *probe) polling() (*pollingSession, error) {
	s := &pollingSession{probe: p, get: line{probe: p}, post: line{probe: p}}
	r := s.get.do("GET", pollingURI(""), nil)
	if r.status != 200 {
		return nil, errors.Join(fmt.Errorf("handshake: %v", r.outcome()), r.err)
	}
	packets := strings.Split(r.body, "\x1e")
	sid, err := parseOpen(packets[0])
	s.sid, s.queue = sid, packets[1:]
	return s, err
}

func (s *pollingSession) id() string { return s.sid }

func (s *pollingSession) send(packets ...any) {
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
	s.sendRaw(raw...)
}

func (s *pollingSession) sendRaw(packets ...string) {
	s.postBody([]byte(strings.Join(packets, "\x1e")))
}

func (s *pollingSession) postBody(body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastPost = s.post.do("POST", pollingURI(s.sid), body).outcome()
}

func (s *pollingSession) next() (string, error) {
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
			s.sendRaw("3")
		case ok:
			return packet, nil
		}
	}
}

func (s *pollingSession) poll() error {
	r := s.get.do("GET", pollingURI(s.sid), nil)
	switch {
	case r.err != nil:
		return r.err
	case r.status != 200:
		return closedError{string(r.outcome())}
	case !utf8.ValidString(r.body):
		return errNotUTF8
	}
	s.queue = strings.Split(r.body, "\x1e")
	return nil
}
