package hubtest

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

// Transport is the road to a session.
type Transport string

// The roads.
const (
	Polling   Transport = "polling"
	WebSocket Transport = "websocket"
	// Upgraded opens with polling and moves to WebSocket before anything is said.
	Upgraded Transport = "upgraded"
)

// Each runs a test over every road.
func Each(t *testing.T, f func(t *testing.T, road Transport)) {
	for _, road := range []Transport{Polling, WebSocket, Upgraded} {
		t.Run(string(road), func(t *testing.T) { f(t, road) })
	}
}

// Options say how a browser opens its session. The zero value polls.
type Options struct {
	// Transport is the road. Default Polling.
	Transport Transport
	// Query is added to the query string: `token=x&b64=1`.
	Query string
	// Header is sent with every request.
	Header http.Header
	// Revision is that of the protocol. Default 4. In revision 3 it is the test that pings.
	Revision eiopacket.Revision
	// Pings hands pings to Next, instead of answering them.
	Pings bool
}

// Browser is one session, seen from the browser. It polls all the time, as browsers do.
type Browser struct {
	// Opened is the open packet's data.
	Opened eiopacket.OpenData

	server  *Server
	t       testing.TB
	options Options
	packets chan string
	done    chan struct{} // closed when the session has ended, after end is set
	end     End

	posting sync.Mutex // one POST at a time, as browsers have it

	mu     sync.Mutex // guards the fields below
	frames *Frames    // nil while polling
	cancel context.CancelFunc
	paused bool          // the poller is to stop
	parked chan struct{} // closed when it has
}

// End tells how a session ended.
type End struct {
	// Told says that a close packet or frame came.
	Told bool
	// Code is the WebSocket close code: 1006 when there was no close frame. Zero for polling.
	Code int
	// Status is the status of the poll that failed. Zero for WebSocket.
	Status int
}

// Open opens a session and fails the test if that fails.
func (s *Server) Open(o Options) *Browser {
	s.t.Helper()
	b := &Browser{
		server: s, t: s.t, options: o,
		packets: make(chan string, 4096), done: make(chan struct{}), parked: make(chan struct{}),
	}
	s.t.Cleanup(b.Abort)
	if o.Transport == WebSocket {
		b.openWebSocket()
		return b
	}
	a := s.Do(http.MethodGet, b.query(Polling, ""), "", o.Header)
	if a.Status != http.StatusOK {
		s.t.Fatalf("hubtest: handshake: %d %s", a.Status, a.Body)
	}
	b.opened(b.split(a))
	go b.readPolls()
	if o.Transport == Upgraded {
		b.Upgrade()
	}
	return b
}

// query is the query string for a request of this session; sid may be empty.
func (b *Browser) query(t Transport, sid string) string {
	q := "EIO=4&transport="
	if b.options.Revision == eiopacket.Revision3 {
		q = "EIO=3&transport="
	}
	q += string(t)
	if sid != "" {
		q += "&sid=" + escape(sid)
	}
	if b.options.Query != "" {
		q += "&" + b.options.Query
	}
	return q
}

// SID is the session id.
func (b *Browser) SID() string { return b.Opened.SID }

// Query is the query string of the session's polling requests, for Server.Get and Post.
func (b *Browser) Query() string { return b.query(Polling, b.SID()) }

// opened takes the first packets.
func (b *Browser) opened(packets []string) {
	b.t.Helper()
	open, err := eiopacket.DecodeOpen([]byte(packets[0]))
	if err != nil {
		b.t.Fatalf("hubtest: open packet %q: %v", packets[0], err)
	}
	b.Opened = open
	for _, p := range packets[1:] {
		b.take(p)
	}
}

// split takes a payload apart.
func (b *Browser) split(a Answer) []string {
	if b.options.Revision == eiopacket.Revision3 {
		return split3(b.t, a)
	}
	return strings.Split(a.Body, string(rune(eiopacket.Separator)))
}

// take acts on one packet as a browser does. False means that it was the last.
func (b *Browser) take(p string) bool {
	switch {
	case p == "6":
	case p == "1":
		b.end.Told = true
		return false
	case p == "2" && !b.options.Pings:
		// The answer goes the same way as what the test sends; an error shows as the session's end.
		go func() { _ = b.send("3") }()
	default:
		b.packets <- p
	}
	return true
}

