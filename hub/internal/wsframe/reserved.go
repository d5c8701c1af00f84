package wsframe

import "encoding/binary"

// RSV1Checker checks the frame headers that pass and stops at one whose RSV1 bit stands where
// RFC 7692, 6.1 does not allow it: on anything but the first frame of a message. gorilla takes the bit
// on every frame once permessage-deflate is agreed. It is used only then.
type RSV1Checker struct {
	head    [10]byte // of a frame: as much as says how long it is
	got     int      // bytes of head
	payload uint64   // bytes of the frame that are still to pass, mask included
	stopped bool
}

// Read hands on what next reads, up to the fault.
func (w *RSV1Checker) Read(p []byte, next func([]byte) (int, error)) (int, error) {
	for {
		if w.stopped {
			return 0, ErrReserved
		}
		n, err := next(p)
		if err != nil {
			return n, err
		}
		if n = w.pass(p[:n]); n > 0 {
			return n, nil
		}
	}
}

// pass returns how many of the bytes may pass. Fewer than all means that the fault follows them.
func (w *RSV1Checker) pass(p []byte) int {
	for i := 0; i < len(p); {
		if w.stopped {
			return i
		}
		if w.payload > 0 {
			n := min(w.payload, uint64(len(p)-i))
			w.payload -= n
			i += int(n)
			continue
		}
		w.head[w.got] = p[i]
		if w.got == 0 && invalidRSV1(p[i]) {
			w.stopped = true
			return i
		}
		w.got++
		i++
		w.measure()
	}
	return len(p)
}

// measure finds the length of the frame once its header is complete.
func (w *RSV1Checker) measure() {
	if w.got < 2 {
		return
	}
	size, need := uint64(w.head[1]&0x7f), 2
	switch size {
	case 126:
		need = 4
	case 127:
		need = 10
	}
	if w.got < need {
		return
	}
	switch need {
	case 4:
		size = uint64(binary.BigEndian.Uint16(w.head[2:]))
	case 10:
		size = binary.BigEndian.Uint64(w.head[2:])
	}
	if w.head[1]&0x80 != 0 {
		size += 4 // a length near 2^64 is refused by gorilla, whatever comes of this sum
	}
	w.payload, w.got = size, 0
}

// invalidRSV1 reports whether the first byte of a frame has the bit on a continuation or a control
// frame.
func invalidRSV1(first byte) bool {
	opcode := first & 0xf
	return first&0x40 != 0 && (opcode == 0 || opcode >= 8)
}
