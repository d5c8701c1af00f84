package engineio

import (
	"bytes"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/wsframe"
)

// The lengths at which the header changes its form, from RFC 6455, 5.2.
func TestNewMessage_FrameHeader(t *testing.T) {
	for _, row := range []struct {
		payload int
		text    string
	}{
		{0, "\x81\x00"},
		{1, "\x81\x01"},
		{125, "\x81\x7d"},
		{126, "\x81\x7e\x00\x7e"},
		{65535, "\x81\x7e\xff\xff"},
		{65536, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"},
	} {
		data := strings.Repeat("x", row.payload)
		for _, binary := range []bool{false, true} {
			m := NewMessage(append(make([]byte, wsframe.Headroom), data...), binary, true)
			want := []byte(row.text + data)
			if binary {
				want[0] = 0x82
			}
			if !bytes.Equal(m.framed, want) {
				t.Errorf("%d bytes, binary %v: frame begins with %x", row.payload, binary, m.framed[:min(12, len(m.framed))])
			}
			if string(m.data()) != data || m.len() != row.payload || len(m.Unit()) != 1 || m.Unit()[0] != m {
				t.Errorf("%d bytes, binary %v: the message is not what it was made of", row.payload, binary)
			}
		}
	}
}
