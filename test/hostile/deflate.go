package hostile

import (
	"bytes"
	"compress/flate"
	"fmt"
	"strings"
)

// rsv1 marks a compressed message.
const rsv1 byte = 0x40

// deflated compresses as permessage-deflate wants it: without the empty block at
// the end.
func deflated(s string) []byte {
	var b bytes.Buffer
	w := must(flate.NewWriter(&b, flate.BestCompression))
	_, _ = w.Write([]byte(s))
	_ = w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte{0, 0, 0xff, 0xff})
}

func compressed(payload []byte) []byte {
	return frame{first: finBit | rsv1 | opText, payload: payload}.bytes()
}

// deflateInputs: what inflates is bounded by what comes out.
func deflateInputs() []input {
	var all []input
	add := func(name string, b []byte, replies []string, allow ...outcome) {
		row := frameRow{bytes: b, replies: replies}
		all = append(all, input{kind: "deflate", name: name, allow: allow, attack: func(p *probe) outcome { return row.compressedAttack(p) }})
	}
	echo, back := `42["message","inflated"]`, []string{`2["message-back","inflated"]`}
	add("a compressed event", compressed(deflated(echo)), back, open)
	for _, n := range []int{maxPayload + 1, 2 << 20, 10 << 20, 200 << 20, 800 << 20} {
		bomb := deflatedZeros(n)
		add(fmt.Sprintf("a bomb of %d MiB", n>>20), compressed(bomb), nil, tooBig...)
		add(fmt.Sprintf("a binary bomb of %d MiB", n>>20), frame{first: finBit | rsv1 | opBinary, payload: bomb}.bytes(), nil, tooBig...)
		half := len(bomb) / 2
		add(fmt.Sprintf("a bomb of %d MiB in two pieces", n>>20), append(frame{first: rsv1 | opText, payload: bomb[:half]}.bytes(), frame{first: finBit, payload: bomb[half:]}.bytes()...), nil, tooBig...)
		add(fmt.Sprintf("a bomb of %d MiB, never ended", n>>20), append(frame{first: rsv1 | opText, payload: bomb}.bytes(), frame{first: opContinuation, payload: bomb[:1]}.bytes()...), nil, append(outcomes(hang, "close 1002"), tooBig...)...)
	}
	add("exactly the limit", compressed(deflated("6"+strings.Repeat("x", maxPayload-1))), nil, open)
	add("thirty messages at the limit", bytes.Repeat(compressed(deflated("6"+strings.Repeat("x", maxPayload-1))), 30), nil, open, "close 1008")
	broken := append(outcomes(closed), anyClose...)
	for name, payload := range map[string][]byte{
		"0xff": bytes.Repeat([]byte{0xff}, 100), "a reserved block type": {0x07, 0, 0}, "a stored block with a wrong length": {0x01, 5, 0, 5, 0, 'x'}, "a distance before the start": {0x4b, 0x04, 0x42, 0x00}, "a cut stream": deflated(echo)[:8], "text that is not compressed": []byte(echo), "one byte": {0x00}, "a gzip head": []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"),
		"a dynamic block cut off": {0x05, 0xc1, 0x01},
	} {
		add("no deflate: "+name, compressed(payload), nil, append(broken, open, otherReplies+"*")...)
	}
	add("text that inflates to what is not UTF-8", compressed(deflated("42[\"message\",\"\xff\"]")), nil, notText...)
	add("an empty compressed message", compressed(nil), nil, broken...)
	add("a compressed control frame", frame{first: finBit | rsv1 | opPing, payload: []byte("x")}.bytes(), nil, protocolError...)
	add("a compressed close", frame{first: finBit | rsv1 | opClose, payload: closeCode(1000)}.bytes(), nil, protocolError...)
	add("a compressed continuation", append(frame{first: opText, payload: []byte("4")}.bytes(), frame{first: finBit | rsv1, payload: []byte("0")}.bytes()...), nil, protocolError...)
	add("reserved bits 2", frame{first: finBit | 0x20 | opText, payload: []byte(echo)}.bytes(), nil, protocolError...)
	add("reserved bits 1 and 3", frame{first: finBit | rsv1 | 0x10 | opText, payload: deflated(echo)}.bytes(), nil, protocolError...)
	add("unmasked", frame{first: finBit | rsv1 | opText, bare: true, payload: deflated(echo)}.bytes(), nil, protocolError...)
	add("30000 empty stored blocks", compressed(bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 30_000)), nil, broken...)
	add("10000 small compressed messages", bytes.Repeat(compressed(deflated("6")), 10_000), nil, append(broken, open)...)
	return all
}

// deflatedZeros is a message of n bytes that starts as a noop. Whole MiB of zeros are
// compressed once and repeated: the compressor takes a second for 100 MiB, and many
// under the race detector.
func deflatedZeros(n int) []byte {
	const mib = 1 << 20
	var b bytes.Buffer
	w := must(flate.NewWriter(&b, flate.BestCompression))
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
func (r frameRow) compressedAttack(p *probe) outcome {
	s, answer := p.deflating()
	if !strings.HasPrefix(answer.header.Get("Sec-WebSocket-Extensions"), "permessage-deflate") {
		return "not agreed: " + answer.outcome()
	}
	if _, err := s.read(); err != nil {
		return ended(err)
	}
	if err := join(s); err != nil {
		return ended(err)
	}
	s.say(append(bytes.Clone(r.bytes), textFrame("4"+aliveEvent)...))
	return framed(s, r.replies)
}

// deflating opens a WebSocket and asks for permessage-deflate.
func (p *probe) deflating() (*websocketSession, reply) {
	w := p.dial()
	answer := w.exchange([]byte(upgradeHead(websocketPath, p.target.addr) + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n\r\n"))
	return &websocketSession{wire: w}, answer
}
