package siopacket

import "bytes"

// Peeker is a Parser that can tell what a message is about before all of it is there.
type Peeker interface {
	// Peek reads how a message begins, and returns the packet's type, namespace and, for an event, its name. False means
	// that it cannot be told from so much, or not so cheaply. It says nothing about whether the message is valid.
	Peek(begin []byte) (p Packet, ok bool)
}

var _ Peeker = (*JSON)(nil)

// Peek implements Peeker. Names that are no plain strings are not read: numbers, and those with an escape.
func (j *JSON) Peek(begin []byte) (p Packet, ok bool) {
	end := bytes.IndexByte(begin, '[')
	if end < 0 {
		return Packet{}, false // the namespace may go on
	}
	rest, err := j.head(&p, begin)
	if err != nil {
		return Packet{}, false
	}
	if p.Type != Event {
		return p, true
	}
	rest = bytes.TrimLeft(rest, " \t\r\n")
	if len(rest) == 0 || rest[0] != '[' {
		return Packet{}, false
	}
	rest = bytes.TrimLeft(rest[1:], " \t\r\n")
	if len(rest) == 0 || rest[0] != '"' {
		return Packet{}, false
	}
	name, _, whole := bytes.Cut(rest[1:], []byte{'"'})
	if !whole || bytes.IndexByte(name, '\\') >= 0 || len(name) > j.limits.NameBytes {
		return Packet{}, false
	}
	p.Name = j.names.Intern(name)
	return p, true
}
