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
		pieces := append(piece(opText, whole[:at]), frame{first: finBit, payload: []byte(whole[at:])}.bytes()...)
		reason := frame{first: finBit | opClose, payload: append(closeCode(1000), bad...)}.bytes()
		rows = append(rows,
			frameRow{name: "text with " + name, bytes: textFrame(whole), allow: notText},
			frameRow{name: "text in pieces with " + name, bytes: pieces, allow: notText},
			frameRow{name: "close reason with " + name, bytes: reason, alone: true, allow: notText})
	}
	good := `42["message","é€😀"]`
	for at := len(`42["message","`); at < len(good)-2; at++ {
		rows = append(rows, frameRow{name: fmt.Sprintf("UTF-8 cut at byte %d", at), replies: []string{`2["message-back","é€😀"]`}, allow: outcomes(open),
			bytes: append(piece(opText, good[:at]), frame{first: finBit, payload: []byte(good[at:])}.bytes()...)})
	}
	return append(rows,
		frameRow{name: "text that ends within a letter", bytes: append(piece(opText, "3\xe2"), frame{first: finBit, payload: []byte("\x82")}.bytes()...), allow: notText},
		frameRow{name: "text of 900 kB that is not UTF-8 at its end", bytes: textFrame("6" + strings.Repeat("x", 900_000) + "\xff"), allow: notText},
		frameRow{name: "UTF-8 that is no character", bytes: textFrame("42[\"message\",\"\uffff\ufdd0\U0010ffff\"]"), replies: []string{"2[\"message-back\",\"\uffff\ufdd0\U0010ffff\"]"}, allow: outcomes(open)},
	)
}

// lengthRows: a length is believed only as far as the limit.
func lengthRows() []frameRow {
	var rows []frameRow
	for name, n := range map[string]uint64{
		"the limit and one": maxPayload + 1, "2^20": 1 << 20, "2^31-1": 1<<31 - 1, "2^31": 1 << 31, "2^32": 1 << 32, "2^53-1": 1<<53 - 1, "2^53": 1 << 53, "2^62": 1 << 62, "2^63-1": 1<<63 - 1,
		"2^63": 1 << 63, "2^63+5": 1<<63 + 5, "2^64-1": 1<<64 - 1,
	} {
		allow := tooBig
		if n >= 1<<63 {
			allow = append(outcomes("close 1002"), tooBig...)
		}
		for _, op := range []byte{opText, opBinary} {
			rows = append(rows, frameRow{name: fmt.Sprintf("announced %s, opcode %d", name, op), allow: allow,
				bytes: frame{first: finBit | op, announced: &n, payload: []byte("4")}.bytes(), alone: true})
		}
		rows = append(rows, frameRow{name: "second piece announced " + name, allow: allow, alone: true,
			bytes: append(piece(opText, "6xx"), frame{first: finBit, announced: &n, payload: []byte("4")}.bytes()...)})
	}
	half := strings.Repeat("x", 600_000)
	sum := append(piece(opText, "6"+half), frame{first: finBit, payload: []byte(half)}.bytes()...)
	var many []byte
	for i := range 12 {
		op := opContinuation
		if i == 0 {
			op = opText
		}
		many = append(many, piece(op, "6"+half[:100_000])...)
	}
	noop := "6" + strings.Repeat("x", maxPayload-1)
	return append(rows,
		frameRow{name: "sum of two pieces over the limit", bytes: sum, allow: tooBig},
		frameRow{name: "sum of twelve pieces over the limit", bytes: many, allow: tooBig},
		frameRow{name: "sum that overflows 64 bits", allow: append(outcomes("close 1002"), tooBig...), alone: true,
			bytes: append(piece(opText, "6xxxxxxxx"), frame{first: finBit, announced: new(uint64(1<<64 - 8)), payload: []byte("x")}.bytes()...)},
		frameRow{name: "sum that overflows 63 bits", allow: tooBig, alone: true,
			bytes: append(piece(opText, "6xxxxxxxx"), frame{first: finBit, announced: new(uint64(1<<63 - 8)), payload: []byte("x")}.bytes()...)},
		frameRow{name: "over the limit by one byte, whole", bytes: textFrame(noop + "x"), allow: tooBig},
		frameRow{name: "over the limit, binary", bytes: binaryFrame(make([]byte, maxPayload+1)), allow: tooBig},
		frameRow{name: "exactly the limit", bytes: textFrame(noop), allow: outcomes(open)},
		frameRow{name: "exactly the limit in pieces", bytes: append(piece(opText, noop[:500_000]), frame{first: finBit, payload: []byte(noop[500_000:])}.bytes()...), allow: outcomes(open)},
	)
}

