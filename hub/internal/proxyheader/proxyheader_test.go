package proxyheader

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func v2(t testing.TB, source, destination string, tlvs ...proxyproto.TLV) string {
	t.Helper()
	from, to := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(source)), net.TCPAddrFromAddrPort(netip.MustParseAddrPort(destination))
	h := proxyproto.HeaderProxyFromAddrs(2, from, to)
	if err := h.SetTLVs(tlvs); err != nil {
		t.Fatal(err)
	}
	b, err := h.Format()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const sig2 = "\r\n\r\n\x00\r\nQUIT\n"

// headers are what proxies send, and what they do not.
func headers(t testing.TB) []struct {
	name, header, source string
	err                  error
} {
	return []struct {
		name, header, source string
		err                  error
	}{
		{"v1", "PROXY TCP4 198.51.100.1 203.0.113.1 4711 443\r\n", "198.51.100.1:4711", nil},
		{"v1, IPv6", "PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\n", "[2001:db8::1]:4711", nil},
		{"v1, unknown", "PROXY UNKNOWN\r\n", "", nil},
		{"v1, unknown with more", "PROXY UNKNOWN ffff:f...f:ffff 65535 65535\r\n", "", nil},
		{"v2", v2(t, "198.51.100.1:4711", "203.0.113.1:443"), "198.51.100.1:4711", nil},
		{"v2, IPv6", v2(t, "[2001:db8::1]:4711", "[2001:db8::2]:443"), "[2001:db8::1]:4711", nil},
		{"v2 with more", v2(t, "198.51.100.1:4711", "203.0.113.1:443", proxyproto.TLV{Type: 0xEA, Value: make([]byte, 1000)}), "198.51.100.1:4711", nil},
		{"v2, local", sig2 + "\x20\x00\x00\x00", "", nil},
		{"v2, unknown", sig2 + "\x21\x00\x00\x00", "", nil},
		{"nothing", "", "", errMissing},
		{"HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "", errMissing},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("x", 20), "", errMissing},
		{"v1 without its end", "PROXY TCP4 198.51.100.1 203.0.113.1 4711 443", "", errMalformed},
		{"v1, too long", "PROXY TCP4 " + strings.Repeat("1", 200) + "\r\n", "", errMalformed},
		{"v1, no address", "PROXY TCP4 localhost 203.0.113.1 1 2\r\n", "", errMalformed},
		{"v1, no port", "PROXY TCP4 198.51.100.1 203.0.113.1 65536 2\r\n", "", errMalformed},
		{"v1, UDP", "PROXY UDP4 198.51.100.1 203.0.113.1 1 2\r\n", "", errMalformed},
		{"v1, small letters", "proxy tcp4 198.51.100.1 203.0.113.1 1 2\r\n", "", errMissing},
		{"v2, cut", v2(t, "198.51.100.1:4711", "203.0.113.1:443")[:20], "", errMalformed},
		{"v2, cut in its signature", sig2[:7], "", errMalformed},
		{"v2, too long", sig2 + "\x21\x11\xff\xff" + strings.Repeat("x", 65535), "", errMalformed},
		{"v2, shorter than its addresses", sig2 + "\x21\x11\x00\x04abcd", "", errMalformed},
		{"v2, version 3", sig2 + "\x31\x11\x00\x0c" + strings.Repeat("x", 12), "", errMalformed},
		{"v2, another command", sig2 + "\x2f\x11\x00\x0c" + strings.Repeat("x", 12), "", errMalformed},
		{"v2, UDP", sig2 + "\x21\x12\x00\x0c" + strings.Repeat("x", 12), "", errMalformed},
		{"v2, a socket file", sig2 + "\x21\x31\x00\xd8" + strings.Repeat("x", 216), "", errMalformed},
	}
}

// A header is read and not one byte more, whatever follows it and however it comes.
func TestParse_TakesTheHeaderAlone(t *testing.T) {
	const follows = "GET / HTTP/1.1\r\n"
	for _, row := range headers(t) {
		if row.err == nil {
			row.header += follows
		}
		r := strings.NewReader(row.header)
		source, err := Parse(r)
		if text := fmt.Sprint(source); !errors.Is(err, row.err) || err == nil && text != row.source && (source != nil || row.source != "") {
			t.Errorf("%s: %v, %v; want %s, %v", row.name, source, err, row.source, row.err)
		}
		if rest, _ := io.ReadAll(r); err == nil && string(rest) != follows {
			t.Errorf("%s: %q follows", row.name, rest)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, row := range headers(f) {
		f.Add([]byte(row.header))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		source, err := Parse(r)
		taken := len(data) - r.Len()
		if taken > fixed+longestTail {
			t.Errorf("%d bytes taken", taken)
		}
		if err != nil {
			return
		}
		if at, ok := source.(*net.TCPAddr); source != nil && (!ok || !at.AddrPort().IsValid()) {
			t.Errorf("%v", source)
		}
		if again, err := Parse(bytes.NewReader(data[:taken])); err != nil || fmt.Sprint(again) != fmt.Sprint(source) {
			t.Errorf("the header alone: %v, %v", again, err)
		}
	})
}

// start listens on loopback, where the peers are as trusted as they are said to be.
func start(t *testing.T, trusted bool) (l net.Listener, refused chan string, log *lockedBuffer) {
	t.Helper()
	below, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused, log = make(chan string, 10), new(lockedBuffer)
	l = Listen(below, Options{
		Trusted: func(netip.Addr) bool { return trusted }, Refused: func(why string) { refused <- why },
		Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	t.Cleanup(func() { _ = l.Close() })
	return l, refused, log
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func dial(t *testing.T, l net.Listener, send string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(c, send); err != nil {
		t.Fatal(err)
	}
	return c
}

// One that is slow with its header holds up nobody, and what follows a header is read from the connection.
func TestListener_LetsInTheSendersOfHeaders(t *testing.T) {
	l, _, _ := start(t, true)
	dial(t, l, "PROXY T")
	dial(t, l, "PROXY TCP4 198.51.100.1 203.0.113.1 4711 443\r\nhello")
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	hello := make([]byte, 5)
	if _, err := io.ReadFull(conn, hello); err != nil || string(hello) != "hello" || conn.RemoteAddr().String() != "198.51.100.1:4711" {
		t.Errorf("%q of %s, %v", hello, conn.RemoteAddr(), err)
	}
	if c, ok := conn.(*Conn); !ok || c.Socket() == nil {
		t.Errorf("a %T", conn)
	}
	own := dial(t, l, sig2+"\x20\x00\x00\x00")
	local, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	if local.RemoteAddr().String() != own.LocalAddr().String() {
		t.Errorf("a proxy that speaks for itself comes from %s", local.RemoteAddr())
	}
}

func TestListener_ClosesOthers(t *testing.T) {
	for _, row := range []struct {
		why, send string
		trusted   bool
	}{
		{Unlisted, "PROXY TCP4 198.51.100.1 203.0.113.1 4711 443\r\n", false},
		{Missing, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n", true},
		{Malformed, "PROXY TCP4 nobody nowhere 4711 443\r\n", true},
	} {
		l, refused, log := start(t, row.trusted)
		accepted := make(chan error, 1)
		go func() {
			_, err := l.Accept()
			accepted <- err
		}()
		c := dial(t, l, row.send)
		if answer, _ := io.ReadAll(c); len(answer) > 0 {
			t.Errorf("%s: %q", row.why, answer)
		}
		if why := <-refused; why != row.why {
			t.Errorf("%s, want %s", why, row.why)
		}
		_ = l.Close()
		if err := <-accepted; !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: %v", row.why, err)
		}
		if text := log.String(); !strings.Contains(text, "why="+row.why) || !strings.Contains(text, "http.trusted_proxies") {
			t.Errorf("log: %s", text)
		}
	}
}
