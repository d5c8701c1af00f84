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
	allow     []Outcome
	reference []Outcome
}

func (r frameRow) attack(p *Probe) Outcome {
	s := Must(p.WebSocket())
	if !r.unjoined {
		if err := join(s); err != nil {
			return Ended(err)
		}
	}
	b := r.bytes
	if r.flood {
		s.Say(b)
		return aliveAfterFlood(s, r.replies...)
	}
	if !r.alone {
		b = append(bytes.Clone(b), TextFrame("4"+aliveEvent)...)
	}
	s.Say(b)
	return framed(s, r.replies)
}

// framed reads up to the acknowledgement or the end, and says which close code
// there was; after a close frame the server has to end the connection as well.
func framed(s *WebSocketSession, replies []string) Outcome {
	var got []string
	for {
		m, err := s.Next()
		if c := (closedError{}); errors.As(err, &c) {
			if s.end() == Hang {
				return Outcome(c.how + " and left open")
			}
			return Outcome(c.how)
		}
		switch {
		case IsTimeout(err):
			return Hang
		case err != nil && isGone(err):
			return Dropped
		case err != nil:
			return Outcome(err.Error())
		case m == aliveAck:
			if strings.Join(got, "\n") != strings.Join(replies, "\n") {
				return Outcome(fmt.Sprintf("%s: %.300q", OtherReplies, got))
			}
			return Open
		}
		got = append(got, m)
	}
}

func frameInputs() []Input {
	var all []Input
	for _, make := range []func() []frameRow{
		headBitRows, controlRows, fragmentRows, closeCodeRows, textRows, lengthRows, frameFloodRows, packetOnWebSocketRows,
	} {
		for _, r := range make() {
			all = append(all, Input{Kind: "frames", Name: r.name, Attack: r.attack, Allow: r.allow, reference: r.reference})
		}
	}
	return append(all, brokenConnectionInputs()...)
}

var (
	protocolError = Outcomes("close 1002")
	notText       = Outcomes("close 1007")
	tooBig        = Outcomes("close 1009")
)

// headBitRows: reserved bits and opcodes.
func headBitRows() []frameRow {
	var rows []frameRow
	echo := `42["message","x"]`
	for rsv := byte(1); rsv < 8; rsv++ {
		for _, op := range []byte{opText, opBinary, OpPing, opClose} {
			rows = append(rows, frameRow{name: fmt.Sprintf("reserved bits %03b, opcode %d", rsv, op),
				bytes: Frame{First: FinBit | rsv<<4 | op, payload: []byte(echo)}.Bytes(), allow: protocolError})
		}
		rows = append(rows, frameRow{name: fmt.Sprintf("reserved bits %03b in a continuation", rsv),
			bytes: append(piece(opText, echo[:5]), Frame{First: FinBit | rsv<<4, payload: []byte(echo[5:])}.Bytes()...), allow: protocolError})
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		rows = append(rows,
			frameRow{name: fmt.Sprintf("opcode %d", op), bytes: Frame{First: FinBit | op, payload: []byte(echo)}.Bytes(), allow: protocolError},
			frameRow{name: fmt.Sprintf("opcode %d, empty", op), bytes: Frame{First: FinBit | op}.Bytes(), allow: protocolError},
			frameRow{name: fmt.Sprintf("opcode %d, fragmented", op), bytes: Frame{First: op, payload: []byte("x")}.Bytes(), allow: protocolError},
			frameRow{name: fmt.Sprintf("opcode %d inside of a message", op),
				bytes: append(piece(opText, echo[:5]), Frame{First: FinBit | op, payload: []byte("x")}.Bytes()...), allow: protocolError})
	}
	for _, op := range []byte{opContinuation, opText, opBinary, opClose, OpPing, opPong} {
		rows = append(rows, frameRow{name: fmt.Sprintf("unmasked, opcode %d", op), bytes: Frame{First: FinBit | op, bare: true, payload: []byte(echo)}.Bytes(), allow: protocolError},
			frameRow{name: fmt.Sprintf("unmasked and empty, opcode %d", op), bytes: Frame{First: FinBit | op, bare: true}.Bytes(), allow: protocolError})
	}
	return rows
}