// readPolls is the reader while the session polls.
func (b *Browser) readPolls() {
	defer close(b.parked)
	for {
		ctx, cancel := context.WithCancel(context.Background())
		b.mu.Lock()
		paused := b.paused
		b.cancel = cancel
		b.mu.Unlock()
		if paused {
			cancel()
			return
		}
		a, err := b.server.Try(ctx, http.MethodGet, b.Query(), "", b.options.Header)
		cancel()
		more := err == nil && a.Status == http.StatusOK
		if more {
			for _, p := range b.split(a) {
				more = more && b.take(p)
			}
		} else {
			b.end.Status = a.Status
		}
		if !more {
			close(b.done)
			return
		}
	}
}

// Send sends packets in text form: in one payload by polling, in a frame each by WebSocket.
func (b *Browser) Send(packets ...string) {
	b.t.Helper()
	if err := b.send(packets...); err != nil {
		b.t.Fatalf("hubtest: send %q: %v", packets, err)
	}
}

// TrySend is Send for packets that may not be taken.
func (b *Browser) TrySend(packets ...string) error { return b.send(packets...) }

func (b *Browser) send(packets ...string) error {
	b.mu.Lock()
	frames := b.frames
	b.mu.Unlock()
	if frames != nil {
		for _, p := range packets {
			if b.options.Revision == eiopacket.Revision3 {
				p = withType(p)
			}
			if err := frames.Write(p); err != nil {
				return err
			}
		}
		return nil
	}
	b.posting.Lock()
	defer b.posting.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), b.server.Timeout)
	defer cancel()
	payload := strings.Join(packets, string(rune(eiopacket.Separator)))
	if b.options.Revision == eiopacket.Revision3 {
		payload = join3(packets)
	}
	a, err := b.server.Try(ctx, http.MethodPost, b.Query(), payload, b.options.Header)
	if err == nil && (a.Status != http.StatusOK || a.Body != "ok") {
		err = fmt.Errorf("answered %d %q", a.Status, a.Body)
	}
	return err
}

// SendBinary sends a binary message.
func (b *Browser) SendBinary(data []byte) {
	b.t.Helper()
	b.Send(Binary(data))
}

// Binary is the text form of a binary message.
func Binary(data []byte) string { return "b" + base64.StdEncoding.EncodeToString(data) }

// Next waits for the next packet.
func (b *Browser) Next() string {
	b.t.Helper()
	select {
	case p := <-b.packets:
		return p
	default:
	}
	timer := time.NewTimer(b.server.Timeout)
	defer timer.Stop()
	select {
	case p := <-b.packets:
		return p
	case <-b.done:
		select {
		case p := <-b.packets:
			return p
		default:
			b.t.Fatalf("hubtest: the session ended: %+v", b.end)
		}
	case <-timer.C:
		b.t.Fatalf("hubtest: no packet within %v", b.server.Timeout)
	}
	return ""
}

// Expect waits for these packets, in this order.
func (b *Browser) Expect(want ...string) {
	b.t.Helper()
	for _, w := range want {
		if got := b.Next(); got != w {
			b.t.Fatalf("hubtest: got packet %q, want %q", got, w)
		}
	}
}

// Quiet waits that long and fails the test for any packet. Use it in virtual time.
func (b *Browser) Quiet(d time.Duration) {
	b.t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case p := <-b.packets:
		b.t.Fatalf("hubtest: got packet %q, want silence", p)
	case <-b.done:
		b.t.Fatalf("hubtest: the session ended: %+v", b.end)
	case <-timer.C:
	}
}

// WaitEnd waits for the session's end. Packets that came before can still be read.
func (b *Browser) WaitEnd() End {
	b.t.Helper()
	timer := time.NewTimer(b.server.Timeout)
	defer timer.Stop()
	select {
	case <-b.done:
	case <-timer.C:
		b.t.Fatalf("hubtest: the session goes on after %v", b.server.Timeout)
	}
	return b.end
}

// Abort breaks the connection: the poll that waits is cancelled, the WebSocket is cut without a close
// frame.
func (b *Browser) Abort() {
	b.mu.Lock()
	b.paused = true
	cancel, frames := b.cancel, b.frames
	b.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	if frames != nil {
		frames.Cut()
	}
}
