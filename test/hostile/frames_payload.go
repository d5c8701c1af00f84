package hostile

import (
	"bytes"
	"fmt"
	"strings"
)

// badText are byte strings that are not UTF-8.
var badText = map[string]string{
	"C0 80": "\xc0\x80", "C0 AF": "\xc0\xaf", "C1 BF": "\xc1\xbf", "E0 80 80": "\xe0\x80\x80", "E0 9F BF": "\xe0\x9f\xbf", "surrogate D800": "\xed\xa0\x80",
	"surrogate DFFF": "\xed\xbf\xbf", "surrogate pair": "\xed\xa0\xbd\xed\xb8\x80", "F0 80 80 80": "\xf0\x80\x80\x80", "F0 8F BF BF": "\xf0\x8f\xbf\xbf",
	"F4 90 80 80": "\xf4\x90\x80\x80", "F5": "\xf5\x80\x80\x80", "F8": "\xf8\x88\x80\x80\x80", "FC": "\xfc\x84\x80\x80\x80\x80", "FE": "\xfe", "FF": "\xff",
	"a lone continuation": "\x80", "64 continuations": strings.Repeat("\x80", 64), "a cut two-byte letter": "\xc3", "a cut three-byte letter": "\xe2\x82", "a cut four-byte letter": "\xf0\x9f\x98",
}

// textRows: text is UTF-8, whatever the pieces it comes in.
func textRows() []frameRow {
	var rows []frameRow
	for name, bad := range badText {
		whole := `42["message","` + bad + `"]`
		at := len(`42["message","`) + 1
		pieces := append(piece(opText, whole[:at]), Frame{First: FinBit, payload: []byte(whole[at:])}.Bytes()...)
		reason := Frame{First: FinBit | opClose, payload: append(closeCode(1000), bad...)}.Bytes()
		rows = append(rows,
			frameRow{name: "text with " + name, bytes: TextFrame(whole), allow: notText},
			frameRow{name: "text in pieces with " + name, bytes: pieces, allow: notText},
			frameRow{name: "close reason with " + name, bytes: reason, alone: true, allow: notText})
	}
	good := `42["message","é€😀"]`
	for at := len(`42["message","`); at < len(good)-2; at++ {
		rows = append(rows, frameRow{name: fmt.Sprintf("UTF-8 cut at byte %d", at), replies: []string{`2["message-back","é€😀"]`}, allow: Outcomes(Open),
			bytes: append(piece(opText, good[:at]), Frame{First: FinBit, payload: []byte(good[at:])}.Bytes()...)})
	}
	return append(rows,
		frameRow{name: "text that ends within a letter", bytes: append(piece(opText, "3\xe2"), Frame{First: FinBit, payload: []byte("\x82")}.Bytes()...), allow: notText},
		frameRow{name: "text of 900 kB that is not UTF-8 at its end", bytes: TextFrame("6" + strings.Repeat("x", 900_000) + "\xff"), allow: notText},
		frameRow{name: "UTF-8 that is no character", bytes: TextFrame("42[\"message\",\"\uffff\ufdd0\U0010ffff\"]"), replies: []string{"2[\"message-back\",\"\uffff\ufdd0\U0010ffff\"]"}, allow: Outcomes(Open)},
	)
}

