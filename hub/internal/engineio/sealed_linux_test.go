package engineio_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// crumbs is a connection whose writes leave byte by byte.
type crumbs struct{ net.Conn }

func (c crumbs) Write(p []byte) (int, error) {
	for i := range p {
		if n, err := c.Conn.Write(p[i : i+1]); err != nil {
			return i + n, err
		}
	}
	return len(p), nil
}

// A record of TLS that comes in parts is waited for without a goroutine, and without spinning.
func TestTLS_RecordsInParts(t *testing.T) {
	st := newTLSStation(t, nil)
	first := st.rawSocket("EIO=4&transport=websocket", "")
	defer first.Close()
	below, err := net.Dial("tcp", first.RemoteAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = below.(*net.TCPConn).SetNoDelay(true)
	c := tls.Client(crumbs{below}, &tls.Config{InsecureSkipVerify: true})
	defer c.Close()
	_, _ = io.WriteString(c, "GET "+st.Path+"?EIO=4&transport=websocket HTTP/1.1\r\nHost: hub.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if a, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || a.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(a, err) // what comes before the answer is refused
	}
	var want []string
	for n := range 50 {
		said := fmt.Sprint(n, strings.Repeat("x", n*20))
		want = append(want, said)
		_, _ = c.Write(client(0x81, "4"+said))
	}
	if got := st.receivedAll(len(want)); !slices.Equal(got, want) {
		t.Errorf("received %q", got)
	}
	if n := readers(); n != 0 {
		t.Errorf("%d goroutines that read", n)
	}
}

// Many messages in one record, and more than a turn takes, are all handed up, though the kernel has nothing more.
func TestTLS_MoreInARecordThanATurnTakes(t *testing.T) {
	st := newTLSStation(t, nil)
	w := st.rawSocket("EIO=4&transport=websocket", "")
	defer w.Close()
	const n = 1000
	_, _ = w.Write(slices.Repeat(client(0x81, "4x"), n))
	if got := st.receivedAll(n); len(got) != n {
		t.Errorf("received %d", len(got))
	}
}

// What was encrypted, and not taken by the kernel, leaves before what comes later.
func TestTLS_OrderWhileTheBrowserDoesNotRead(t *testing.T) {
	st := newTLSStation(t, nil)
	w := st.rawSocket("EIO=4&transport=websocket", "")
	defer w.Close()
	s := st.session(0)
	rest := strings.Repeat("y", 50_000)
	const n = 300
	for i := range n {
		if err := s.Send(nil, []*engineio.Message{text(fmt.Sprint(i, rest))}, false); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		if _, data := w.frame(); string(data) != fmt.Sprint("4", i, rest) {
			t.Fatalf("message %d: %.20q", i, data)
		}
	}
	_, _ = w.Write(client(0x81, "4still"))
	if _, data := w.frame(); string(data) != "4still" {
		t.Errorf("%q", data)
	}
}

// The end of TLS is the end, though the connection below stays open.
func TestTLS_CloseNotifyEndsTheSession(t *testing.T) {
	st := newTLSStation(t, nil)
	w := st.rawSocket("EIO=4&transport=websocket", "")
	if err := w.Conn.(*tls.Conn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	st.wantClose(engineio.ReasonTransportClose)
	_ = w.Close()
}

// What is no TLS ends the connection.
func TestTLS_RubbishEndsTheSession(t *testing.T) {
	st := newTLSStation(t, nil)
	w := st.rawSocket("EIO=4&transport=websocket", "")
	_, _ = tcp(w.Conn).Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	st.wantClose(engineio.ReasonTransportClose)
	_ = w.Close()
}
