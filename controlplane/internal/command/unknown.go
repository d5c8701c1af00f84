package command

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/siohub/siohub/controlplane/internal/fault"
)

// unknownField refuses a message of a unary call in which something is set that the
// hub does not know: a field, or a value of an enum. On a stream the codec does it.
func unknownField(m proto.Message) *fault.Fault {
	if path, ok := findUnknown(m.ProtoReflect()); ok {
		return fault.At(fault.UnknownField, path, "the hub does not know this field or value")
	}
	return nil
}

// findUnknown returns where something unknown is set.
func findUnknown(m protoreflect.Message) (path string, found bool) {
	if len(m.GetUnknown()) > 0 {
		return "", true
	}
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		name := string(field.Name())
		switch {
		case field.IsMap():
		case field.IsList() && field.Message() != nil:
			for i := range v.List().Len() {
				if path, found = findUnknown(v.List().Get(i).Message()); found {
					break
				}
			}
		case field.Message() != nil:
			path, found = findUnknown(v.Message())
		case field.Enum() != nil && !field.IsList():
			found = field.Enum().Values().ByNumber(v.Enum()) == nil
		}
		if found && path != "" {
			path = name + "." + path
		} else if found {
			path = name
		}
		return !found
	})
	return path, found
}