// frameFloodRows: many small frames.
func frameFloodRows() []frameRow {
	repeat := func(b []byte, n int) []byte { return bytes.Repeat(b, n) }
	taken := append(outcomes(open, "close 1008", "close 1009"), protocolError...)
	pieces := func(n int, s string) []byte {
		b := append(piece(opText, `42["x","`), repeat(piece(opContinuation, s), n)...)
		return append(b, frame{first: finBit, payload: []byte(`"]`)}.bytes()...)
	}
	ping := frame{first: finBit | opPing, payload: []byte(strings.Repeat("p", 125))}.bytes()
	pong := frame{first: finBit | opPong, payload: []byte(strings.Repeat("p", 125))}.bytes()
	loose := append(anyClose, open, closed)
	long, longer := strings.Repeat("e", 100), strings.Repeat("e", 100_000)
	return []frameRow{
		{name: "30000 pieces of one byte", bytes: pieces(30_000, "x"), allow: taken},
		{name: "100000 empty pieces", bytes: pieces(100_000, ""), allow: taken},
		{name: "30000 pieces, never ended", bytes: repeat(piece(opContinuation, "x"), 30_000), allow: protocolError},
		{name: "20000 pings, unread", bytes: repeat(ping, 20_000), allow: loose},
		{name: "100000 empty pings, unread", bytes: repeat(frame{first: finBit | opPing}.bytes(), 100_000), allow: loose},
		{name: "20000 pongs", bytes: repeat(pong, 20_000), allow: loose},
		{name: "100000 Engine.IO pongs", bytes: repeat(textFrame("3"), 100_000), allow: loose},
		{name: "100000 Engine.IO noops", bytes: repeat(textFrame("6"), 100_000), allow: loose},
		{name: "10000 events that nobody answers", bytes: repeat(textFrame(`42["x"]`), 10_000), flood: true, allow: loose},
		{name: "10000 echoes, unread", bytes: repeat(textFrame(`42["message","`+long+`"]`), 10_000), flood: true, replies: []string{`2["message-back","` + long + `"]`}, allow: loose},
		{name: "200 echoes of 100 kB, unread", bytes: repeat(textFrame(`42["message","`+longer+`"]`), 200), flood: true, replies: []string{`2["message-back","` + longer + `"]`}, allow: loose},
		{name: "10000 unknown namespaces", bytes: repeat(textFrame("40/nowhere,"), 10_000), allow: append(loose, otherReplies+"*")},
		{name: "pings between 1000 pieces", bytes: append(append(piece(opText, "6"), repeat(append(ping, piece(opContinuation, "x")...), 1000)...), frame{first: finBit}.bytes()...), allow: taken},
	}
}

// packetOnWebSocketRows: Engine.IO packets that WebSocket frames carry.
func packetOnWebSocketRows() []frameRow {
	var rows []frameRow
	for _, m := range []string{"", "7", "8x", "9", "a", "\x00", "é", "-1", "４0", " 40", "{}", "2", "2probe", "2" + strings.Repeat("x", 1000), "4", "4x", "1", "1x", "b", "bAQID", "b!!!", "\ufeff40", "40\x1e40"} {
		row := frameRow{name: fmt.Sprintf("text message %.20q", m), bytes: textFrame(m), allow: anyClose}
		if strings.HasPrefix(m, "1") { // a known accident: it is ignored
			row.reference = outcomes(open)
		}
		rows = append(rows, row)
	}
	for _, m := range []string{"3", "3probe", "6", "6x", "0", `0{"sid":"x"}`, "5", "5x", "3" + strings.Repeat("x", 1000)} {
		rows = append(rows, frameRow{name: fmt.Sprintf("text message %.20q", m), bytes: textFrame(m), allow: outcomes(open)})
	}
	for name, b := range map[string][]byte{"empty": {}, "one byte": {4}, "an event": []byte(`42["x"]`), "900 kB": make([]byte, 900_000), "v3": {4, 1, 2, 3}} {
		rows = append(rows, frameRow{name: "binary unannounced, " + name, bytes: binaryFrame(b), allow: anyClose},
			frameRow{name: "binary before joining, " + name, bytes: binaryFrame(b), unjoined: true, allow: anyClose})
	}
	return rows
}

// brokenConnectionInputs: the connection ends at every step of its life.
func brokenConnectionInputs() []input {
	var all []input
	steps := map[string]func(*probe) *wire{
		"after connecting":     func(p *probe) *wire { return p.dial() },
		"after half a request": func(p *probe) *wire { w := p.dial(); w.say([]byte("GET /socket.io/?EIO=4&tra")); return w },
		"after the opening request": func(p *probe) *wire {
			w := p.dial()
			w.say([]byte(upgradeHead(websocketPath, p.target.addr) + "\r\n"))
			return w
		},
		"with a frame in the request": func(p *probe) *wire {
			w := p.dial()
			w.say(append([]byte(upgradeHead(websocketPath, p.target.addr)+"\r\n"), 0xf1, 0x80))
			return w
		},
		"after the open packet": func(p *probe) *wire { return must(p.websocket()).wire },
		"after CONNECT":         func(p *probe) *wire { s := must(p.websocket()); s.send("0"); return s.wire },
		"after joining":         func(p *probe) *wire { s := must(p.websocket()); _ = join(s); return s.wire },
		"after an event": func(p *probe) *wire {
			s := must(p.websocket())
			_ = join(s)
			s.send(`21["message-with-ack",1]`)
			return s.wire
		},
		"in a frame's head":   func(p *probe) *wire { s := must(p.websocket()); s.say([]byte{0x81}); return s.wire },
		"in a frame":          func(p *probe) *wire { s := must(p.websocket()); s.say(textFrame("40")[:6]); return s.wire },
		"in a message":        func(p *probe) *wire { s := must(p.websocket()); s.say(piece(opText, "4")); return s.wire },
		"after a bad frame":   func(p *probe) *wire { s := must(p.websocket()); s.say([]byte{0xf1, 0x80, 0, 0, 0, 0}); return s.wire },
		"after a close frame": func(p *probe) *wire { s := must(p.websocket()); s.say(closeFrame(1000)); return s.wire },
	}
	for name, step := range steps {
		all = append(all,
			input{kind: "frames", name: "reset " + name, allow: outcomes(sent), attack: func(p *probe) outcome { step(p).reset(); return sent }},
			input{kind: "frames", name: "closed " + name, allow: outcomes(sent), attack: func(p *probe) outcome { _ = step(p).Close(); return sent }},
			input{kind: "frames", name: "half-closed " + name, allow: outcomes(dropped), attack: func(p *probe) outcome { w := step(p); w.hangUp(); return w.end() }})
	}
	return all
}
