package msgpacket

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"time"
)

// The types of extensions that a client writes.
const (
	extNotepack  = 0  // what notepack.io 2 made up: undefined, dates and typed arrays
	extTimestamp = -1 // dates of everybody else
)

// extension writes what an ext means. Those that mean nothing to anybody here are refused.
//
// Source: notepack.io 2.2, lib/encode.js. Spec: msgpack spec.md, Timestamp extension type.
func (t *transcoder) extension(v token) error {
	raw := t.take(v)
	switch v.ext {
	case extNotepack:
		switch {
		case v.kind == extKind:
			return t.binary(raw)
		case v.n == 1: // undefined, where it cannot be left out
			t.out = append(t.out, "null"...)
		case v.n == 8:
			t.out = appendDate(t.out, int64(binary.BigEndian.Uint64(raw)))
		default:
			return errExt
		}
	case extTimestamp:
		var seconds int64
		var nanoseconds uint32
		switch v.n {
		case 4:
			seconds = int64(binary.BigEndian.Uint32(raw))
		case 8:
			both := binary.BigEndian.Uint64(raw)
			seconds, nanoseconds = int64(both&(1<<34-1)), uint32(both>>34)
		case 12:
			seconds, nanoseconds = int64(binary.BigEndian.Uint64(raw[4:])), binary.BigEndian.Uint32(raw)
		default:
			return errExt
		}
		t.out = appendTimestamp(t.out, seconds, nanoseconds)
	default:
		return errExt
	}
	t.note(nil)
	return nil
}

// mostMilliseconds is as far from 1970 as a JavaScript date goes.
//
// Spec: ECMA-262, Time Values and Time Range.
const mostMilliseconds = 8_640_000_000_000_000

func appendTimestamp(out []byte, seconds int64, nanoseconds uint32) []byte {
	if seconds > mostMilliseconds/1000 || seconds < -mostMilliseconds/1000 {
		return append(out, "null"...)
	}
	return appendDate(out, seconds*1000+int64(nanoseconds/1_000_000))
}

// appendDate writes milliseconds since 1970 as Date.prototype.toJSON does. A date that is none is null.
func appendDate(out []byte, milliseconds int64) []byte {
	if milliseconds > mostMilliseconds || milliseconds < -mostMilliseconds {
		return append(out, "null"...)
	}
	at := time.UnixMilli(milliseconds).UTC()
	if year := at.Year(); year < 0 || year > 9999 {
		out = fmt.Appendf(out, `"%+07d`, year)
		return at.AppendFormat(out, `-01-02T15:04:05.000Z"`)
	}
	return at.AppendFormat(out, `"2006-01-02T15:04:05.000Z"`)
}

// appendBuffer writes binary as JSON.stringify writes a Node.js Buffer.
func appendBuffer(out, raw []byte) []byte {
	out = append(out, `{"type":"Buffer","data":[`...)
	for i, b := range raw {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendUint(out, uint64(b), 10)
	}
	return append(out, "]}"...)
}
