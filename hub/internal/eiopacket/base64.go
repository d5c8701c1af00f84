package eiopacket

import "encoding/base64"

// decodeBase64 takes what the reference server takes, whose decoder is Node's: both alphabets, also mixed,
// whitespace anywhere (the Java client breaks its lines), and any padding or none. Node skips other
// characters and drops a last one that makes no byte; both mean that the data is not what was sent, and
// are refused here.
//
// Source: Node.js, Buffer.from(text, 'base64').
func decodeBase64(text []byte) ([]byte, error) {
	encoding := base64.RawStdEncoding
	if len(text) > 0 && text[len(text)-1] == '=' {
		encoding = base64.StdEncoding
	}
	data := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, err := encoding.Decode(data, text) // what nearly all clients send, and faster by far
	if err != nil {
		if n, err = decodeLoosely(data, text); err != nil {
			return nil, err
		}
	}
	return data[:n], nil
}

// decodeLoosely decodes character by character. The data has room for as many bytes as text could be without
// whitespace and padding.
func decodeLoosely(data, text []byte) (n int, err error) {
	var bits uint32
	sextets, padded := 0, false
	for _, c := range text {
		v := sextetOf[c]
		switch {
		case v == space:
			continue
		case v == padding:
			padded = true
			continue
		case v == foreign || padded:
			return 0, ErrBase64
		}
		bits = bits<<6 | uint32(v)
		if sextets++; sextets%4 != 1 {
			data[n] = byte(bits >> (6 - 2*((sextets-1)%4)))
			n++
		}
	}
	if sextets%4 == 1 {
		return 0, ErrBase64
	}
	return n, nil
}

// What is no sextet.
const (
	space = 64 + iota
	padding
	foreign
)

// sextetOf says what each character stands for.
var sextetOf = func() (of [256]byte) {
	for c := range of {
		of[c] = foreign
	}
	for v, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		of[c] = byte(v)
	}
	of['-'], of['_'] = of['+'], of['/']
	for _, c := range []byte(" \t\n\v\f\r") {
		of[c] = space
	}
	of['='] = padding
	return of
}()