// controlRows: control frames are whole and have at most 125 bytes.
func controlRows() []frameRow {
	var rows []frameRow
	for _, op := range []byte{opClose, OpPing, opPong} {
		rows = append(rows,
			frameRow{name: fmt.Sprintf("control frame %d, fragmented", op), bytes: Frame{First: op, payload: []byte("\x03\xe8")}.Bytes(), allow: protocolError},
			frameRow{name: fmt.Sprintf("control frame %d, fragmented and empty", op), bytes: Frame{First: op}.Bytes(), allow: protocolError})
		for _, n := range []int{126, 127, 65535, 65536, 1_000_000} {
			payload := append(closeCode(1000), bytes.Repeat([]byte("x"), n-2)...)
			rows = append(rows, frameRow{name: fmt.Sprintf("control frame %d of %d bytes", op, n), bytes: Frame{First: FinBit | op, payload: payload}.Bytes(), allow: protocolError})
		}
		rows = append(rows,
			frameRow{name: fmt.Sprintf("control frame %d in the wide form", op), bytes: Frame{First: FinBit | op, payload: closeCode(1000), wide: 2}.Bytes(), allow: protocolError},
			frameRow{name: fmt.Sprintf("control frame %d announcing 2^63", op), bytes: Frame{First: FinBit | op, announced: new(uint64(1 << 63))}.Bytes(), allow: protocolError})
	}
	return append(rows,
		frameRow{name: "pong unasked", bytes: Frame{First: FinBit | opPong, payload: []byte("x")}.Bytes(), allow: Outcomes(Open)},
		frameRow{name: "ping of 125 bytes", bytes: Frame{First: FinBit | OpPing, payload: bytes.Repeat([]byte{0xff}, 125)}.Bytes(), allow: Outcomes(Open)},
		frameRow{name: "ping inside of a message", replies: []string{`2["message-back",1]`}, allow: Outcomes(Open),
			bytes: append(append(piece(opText, `42["mess`), Frame{First: FinBit | OpPing, payload: []byte("x")}.Bytes()...), Frame{First: FinBit, payload: []byte(`age",1]`)}.Bytes()...)},
		frameRow{name: "close inside of a message", bytes: append(piece(opText, "42["), closeFrame(1000)...), alone: true, allow: Outcomes("close 1000", "close 1005")},
		frameRow{name: "frames after a close", bytes: append(closeFrame(1000), TextFrame(`42["message",1]`)...), allow: Outcomes("close 1000", "close 1005")},
		frameRow{name: "two closes", bytes: append(closeFrame(1000), closeFrame(1001)...), alone: true, allow: Outcomes("close 1000", "close 1005")},
	)
}

// fragmentRows: messages in pieces.
func fragmentRows() []frameRow {
	rows := []frameRow{
		{name: "continuation without a start", bytes: Frame{First: FinBit, payload: []byte("x")}.Bytes(), allow: protocolError},
		{name: "continuation without a start, unfinished", bytes: piece(opContinuation, "x"), allow: protocolError},
		{name: "continuation without a start, empty", bytes: Frame{First: FinBit}.Bytes(), allow: protocolError},
		{name: "continuation after a whole message", bytes: append(TextFrame("3"), Frame{First: FinBit, payload: []byte("x")}.Bytes()...), allow: protocolError},
	}
	for _, first := range []byte{opText, opBinary} {
		for _, second := range []byte{opText, opBinary} {
			for _, fin := range []byte{0, FinBit} {
				rows = append(rows, frameRow{name: fmt.Sprintf("opcode %d inside of a message of opcode %d, fin %v", second, first, fin != 0),
					bytes: append(piece(first, "4"), Frame{First: fin | second, payload: []byte("2[]")}.Bytes()...), allow: protocolError})
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
	letters = append(letters, Frame{First: FinBit}.Bytes()...)
	empties = append(piece(opText, ""), piece(opContinuation, "")...)
	empties = append(empties, Frame{First: FinBit, payload: []byte(echo)}.Bytes()...)
	return append(rows,
		frameRow{name: "letter by letter", bytes: letters, replies: reply, allow: Outcomes(Open)},
		frameRow{name: "empty pieces before the message", bytes: empties, replies: reply, allow: Outcomes(Open)},
		frameRow{name: "an empty message in two pieces", bytes: append(piece(opText, ""), Frame{First: FinBit}.Bytes()...), allow: anyClose},
		frameRow{name: "short form not used, 2 bytes", bytes: Frame{First: FinBit | opText, wide: 2, payload: []byte(echo)}.Bytes(), replies: reply, allow: Outcomes(Open, "close 1002")},
		frameRow{name: "short form not used, 8 bytes", bytes: Frame{First: FinBit | opText, wide: 8, payload: []byte(echo)}.Bytes(), replies: reply, allow: Outcomes(Open, "close 1002")},
	)
}

// anyClose is an orderly end with whatever code but 1011 (which is never fine).
var anyClose = Outcomes("close 1*", "close 3*", "close 4*", Dropped)

// closeCodeRows: only some numbers may stand in a close frame.
func closeCodeRows() []frameRow {
	var rows []frameRow
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 9999, 65535} {
		allow := append(Outcomes(Outcome(fmt.Sprintf("close %d", code))), protocolError...)
		rows = append(rows,
			frameRow{name: fmt.Sprintf("close code %d", code), bytes: closeFrame(code), alone: true, allow: allow},
			frameRow{name: fmt.Sprintf("close code %d with a reason", code), alone: true, allow: allow,
				bytes: Frame{First: FinBit | opClose, payload: append(closeCode(code), "bye"...)}.Bytes()})
	}
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		allow := Outcomes(Outcome(fmt.Sprintf("close %d", code)), "close 1000", "close 1005")
		if code > 1011 {
			allow = append(allow, protocolError...)
		}
		rows = append(rows, frameRow{name: fmt.Sprintf("close code %d", code), bytes: closeFrame(code), alone: true, allow: allow})
	}
	return append(rows,
		frameRow{name: "close of one byte", bytes: Frame{First: FinBit | opClose, payload: []byte{3}}.Bytes(), alone: true, allow: append(Outcomes("close 1005"), protocolError...)},
		frameRow{name: "close without a code", bytes: Frame{First: FinBit | opClose}.Bytes(), alone: true, allow: Outcomes("close 1005", "close 1000")},
		frameRow{name: "close with a reason of 123 bytes", alone: true, allow: Outcomes("close 1000", "close 1005"),
			bytes: Frame{First: FinBit | opClose, payload: append(closeCode(1000), strings.Repeat("r", 123)...)}.Bytes()},
	)
}
