package envelope

import (
	"bytes"
	"hash/maphash"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// What is kept of sockets and names that were seen, for one stream: at most a
// megabyte, and a quarter of it with the usual sizes.
const (
	seenSockets     = 1024
	seenSocketBytes = 512
	seenNames       = 64
	seenNameBytes   = 128
)

// seen has sockets and names that are likely to come again. Each has one place, by
// its hash; who comes later takes it. It belongs to whoever receives.
type seen struct {
	seed    maphash.Seed
	sockets [seenSockets]struct {
		raw    string // as on the wire
		socket *hubv1.Socket
	}
	names [seenNames]string
}

// socket decodes a socket, or returns one that was decoded from the same bytes. Nil
// says that protobuf does not take it.
func (c *Codec) socket(b []byte) *hubv1.Socket {
	if c.seen == nil || len(b) > seenSocketBytes {
		return c.decodeSocket(b)
	}
	place := &c.seen.sockets[maphash.Bytes(c.seen.seed, b)%seenSockets]
	if place.socket != nil && place.raw == string(b) {
		return place.socket
	}
	s := c.decodeSocket(b)
	if s != nil {
		place.raw, place.socket = string(b), s
	}
	return s
}

// decodeSocket decodes a socket.
func (c *Codec) decodeSocket(b []byte) *hubv1.Socket {
	s := &hubv1.Socket{}
	var data []byte
	for r := (reader{b: b}); r.more(); {
		var to *string
		shared := false
		switch r.varint() {
		case uint64(tagSocketID):
			to = &s.Id
		case uint64(tagSocketNamespace):
			to, shared = &s.Namespace, true
		case uint64(tagSocketUser):
			to = &s.User
		case uint64(tagSocketData):
			data = r.bytes()
		case uint64(tagSocketVersion):
			s.DataVersion = r.varint()
		case uint64(tagSocketHub):
			to, shared = &s.HubId, true
		case uint64(tagSocketTransport):
			to, shared = &s.Transport, true
		case uint64(tagSocketClient):
			to = &s.ClientId
		default:
			return unusualSocket(b)
		}
		if to == nil {
			if r.bad {
				return nil
			}
			continue
		}
		text := r.bytes()
		switch {
		case r.bad || !utf8.Valid(text):
			return nil
		case shared: // with other sockets
			*to = c.name(text)
		default:
			*to = string(text)
		}
	}
	if len(data) > 0 {
		s.Data = bytes.Clone(data)
	}
	return s
}

// unusualSocket decodes a socket that has something else.
func unusualSocket(b []byte) *hubv1.Socket {
	s := &hubv1.Socket{}
	if proto.Unmarshal(b, s) != nil {
		return nil
	}
	return s
}

// name returns a string of these bytes.
func (c *Codec) name(b []byte) string {
	if c.seen == nil || len(b) > seenNameBytes {
		return string(b)
	}
	place := &c.seen.names[maphash.Bytes(c.seen.seed, b)%seenNames]
	if *place != string(b) {
		*place = string(b)
	}
	return *place
}
