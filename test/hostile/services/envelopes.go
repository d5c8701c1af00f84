package services

import (
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/protobuf/encoding/protowire"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// envelopeInputs: numbers neither jump nor go back.
func envelopeInputs() []hostile.Input {
	var all []hostile.Input
	bad := hostile.Outcomes("stream INVALID_ARGUMENT")
	numbered := func(name string, allow []hostile.Outcome, envelopes ...*hubv1.AttachRequest) {
		all = append(all, hostile.Input{Name: name, Allow: allow, Attack: func(p *hostile.Probe) hostile.Outcome {
			a := Attach(p)
			for i, e := range envelopes {
				if i == 0 {
					e.Actions = []*hubv1.Action{{Kind: &hubv1.Action_Hello{Hello: a.Hello()}}}
				}
				a.Say(Encode(e))
			}
			for {
				if _, err := a.next(); err != nil {
					return streamEnd(err)
				}
			}
		}})
	}
	numbered("first envelope is 5", bad, &hubv1.AttachRequest{EnvelopeSeq: 5})
	numbered("first envelope is 2^64-1", bad, &hubv1.AttachRequest{EnvelopeSeq: 1<<64 - 1})
	numbered("envelope repeated", bad, &hubv1.AttachRequest{EnvelopeSeq: 1}, &hubv1.AttachRequest{EnvelopeSeq: 1})
	numbered("envelope goes back", bad, &hubv1.AttachRequest{EnvelopeSeq: 1}, &hubv1.AttachRequest{EnvelopeSeq: 2}, &hubv1.AttachRequest{EnvelopeSeq: 1})
	numbered("envelope jumps", bad, &hubv1.AttachRequest{EnvelopeSeq: 1}, &hubv1.AttachRequest{EnvelopeSeq: 3})
	numbered("numbers end", bad, &hubv1.AttachRequest{EnvelopeSeq: 1}, &hubv1.AttachRequest{})
	numbered("numbers start late", bad, &hubv1.AttachRequest{}, &hubv1.AttachRequest{EnvelopeSeq: 1})
	numbered("receipt of what was not sent", bad, &hubv1.AttachRequest{EnvelopeSeq: 1, AckEnvelopeSeq: 1000})
	numbered("receipt of 2^64-1", bad, &hubv1.AttachRequest{}, &hubv1.AttachRequest{AckEnvelopeSeq: 1<<64 - 1})
	return all
}

// unknownField is a field that no message of the contract has.
var unknownField = protowire.AppendBytes(protowire.AppendTag(nil, 99, protowire.BytesType), []byte("x"))

// bytesInputs: what is no message ends the stream, with a reason; what is a message that
// the hub does not understand is refused for itself.
func bytesInputs() []hostile.Input {
	var all []hostile.Input
	bad := hostile.Outcomes("stream INVALID_ARGUMENT")
	add := func(name string, message []byte, first, later []hostile.Outcome) {
		all = append(all,
			hostile.Input{Name: "bytes " + name + " first", Allow: first, Attack: func(p *hostile.Probe) hostile.Outcome {
				a := Attach(p)
				a.Say(message)
				return a.Ends()
			}},
			hostile.Input{Name: "bytes " + name + " after the welcome", Allow: later, Attack: func(p *hostile.Probe) hostile.Outcome {
				a := Attached(p)
				a.Say(message)
				return a.Lives()
			}})
	}
	field := func(n protowire.Number, b []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), b)
	}
	action := func(n protowire.Number, b []byte) []byte { return field(3, field(n, b)) }
	for name, message := range map[string][]byte{
		"0xff": []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "of JSON": []byte(`{"actions":[]}`), "of text": []byte("hello"), "with a truncated varint": {0x08, 0x80},
		"with a varint of eleven bytes": []byte("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), "with a length beyond the end": {0x1a, 0x7f, 0x00}, "with a length of 2^63": append([]byte{0x1a}, protowire.AppendVarint(nil, 1<<63)...),
		"with field number 0": {0x02, 0x00}, "with wire type 7": {0x0f}, "with a group never closed": {0x9b, 0x06}, "with a group closed never opened": {0x9c, 0x06}, "with 20000 groups": []byte(strings.Repeat("\x9b\x06", 20_000) + strings.Repeat("\x9c\x06", 20_000)),
		"of 16385 actions": []byte(strings.Repeat("\x1a\x00", 16_385)), "of two million actions": []byte(strings.Repeat("\x1a\x00", 2_000_000)),
	} {
		add(name, message, bad, bad)
	}
	none, lives := hostile.Outcomes("stream FAILED_PRECONDITION"), hostile.Outcomes(hostile.Open)
	add("with a group that is not UTF-8", action(1, append(field(1, []byte("g\xff")), field(2, []byte("i"))...)), bad, none)
	add("with an event that is not UTF-8", action(3, field(10, field(2, []byte("\xed\xa0\x80")))), none, lives)
	add("with a room that is not UTF-8", action(3, field(11, field(2, []byte("\xc0\x80")))), none, lives)
	add("with a key that is not UTF-8", action(3, field(3, []byte("\xfe"))), none, lives)
	add("with a settlement that is not UTF-8", action(2, field(5, field(1, []byte("\xfe")))), none, lives)
	add("with an action that is no protobuf", action(3, []byte("\xff\xff")), none, lives)
	add("with an action of an unknown kind", action(99, []byte("x")), none, lives)
	add("of 16384 empty actions", []byte(strings.Repeat("\x1a\x00", 16_384)), none, lives)
	add("of 300000 empty rooms", action(3, field(11, []byte(strings.Repeat("\x12\x00", 300_000)))), none, lives)
	big := make([]byte, 5<<20)
	add("of 5 MiB", field(3, field(3, field(10, field(3, field(1, big))))), none, lives)
	// It says nothing, so the hello may still come.
	add("of 5 MiB in an unknown field", field(99, big), hostile.Outcomes("stream DEADLINE_EXCEEDED", hostile.Hang), lives)
	huge := hostile.Outcomes("stream RESOURCE_EXHAUSTED", "stream UNAVAILABLE")
	add("of 60 MiB", field(99, make([]byte, 60<<20)), huge, huge)
	all = append(all, hostile.Input{Name: "bytes that inflate to 60 MiB", Allow: hostile.Outcomes("stream RESOURCE_EXHAUSTED", "stream UNIMPLEMENTED", "stream INTERNAL"), Attack: func(p *hostile.Probe) hostile.Outcome {
		a := Attach(p, grpc.UseCompressor(gzip.Name))
		a.Say(field(99, make([]byte, 60<<20)))
		return a.Ends()
	}})
	return all
}
