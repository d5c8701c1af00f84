package hostile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// frameRow is a run of raw WebSocket bytes in a joined session, followed by an
// event that wants an acknowledgement.
type frameRow struct {
	name  string
	bytes []byte
	// alone leaves the event out: what is sent is the whole story.
	alone bool
	// unjoined leaves the CONNECT out.
	unjoined bool
	// flood is more than a browser's share: not all of it has to be answered.
	flood     bool
	replies   []string
	allow     []outcome
	reference []outcome
}

func (r frameRow) attack(p *probe) outcome {
	s := must(p.websocket())
	if !r.unjoined {
		if err := join(s); err != nil {
			return ended(err)
		}
	}
	b := r.bytes
	if r.flood {
		s.say(b)
		return aliveAfterFlood(s, r.replies...)
	}
	if !r.alone {
		b = append(bytes.Clone(b), textFrame("4"+aliveEvent)...)
	}
	s.say(b)
	return framed(s, r.replies)
}

// framed reads up to the acknowledgement or the end, and says which close code
// there was; after a close frame the server has to end the connection as well.
func framed(s *websocketSession, replies []string) outcome {
	var got []string
	for {
		m, err := s.next()
		if c := (closedError{}); errors.As(err, &c) {
			if s.end() == hang {
				return outcome(c.how + " and left open")
			}
			return outcome(c.how)
		}
		switch {
		case isTimeout(err):
			return hang
		case err != nil && isGone(err):
			return dropped
		case err != nil:
			return outcome(err.Error())
		case m == aliveAck:
			if strings.Join(got, "\n") != strings.Join(replies, "\n") {
				return outcome(fmt.Sprintf("%s: %.300q", otherReplies, got))
			}
			return open
		}
		got = append(got, m)
	}
}

func frameInputs() []input {
	var all []input
	for _, make := range []func() []frameRow{
		headBitRows, controlRows, fragmentRows, closeCodeRows, textRows, lengthRows, frameFloodRows, packetOnWebSocketRows,
	} {
		for _, r := range make() {
			all = append(all, input{kind: "frames", name: r.name, attack: r.attack, allow: r.allow, reference: r.reference})
		}
	}
	return append(all, brokenConnectionInputs()...)
}

var (
	protocolError = outcomes("close 1002")
	notText       = outcomes("close 1007")
	tooBig        = outcomes("close 1009")
)

// headBitRows: reserved bits and opcodes.
func headBitRows() []frameRow {
	var rows []frameRow
	echo := `42["message","x"]`
	for rsv := byte(1); rsv < 8; rsv++ {
		for _, op := range []byte{opText, opBinary, opPing, opClose} {
			rows = append(rows, frameRow{name: fmt.Sprintf("reserved bits %03b, opcode %d", rsv, op),
				bytes: frame{first: finBit | rsv<<4 | op, payload: []byte(echo)}.bytes(), allow: protocolError})
		}
		rows = append(rows, frameRow{name: fmt.Sprintf("reserved bits %03b in a continuation", rsv),
			bytes: append(piece(opText, echo[:5]), frame{first: finBit | rsv<<4, payload: []byte(echo[5:])}.bytes()...), allow: protocolError})
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		rows = append(rows,
			frameRow{name: fmt.Sprintf("opcode %d", op), bytes: frame{first: finBit | op, payload: []byte(echo)}.bytes(), allow: protocolError},
			frameRow{name: fmt.Sprintf("opcode %d, empty", op), bytes: frame{first: finBit | op}.bytes(), allow: protocolError},
			frameRow{name: fmt.Sprintf("opcode %d, fragmented", op), bytes: frame{first: op, payload: []byte("x")}.bytes(), allow: protocolError},
			frameRow{name: fmt.Sprintf("opcode %d inside of a message", op),
				bytes: append(piece(opText, echo[:5]), frame{first: finBit | op, payload: []byte("x")}.bytes()...), allow: protocolError})
	}
	for _, op := range []byte{opContinuation, opText, opBinary, opClose, opPing, opPong} {
		rows = append(rows, frameRow{name: fmt.Sprintf("unmasked, opcode %d", op), bytes: frame{first: finBit | op, bare: true, payload: []byte(echo)}.bytes(), allow: protocolError},
			frameRow{name: fmt.Sprintf("unmasked and empty, opcode %d", op), bytes: frame{first: finBit | op, bare: true}.bytes(), allow: protocolError})
	}
	return rows
}

