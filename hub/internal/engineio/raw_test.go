package engineio_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// raw is a WebSocket without a library: it can send what no library would.
type raw struct {
	t testing.TB
	net.Conn
	r      *bufio.Reader
	answer *http.Response
	first  byte // of the last frame
}

// rawSocket opens a session over a bare connection and reads the open packet.
func (st *station) rawSocket(query, extensions string) *raw {
	st.t.Helper()
	w := st.rawUpgrade(query, extensions)
	if op, data := w.frame(); op != 1 || data[0] != '0' {
		st.t.Fatalf("open packet: %d %q", op, data)
	}
	return w
}

// rawProbe does the same for a session that exists.
func (st *station) rawProbe(query string) *raw {
	st.t.Helper()
	return st.rawUpgrade(query, "")
}

// offer is the header that offers compression.
const offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n"

func (st *station) rawUpgrade(query, extensions string) *raw {
	st.t.Helper()
	if st.deflates && extensions == "" {
		extensions = offer
	}
	return st.rawUpgradeOver(st.Dial(), query, extensions)
}

// rawUpgradeOver is rawUpgrade over a connection that is there.
func (st *station) rawUpgradeOver(c net.Conn, query, extensions string) *raw {
	st.t.Helper()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(c, "GET "+st.Path+"?"+query+" HTTP/1.1\r\nHost: hub.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"+extensions+"\r\n")
	r := bufio.NewReader(c)
	a, err := http.ReadResponse(r, nil)
	if err != nil || a.StatusCode != http.StatusSwitchingProtocols {
		st.t.Fatalf("upgrade: %v %v", err, a)
	}
	return &raw{t: st.t, Conn: c, r: r, answer: a}
}

// frame reads one frame; op -1 means that the connection ended.
func (w *raw) frame() (op int, data []byte) {
	var head [2]byte
	if _, err := io.ReadFull(w.r, head[:]); err != nil {
		return -1, nil
	}
	size := int(head[1])
	switch size {
	case 126:
		var b [2]byte
		_, _ = io.ReadFull(w.r, b[:])
		size = int(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		_, _ = io.ReadFull(w.r, b[:])
		size = int(binary.BigEndian.Uint64(b[:]))
	}
	w.first = head[0]
	data = make([]byte, size)
	if _, err := io.ReadFull(w.r, data); err != nil {
		return -1, nil
	}
	return int(head[0] & 0xf), data
}

// closeCode reads until a close frame or the end (0), and then the end.
func (w *raw) closeCode() int {
	w.t.Helper()
	for {
		switch op, data := w.frame(); {
		case op == -1:
			return 0
		case op == 8:
			code := 1005
			if len(data) >= 2 {
				code = int(binary.BigEndian.Uint16(data))
			}
			if op, data := w.frame(); op != -1 {
				w.t.Errorf("frame %d %q behind the close frame", op, data)
			}
			return code
		}
	}
}

// masked builds a client frame: first byte as given, announced length, payload masked with zeros.
func masked(first byte, announced uint64, payload []byte) []byte {
	b := []byte{first}
	switch {
	case announced < 126:
		b = append(b, 0x80|byte(announced))
	case announced < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(announced))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), announced)
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

// client builds an honest client frame.
func client(first byte, payload string) []byte {
	return masked(first, uint64(len(payload)), []byte(payload))
}

func closePayload(code int, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason
}

// rawSocketIn is rawSocket without a deadline, for virtual time.
func (st *station) rawSocketIn(query string) *raw {
	st.t.Helper()
	w := st.rawSocket(query, "")
	_ = w.SetDeadline(time.Time{})
	return w
}
