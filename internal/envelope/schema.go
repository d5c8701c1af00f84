package envelope

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// message is what the check of an action knows of a message: its descriptor as a
// table, because a look-up in a descriptor takes longer than the check of a field.
type message struct {
	fields []field // by number; those that are not there have no name
}

// field is a field of a message.
type field struct {
	name     string
	wire     protowire.Type
	list     bool
	packable bool                        // a list that may come as one field
	text     bool                        // has to be UTF-8
	enum     protoreflect.EnumDescriptor // nil for anything else
	sub      *message                    // nil for anything else
}

// field returns the field of that number, or nil.
func (m *message) field(n protowire.Number) *field {
	if n <= 0 || int(n) >= len(m.fields) || m.fields[n].name == "" {
		return nil
	}
	return &m.fields[n]
}

// The messages that are looked at by name.
var (
	schemas = map[protoreflect.FullName]*message{}

	actionSchema       = schemaOf((&hubv1.Action{}).ProtoReflect().Descriptor())
	helloSchema        = schemaOf((&hubv1.Hello{}).ProtoReflect().Descriptor())
	subscriptionSchema = schemaOf((&hubv1.Subscription{}).ProtoReflect().Descriptor())
)

// Requests of unary calls, for Check. After this nobody writes schemas.
func init() {
	all := hubv1.File_hub_v1_control_proto.Messages()
	for i := range all.Len() {
		schemaOf(all.Get(i))
	}
}

// schemaOf makes the table of a message and of all that it has. It is called while
// the package is initialized.
func schemaOf(d protoreflect.MessageDescriptor) *message {
	if m, ok := schemas[d.FullName()]; ok {
		return m
	}
	m := &message{}
	schemas[d.FullName()] = m // before its fields: a message may contain itself
	fields := d.Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		for int(fd.Number()) >= len(m.fields) {
			m.fields = append(m.fields, field{})
		}
		f := field{
			name: string(fd.Name()), wire: wireTypes[fd.Kind()], list: fd.IsList(),
			text: fd.Kind() == protoreflect.StringKind, enum: fd.Enum(),
		}
		f.packable = f.list && f.wire != protowire.BytesType
		if sub := fd.Message(); sub != nil {
			f.sub = schemaOf(sub)
		}
		m.fields[fd.Number()] = f
	}
	return m
}

// wireTypes are those of the kinds that the contract has; groups are not among them.
var wireTypes = map[protoreflect.Kind]protowire.Type{
	protoreflect.BoolKind:     protowire.VarintType,
	protoreflect.EnumKind:     protowire.VarintType,
	protoreflect.Int32Kind:    protowire.VarintType,
	protoreflect.Sint32Kind:   protowire.VarintType,
	protoreflect.Uint32Kind:   protowire.VarintType,
	protoreflect.Int64Kind:    protowire.VarintType,
	protoreflect.Sint64Kind:   protowire.VarintType,
	protoreflect.Uint64Kind:   protowire.VarintType,
	protoreflect.Fixed32Kind:  protowire.Fixed32Type,
	protoreflect.Sfixed32Kind: protowire.Fixed32Type,
	protoreflect.FloatKind:    protowire.Fixed32Type,
	protoreflect.Fixed64Kind:  protowire.Fixed64Type,
	protoreflect.Sfixed64Kind: protowire.Fixed64Type,
	protoreflect.DoubleKind:   protowire.Fixed64Type,
	protoreflect.StringKind:   protowire.BytesType,
	protoreflect.BytesKind:    protowire.BytesType,
	protoreflect.MessageKind:  protowire.BytesType,
}
