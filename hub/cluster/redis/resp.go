package redis

import (
	"bytes"
	"fmt"
	"strconv"
)

// reader reads what a Redis server says to one that has subscribed. A message that nobody wants costs no allocation: it is
// passed over by its channel.
//
// Spec: redis.io, Redis serialization protocol, RESP2; Pub/Sub, wire protocol messages.
type reader struct {
	replies
	// most is the size of a message that is taken, in bytes.
	most int
	// wants decides on a message by its channel, and message takes it. dropped is told of one that is too large.
	wants   func(channel []byte) bool
	message func(channel string, payload []byte)
	dropped func()

	// common is how most messages begin: with the same pattern. They are known by it at one look.
	common []byte

	channel []byte // of the message that is read
}

const (
	// mostChannelBytes bounds the name of a channel: a namespace and a room. A longer one is passed over.
	mostChannelBytes = 64 << 10
)

// event is what was read beside messages: kind is subscribe, psubscribe, ssubscribe, their opposites, or pong.
type event struct {
	kind    string
	channel string
}

// next reads one reply. It returns an empty event for a message.
func (r *reader) next() (event, error) {
	if n := len(r.common); n > 0 && r.in.Buffered() >= n {
		if begin, _ := r.in.Peek(n); bytes.Equal(begin, r.common) {
			_, _ = r.in.Discard(n)
			return event{}, r.readMessage(false)
		}
	}
	line, err := r.line()
	if err != nil {
		return event{}, err
	}
	switch line[0] {
	case '*':
	case '-':
		return event{}, serverError(line[1:])
	case '+':
		return event{kind: "pong"}, nil
	default:
		return event{}, errProtocol
	}
	n, err := strconv.Atoi(string(line[1:]))
	if err != nil || n < 2 || n > 4 {
		return event{}, errProtocol
	}
	kind, err := r.short()
	if err != nil {
		return event{}, err
	}
	switch string(kind) {
	case "message", "smessage":
		return event{}, r.readMessage(false)
	case "pmessage":
		return event{}, r.readMessage(true)
	}
	e := event{kind: string(kind)}
	for i := 1; i < n; i++ {
		word, err := r.word()
		if err != nil {
			return event{}, err
		}
		if i == 1 {
			e.channel = string(word)
		}
	}
	return e, nil
}

// readMessage reads the rest of a message, its pattern first if it has one.
func (r *reader) readMessage(pattern bool) error {
	if pattern {
		if err := r.pass(); err != nil {
			return err
		}
	}
	n, err := r.bulk()
	if err != nil {
		return err
	}
	if n > mostChannelBytes {
		if err := r.discard(n); err != nil {
			return err
		}
		r.channel = r.channel[:0]
	} else if r.channel, err = r.text(r.channel, n); err != nil {
		return err
	}
	if n, err = r.bulk(); err != nil {
		return err
	}
	if !r.wants(r.channel) {
		return r.discard(n)
	}
	if n > r.most {
		r.dropped()
		return r.discard(n)
	}
	payload, err := r.text(make([]byte, 0, n), n)
	if err != nil {
		return err
	}
	r.message(string(r.channel), payload)
	return nil
}

// short reads a bulk string that is a word of the protocol. It is good until the next read.
func (r *reader) short() ([]byte, error) {
	const longest = 32
	n, err := r.bulk()
	if err != nil {
		return nil, err
	}
	if n > longest {
		return nil, errProtocol
	}
	word, err := r.in.Peek(n + 2)
	if err != nil {
		return nil, err
	}
	_, _ = r.in.Discard(n + 2)
	return word[:n], nil
}

// word reads a bulk string or a number.
func (r *reader) word() ([]byte, error) {
	line, err := r.line()
	if err != nil {
		return nil, err
	}
	if line[0] == ':' || string(line) == "$-1" {
		return nil, nil
	}
	n, err := strconv.Atoi(string(line[1:]))
	if line[0] != '$' || err != nil || n < 0 || n > mostChannelBytes {
		return nil, errProtocol
	}
	return r.text(nil, n)
}

// nestedReplies is how deep replies are that hubs read in whole, and mostValues how many values a list in them has.
const nestedReplies, mostValues = 3, 4096

// first reads a reply of any shape, and returns the first text in it.
func (r *reader) first(depth int) (string, error) {
	line, err := r.line()
	if err != nil {
		return "", err
	}
	switch line[0] {
	case '+', ':':
		return string(line[1:]), nil
	case '-':
		return "", serverError(line[1:])
	}
	n, err := strconv.Atoi(string(line[1:]))
	switch {
	case err != nil || depth == 0 && line[0] == '*':
		return "", errProtocol
	case n < 0:
		return "", nil
	case line[0] == '$' && n <= mostLineBytes:
		text, err := r.text(nil, n)
		return string(text), err
	case line[0] != '*' || n > mostValues:
		return "", errProtocol
	}
	first := ""
	for i := range n {
		value, err := r.first(depth - 1)
		if err != nil {
			return "", err
		}
		if i == 0 {
			first = value
		}
	}
	return first, nil
}

// appendCommand appends a command as clients send it.
func appendCommand(buf []byte, words ...string) []byte {
	buf = fmt.Appendf(buf, "*%d\r\n", len(words))
	for _, w := range words {
		buf = fmt.Appendf(buf, "$%d\r\n", len(w))
		buf = append(append(buf, w...), "\r\n"...)
	}
	return buf
}
