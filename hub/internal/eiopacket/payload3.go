package eiopacket

import (
	"errors"
	"strconv"
	"unicode/utf8"
)

// Payloads of revision 3 have lengths where those of revision 4 have separators, and are text or binary:
//
//	6:4hello2:4€                  text: a length is a number of UTF-16 code units, as JavaScript counts
//	00 04 ff 34 e2 82 ac          binary: 0 for a text packet, its length in bytes, digit by digit, and 255,
//	01 05 ff 04 01 02 03 04       1 for a binary one
//
// Either may have any number of packets. A binary payload can say all that a text one can, so one that comes as text is
// made binary at once (Binary3), and Cut3 needs to know one of them alone.
//
// Spec: engine.io-protocol v3, Payload.

const (
	stringPacket, binaryPacket = 0, 1    // what a packet of a binary payload begins with
	lengthEnd                  = 255     // behind the digits of its length
	maxLengthDigits            = 310     // those of the largest number that JavaScript has
	mostPayload                = 1 << 40 // no length comes near it
)

var (
	// ErrLength means that a packet is not as long as a payload of revision 3 says, or that it does not say so.
	ErrLength = errors.New("eiopacket: bad length in a payload")
	// ErrPackets means that a payload has more packets than are allowed.
	ErrPackets = errors.New("eiopacket: too many packets in a payload")
	// ErrUTF8 means that a text is not UTF-8.
	ErrUTF8 = errors.New("eiopacket: text is not UTF-8")
)

// AppendText3 appends a packet in text form as a text payload has it. The packet is valid UTF-8.
func AppendText3(dst, packet []byte) []byte {
	dst = strconv.AppendInt(dst, int64(Units(packet)), 10)
	return append(append(dst, ':'), packet...)
}

// AppendString3 appends a packet in text form as a binary payload has it.
func AppendString3(dst, packet []byte) []byte {
	return append(appendHead3(dst, stringPacket, len(packet)), packet...)
}

// AppendMessage3 appends a binary message as a binary payload has it.
func AppendMessage3(dst, data []byte) []byte {
	return AppendBinary3(appendHead3(dst, binaryPacket, len(data)+1), data)
}

// appendHead3 appends what stands before a packet of a binary payload.
func appendHead3(dst []byte, kind byte, length int) []byte {
	dst = append(dst, kind)
	digits := len(dst)
	dst = strconv.AppendInt(dst, int64(length), 10)
	for i := digits; i < len(dst); i++ {
		dst[i] -= '0'
	}
	return append(dst, lengthEnd)
}

// Binary3 makes a text payload binary: it appends it to dst. Empty packets are left out. The whole of it is looked at
// before anything of it can be acted on. Packets are counted as they come, at most as many as may be.
func Binary3(dst, payload []byte, most int) (binary []byte, packets int, err error) {
	return binary3(dst, payload, most, CutUnits)
}

func binary3(dst, payload []byte, most int, cut func([]byte, int) (int, bool)) (binary []byte, packets int, err error) {
	if len(payload) == 0 {
		return dst, 0, ErrEmpty
	}
	for len(payload) > 0 {
		n, rest, err := textLength(payload)
		if err != nil {
			return dst, packets, err
		}
		end, ok := cut(rest, n)
		if !ok {
			return dst, packets, ErrLength
		}
		if packets++; packets > most {
			return dst, packets, ErrPackets
		}
		if end > 0 {
			dst = AppendString3(dst, rest[:end])
		}
		payload = rest[end:]
	}
	return dst, packets, nil
}

// textLength reads a length and the colon behind it.
func textLength(payload []byte) (n int, rest []byte, err error) {
	for i, c := range payload {
		switch {
		case c == ':' && i > 0:
			return n, payload[i+1:], nil
		case c < '0' || c > '9' || i >= maxLengthDigits:
			return 0, nil, ErrLength
		}
		if n = n*10 + int(c-'0'); n > mostPayload {
			return 0, nil, ErrLength
		}
	}
	return 0, nil, ErrLength
}

// Check3 looks at the whole of a binary payload: that lengths fit, and that texts are UTF-8, where lone surrogates, as
// the oldest clients write them, are made U+FFFD in place. It counts the packets; strings says that all of them are texts.
func Check3(payload []byte, most int) (packets int, strings bool, err error) {
	if len(payload) == 0 {
		return 0, false, ErrEmpty
	}
	strings = true
	for len(payload) > 0 {
		packet, binary, rest, err := Cut3(payload)
		if err != nil {
			return packets, false, err
		}
		if packets++; packets > most {
			return packets, false, ErrPackets
		}
		if binary {
			strings = false
		} else if !Repair(packet) {
			return packets, false, ErrUTF8
		}
		payload = rest
	}
	return packets, strings, nil
}

// Cut3 splits a binary payload after its first packet. There has to be one.
func Cut3(payload []byte) (packet []byte, binary bool, rest []byte, err error) {
	if len(payload) == 0 || payload[0] > binaryPacket {
		return nil, false, nil, ErrLength
	}
	n := 0
	for i, c := range payload[1:] {
		switch {
		case c == lengthEnd && i > 0:
			rest = payload[i+2:]
			if n > len(rest) {
				return nil, false, nil, ErrLength
			}
			return rest[:n:n], payload[0] == binaryPacket, rest[n:], nil
		case c > 9 || i >= maxLengthDigits:
			return nil, false, nil, ErrLength
		}
		if n = n*10 + int(c); n > mostPayload {
			return nil, false, nil, ErrLength
		}
	}
	return nil, false, nil, ErrLength
}

// Repair makes lone surrogates U+FFFD in place and reports whether the text is UTF-8 then.
func Repair(text []byte) bool {
	if utf8.Valid(text) {
		return true
	}
	for i := 0; i+2 < len(text); i++ {
		if text[i] == 0xed && text[i+1]&0xe0 == 0xa0 && text[i+2]&0xc0 == 0x80 {
			i += copy(text[i:], "\uFFFD") - 1
		}
	}
	return utf8.Valid(text)
}
