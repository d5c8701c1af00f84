package hostile

import (
	"encoding/binary"
	"io"
)

// WebSocket opcodes.
const (
	opContinuation byte = 0
	opText         byte = 1
	opBinary       byte = 2
	opClose        byte = 8
	OpPing         byte = 9
	opPong         byte = 10
)

// FinBit is the bit of a frame's first byte that ends a message.
const FinBit byte = 0x80

// Frame is one WebSocket frame as a client writes it, with everything that may
// be wrong with it.
type Frame struct {
	// First is the whole first byte: FIN, RSV1 to RSV3, opcode.
	First byte
	// bare leaves the mask out.
	bare bool
	// announced replaces the length of the payload; nil tells the truth.
	announced *uint64
	// wide is the number of length bytes: 0 picks the shortest form, 2 and 8 force
	// a longer one.
	wide    int
	payload []byte
}

// Bytes encodes the frame.
func (f Frame) Bytes() []byte {
	length := uint64(len(f.payload))
	if f.announced != nil {
		length = *f.announced
	}
	mask := byte(0x80)
	if f.bare {
		mask = 0
	}
	b := []byte{f.First}
	switch {
	case f.wide == 8 || f.wide == 0 && length > 0xffff:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), length)
	case f.wide == 2 || f.wide == 0 && length > 125:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(length))
	default:
		b = append(b, mask|byte(length))
	}
	if f.bare {
		return append(b, f.payload...)
	}
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(b, key[:]...)
	for i, c := range f.payload {
		b = append(b, c^key[i%4])
	}
	return b
}

// TextFrame and the others are whole, correct frames.
func TextFrame(s string) []byte { return Frame{First: FinBit | opText, payload: []byte(s)}.Bytes() }

// BinaryFrame is a whole binary message in one frame.
func BinaryFrame(b []byte) []byte { return Frame{First: FinBit | opBinary, payload: b}.Bytes() }
func closeFrame(code int) []byte {
	return Frame{First: FinBit | opClose, payload: closeCode(code)}.Bytes()
}
func closeCode(code int) []byte      { return binary.BigEndian.AppendUint16(nil, uint16(code)) }
func piece(op byte, s string) []byte { return Frame{First: op, payload: []byte(s)}.Bytes() }

// readFrame reads one frame of the server.
func readFrame(r io.Reader) (first byte, payload []byte, err error) {
	var head [2]byte
	if _, err = io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	length := uint64(head[1] & 0x7f)
	var ext [8]byte
	switch length {
	case 126:
		if _, err = io.ReadFull(r, ext[6:]); err != nil {
			return 0, nil, err
		}
		length = binary.BigEndian.Uint64(ext[:])
	case 127:
		if _, err = io.ReadFull(r, ext[:]); err != nil {
			return 0, nil, err
		}
		length = binary.BigEndian.Uint64(ext[:])
	}
	if head[1]&0x80 != 0 || length > 16<<20 {
		return 0, nil, closedError{"a frame that is masked or huge"}
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(r, payload)
	return head[0], payload, err
}