// lengthRows: a length is believed only as far as the limit.
func lengthRows() []frameRow {
	var rows []frameRow
	for name, n := range map[string]uint64{
		"the limit and one": MaxPayload + 1, "2^20": 1 << 20, "2^31-1": 1<<31 - 1, "2^31": 1 << 31, "2^32": 1 << 32, "2^53-1": 1<<53 - 1, "2^53": 1 << 53, "2^62": 1 << 62, "2^63-1": 1<<63 - 1,
		"2^63": 1 << 63, "2^63+5": 1<<63 + 5, "2^64-1": 1<<64 - 1,
	} {
		allow := tooBig
		if n >= 1<<63 {
			allow = append(Outcomes("close 1002"), tooBig...)
		}
		for _, op := range []byte{opText, opBinary} {
			rows = append(rows, frameRow{name: fmt.Sprintf("announced %s, opcode %d", name, op), allow: allow,
				bytes: Frame{First: FinBit | op, announced: &n, payload: []byte("4")}.Bytes(), alone: true})
		}
		rows = append(rows, frameRow{name: "second piece announced " + name, allow: allow, alone: true,
			bytes: append(piece(opText, "6xx"), Frame{First: FinBit, announced: &n, payload: []byte("4")}.Bytes()...)})
	}
	half := strings.Repeat("x", 600_000)
	sum := append(piece(opText, "6"+half), Frame{First: FinBit, payload: []byte(half)}.Bytes()...)
	var many []byte
	for i := range 12 {
		op := opContinuation
		if i == 0 {
			op = opText
		}
		many = append(many, piece(op, "6"+half[:100_000])...)
	}
	noop := "6" + strings.Repeat("x", MaxPayload-1)
	return append(rows,
		frameRow{name: "sum of two pieces over the limit", bytes: sum, allow: tooBig},
		frameRow{name: "sum of twelve pieces over the limit", bytes: many, allow: tooBig},
		frameRow{name: "sum that overflows 64 bits", allow: append(Outcomes("close 1002"), tooBig...), alone: true,
			bytes: append(piece(opText, "6xxxxxxxx"), Frame{First: FinBit, announced: new(uint64(1<<64 - 8)), payload: []byte("x")}.Bytes()...)},
		frameRow{name: "sum that overflows 63 bits", allow: tooBig, alone: true,
			bytes: append(piece(opText, "6xxxxxxxx"), Frame{First: FinBit, announced: new(uint64(1<<63 - 8)), payload: []byte("x")}.Bytes()...)},
		frameRow{name: "over the limit by one byte, whole", bytes: TextFrame(noop + "x"), allow: tooBig},
		frameRow{name: "over the limit, binary", bytes: BinaryFrame(make([]byte, MaxPayload+1)), allow: tooBig},
		frameRow{name: "exactly the limit", bytes: TextFrame(noop), allow: Outcomes(Open)},
		frameRow{name: "exactly the limit in pieces", bytes: append(piece(opText, noop[:500_000]), Frame{First: FinBit, payload: []byte(noop[500_000:])}.Bytes()...), allow: Outcomes(Open)},
	)
}

// frameFloodRows: many small frames.
func frameFloodRows() []frameRow {
	repeat := func(b []byte, n int) []byte { return bytes.Repeat(b, n) }
	taken := append(Outcomes(Open, "close 1008", "close 1009"), protocolError...)
	pieces := func(n int, s string) []byte {
		b := append(piece(opText, `42["x","`), repeat(piece(opContinuation, s), n)...)
		return append(b, Frame{First: FinBit, payload: []byte(`"]`)}.Bytes()...)
	}
	ping := Frame{First: FinBit | OpPing, payload: []byte(strings.Repeat("p", 125))}.Bytes()
	pong := Frame{First: FinBit | opPong, payload: []byte(strings.Repeat("p", 125))}.Bytes()
	loose := append(anyClose, Open, Closed)
	long, longer := strings.Repeat("e", 100), strings.Repeat("e", 100_000)
	return []frameRow{
		{name: "30000 pieces of one byte", bytes: pieces(30_000, "x"), allow: taken},
		{name: "100000 empty pieces", bytes: pieces(100_000, ""), allow: taken},
		{name: "30000 pieces, never ended", bytes: repeat(piece(opContinuation, "x"), 30_000), allow: protocolError},
		{name: "20000 pings, unread", bytes: repeat(ping, 20_000), allow: loose},
		{name: "100000 empty pings, unread", bytes: repeat(Frame{First: FinBit | OpPing}.Bytes(), 100_000), allow: loose},
		{name: "20000 pongs", bytes: repeat(pong, 20_000), allow: loose},
		{name: "100000 Engine.IO pongs", bytes: repeat(TextFrame("3"), 100_000), allow: loose},
		{name: "100000 Engine.IO noops", bytes: repeat(TextFrame("6"), 100_000), allow: loose},
		{name: "10000 events that nobody answers", bytes: repeat(TextFrame(`42["x"]`), 10_000), flood: true, allow: loose},
		{name: "10000 echoes, unread", bytes: repeat(TextFrame(`42["message","`+long+`"]`), 10_000), flood: true, replies: []string{`2["message-back","` + long + `"]`}, allow: loose},
		{name: "200 echoes of 100 kB, unread", bytes: repeat(TextFrame(`42["message","`+longer+`"]`), 200), flood: true, replies: []string{`2["message-back","` + longer + `"]`}, allow: loose},
		{name: "10000 unknown namespaces", bytes: repeat(TextFrame("40/nowhere,"), 10_000), allow: append(loose, OtherReplies+"*")},
		{name: "pings between 1000 pieces", bytes: append(append(piece(opText, "6"), repeat(append(ping, piece(opContinuation, "x")...), 1000)...), Frame{First: FinBit}.Bytes()...), allow: taken},
	}
}

