package msgpacket

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

// Parser is the form of socket.io-msgpack-parser. It may be used at the same time.
type Parser struct {
	limits     siopacket.Limits
	eventBytes int64
	names      siopacket.Names
}

var _ siopacket.Parser = (*Parser)(nil)

// New returns a parser with these limits. eventBytes is the size of one event as JSON and attachments.
func New(limits siopacket.Limits, eventBytes int64) *Parser {
	return &Parser{limits: limits.WithDefaults(), eventBytes: eventBytes}
}

// Decode implements siopacket.Parser.
//
// Source: socket.io-msgpack-parser 3.0.2, index.js, checkPacket. Beyond it: what nobody could act on is refused here,
// as it is in JSON (numbers below zero as id, names that are no text).
func (m *Parser) Decode(message []byte, binary bool) (siopacket.Packet, [][]byte, error) {
	if !binary {
		return siopacket.Packet{}, nil, siopacket.ErrText
	}
	h, err := readHead(message)
	if err != nil {
		return siopacket.Packet{}, nil, err
	}
	p := siopacket.Packet{Type: h.kind, Own: true, Namespace: m.names.Intern(h.namespace), ID: h.id}
	t := transcoders.Get().(*transcoder)
	defer t.release()
	t.begin(m, h.data)
	if err := m.body(&p, t); err != nil {
		return siopacket.Packet{}, nil, err
	}
	p.Attachments = len(t.inline)
	return p, t.inline, nil
}

// body makes the payload of a packet.
func (m *Parser) body(p *siopacket.Packet, t *transcoder) error {
	switch p.Type {
	case siopacket.Connect:
		return m.auth(p, t)
	case siopacket.Disconnect:
		if len(t.data) > 0 && t.data[0] != firstCode { // python-socketio writes nil where there is nothing
			return siopacket.ErrPayload
		}
		return nil
	case siopacket.ConnectError:
		return m.whole(p, t, strKind, mapKind)
	case siopacket.Ack:
		return m.arguments(p, t, false)
	default:
		return m.arguments(p, t, true)
	}
}

// auth makes the payload of a CONNECT. One that is too large is returned as it came, see siopacket.Limits.
func (m *Parser) auth(p *siopacket.Packet, t *transcoder) error {
	switch {
	case len(t.data) == 0:
		return nil
	case len(t.data) > m.limits.AuthBytes:
		p.Payload, p.Own = t.data, false
		return nil
	}
	return m.whole(p, t, mapKind, mapKind)
}

// whole makes a payload of one value that is of one of two kinds. It has no attachments.
func (m *Parser) whole(p *siopacket.Packet, t *transcoder, one, other kind) error {
	k, err := t.next()
	if err != nil || k.kind != one && k.kind != other {
		return siopacket.ErrPayload
	}
	t.pos, t.alone = 0, true
	if err := t.value(); err != nil {
		return err
	}
	p.Payload, err = t.payload()
	return err
}

// arguments makes the payload of an event or an ack, the name of an event apart.
func (m *Parser) arguments(p *siopacket.Packet, t *transcoder, named bool) error {
	list, err := t.next()
	if err != nil || list.kind != arrayKind || named && list.n == 0 {
		return siopacket.ErrPayload
	}
	if named {
		list.n--
		if err := m.name(p, t); err != nil {
			return err
		}
	}
	if list.n > m.limits.Arguments {
		return siopacket.ErrArguments
	}
	if err := t.array(list.n); err != nil {
		return err
	}
	p.Payload, err = t.payload()
	return err
}

// name takes the first element of an event's array.
func (m *Parser) name(p *siopacket.Packet, t *transcoder) error {
	k, err := t.next()
	if err != nil {
		return err
	}
	var number [32]byte
	name := number[:0]
	switch k.kind {
	case strKind:
		switch name = t.take(k); {
		case len(name) > m.limits.NameBytes:
			return siopacket.ErrNameLength
		case siopacket.Reserved(string(name)):
			return siopacket.ErrReserved
		case !utf8.Valid(name):
			return errText
		}
	case uintKind:
		name = strconv.AppendUint(name, k.bits, 10)
	case intKind:
		name = strconv.AppendInt(name, int64(k.bits), 10)
	case floatKind:
		f := math.Float64frombits(k.bits)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return siopacket.ErrName
		}
		name = appendFloat(name, f)
	default:
		return siopacket.ErrName
	}
	if len(name) > m.limits.NameBytes {
		return siopacket.ErrNameLength
	}
	p.Name = m.names.Intern(name)
	return nil
}
