package msgpacket

import (
	"encoding/binary"
	"math"

	"github.com/vmihailenco/msgpack/v5/msgpcode"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

// ToJSON reads one MessagePack value, of whatever kind, as JSON and attachments: binary becomes a placeholder wherever it
// stands. Of limits Depth and Attachments hold; most is the size of JSON and attachments together. What is returned is
// the caller's own. It is safe for concurrent use.
func ToJSON(value []byte, limits siopacket.Limits, most int64) (data []byte, attachments [][]byte, err error) {
	return toJSON(value, limits, most, false)
}

// ToPlainJSON is as ToJSON for what cannot have attachments: binary becomes what JSON.stringify makes of a Buffer.
func ToPlainJSON(value []byte, limits siopacket.Limits, most int64) ([]byte, error) {
	data, _, err := toJSON(value, limits, most, true)
	return data, err
}

func toJSON(value []byte, limits siopacket.Limits, most int64, alone bool) (data []byte, attachments [][]byte, err error) {
	t := transcoders.Get().(*transcoder)
	defer t.release()
	t.alone = alone
	t.reader = reader{data: value}
	t.limits, t.most = limits.WithDefaults(), most
	if err := t.value(); err != nil {
		return nil, nil, err
	}
	if t.left() > 0 {
		return nil, nil, errTrailing
	}
	if data, err = t.payload(); err != nil {
		return nil, nil, err
	}
	return data, t.inline, nil
}

// AppendJSON appends JSON as one MessagePack value, the attachments where their placeholders stand. What is no JSON
// becomes nil. It is safe for concurrent use.
func AppendJSON(buf, data []byte, attachments [][]byte) []byte {
	w := writers.Get().(*writer)
	w.out = buf
	w.payload(data, attachments)
	buf = w.out
	w.release()
	return buf
}

// AppendEvent appends the packet of an event as servers of a cluster exchange it, which is what AppendJSON would make of
// {"type":2,"data":[event,...args],"nsp":namespace}. It is safe for concurrent use.
func AppendEvent(buf []byte, namespace, event string, args []byte, attachments [][]byte) []byte {
	w := writers.Get().(*writer)
	w.out = buf
	w.packet(siopacket.Packet{Type: siopacket.Event, Namespace: namespace, Name: event, Payload: args}, attachments)
	buf = w.out
	w.release()
	return buf
}

// AppendString appends a text.
func AppendString(buf []byte, s string) []byte { return append(appendTextHead(buf, len(s)), s...) }

// AppendArrayLen appends the head of an array.
func AppendArrayLen(buf []byte, n int) []byte {
	switch {
	case n < 16:
		return append(buf, msgpcode.FixedArrayLow|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(buf, msgpcode.Array16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(buf, msgpcode.Array32), uint32(n))
}

// appendTextHead appends the head of a text of n bytes.
func appendTextHead(buf []byte, n int) []byte {
	switch {
	case n < 32:
		return append(buf, msgpcode.FixedStrLow|byte(n))
	case n <= math.MaxUint8:
		return append(buf, msgpcode.Str8, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(buf, msgpcode.Str16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(buf, msgpcode.Str32), uint32(n))
}
