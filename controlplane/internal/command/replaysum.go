package command

import (
	"hash/maphash"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
)

// faultReused refuses a command whose key belongs to another one: the result of that would look as if
// this one had been carried out.
var faultReused = fault.At(fault.IdempotencyReused, "idempotency_key", "belongs to another command that was given within 5 minutes")

// sumSeed is the process's own, so that nobody can look for commands with the same sum.
var sumSeed = maphash.MakeSeed()

// sumOf tells commands apart by what they do. How long one waits does not count, for what is repeated has less time
// left, nor what belongs to the giving of it: its id, its delivery and its trace.
func sumOf(c *hubv1.Command) uint64 {
	m := c.ProtoReflect()
	op := m.WhichOneof(m.Descriptor().Oneofs().ByName("op"))
	if op == nil {
		return 0
	}
	bytes, err := proto.MarshalOptions{Deterministic: true}.Marshal(patient(m.Get(op).Message()).Interface())
	if err != nil {
		return 0 // it was decoded, so that it can be encoded
	}
	var h maphash.Hash
	h.SetSeed(sumSeed)
	_, _ = h.WriteString(string(op.Name()))
	_ = h.WriteByte(0)
	_, _ = h.Write(bytes)
	return h.Sum64()
}

// patient is an operation without the time that it may take. What is in its fields is shared.
func patient(op protoreflect.Message) protoreflect.Message {
	out := op.New()
	op.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Name() == "timeout":
		case field.Name() == "ack":
			out.Set(field, protoreflect.ValueOfMessage(patient(value.Message())))
		default:
			out.Set(field, value)
		}
		return true
	})
	return out
}