// packetOnWebSocketRows: Engine.IO packets that WebSocket frames carry.
func packetOnWebSocketRows() []frameRow {
	var rows []frameRow
	for _, m := range []string{"", "7", "8x", "9", "a", "\x00", "é", "-1", "４0", " 40", "{}", "2", "2probe", "2" + strings.Repeat("x", 1000), "4", "4x", "1", "1x", "b", "bAQID", "b!!!", "\ufeff40", "40\x1e40"} {
		row := frameRow{name: fmt.Sprintf("text message %.20q", m), bytes: TextFrame(m), allow: anyClose}
		if strings.HasPrefix(m, "1") { // a known accident: it is ignored
			row.reference = Outcomes(Open)
		}
		rows = append(rows, row)
	}
	for _, m := range []string{"3", "3probe", "6", "6x", "0", `0{"sid":"x"}`, "5", "5x", "3" + strings.Repeat("x", 1000)} {
		rows = append(rows, frameRow{name: fmt.Sprintf("text message %.20q", m), bytes: TextFrame(m), allow: Outcomes(Open)})
	}
	for name, b := range map[string][]byte{"empty": {}, "one byte": {4}, "an event": []byte(`42["x"]`), "900 kB": make([]byte, 900_000), "v3": {4, 1, 2, 3}} {
		rows = append(rows, frameRow{name: "binary unannounced, " + name, bytes: BinaryFrame(b), allow: anyClose},
			frameRow{name: "binary before joining, " + name, bytes: BinaryFrame(b), unjoined: true, allow: anyClose})
	}
	return rows
}

// brokenConnectionInputs: the connection ends at every step of its life.
func brokenConnectionInputs() []Input {
	var all []Input
	steps := map[string]func(*Probe) *Wire{
		"after connecting":     func(p *Probe) *Wire { return p.dial() },
		"after half a request": func(p *Probe) *Wire { w := p.dial(); w.Say([]byte("GET /socket.io/?EIO=4&tra")); return w },
		"after the opening request": func(p *Probe) *Wire {
			w := p.dial()
			w.Say([]byte(upgradeHead(WebSocketPath, p.Target.Addr) + "\r\n"))
			return w
		},
		"with a frame in the request": func(p *Probe) *Wire {
			w := p.dial()
			w.Say(append([]byte(upgradeHead(WebSocketPath, p.Target.Addr)+"\r\n"), 0xf1, 0x80))
			return w
		},
		"after the open packet": func(p *Probe) *Wire { return Must(p.WebSocket()).Wire },
		"after CONNECT":         func(p *Probe) *Wire { s := Must(p.WebSocket()); s.Send("0"); return s.Wire },
		"after joining":         func(p *Probe) *Wire { s := Must(p.WebSocket()); _ = join(s); return s.Wire },
		"after an event": func(p *Probe) *Wire {
			s := Must(p.WebSocket())
			_ = join(s)
			s.Send(`21["message-with-ack",1]`)
			return s.Wire
		},
		"in a frame's head":   func(p *Probe) *Wire { s := Must(p.WebSocket()); s.Say([]byte{0x81}); return s.Wire },
		"in a frame":          func(p *Probe) *Wire { s := Must(p.WebSocket()); s.Say(TextFrame("40")[:6]); return s.Wire },
		"in a message":        func(p *Probe) *Wire { s := Must(p.WebSocket()); s.Say(piece(opText, "4")); return s.Wire },
		"after a bad frame":   func(p *Probe) *Wire { s := Must(p.WebSocket()); s.Say([]byte{0xf1, 0x80, 0, 0, 0, 0}); return s.Wire },
		"after a close frame": func(p *Probe) *Wire { s := Must(p.WebSocket()); s.Say(closeFrame(1000)); return s.Wire },
	}
	for name, step := range steps {
		all = append(all,
			Input{Kind: "frames", Name: "reset " + name, Allow: Outcomes(Sent), Attack: func(p *Probe) Outcome { step(p).Reset(); return Sent }},
			Input{Kind: "frames", Name: "closed " + name, Allow: Outcomes(Sent), Attack: func(p *Probe) Outcome { _ = step(p).Close(); return Sent }},
			Input{Kind: "frames", Name: "half-closed " + name, Allow: Outcomes(Dropped), Attack: func(p *Probe) Outcome { w := step(p); w.HangUp(); return w.end() }})
	}
	return all
}
