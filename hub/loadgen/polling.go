package loadgen

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

const pollingName = "polling"

// polling is a session on HTTP long-polling. A poll is always open, on one
// connection; what is sent goes out on another one, and while one POST is under way
// the packets that follow gather for the next: Engine.IO allows one of each at a
// time. Until the session is steady, a sender waits for the answer.
//
// It has no goroutine but the reader of the client, and one that waits for the answer
// to a POST while there is one.
type polling struct {
	// set at construction
	get, post *httpConn
	poll      []byte // the request
	postHead  []byte // the request up to its length
	// maxPayload is the largest body that the server takes.
	maxPayload int
	spawn      func(func())

	// owned by the reader
	rest   []byte // what is left of the last payload
	more   bool   // whether something is
	ahead  bool   // a poll is open
	steady bool

	mu      sync.Mutex // guards the fields below
	posting bool
	// request is the POST under way, waiting what gathers for the next.
	request []byte
	waiting []byte
	err     error
}

// openPolling makes sessions on a server.
func openPolling(server endpoint) func(context.Context) (transport, error) {
	return func(ctx context.Context) (transport, error) {
		dial := dialHTTP(ctx, server)
		p := &polling{get: &httpConn{dial: dial}, post: &httpConn{dial: dial}, spawn: server.spawn}
		p.deadline(time.Now().Add(stepTimeout))
		if err := p.open(server); err != nil {
			p.close()
			return nil, err
		}
		return p, nil
	}
}

// open is the handshake.
func (p *polling) open(server endpoint) error {
	target := func(method string) []byte {
		return []byte(method + " " + server.url.RequestURI())
	}
	head := " HTTP/1.1\r\nHost: " + server.url.Host + "\r\n"
	if err := p.get.send([]byte(string(target("GET")) + head + "\r\n")); err != nil {
		return err
	}
	body, err := p.get.receive()
	if err != nil {
		return err
	}
	packet, _, _ := eiopacket.Cut(body)
	open, err := eiopacket.DecodeOpen(packet)
	if err != nil {
		return err
	}
	sid := "&sid=" + open.SID
	p.poll = []byte(string(target("GET")) + sid + head + "\r\n")
	p.postHead = []byte(string(target("POST")) + sid + head + "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: ")
	if p.maxPayload = int(open.MaxPayload); p.maxPayload <= 0 {
		p.maxPayload = 1e6
	}
	p.rest, p.more = body, true
	return nil
}

func (*polling) prepare(message []byte) []byte { return message }

func (p *polling) next() ([]byte, error) {
	for {
		for p.more {
			var packet []byte
			packet, p.rest, p.more = eiopacket.Cut(p.rest)
			switch {
			case len(packet) != 1:
				return packet, nil
			case packet[0] == '1':
				return nil, errClosePacket
			case packet[0] == '2':
				if err := p.send([]byte{'3'}); err != nil {
					return nil, err
				}
			}
		}
		if err := p.receive(); err != nil {
			return nil, p.cause(err)
		}
	}
}

// receive takes the answer to a poll, and opens the next one before anybody reacts.
func (p *polling) receive() error {
	if !p.ahead {
		if err := p.get.send(p.poll); err != nil {
			return err
		}
	}
	body, err := p.get.receive()
	if err != nil {
		return err
	}
	p.rest, p.more, p.ahead = body, true, p.steady
	if p.ahead {
		return p.get.send(p.poll)
	}
	return nil
}

// send writes a packet now, or has it wait for the POST that is under way.
func (p *polling) send(packet []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.err != nil:
		return p.err
	case !p.steady:
		return p.exchange(packet, "")
	case p.posting:
		if len(p.waiting) > 0 {
			p.waiting = append(p.waiting, eiopacket.Separator)
		}
		p.waiting = append(p.waiting, packet...)
		return nil
	}
	p.posting = true
	p.build(packet, "")
	if err := p.post.send(p.request); err != nil {
		p.failLocked(err)
		return err
	}
	p.spawn(p.posted)
	return nil
}

// posted waits for the answer to a POST, and goes on with what has gathered.
func (p *polling) posted() {
	for {
		_, err := p.post.receive()
		p.mu.Lock()
		if err == nil && len(p.waiting) > 0 {
			p.waiting = append(p.waiting[:0], p.waiting[p.build(p.payload(), ""):]...)
			p.mu.Unlock()
			if err = p.post.send(p.request); err == nil {
				continue
			}
			p.mu.Lock()
		}
		p.posting = false
		if err != nil {
			p.failLocked(err)
		}
		p.mu.Unlock()
		return
	}
}

// payload is as much of what waits as the server takes at once.
func (p *polling) payload() []byte {
	if len(p.waiting) > p.maxPayload {
		if end := bytes.LastIndexByte(p.waiting[:p.maxPayload], eiopacket.Separator); end > 0 {
			return p.waiting[:end]
		}
	}
	return p.waiting
}

// build makes a POST and returns how many bytes of what waits it uses up, with the
// separator behind them.
func (p *polling) build(body []byte, header string) int {
	p.request = append(p.request[:0], p.postHead...)
	p.request = strconv.AppendInt(p.request, int64(len(body)), 10)
	p.request = append(append(p.request, header...), "\r\n\r\n"...)
	p.request = append(p.request, body...)
	return min(len(body)+1, len(p.waiting))
}

// exchange posts and waits for the answer. That makes the second connection too, so
// that the load does not begin with it.
func (p *polling) exchange(packet []byte, header string) error {
	p.build(packet, header)
	if err := p.post.send(p.request); err != nil {
		return err
	}
	_, err := p.post.receive()
	return err
}

// leave ends the session, with a poll open as every browser has one, and
// lets the server end both connections. Only before opened.
func (p *polling) leave() error {
	defer p.close()
	const last = "\r\nConnection: close"
	p.deadline(time.Now().Add(stepTimeout))
	if err := p.get.send(append(bytes.TrimSuffix(p.poll, []byte("\r\n\r\n")), last+"\r\n\r\n"...)); err != nil {
		return err
	}
	if err := p.exchange([]byte{'1'}, last); err != nil {
		return err
	}
	_, err := p.get.receive()
	return err
}

// opened has a poll open ahead from now on.
func (p *polling) opened() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deadline(time.Time{})
	p.steady = true
}

// deadline bounds reading; zero lifts it.
func (p *polling) deadline(t time.Time) {
	p.get.deadline(t)
	p.post.deadline(t)
}

// failLocked ends the session with an error that came up beside the reader.
func (p *polling) failLocked(err error) {
	if p.err == nil {
		p.err = err
	}
	p.get.close()
	p.post.close()
}

// cause prefers what went wrong first to what that has brought about.
func (p *polling) cause(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (p *polling) close() {
	p.get.close()
	p.post.close()
}
