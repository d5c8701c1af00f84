package engineio_test

import (
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// RFC 7692, 6.1: only the first frame of a message may have RSV1.
func TestHardening_CompressedWhereItMayNotBe(t *testing.T) {
	on := true
	for name, frames := range map[string][]byte{
		"ping":         client(0xC9, "x"),
		"close":        client(0xC8, closePayload(1000, "")),
		"continuation": append(client(0x01, "4a"), client(0xC0, "b")...),
		"after others": append(append(client(0x89, "x"), client(0x81, "4"+strings.Repeat("x", 200))...), client(0xCA, "")...),
		"after a long": append(client(0x81, "4"+strings.Repeat("x", 70_000)), client(0xC9, "")...),
	} {
		st := newTCPStation(t, func(c *engineio.Config) { c.PerMessageDeflate.Enabled = &on })
		w := st.rawSocket("EIO=4&transport=websocket", offer)
		_, _ = w.Write(frames)
		if code := w.closeCode(); code != 1002 {
			t.Errorf("%s: close code %d", name, code)
		}
		st.wantClose(engineio.ReasonTransportError)
	}
}
