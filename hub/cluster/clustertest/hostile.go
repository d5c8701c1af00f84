package clustertest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
)

// Hostile is what somebody might send who may write to an engine: none of it may be carried out, answered, or end anything.
func Hostile() [][]byte {
	list := [][]byte{
		nil, {}, []byte("x"), []byte("Sh"), []byte(`{"uid":"emitter","type":3}`), {0x93, 0xa1, 'x', 0x80, 0x80},
		bytes.Repeat([]byte{0x91}, 1<<20), bytes.Repeat([]byte{0xff}, 1000),
	}
	bodies := [][]byte{
		{}, {0x80}, {0x81, 0x01, 0xdb, 0xff, 0xff, 0xff, 0xff}, {0xdf, 0xff, 0xff, 0xff, 0xff}, {0xc1}, {0xc0}, {0x81, 0x63, 0x01},
		append([]byte{0x81, 0x02}, bytes.Repeat([]byte{0x91}, 60_000)...), []byte("text"), {0x81, 0x01, 0xd4, 0, 0},
	}
	own, _ := hex.DecodeString("00000000000000a1") // a hub of the test
	for kind := range byte(12) {
		for _, sender := range [][]byte{own, {1, 2, 3, 4, 5, 6, 7, 8}} {
			for flags := range byte(8) {
				for n, body := range bodies {
					// A whole body with fields that nobody knows would be a hub, from a newer version.
					if kind >= 1 && kind <= 3 && (bytes.Equal(body, []byte{0x80}) || bytes.Equal(body, []byte{0x81, 0x63, 0x01}) || bytes.Equal(body, []byte{0xc0})) {
						continue
					}
					frame := append([]byte{'S', 'h', 1, kind, flags}, sender...)
					frame = binary.BigEndian.AppendUint64(frame, 7)
					frame = binary.BigEndian.AppendUint64(frame, uint64(n+1))
					frame = binary.BigEndian.AppendUint64(frame, 0)
					frame = binary.BigEndian.AppendUint64(frame, uint64(n))
					list = append(list, append(frame, body...))
				}
			}
		}
	}
	return append(list, append([]byte{'S', 'h', 9}, make([]byte, 60)...))
}
