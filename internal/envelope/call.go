package envelope

import (
	"strconv"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// Call is the request of a call other than Attach as the hub reads it. Decoding into it
// never fails, because gRPC would end the call with INTERNAL before anybody is asked.
type Call struct {
	// Message is decoded into. It has to be one of hub.v1, and stays empty if Bad is
	// set.
	Message proto.Message
	// Bad says why the request is refused; Reason and Field are set. Nil when it can
	// be looked at.
	Bad *Bad
	// Known says that there is nothing in the message that the hub does not know: Check would find nothing.
	Known bool
	// Pace is asked before the request is decoded. Nil means that nobody is.
	Pace Pace
}

// decode reads a request. Its lists are counted before anything is allocated for them,
// as those of an envelope are. Where something is not known, what it is is left to Check: one command
// of many may be refused for itself.
func (c *Call) decode(data mem.BufferSlice) {
	c.Bad, c.Known = nil, false
	schema := schemas[c.Message.ProtoReflect().Descriptor().FullName()]
	if data.Len() > MaxBytes {
		c.Bad = &Bad{Reason: EnvelopeTooLarge}
		return
	}
	if c.Bad = tooMany(schema, data); c.Bad != nil {
		return
	}
	buf := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer buf.Free()
	var strict, lax check
	switch b := buf.ReadOnlyData(); {
	case schema == nil:
		c.Bad = &Bad{Reason: Malformed}
	case !strict.message(schema, b, false) && !lax.message(schema, b, true):
		c.Bad = &Bad{Reason: lax.reason, Field: lax.path}
	case proto.Unmarshal(b, c.Message) != nil:
		proto.Reset(c.Message)
		c.Bad = &Bad{Reason: Malformed}
	default:
		c.Known = strict.reason == ""
	}
}

// tooMany counts the messages in lists of a request as gRPC has read it, before that is put together: to copy some MiB, of which
// nothing is carried out, takes as long as a thousand commands. Nil when there are not too many, or it cannot be said.
func tooMany(schema *message, data mem.BufferSlice) *Bad {
	if schema == nil || len(data) < 2 {
		return nil
	}
	n := 0
	var s skim
	for s.over(data); s.more(); {
		num, typ := s.tag()
		f := schema.field(num)
		if f != nil && f.list && f.sub != nil && typ == f.wire {
			if n++; n > MaxActions {
				return &Bad{Reason: TooManyElements, Field: f.name + "[" + strconv.Itoa(MaxActions) + "]"}
			}
		}
		s.skip(typ)
	}
	return nil
}
