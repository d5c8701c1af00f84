package redis

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// replies reads the parts of which a server's replies are made. All lengths are what a server says: whoever keeps something looks
// at its length first.
//
// Spec: redis.io, Redis serialization protocol, RESP2.
type replies struct {
	in *bufio.Reader
}

// mostLineBytes bounds a line: a length, or an error.
const mostLineBytes = 8 << 10

var errProtocol = errors.New("redis: the server does not speak RESP2")

// serverError is what a server answered instead of doing it.
type serverError string

func (e serverError) Error() string { return "redis: " + string(e) }

// line reads up to the end of a line, which is not part of it. It is never empty, and good until the next read.
func (r *replies) line() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, errProtocol
	case err != nil:
		return nil, err
	}
	line = bytes.TrimSuffix(line[:len(line)-1], []byte("\r"))
	if len(line) == 0 || len(line) > mostLineBytes {
		return nil, errProtocol
	}
	return line, nil
}

// list reads the length of an array. -1 is none.
func (r *replies) list() (int, error) {
	line, err := r.line()
	switch {
	case err != nil:
		return 0, err
	case line[0] == '-':
		return 0, serverError(line[1:])
	case string(line) == "*-1":
		return -1, nil
	case line[0] != '*':
		return 0, errProtocol
	}
	return digits(line[1:])
}

// bulk reads the length of a bulk string.
func (r *replies) bulk() (int, error) {
	line, err := r.line()
	if err != nil {
		return 0, err
	}
	if line[0] != '$' {
		return 0, errProtocol
	}
	return digits(line[1:])
}

// text reads n bytes into buf, and the end of the line behind them.
func (r *replies) text(buf []byte, n int) ([]byte, error) {
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r.in, buf); err != nil {
		return nil, err
	}
	_, err := r.in.Discard(2)
	return buf, err
}

// pass passes over a bulk string.
func (r *replies) pass() error {
	n, err := r.bulk()
	if err != nil {
		return err
	}
	return r.discard(n)
}

// discard passes over n bytes and the end of the line behind them.
func (r *replies) discard(n int) error {
	_, err := r.in.Discard(n + 2)
	return err
}

// digits is a length.
func digits(text []byte) (n int, err error) {
	for _, c := range text {
		if c < '0' || c > '9' || n > 1<<30 {
			return 0, errProtocol
		}
		n = n*10 + int(c-'0')
	}
	return n, nil
}
