package engineio_test

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/engineio"
)

// link is the server's end of a WebTransport session in memory.
type link struct {
	net.Conn
	done chan struct{}
	once sync.Once

	code int // with which the server has ended it; read after done
	text string
}

func (l *link) Done() <-chan struct{} { return l.done }

func (l *link) Close(code int, text string) {
	l.once.Do(func() {
		l.code, l.text = code, text
		close(l.done)
		_ = l.Conn.Close()
	})
}

// streamBrowser is the browser's end.
type streamBrowser struct {
	net.Conn
	t      *testing.T
	link   *link
	answer *httptest.ResponseRecorder // 200 of a request that was accepted is not in it
	ended  chan struct{}              // ServeWebTransport has returned
}

// withWebTransport is a configuration that has it on.
func withWebTransport(c *engineio.Config) {
	c.Transports = []string{"polling", "websocket", "webtransport"}
}

// connectRequest asks for a WebTransport session.
func connectRequest() *http.Request {
	r := httptest.NewRequest(http.MethodConnect, "https://hub.test/engine.io/", nil)
	r.Host, r.URL.Path, r.RequestURI, r.ContentLength = "hub.test", "/engine.io/", "/engine.io/", -1
	return r
}

// connect asks for a WebTransport session, whose stream is there at once.
func (st *station) connect(change func(*http.Request)) *streamBrowser {
	near, far := net.Pipe()
	l := &link{Conn: far, done: make(chan struct{})}
	b := &streamBrowser{Conn: near, t: st.t, link: l, answer: httptest.NewRecorder(), ended: make(chan struct{})}
	r := connectRequest()
	if change != nil {
		change(r)
	}
	go func() {
		defer close(b.ended)
		defer func() { // as net/http and http3 do
			if v := recover(); v != nil && v != http.ErrAbortHandler {
				panic(v)
			}
		}()
		st.engine.ServeWebTransport(b.answer, r, func(time.Duration) (engineio.WebTransport, error) { return l, nil })
	}()
	st.t.Cleanup(func() {
		_ = near.Close()
		_ = far.Close()
		<-b.ended
	})
	return b
}

// openStream opens a session of its own.
func (st *station) openStream() *streamBrowser {
	st.t.Helper()
	b := st.connect(nil)
	b.send("0")
	var o eiopacket.OpenData
	if p := b.next(); len(p) < 2 || json.Unmarshal([]byte(p[1:]), &o) != nil || p[0] != '0' || o.SID == "" || len(o.Upgrades) > 0 {
		st.t.Fatalf("open packet %q", p)
	}
	return b
}

// frame is a packet as it stands on the stream: `b` and bytes for binary ones.
func frame(packet string) []byte {
	data, isBinary := strings.CutPrefix(packet, "b")
	return append(eiopacket.AppendStreamHeader(nil, eiopacket.StreamHeader{Binary: isBinary, Len: uint64(len(data))}), data...)
}

// send sends packets in one write.
func (b *streamBrowser) send(packets ...string) {
	b.t.Helper()
	var all []byte
	for _, p := range packets {
		all = append(all, frame(p)...)
	}
	_ = b.SetWriteDeadline(time.Now().Add(time.Minute))
	defer func() { _ = b.SetWriteDeadline(time.Time{}) }()
	if _, err := b.Write(all); err != nil {
		b.t.Fatal(err)
	}
}

// try is send to a server that may end the session meanwhile.
func (b *streamBrowser) try(packets ...string) {
	for _, p := range packets {
		_, _ = b.Write(frame(p))
	}
}

// tryNext reads a packet.
func (b *streamBrowser) tryNext() (string, error) {
	var head []byte
	for {
		var one [1]byte
		if _, err := io.ReadFull(b, one[:]); err != nil {
			return "", err
		}
		head = append(head, one[0])
		h, n := eiopacket.DecodeStreamHeader(head)
		if n == 0 {
			continue
		}
		data := make([]byte, h.Len)
		if _, err := io.ReadFull(b, data); err != nil {
			return "", err
		}
		if h.Binary {
			return "b" + string(data), nil
		}
		return string(data), nil
	}
}

func (b *streamBrowser) next() string {
	b.t.Helper()
	_ = b.SetReadDeadline(time.Now().Add(time.Minute))
	p, err := b.tryNext()
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *streamBrowser) expect(want ...string) {
	b.t.Helper()
	for _, w := range want {
		if got := b.next(); got != w {
			b.t.Fatalf("got %.100q, want %.100q", got, w)
		}
	}
}

// expectBehindPings waits for this packet. Pings are not answered: the packet that asks for it may be on its way still.
func (b *streamBrowser) expectBehindPings(want string) {
	b.t.Helper()
	for {
		switch got := b.next(); got {
		case want:
			return
		case "2":
		default:
			b.t.Fatalf("got %.100q", got)
		}
	}
}

// wantEnd waits until the server has ended the WebTransport session, and returns with what.
func (b *streamBrowser) wantEnd() (code int, text string) {
	b.t.Helper()
	go func() { _, _ = io.Copy(io.Discard, b) }()
	select {
	case <-b.link.done:
	case <-time.After(time.Minute):
		b.t.Fatal("the session was not ended")
	}
	return b.link.code, b.link.text
}

// errLost is any error.
var errLost = errors.New("as it may be")
