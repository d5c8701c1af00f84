package engineio

import (
	"encoding/binary"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

// next takes one packet, or the control frames that stand before one, from what has arrived; what is found says
// which. A packet's data refers to the buffer and is valid until bytes are added to them. hold leaves
// messages where they are. Errors are a *fault or a *closeFrameError.
func (w *webSocket) next(in *inputBuffer, hold bool) (p eiopacket.Packet, found portion, err error) {
	found, n, err := in.message(w.session.server.config.MaxPayload, hold)
	if err != nil || n == 0 {
		return p, found, err
	}
	frames := in.bytes()[:n]
	in.take(n)
	binary, data, control, err := w.open(frames)
	in.controls = control
	if err != nil || found == controlFrames {
		return p, found, err
	}
	p, err = decode(binary, data)
	return p, found, err
}

// decode reads the packet in a message.
func decode(binary bool, data []byte) (p eiopacket.Packet, err error) {
	if binary {
		return eiopacket.Packet{Type: eiopacket.Message, Binary: true, Data: data}, nil
	}
	if !utf8.Valid(data) {
		return p, errWSText
	}
	if p, err = eiopacket.Decode(data); err != nil {
		return p, &fault{0, ReasonParseError, err}
	}
	return p, nil
}

// open takes the masks off whole frames that message has found to be as they should, acts on control
// frames, and returns the message that the others make, put together where the first of them stands. Of several
// pings the last one is answered, as RFC 6455, 5.5.3 allows.
func (w *webSocket) open(frames []byte) (binary bool, data []byte, control int, err error) {
	var ping [maxControl]byte // a copy: what follows is put together over it
	pinged := -1              // its length; negative: none came
	for len(frames) > 0 {
		h, _ := frameHeader(frames)
		key, payload := [4]byte(frames[h.length-4:h.length]), frames[h.length:][:h.size]
		frames = frames[h.length+int(h.size):]
		unmask(payload, key)
		if !h.data() {
			control++
		}
		switch h.opcode {
		case opPong:
		case opPing:
			pinged = copy(ping[:], payload)
		case opClose:
			return false, nil, control, readClose(payload)
		case opContinuation:
			data = append(data, payload...)
		default:
			binary, data = h.opcode == opBinary, payload
		}
	}
	if pinged >= 0 {
		err = w.writer.pongLater(string(ping[:pinged]))
	}
	return binary, data, control, err
}

// unmask takes a mask off, eight bytes at a time.
func unmask(p []byte, key [4]byte) {
	half := binary.LittleEndian.Uint32(key[:])
	if half == 0 {
		return
	}
	for whole := uint64(half)<<32 | uint64(half); len(p) >= 8; p = p[8:] {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^whole)
	}
	for i := range p {
		p[i] ^= key[i&3]
	}
}

// closeFrameError is the browser's close frame.
type closeFrameError struct {
	code int // 1005: none in the frame
	text string
}

// Error implements error.
func (e *closeFrameError) Error() string {
	return "engineio: the browser closed the WebSocket: " + strconv.Itoa(e.code) + " " + e.text
}

// readClose reads the payload of a close frame. One byte of it means as much as none, as gorilla has it.
func readClose(payload []byte) error {
	if len(payload) < 2 {
		return &closeFrameError{code: closeNoStatus}
	}
	code, text := int(binary.BigEndian.Uint16(payload)), payload[2:]
	switch {
	case !mayClose(code):
		return protocolFault("bad close code " + strconv.Itoa(code))
	case !utf8.Valid(text):
		return errWSText
	}
	return &closeFrameError{code, string(text)}
}

// mayClose reports whether a browser may close with a code: those of RFC 6455, 7.4.1 and of the registry that
// it founds (1012, 1013), and the free ones.
func mayClose(code int) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1013, code >= 3000 && code <= 4999:
		return true
	}
	return false
}

// protocolFault is a frame that RFC 6455 does not allow.
func protocolFault(what string) error {
	return &fault{closeProtocol, ReasonTransportError, errors.New("websocket: " + what)}
}
