package wsframe

import "encoding/binary"

// A server never masks and never fragments.
//
// Spec: RFC 6455, 5.2.
const (
	// FinalBit marks the only or last frame of a message.
	FinalBit = 0x80
	// CompressedBit is RSV1: it marks the first frame of a message that is compressed. It goes with the opcode.
	//
	// Spec: RFC 7692, 6.
	CompressedBit = 0x40
	// Headroom is the longest header of a frame that a server sends.
	Headroom = 10
)

// Opcodes of RFC 6455, 5.2.
const (
	OpcodeContinuation = 0
	OpcodeText         = 1
	OpcodeBinary       = 2
	OpcodeClose        = 8
	OpcodePing         = 9
	OpcodePong         = 10
)

// HeaderLen is the length of the header in front of so many bytes.
func HeaderLen(payload int) int {
	switch {
	case payload < 126:
		return 2
	case payload < 1<<16:
		return 4
	}
	return Headroom
}

// PutHeader writes the header of a whole message into b, which has HeaderLen bytes for it.
func PutHeader(b []byte, opcode byte, payload int) {
	b[0] = FinalBit | opcode
	switch {
	case payload < 126:
		b[1] = byte(payload)
	case payload < 1<<16:
		b[1] = 126
		binary.BigEndian.PutUint16(b[2:], uint16(payload))
	default:
		b[1] = 127
		binary.BigEndian.PutUint64(b[2:], uint64(payload))
	}
}

// Pong is a pong with the ping's data, which has been found to be 125 bytes at most.
func Pong(data []byte) []byte {
	return append([]byte{FinalBit | OpcodePong, byte(len(data))}, data...)
}

// Close is a close frame: with this code, 1000 for 0, none for 1005.
func Close(code int) []byte {
	switch code {
	case CloseNoStatus:
		return []byte{FinalBit | OpcodeClose, 0}
	case 0, CloseAbnormal:
		code = CloseNormal
	}
	return binary.BigEndian.AppendUint16([]byte{FinalBit | OpcodeClose, 2}, uint16(code))
}
