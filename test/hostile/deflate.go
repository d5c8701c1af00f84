package hostile

import (
	"bytes"
	"compress/flate"
	"fmt"
	"strings"
)

// rsv1 marks a compressed message.
const rsv1 byte = 0x40

// Deflated compresses as permessage-deflate wants it: without the empty block at
// the end.
func Deflated(s string) []byte {
	var b bytes.Buffer
	w := Must(flate.NewWriter(&b, flate.BestCompression))
	_, _ = w.Write([]byte(s))
	_ = w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte{0, 0, 0xff, 0xff})
}

// Compressed is a text frame that says of the payload that it is compressed.
func Compressed(payload []byte) []byte {
	return Frame{First: FinBit | rsv1 | opText, payload: payload}.Bytes()
}

// deflateInputs: what inflates is bounded by what comes out.
func deflateInputs() []Input {
	var all []Input
	add := func(name string, b []byte, replies []string, allow ...Outcome) {
		row := frameRow{bytes: b, replies: replies}
		all = append(all, Input{Kind: "deflate", Name: name, Allow: allow, Attack: func(p *Probe) Outcome { return row.compressedAttack(p) }})
	}
	echo, back := `42["message","inflated"]`, []string{`2["message-back","inflated"]`}
	add("a compressed event", Compressed(Deflated(echo)), back, Open)
	for _, n := range []int{MaxPayload + 1, 2 << 20, 10 << 20, 200 << 20, 800 << 20} {
		bomb := deflatedZeros(n)
		add(fmt.Sprintf("a bomb of %d MiB", n>>20), Compressed(bomb), nil, tooBig...)
		add(fmt.Sprintf("a binary bomb of %d MiB", n>>20), Frame{First: FinBit | rsv1 | opBinary, payload: bomb}.Bytes(), nil, tooBig...)
		half := len(bomb) / 2
		add(fmt.Sprintf("a bomb of %d MiB in two pieces", n>>20), append(Frame{First: rsv1 | opText, payload: bomb[:half]}.Bytes(), Frame{First: FinBit, payload: bomb[half:]}.Bytes()...), nil, tooBig...)
		add(fmt.Sprintf("a bomb of %d MiB, never ended", n>>20), append(Frame{First: rsv1 | opText, payload: bomb}.Bytes(), Frame{First: opContinuation, payload: bomb[:1]}.Bytes()...), nil, append(Outcomes(Hang, "close 1002"), tooBig...)...)
	}
	add("exactly the limit", Compressed(Deflated("6"+strings.Repeat("x", MaxPayload-1))), nil, Open)
	add("thirty messages at the limit", bytes.Repeat(Compressed(Deflated("6"+strings.Repeat("x", MaxPayload-1))), 30), nil, Open, "close 1008")
	broken := append(Outcomes(Closed), anyClose...)
	for name, payload := range map[string][]byte{
		"0xff": bytes.Repeat([]byte{0xff}, 100), "a reserved block type": {0x07, 0, 0}, "a stored block with a wrong length": {0x01, 5, 0, 5, 0, 'x'}, "a distance before the start": {0x4b, 0x04, 0x42, 0x00}, "a cut stream": Deflated(echo)[:8], "text that is not compressed": []byte(echo), "one byte": {0x00}, "a gzip head": []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"),
		"a dynamic block cut off": {0x05, 0xc1, 0x01},
	} {
		add("no deflate: "+name, Compressed(payload), nil, append(broken, Open, OtherReplies+"*")...)
	}
	add("text that inflates to what is not UTF-8", Compressed(Deflated("42[\"message\",\"\xff\"]")), nil, notText...)
	add("an empty compressed message", Compressed(nil), nil, broken...)
	add("a compressed control frame", Frame{First: FinBit | rsv1 | OpPing, payload: []byte("x")}.Bytes(), nil, protocolError...)
	add("a compressed close", Frame{First: FinBit | rsv1 | opClose, payload: closeCode(1000)}.Bytes(), nil, protocolError...)
	add("a compressed continuation", append(Frame{First: opText, payload: []byte("4")}.Bytes(), Frame{First: FinBit | rsv1, payload: []byte("0")}.Bytes()...), nil, protocolError...)
	add("reserved bits 2", Frame{First: FinBit | 0x20 | opText, payload: []byte(echo)}.Bytes(), nil, protocolError...)
	add("reserved bits 1 and 3", Frame{First: FinBit | rsv1 | 0x10 | opText, payload: Deflated(echo)}.Bytes(), nil, protocolError...)
	add("unmasked", Frame{First: FinBit | rsv1 | opText, bare: true, payload: Deflated(echo)}.Bytes(), nil, protocolError...)
	add("30000 empty stored blocks", Compressed(bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 30_000)), nil, broken...)
	add("10000 small compressed messages", bytes.Repeat(Compressed(Deflated("6")), 10_000), nil, append(broken, Open)...)
	return all
}

// deflatedZeros is a message of n bytes that starts as a noop. Whole MiB of zeros are
// compressed once and repeated: the compressor takes a second for 100 MiB, and many
// under the race detector.
func deflatedZeros(n int) []byte {
	const mib = 1 << 20
	var b bytes.Buffer
	w := Must(flate.NewWriter(&b, flate.BestCompression))
	zeros := make([]byte, mib)
	_, _ = w.Write([]byte("6"))
	_, _ = w.Write(zeros[:(n-1)%mib])
	_ = w.Flush()
	if whole := (n - 1) / mib; whole > 0 {
		// The first one fills the window, so that the second looks back at zeros alone.
		_, _ = w.Write(zeros)
		_ = w.Flush()
		begin := b.Len()
		_, _ = w.Write(zeros)
		_ = w.Flush()
		one := bytes.Clone(b.Bytes()[begin:])
		b.Truncate(begin)
		b.Write(bytes.Repeat(one, whole-1))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{0, 0, 0xff, 0xff})
}

// compressedAttack is attack on a connection that has agreed to permessage-deflate.
func (r frameRow) compressedAttack(p *Probe) Outcome {
	s, answer := p.Deflating()
	if !strings.HasPrefix(answer.header.Get("Sec-WebSocket-Extensions"), "permessage-deflate") {
		return "not agreed: " + answer.Outcome()
	}
	if _, err := s.Read(); err != nil {
		return Ended(err)
	}
	if err := join(s); err != nil {
		return Ended(err)
	}
	s.Say(append(bytes.Clone(r.bytes), TextFrame("4"+aliveEvent)...))
	return framed(s, r.replies)
}

// Deflating opens a WebSocket and asks for permessage-deflate.
func (p *Probe) Deflating() (*WebSocketSession, Reply) {
	w := p.dial()
	answer := w.exchange([]byte(upgradeHead(WebSocketPath, p.Target.Addr) + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n\r\n"))
	return &WebSocketSession{Wire: w}, answer
}
