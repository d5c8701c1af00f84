package v09

import (
	"bytes"
	"strconv"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

// A body with several packets has the length of each in front, between two U+FFFD. A length is a number of UTF-16 code
// units, as JavaScript counts. One packet alone stands as it is.
//
//	U+FFFD 5 U+FFFD 3:::a U+FFFD 6 U+FFFD 3:::bc

const (
	mark = "\uFFFD"
	// maxLengthDigits are more than a body can need.
	maxLengthDigits = 12
)

// AppendPayload appends packets as a body, or as a message.
func AppendPayload(dst []byte, packets [][]byte) []byte {
	if len(packets) == 1 {
		return append(dst, packets[0]...)
	}
	for _, p := range packets {
		dst = append(dst, mark...)
		dst = strconv.AppendInt(dst, int64(eiopacket.Units(p)), 10)
		dst = append(append(dst, mark...), p...)
	}
	return dst
}

// Cut splits a body, which is valid UTF-8 and not empty, after its first packet.
func Cut(payload []byte) (packet, rest []byte, err error) {
	framed, ok := bytes.CutPrefix(payload, []byte(mark))
	if !ok {
		return payload, nil, nil
	}
	digits, _, ok := bytes.Cut(framed[:min(len(framed), maxLengthDigits+len(mark))], []byte(mark))
	if !ok {
		return nil, nil, ErrLength
	}
	n, err := strconv.ParseUint(string(digits), 10, 31)
	if err != nil {
		return nil, nil, ErrLength
	}
	rest = framed[len(digits)+len(mark):]
	end, ok := eiopacket.CutUnits(rest, int(n))
	if !ok {
		return nil, nil, ErrLength
	}
	return rest[:end:end], rest[end:], nil
}