// controlRows: control frames are whole and have at most 125 bytes.
func controlRows() []frameRow {
	var rows []frameRow
	for _, op := range []byte{opClose, opPing, opPong} {
		rows = append(rows,
			frameRow{name: fmt.Sprintf("control frame %d, fragmented", op), bytes: frame{first: op, payload: []byte("\x03\xe8")}.bytes(), allow: protocolError},
			frameRow{name: fmt.Sprintf("control frame %d, fragmented and empty", op), bytes: frame{first: op}.bytes(), allow: protocolError})
		for _, n := range []int{126, 127, 65535, 65536, 1_000_000} {
			payload := append(closeCode(1000), bytes.Repeat([]byte("x"), n-2)...)
			rows = append(rows, frameRow{name: fmt.Sprintf("control frame %d of %d bytes", op, n), bytes: frame{first: finBit | op, payload: payload}.bytes(), allow: protocolError})
		}
		rows = append(rows,
			frameRow{name: fmt.Sprintf("control frame %d in the wide form", op), bytes: frame{first: finBit | op, payload: closeCode(1000), wide: 2}.bytes(), allow: protocolError},
			frameRow{name: fmt.Sprintf("control frame %d announcing 2^63", op), bytes: frame{first: finBit | op, announced: new(uint64(1 << 63))}.bytes(), allow: protocolError})
	}
	return append(rows,
		frameRow{name: "pong unasked", bytes: frame{first: finBit | opPong, payload: []byte("x")}.bytes(), allow: outcomes(open)},
		frameRow{name: "ping of 125 bytes", bytes: frame{first: finBit | opPing, payload: bytes.Repeat([]byte{0xff}, 125)}.bytes(), allow: outcomes(open)},
		frameRow{name: "ping inside of a message", replies: []string{`2["message-back",1]`}, allow: outcomes(open),
			bytes: append(append(piece(opText, `42["mess`), frame{first: finBit | opPing, payload: []byte("x")}.bytes()...), frame{first: finBit, payload: []byte(`age",1]`)}.bytes()...)},
		frameRow{name: "close inside of a message", bytes: append(piece(opText, "42["), closeFrame(1000)...), alone: true, allow: outcomes("close 1000", "close 1005")},
		frameRow{name: "frames after a close", bytes: append(closeFrame(1000), textFrame(`42["message",1]`)...), allow: outcomes("close 1000", "close 1005")},
		frameRow{name: "two closes", bytes: append(closeFrame(1000), closeFrame(1001)...), alone: true, allow: outcomes("close 1000", "close 1005")},
	)
}

// fragmentRows: messages in pieces.
func fragmentRows() []frameRow {
	rows := []frameRow{
		{name: "continuation without a start", bytes: frame{first: finBit, payload: []byte("x")}.bytes(), allow: protocolError},
		{name: "continuation without a start, unfinished", bytes: piece(opContinuation, "x"), allow: protocolError},
		{name: "continuation without a start, empty", bytes: frame{first: finBit}.bytes(), allow: protocolError},
		{name: "continuation after a whole message", bytes: append(textFrame("3"), frame{first: finBit, payload: []byte("x")}.bytes()...), allow: protocolError},
	}
	for _, first := range []byte{opText, opBinary} {
		for _, second := range []byte{opText, opBinary} {
			for _, fin := range []byte{0, finBit} {
				rows = append(rows, frameRow{name: fmt.Sprintf("opcode %d inside of a message of opcode %d, fin %v", second, first, fin != 0),
					bytes: append(piece(first, "4"), frame{first: fin | second, payload: []byte("2[]")}.bytes()...), allow: protocolError})
			}
		}
	}
	echo, reply := `42["message","in pieces"]`, []string{`2["message-back","in pieces"]`}
	var letters, empties []byte
	for i := range len(echo) {
		op := opContinuation
		if i == 0 {
			op = opText
		}
		letters = append(letters, piece(op, echo[i:i+1])...)
	}
	letters = append(letters, frame{first: finBit}.bytes()...)
	empties = append(piece(opText, ""), piece(opContinuation, "")...)
	empties = append(empties, frame{first: finBit, payload: []byte(echo)}.bytes()...)
	return append(rows,
		frameRow{name: "letter by letter", bytes: letters, replies: reply, allow: outcomes(open)},
		frameRow{name: "empty pieces before the message", bytes: empties, replies: reply, allow: outcomes(open)},
		frameRow{name: "an empty message in two pieces", bytes: append(piece(opText, ""), frame{first: finBit}.bytes()...), allow: anyClose},
		frameRow{name: "short form not used, 2 bytes", bytes: frame{first: finBit | opText, wide: 2, payload: []byte(echo)}.bytes(), replies: reply, allow: outcomes(open, "close 1002")},
		frameRow{name: "short form not used, 8 bytes", bytes: frame{first: finBit | opText, wide: 8, payload: []byte(echo)}.bytes(), replies: reply, allow: outcomes(open, "close 1002")},
	)
}

// anyClose is an orderly end with whatever code but 1011 (which is never fine).
var anyClose = outcomes("close 1*", "close 3*", "close 4*", dropped)

// closeCodeRows: only some numbers may stand in a close frame.
func closeCodeRows() []frameRow {
	var rows []frameRow
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 9999, 65535} {
		allow := append(outcomes(outcome(fmt.Sprintf("close %d", code))), protocolError...)
		rows = append(rows,
			frameRow{name: fmt.Sprintf("close code %d", code), bytes: closeFrame(code), alone: true, allow: allow},
			frameRow{name: fmt.Sprintf("close code %d with a reason", code), alone: true, allow: allow,
				bytes: frame{first: finBit | opClose, payload: append(closeCode(code), "bye"...)}.bytes()})
	}
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		allow := outcomes(outcome(fmt.Sprintf("close %d", code)), "close 1000", "close 1005")
		if code > 1011 {
			allow = append(allow, protocolError...)
		}
		rows = append(rows, frameRow{name: fmt.Sprintf("close code %d", code), bytes: closeFrame(code), alone: true, allow: allow})
	}
	return append(rows,
		frameRow{name: "close of one byte", bytes: frame{first: finBit | opClose, payload: []byte{3}}.bytes(), alone: true, allow: append(outcomes("close 1005"), protocolError...)},
		frameRow{name: "close without a code", bytes: frame{first: finBit | opClose}.bytes(), alone: true, allow: outcomes("close 1005", "close 1000")},
		frameRow{name: "close with a reason of 123 bytes", alone: true, allow: outcomes("close 1000", "close 1005"),
			bytes: frame{first: finBit | opClose, payload: append(closeCode(1000), strings.Repeat("r", 123)...)}.bytes()},
	)
}
