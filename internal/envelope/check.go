package envelope

import (
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// check looks through the bytes of actions before protobuf decodes them: for what the
// hub does not know, which protobuf would pass over, for strings that are not UTF-8,
// of which it does not say where they are, and for lists that would take many times
// their size. It allocates only for what is at fault. One check is for one envelope.
type check struct {
	elements int // of lists, so far
	messages int // those of them that are messages, such as commands of a settlement

	reason string // what is at fault; empty while nothing is
	path   string
	tops   int // subscriptions of the action's hello, so far
	bad    map[int]*Bad
}

// Check looks for what the hub does not know in a message that protobuf has decoded: a
// command, or the request of a unary call. Nil means that there is nothing; otherwise
// Reason and Field are set. It is safe for concurrent use, and does not change m.
func Check(m proto.Message) *Bad {
	var c check
	b, err := proto.Marshal(m)
	switch schema := schemas[m.ProtoReflect().Descriptor().FullName()]; {
	case err != nil || schema == nil:
		return &Bad{Reason: Malformed}
	case !c.message(schema, b, false):
		return &Bad{Reason: c.reason, Field: c.path}
	}
	return nil
}

// action checks an action and says what kind it has, as far as it was read.
func (c *check) action(b []byte) (kind Kind, ok bool) {
	c.reason, c.path, c.tops, c.bad = "", "", 0, nil
	unknown := ""
	for r := (reader{b: b}); r.more(); {
		num, typ := r.tag()
		f := actionSchema.field(num)
		if r.bad || f == nil || typ != f.wire {
			if r.skip(num, typ); r.bad {
				return kind, c.fault(Malformed, "")
			}
			unknown = strconv.Itoa(int(num))
			continue
		}
		kind = Kind(f.name)
		raw := r.bytes()
		switch {
		case r.bad:
			return kind, c.fault(Malformed, "")
		case f.sub == helloSchema:
			ok = c.hello(raw)
		default:
			ok = c.message(f.sub, raw, false)
		}
		if !ok {
			return kind, false
		}
	}
	// What a hello does not have to know may also stand beside it.
	if unknown != "" && kind != KindHello {
		return kind, c.fault(UnknownField, unknown)
	}
	return kind, true
}

// fault notes what is at fault. It returns false.
func (c *check) fault(reason, path string) bool {
	c.reason, c.path = reason, path
	return false
}

// message checks a message. Lax says that what is not known is passed over.
func (c *check) message(m *message, b []byte, lax bool) bool {
	names := 0
	for r := (reader{b: b}); r.more(); {
		num, typ := r.tag()
		f := m.field(num)
		if r.bad || f == nil || (typ != f.wire && (!f.packable || typ != protowire.BytesType)) {
			if r.skip(num, typ); r.bad {
				return c.fault(Malformed, "")
			}
			if lax {
				continue
			}
			return c.fault(UnknownField, strconv.Itoa(int(num)))
		}
		if f.list && f.sub == nil {
			names++
		}
		if names > MaxNames && !c.fault(TooManyElements, "") || !c.value(f, typ, &r, lax) {
			c.prefix(f, num, b, r.b)
			return false
		}
	}
	return true
}

// value checks the value of a field.
func (c *check) value(f *field, typ protowire.Type, r *reader, lax bool) bool {
	if f.packable && typ == protowire.BytesType {
		in := reader{b: r.bytes()}
		for !r.bad && in.more() {
			if !c.value(f, f.wire, &in, lax) {
				return false
			}
		}
		return !r.bad || c.fault(Malformed, "")
	}
	if f.list {
		if c.elements++; c.elements > MaxElements {
			return c.fault(TooManyElements, "")
		}
	}
	switch f.wire {
	case protowire.VarintType:
		v := r.varint()
		if !r.bad && !lax && f.enum != nil && !knows(f, v) {
			return c.fault(UnknownField, "")
		}
	case protowire.BytesType:
		raw := r.bytes()
		switch {
		case r.bad:
		case f.text && !utf8.Valid(raw):
			return c.fault(InvalidUTF8, "")
		case f.sub != nil:
			return (!f.list || c.another()) && c.message(f.sub, raw, lax)
		}
	case protowire.Fixed32Type:
		r.take(4)
	case protowire.Fixed64Type:
		r.take(8)
	}
	return !r.bad || c.fault(Malformed, "")
}

// another counts a message of a list.
func (c *check) another() bool {
	c.messages++
	return c.messages <= MaxActions || c.fault(TooManyElements, "")
}

// hello checks a hello. What is not known is passed over, but in a subscription it
// refuses the subscription.
func (c *check) hello(b []byte) bool {
	if !c.message(helloSchema, b, true) {
		return false
	}
	for r := (reader{b: b}); r.more(); {
		num, typ := r.tag()
		if f := helloSchema.field(num); f == nil || f.sub != subscriptionSchema || typ != f.wire {
			r.skip(num, typ)
			continue
		}
		elements, messages := c.elements, c.messages // count them already
		c.elements, c.messages = 0, 0
		if !c.message(subscriptionSchema, r.bytes(), false) {
			if c.bad == nil {
				c.bad = make(map[int]*Bad)
			}
			c.bad[c.tops] = &Bad{Reason: c.reason, Field: c.path, Kind: KindHello}
			c.reason, c.path = "", ""
		}
		c.elements, c.messages = elements, messages
		c.tops++
	}
	return true
}

// prefix puts the field of m at whose value the check stopped before the path. The
// value stood in b before rest.
func (c *check) prefix(f *field, num protowire.Number, b, rest []byte) {
	name := f.name
	if f.list {
		n := -1
		for r := (reader{b: b[:len(b)-len(rest)]}); r.more(); {
			at, typ := r.tag()
			if at == num {
				n++
			}
			r.skip(at, typ)
		}
		name += "[" + strconv.Itoa(max(n, 0)) + "]"
	}
	if c.path != "" {
		name += "." + c.path
	}
	c.path = name
}

// knows reports whether the enum of a field has the value.
func knows(f *field, v uint64) bool {
	return f.enum.Values().ByNumber(protoreflect.EnumNumber(v)) != nil
}
