package siopacket

import "github.com/siohub/siohub/internal/placeholder"

// Limits bound what a decoder takes. Zero means the default.
type Limits struct {
	// Attachments of one packet: 10.
	Attachments int
	// Depth of nested JSON: 512, which is also the maximum.
	Depth int
	// Arguments of one event or ack: 4096.
	Arguments int
	// NameBytes of an event's name: 128.
	NameBytes int
	// AuthBytes of the payload of a CONNECT: 16 KiB. A longer one is returned without having been looked at, as
	// whoever has the packet will not have it; a stranger must not make anybody read it from end to end.
	AuthBytes int
}

// DefaultLimits are the limits that the zero value means.
func DefaultLimits() Limits { return Limits{}.WithDefaults() }

// WithDefaults returns a copy in which every zero is replaced by what it means.
func (l Limits) WithDefaults() Limits {
	l.Attachments = orDefault(l.Attachments, 10)
	l.Depth = min(orDefault(l.Depth, MaxDepth), MaxDepth)
	l.Arguments = orDefault(l.Arguments, 4096)
	l.NameBytes = orDefault(l.NameBytes, 128)
	l.AuthBytes = orDefault(l.AuthBytes, 16<<10)
	return l
}

func orDefault(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}

// JSON is Socket.IO's default parser.
type JSON struct {
	limits Limits
	names  Names
}

var _ Parser = (*JSON)(nil)

// NewJSON returns a parser with these limits.
func NewJSON(limits Limits) *JSON { return &JSON{limits: limits.WithDefaults()} }

// Decode implements Parser: it reads the text of one packet, without the digit of the Engine.IO message.
// A BINARY_EVENT that announces no attachments is an Event.
//
// Spec: socket.io-protocol v5, Packet encoding; reference decoder rules of socket.io-parser 4.2.6.
func (j *JSON) Decode(message []byte, binary bool) (Packet, [][]byte, error) {
	if binary {
		return Packet{}, nil, ErrBinary
	}
	var p Packet
	rest, err := j.head(&p, message)
	if err != nil {
		return Packet{}, nil, err
	}
	if err := j.body(&p, rest); err != nil {
		return Packet{}, nil, err
	}
	return p, nil, nil
}

// head reads everything before the JSON.
func (j *JSON) head(p *Packet, data []byte) (rest []byte, err error) {
	if len(data) == 0 {
		return nil, ErrType
	}
	kind := data[0] - '0'
	data = data[1:]
	switch {
	case kind <= byte(ConnectError):
		p.Type = Type(kind)
	case kind <= byte(Ack)+binaryShift:
		p.Type = Type(kind - binaryShift)
		if p.Attachments, data, err = j.count(data); err != nil {
			return nil, err
		}
	default:
		return nil, ErrType
	}
	p.Namespace, data = j.namespace(data)
	p.ID, data, err = ackID(data)
	return data, err
}

// count reads the number of attachments and the hyphen behind it.
func (j *JSON) count(data []byte) (int, []byte, error) {
	n := 0
	for i, c := range data {
		switch {
		case c == '-' && i > 0:
			return n, data[i+1:], nil
		case c < '0' || c > '9':
			return 0, nil, ErrCount
		}
		if n = n*10 + int(c-'0'); n > j.limits.Attachments {
			return 0, nil, ErrAttachments
		}
	}
	return 0, nil, ErrCount
}

// namespace reads up to the comma, or to the end where there is none.
func (j *JSON) namespace(data []byte) (string, []byte) {
	if len(data) == 0 || data[0] != '/' {
		return "/", data
	}
	end, rest := len(data), []byte(nil)
	query := false
	for i, c := range data {
		if c == ',' {
			end, rest = i, data[i+1:]
			break
		}
		query = query || c == '?'
	}
	if query { // of an old client, and perhaps a secret: not kept
		return string(data[:end]), rest
	}
	return j.names.Intern(data[:end]), rest
}

func ackID(data []byte) (id ID, rest []byte, err error) {
	for i, c := range data {
		digit := uint64(c - '0')
		if digit > 9 {
			return id, data[i:], nil
		}
		const limit = ^uint64(0)
		if id.width == maxIDDigits || id.value > (limit-digit)/10 {
			return ID{}, nil, ErrID
		}
		id.value = id.value*10 + digit
		id.width++
	}
	return id, nil, nil
}

