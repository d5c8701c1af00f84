package siopacket

import "unicode/utf8"

// Encode implements Parser: it appends the text of a packet. The attachments follow as they are.
//
// Spec: socket.io-protocol v5, Packet encoding.
func (j *JSON) Encode(buf []byte, p Packet, attachments [][]byte) (message []byte, binary, separate bool) {
	p.Attachments = len(attachments)
	return Append(buf, p), false, p.Attachments > 0
}

// Append appends the text of a packet, without the digit of the Engine.IO message.
func Append(buf []byte, p Packet) []byte {
	kind := byte(p.Type)
	if p.Attachments > 0 {
		kind += binaryShift
	}
	buf = append(buf, '0'+kind)
	if p.Attachments > 0 {
		buf = NewID(uint64(p.Attachments)).Append(buf)
		buf = append(buf, '-')
	}
	if p.Namespace != "/" {
		buf = append(buf, p.Namespace...)
		buf = append(buf, ',')
	}
	buf = p.ID.Append(buf)
	switch {
	case p.Type == Event:
		return appendEvent(buf, p.Name, p.Payload)
	case p.Type == Ack && len(p.Payload) == 0:
		return append(buf, emptyArray...)
	}
	return append(buf, p.Payload...)
}

// Size implements Parser: what Encode adds when the name needs no escapes, or a little more.
func (j *JSON) Size(p Packet, attachments [][]byte) int {
	p.Attachments = len(attachments)
	return Size(p)
}

// Size is what Append adds when the name needs no escapes, or a little more: for those who allocate
// once.
func Size(p Packet) int {
	n := len("5,") + len(p.Namespace) + int(p.ID.width) + len(p.Payload)
	if p.Attachments > 0 {
		n += maxIDDigits + len("-")
	}
	if p.Type == Event {
		n += len(`["",]`) + len(p.Name)
	}
	return n + len(emptyArray)
}

// appendEvent puts the name in front of the arguments.
func appendEvent(buf []byte, name string, args []byte) []byte {
	buf = append(buf, '[')
	buf = AppendString(buf, name)
	s := scanner{data: args}
	if s.space(); s.pos == len(args) {
		return append(buf, ']')
	}
	args = args[s.pos+1:]
	s = scanner{data: args}
	if s.space(); args[s.pos] != ']' {
		buf = append(buf, ',')
	}
	return append(buf, args...)
}

// AppendEscaped appends text, which has to be valid UTF-8, or a part of it, as it stands between the quotes of a JSON
// string.
func AppendEscaped(buf, text []byte) []byte {
	for from := 0; ; {
		i := plain(text, from)
		buf = append(buf, text[from:i]...)
		if i == len(text) {
			return buf
		}
		buf = appendEscape(buf, text[i])
		from = i + 1
	}
}

const hexDigits = "0123456789abcdef"

// AppendString appends text as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func AppendString(buf []byte, text string) []byte {
	buf = append(buf, '"')
	from := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && n == 1 {
				buf = append(buf, text[from:i]...)
				buf = utf8.AppendRune(buf, r)
				from = i + 1
			}
			i += n
			continue
		}
		if c < 0x20 || c == '"' || c == '\\' {
			buf = append(buf, text[from:i]...)
			buf = appendEscape(buf, c)
			from = i + 1
		}
		i++
	}
	buf = append(buf, text[from:]...)
	return append(buf, '"')
}

func appendEscape(buf []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(buf, '\\', c)
	case '\n':
		return append(buf, '\\', 'n')
	case '\r':
		return append(buf, '\\', 'r')
	case '\t':
		return append(buf, '\\', 't')
	case '\b':
		return append(buf, '\\', 'b')
	case '\f':
		return append(buf, '\\', 'f')
	}
	return append(buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
