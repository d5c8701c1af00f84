package loadgen

import (
	"bytes"
	"net"
	"net/url"
	"runtime"
	"strings"
	"testing"
)

// What gathered while a POST was under way goes out in as many as the server's limit
// asks for, cut between packets.
func TestPolling_GatheredPacketsKeepToTheLimit(t *testing.T) {
	p := &polling{maxPayload: 10, postHead: []byte("POST "), waiting: []byte("42aa\x1e42bb\x1e42cc")}
	for _, want := range []string{"42aa\x1e42bb", "42cc"} {
		used := p.build(p.payload(), "")
		if _, body, _ := bytes.Cut(p.request, []byte("\r\n\r\n")); string(body) != want {
			t.Errorf("posts %q, want %q", body, want)
		}
		p.waiting = p.waiting[used:]
	}
	if len(p.waiting) != 0 {
		t.Errorf("%q is left", p.waiting)
	}
	// One packet beyond it goes out whole: the server says what it thinks of it.
	p.waiting = []byte(strings.Repeat("x", 20) + "\x1e42")
	if got := p.payload(); len(got) != len(p.waiting) {
		t.Errorf("posts %q", got)
	}
}

// A server may send anything.
func TestSplit_AnyPacket(t *testing.T) {
	for _, c := range []struct {
		packet, body string
		kind         byte
		ok           bool
	}{
		{`431["x"]`, `1["x"]`, '3', true},
		{`43/bench/7,1["x"]`, `1["x"]`, '3', true},
		{`42/no-comma`, `/no-comma`, '2', true},
		{`41`, ``, '1', true},
		{`4`, ``, 0, false},
		{``, ``, 0, false},
		{`6`, ``, 0, false},
		{`bAAAA`, ``, 0, false},
	} {
		kind, body, ok := split([]byte(c.packet))
		if kind != c.kind || string(body) != c.body || ok != c.ok {
			t.Errorf("%q: %c %q %v", c.packet, kind, body, ok)
		}
	}
	for _, data := range []string{"", "0000001", "zzzzzzzz", "-0000001"} {
		if groupNumber([]byte(data)) > 0 {
			t.Errorf("%q is a number", data)
		}
	}
	if groupNumber([]byte("000000ffxx")) != 255 {
		t.Error("not 255")
	}
}

// Many connections come from several addresses of the loopback network, few from
// one.
func TestDial_SpreadsManyConnections(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	server := &url.URL{Scheme: "http", Host: listener.Addr().String()}
	for connections, want := range map[int]int{perSource: 1, 2 * perSource: 3} {
		if runtime.GOOS != "linux" {
			want = 1
		}
		dial := newDial(server, connections)
		sources := map[string]bool{}
		for range 6 {
			conn, err := dial(t.Context(), "tcp", server.Host)
			if err != nil {
				t.Fatal(err)
			}
			sources[conn.LocalAddr().(*net.TCPAddr).IP.String()] = true
			conn.Close()
		}
		if len(sources) != want {
			t.Errorf("%d connections from %v", connections, sources)
		}
	}
}