// body checks the JSON and puts it into the packet.
func (j *JSON) body(p *Packet, data []byte) error {
	switch p.Type {
	case Connect:
		if len(data) == 0 || len(data) > j.limits.AuthBytes {
			p.Payload = data
			return nil
		}
		return j.whole(p, data, '{', 0)
	case Disconnect:
		if len(data) > 0 {
			return ErrPayload
		}
		return nil
	case ConnectError:
		if len(data) > 0 && data[0] == '"' {
			return j.whole(p, data, '"', 0)
		}
		return j.whole(p, data, '{', 0)
	case Ack:
		return j.whole(p, data, '[', p.Attachments)
	default:
		return j.event(p, data)
	}
}

// whole takes a payload that has to begin with a certain character.
func (j *JSON) whole(p *Packet, data []byte, first byte, attachments int) error {
	s := scanner{data: data, maxDepth: j.limits.Depth}
	if err := j.scan(&s, first, attachments); err != nil {
		return err
	}
	p.Payload = data
	return nil
}

// scan checks a payload from end to end.
func (j *JSON) scan(s *scanner, first byte, attachments int) error {
	var placeholders *seats
	if attachments > 0 {
		placeholders = &seats{check: placeholder.Check{Attachments: attachments}}
		s.visitor = placeholders
	}
	s.space()
	if s.pos == len(s.data) || s.data[s.pos] != first {
		return ErrPayload
	}
	if err := s.value(); err != nil {
		return err
	}
	if s.space(); s.pos != len(s.data) {
		return ErrSyntax
	}
	if first == '[' && s.elements >= j.limits.Arguments {
		return ErrArguments
	}
	if placeholders != nil && !placeholders.check.Complete() {
		return ErrPlaceholder
	}
	return nil
}

// event takes the name out of the array. What is left is made an array again by writing its bracket over
// the comma behind the name, so that the arguments need not be copied here.
func (j *JSON) event(p *Packet, data []byte) error {
	s := scanner{data: data, maxDepth: j.limits.Depth, elements: -1} // the name is no argument
	if err := j.scan(&s, '[', p.Attachments); err != nil {
		return err
	}
	if s.firstEnd == 0 {
		return ErrPayload
	}
	if err := j.name(p, data, s.firstEnd); err != nil {
		return err
	}
	from := s.firstEnd
	for data[from] != ',' && data[from] != ']' {
		from++
	}
	if data[from] == ']' {
		p.Payload = emptyArray
		return nil
	}
	data[from] = '['
	p.Payload = data[from:]
	return nil
}

var emptyArray = []byte("[]")

// name takes the first element of an event's array, which ends at end.
func (j *JSON) name(p *Packet, data []byte, end int) error {
	s := scanner{data: data, pos: 1}
	for s.data[s.pos-1] != '[' {
		s.pos++
	}
	s.space()
	raw := data[s.pos:end]
	const longestEscape = 6 // \uXXXX, which is one byte at least
	if len(raw) > longestEscape*j.limits.NameBytes+len(`""`) {
		return ErrNameLength
	}
	switch c := raw[0]; {
	case c == '"':
		raw = Unquote(raw)
		if Reserved(string(raw)) {
			return ErrReserved
		}
	case c != '-' && (c < '0' || c > '9'):
		return ErrName
	}
	if len(raw) > j.limits.NameBytes {
		return ErrNameLength
	}
	p.Name = j.names.Intern(raw)
	return nil
}

// Reserved reports whether a name means something to Socket.IO itself, so that no event may have it.
func Reserved(name string) bool {
	switch name {
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return true
	}
	return false
}

// CheckArgs checks arguments that do not come from a browser: a JSON array within the limits whose
// placeholders fit the attachments. Empty stands for []. Without attachments placeholders are data.
func (j *JSON) CheckArgs(args []byte, attachments int) error {
	if attachments > j.limits.Attachments {
		return ErrAttachments
	}
	if len(args) == 0 {
		if attachments > 0 {
			return ErrPlaceholder
		}
		return nil
	}
	s := scanner{data: args, maxDepth: j.limits.Depth}
	return j.scan(&s, '[', attachments)
}

// CheckValue checks that a text is one JSON value within the limits.
func (j *JSON) CheckValue(value []byte) error {
	return Walk(value, j.limits.Depth, nil)
}
