package wire

import "encoding/binary"

// shape reports whether b begins with one whole MessagePack value that is nested at most MaxDepth deep, and that nothing
// follows it. It allocates nothing and does not recurse, so it is safe for whatever comes; after it each length that a
// decoder reads has the bytes that it promises.
func shape(b []byte) error {
	var left [MaxDepth]uint64 // values that are still to come, for each open level
	depth := 0
	left[0] = 1
	for {
		for left[depth] == 0 {
			if depth == 0 {
				if len(b) != 0 {
					return malformed("something after the body")
				}
				return nil
			}
			depth--
		}
		left[depth]--
		size, inner, err := head(b)
		if err != nil {
			return err
		}
		b = b[size:]
		if inner == 0 {
			continue
		}
		if inner > uint64(len(b)) { // each value takes a byte at least
			return malformed("more values than bytes")
		}
		if depth++; depth == MaxDepth {
			return ErrTooLarge
		}
		left[depth] = inner
	}
}

// head reads what a value begins with: how many bytes to step over, and how many values are inside.
func head(b []byte) (size int, inner uint64, err error) {
	if len(b) == 0 {
		return 0, 0, malformed("it ends too soon")
	}
	c := b[0]
	switch {
	case c <= 0x7f || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3:
		return 1, 0, nil
	case c <= 0x8f:
		return 1, 2 * uint64(c&0x0f), nil
	case c <= 0x9f:
		return 1, uint64(c & 0x0f), nil
	case c <= 0xbf:
		return fit(b, 1, uint64(c&0x1f))
	}
	switch c {
	case 0xc4, 0xd9: // bin8, str8
		n, err := length(b, 1)
		if err != nil {
			return 0, 0, err
		}
		return fit(b, 2, n)
	case 0xc5, 0xda:
		n, err := length(b, 2)
		if err != nil {
			return 0, 0, err
		}
		return fit(b, 3, n)
	case 0xc6, 0xdb:
		n, err := length(b, 4)
		if err != nil {
			return 0, 0, err
		}
		return fit(b, 5, n)
	case 0xcc, 0xd0:
		return fit(b, 1, 1)
	case 0xcd, 0xd1:
		return fit(b, 1, 2)
	case 0xca, 0xce, 0xd2:
		return fit(b, 1, 4)
	case 0xcb, 0xcf, 0xd3:
		return fit(b, 1, 8)
	}
	return many(b)
}

// many is the rest of head: arrays and maps with lengths of their own. Extensions are not spoken here.
func many(b []byte) (size int, inner uint64, err error) {
	width := 2
	if b[0] == 0xdd || b[0] == 0xdf {
		width = 4
	}
	n, err := length(b, width)
	if err != nil {
		return 0, 0, err
	}
	switch b[0] {
	case 0xdc, 0xdd:
		return 1 + width, n, nil
	case 0xde, 0xdf:
		return 1 + width, 2 * n, nil
	}
	return 0, 0, malformed("a kind of value that is not spoken")
}

func length(b []byte, width int) (uint64, error) {
	if len(b) <= width {
		return 0, malformed("it ends too soon")
	}
	switch width {
	case 1:
		return uint64(b[1]), nil
	case 2:
		return uint64(binary.BigEndian.Uint16(b[1:])), nil
	}
	return uint64(binary.BigEndian.Uint32(b[1:])), nil
}

func fit(b []byte, size int, n uint64) (int, uint64, error) {
	if uint64(len(b)-size) < n {
		return 0, 0, malformed("it ends too soon")
	}
	return size + int(n), 0, nil
}
