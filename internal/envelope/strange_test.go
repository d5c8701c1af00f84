package envelope_test

import (
	"errors"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/siohub/siohub/internal/envelope"
)

// mayRefuse reports whether the codec may refuse the bytes of a message that protobuf
// has decoded: because it has something unknown, or too many of something.
func mayRefuse(b []byte, m proto.Message, err error) bool {
	var bad *envelope.Bad
	switch {
	case errors.As(err, &bad) && bad.Reason == envelope.UnknownField:
		// What has more bytes than needed may have something that a later field took the
		// place of.
		return isStrange(m.ProtoReflect()) || proto.Size(m) != len(b)
	case errors.As(err, &bad):
		return bad.Reason == envelope.EnvelopeTooLarge || bad.Reason == envelope.TooManyElements
	}
	return errors.Is(err, envelope.ErrTooManyActions)
}

// isStrange reports whether a message has a field or an enum value that is not known,
// anywhere. A hello counts too.
func isStrange(m protoreflect.Message) (strange bool) {
	if len(m.GetUnknown()) > 0 {
		return true
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		values := []protoreflect.Value{v}
		if f.IsList() {
			values = nil
			for i := range v.List().Len() {
				values = append(values, v.List().Get(i))
			}
		}
		for _, v := range values {
			switch {
			case f.Message() != nil:
				strange = strange || isStrange(v.Message())
			case f.Enum() != nil:
				strange = strange || f.Enum().Values().ByNumber(v.Enum()) == nil
			}
		}
		return !strange
	})
	return strange
}
