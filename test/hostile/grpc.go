package hostile

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// grpcInputs are services that break the rules of the contract.
func grpcInputs() []input {
	var all []input
	for _, r := range commandRows() {
		all = append(all,
			input{name: "stream: " + r.name, attack: r.onStream, allow: r.allow},
			input{name: "execute: " + r.name, attack: r.executed, allow: r.allow})
	}
	for _, make := range []func() []input{helloInputs, firstInputs, envelopeInputs, bytesInputs, itemInputs, unaryInputs, storyInputs, unknownInputs, resumeInputs, endlessInputs, slowServiceInputs} {
		all = append(all, make()...)
	}
	for i := range all {
		all[i].kind = "grpc"
	}
	return all
}

// onStream gives the command on a stream, which has to live.
func (r commandRow) onStream(p *probe) outcome {
	a := p.attached()
	c := r.command
	a.command(&hubv1.Command{
		CommandId: 7, DeliverySeq: c.DeliverySeq, IdempotencyKey: c.IdempotencyKey,
		Traceparent: c.Traceparent, Tracestate: c.Tracestate, Op: c.Op,
	})
	got := a.resultOutcome()
	if lives := a.lives(); lives != open {
		return got + ", " + lives
	}
	return got
}

// executed gives it by ControlService.
func (r commandRow) executed(p *probe) outcome {
	ctx, _ := p.context()
	answer, err := hubv1.NewControlServiceClient(p.control()).Execute(ctx, &hubv1.ExecuteRequest{Commands: []*hubv1.Command{r.command}})
	if err != nil {
		return "call " + codeOnly(streamEnd(err))
	}
	if len(answer.Results) != 1 {
		return outcome(fmt.Sprintf("%d results", len(answer.Results)))
	}
	return statusOutcome(answer.Results[0].GetStatus())
}

// codeOnly takes the word "stream " off.
func codeOnly(o outcome) outcome { return outcome(strings.TrimPrefix(string(o), "stream ")) }

// helloInputs: a bad hello ends the stream, and says so.
func helloInputs() []input {
	var all []input
	bad := outcomes("stream INVALID_ARGUMENT")
	add := func(name string, change func(*hubv1.Hello), allow ...outcome) {
		all = append(all, input{name: "hello " + name, allow: allow, attack: func(p *probe) outcome {
			a := p.attach()
			h := a.hello()
			change(h)
			a.do(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: h}})
			item, err := a.next()
			if err != nil {
				return streamEnd(err)
			}
			return welcomed(item.GetWelcome())
		}})
	}
	long := strings.Repeat("x", 129)
	add("without a group", func(h *hubv1.Hello) { h.Group = "" }, bad...)
	add("with a long group", func(h *hubv1.Hello) { h.Group = long }, bad...)
	add("with a group of 1 MiB", func(h *hubv1.Hello) { h.Group = strings.Repeat("g", 1<<20) }, bad...)
	add("without an instance", func(h *hubv1.Hello) { h.InstanceId = "" }, bad...)
	add("with a long instance", func(h *hubv1.Hello) { h.InstanceId = long }, bad...)
	add("with a long version", func(h *hubv1.Hello) { h.Version = long }, bad...)
	add("with a capability that is none", func(h *hubv1.Hello) { h.RequiredCapabilities = []string{"time-travel"} }, "stream FAILED_PRECONDITION")
	add("with 10000 capabilities", func(h *hubv1.Hello) { h.RequiredCapabilities = many("c", 10_000) }, "stream FAILED_PRECONDITION", "stream INVALID_ARGUMENT")
	add("with an empty capability", func(h *hubv1.Hello) { h.RequiredCapabilities = []string{""} }, "stream FAILED_PRECONDITION", "stream INVALID_ARGUMENT")
	add("with a tiny envelope", func(h *hubv1.Hello) { h.MaxEnvelopeBytes = 1 }, bad...)
	add("with an envelope of 65535", func(h *hubv1.Hello) { h.MaxEnvelopeBytes = 65535 }, bad...)
	add("with an envelope of 4 GiB", func(h *hubv1.Hello) { h.MaxEnvelopeBytes = 1<<32 - 1 }, "welcome")
	add("with the largest window", func(h *hubv1.Hello) { h.Window = &hubv1.Window{Deliveries: 1<<32 - 1, Bytes: 1<<64 - 1} }, "welcome")
	add("with an empty window", func(h *hubv1.Hello) { h.Window = &hubv1.Window{} }, "welcome")
	add("with 257 subscriptions", func(h *hubv1.Hello) { h.Subscriptions = subscriptions(257) }, bad...)
	add("with 20000 subscriptions", func(h *hubv1.Hello) { h.Subscriptions = subscriptions(20_000) }, "stream RESOURCE_EXHAUSTED", bad[0])
	add("with odd names", func(h *hubv1.Hello) { h.Group, h.InstanceId, h.Version = "\x00\n\x1b[31m", "../../x", "<script>" }, "welcome", bad[0])
	// A bad subscription may end the stream or be refused by itself.
	refused := outcomes("welcome, refused INVALID_ARGUMENT", "stream INVALID_ARGUMENT")
	for name, change := range map[string]func(*hubv1.Subscription){
		"without a role":      func(s *hubv1.Subscription) { s.Role = 0 },
		"without a namespace": func(s *hubv1.Subscription) { s.Namespace = "" }, "with a namespace without a slash": func(s *hubv1.Subscription) { s.Namespace = "chat" }, "with a star in the middle": func(s *hubv1.Subscription) { s.Namespace = "/a*b" },
		"with two stars": func(s *hubv1.Subscription) { s.Namespace = "/*/*" }, "with a star before the end": func(s *hubv1.Subscription) { s.Namespace = "/*/x" },
		"with a namespace of 257 bytes": func(s *hubv1.Subscription) { s.Namespace = "/" + strings.Repeat("n", 256) }, "with 257 events": func(s *hubv1.Subscription) { s.Events = many("e", 257) },
		"with a star within an event": func(s *hubv1.Subscription) { s.Events = []string{"a*b"} }, "with a comma in the namespace": func(s *hubv1.Subscription) { s.Namespace = "/a,b" },
	} {
		add("subscription "+name, func(h *hubv1.Hello) { change(h.Subscriptions[1]) }, refused...)
	}
	add("subscription with a star alone", func(h *hubv1.Hello) { h.Subscriptions[1].Namespace = "*" }, "welcome")
	unknown := outcomes("welcome, refused UNIMPLEMENTED")
	for name, change := range map[string]func(*hubv1.Subscription){
		"with an unknown role": func(s *hubv1.Subscription) { s.Role = 99 }, "with a negative role": func(s *hubv1.Subscription) { s.Role = -1 }, "with an unknown guarantee": func(s *hubv1.Subscription) { s.Guarantee = 99 },
		"with an unknown ordering": func(s *hubv1.Subscription) { s.Ordering = 99 }, "with an unknown introduction": func(s *hubv1.Subscription) { s.Introduction = 99 }, "with an unknown kind": func(s *hubv1.Subscription) { s.Kinds = []hubv1.Kind{99} },
		"with an unknown overflow": func(s *hubv1.Subscription) { s.Overflow = 99 }, "with an unknown field": func(s *hubv1.Subscription) { s.ProtoReflect().SetUnknown(unknownField) },
	} {
		add("subscription "+name, func(h *hubv1.Hello) { change(h.Subscriptions[1]) }, unknown...)
	}
	add("with an unknown field", func(h *hubv1.Hello) { h.ProtoReflect().SetUnknown(unknownField) }, "welcome")
	add("subscription with an empty event", func(h *hubv1.Hello) { h.Subscriptions[1].Events = []string{""} }, append(refused, "welcome")...)
	add("authorizer with events", func(h *hubv1.Hello) { h.Subscriptions[0].Events = []string{"x"} }, refused...)
	add("authorizer with an introduction", func(h *hubv1.Hello) { h.Subscriptions[0].Introduction = 3 }, refused...)
	add("subscription of another group's namespace", func(h *hubv1.Hello) { h.Subscriptions[0].Namespace = "/bystander" }, "welcome, refused ALREADY_EXISTS")
	add("subscription twice", func(h *hubv1.Hello) { h.Subscriptions = append(h.Subscriptions, h.Subscriptions[0]) }, "welcome", "welcome, refused ALREADY_EXISTS", "welcome, refused INVALID_ARGUMENT", "stream INVALID_ARGUMENT")
	return all
}

func subscriptions(n int) []*hubv1.Subscription {
	list := make([]*hubv1.Subscription, n)
	for i := range list {
		list[i] = &hubv1.Subscription{Role: hubv1.Role_ROLE_HANDLER, Namespace: fmt.Sprint("/many", i)}
	}
	return list
}

// welcomed names the first refusal in a welcome.
func welcomed(w *hubv1.Welcome) outcome {
	if w == nil {
		return "no welcome"
	}
	for _, s := range w.Subscriptions {
		if s.GetStatus().GetCode() != 0 {
			return "welcome, refused " + outcome(strings.TrimPrefix(s.Status.Code.String(), "CODE_"))
		}
	}
	return "welcome"
}

// firstInputs: the first action is a hello, and there is one.
func firstInputs() []input {
	var all []input
	hello := func(a *actor) *hubv1.Action { return &hubv1.Action{Kind: &hubv1.Action_Hello{Hello: a.hello()}} }
	add := func(name string, attack func(*actor) outcome, allow ...outcome) {
		all = append(all, input{name: name, allow: allow, attack: func(p *probe) outcome { return attack(p.attach()) }})
	}
	failed := outcomes("stream FAILED_PRECONDITION", "stream INVALID_ARGUMENT")
	for name, action := range map[string]*hubv1.Action{
		"settlement": {Kind: &hubv1.Action_Settlement{Settlement: &hubv1.Settlement{DeliverySeq: 1}}}, "command": {Kind: &hubv1.Action_Command{Command: emit(everybody(), "x", "[]")}}, "window": {Kind: &hubv1.Action_Window{Window: &hubv1.Window{}}},
		"heartbeat": {Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}, "action without a kind": {},
	} {
		add("first a "+name, func(a *actor) outcome { a.do(action); return a.ends() }, failed...)
		add("first a "+name+", then the hello", func(a *actor) outcome { a.do(action, hello(a)); return a.ends() }, failed...)
	}
	add("two hellos", func(a *actor) outcome { a.welcome(); a.do(hello(a)); return a.ends() }, failed...)
	add("two hellos in one envelope", func(a *actor) outcome { a.do(hello(a), hello(a)); return a.ends() }, failed...)
	add("a thousand hellos", func(a *actor) outcome {
		for range 1000 {
			a.do(hello(a))
		}
		return a.ends()
	}, failed...)
	add("same instance twice", func(a *actor) outcome {
		h := a.hello()
		a.welcome()
		b := a.probe.attach()
		b.do(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: h}})
		b.namespace = a.namespace
		must(b.await(func(i *hubv1.Item) bool { return i.GetWelcome() != nil }))
		return a.ends() + ", second " + b.lives()
	}, "stream ABORTED, second open")
	add("same instance fifty times", func(a *actor) outcome {
		h := a.hello()
		for range 50 {
			a = a.probe.attach()
			a.do(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: h}})
			must(a.await(func(i *hubv1.Item) bool { return i.GetWelcome() != nil }))
		}
		return a.lives()
	}, open)
	for name, at := range map[string]func(*actor){"before the hello": func(*actor) {}, "with the hello": func(a *actor) { a.do(hello(a)) }, "after the welcome": func(a *actor) { a.welcome() }, "with a browser": func(a *actor) { a.welcome(); a.joined() }} {
		add("stream cancelled "+name, func(a *actor) outcome { at(a); a.cancel(); return sent }, sent)
		add("stream closed "+name, func(a *actor) outcome { at(a); _ = a.stream.CloseSend(); return a.ends() }, "stream UNSPECIFIED", "stream UNKNOWN", "stream DEADLINE_EXCEEDED", "stream FAILED_PRECONDITION", "stream INVALID_ARGUMENT")
	}
	add("fifty streams cancelled", func(a *actor) outcome {
		for range 50 {
			b := a.probe.attach()
			b.do(hello(b))
			b.cancel()
		}
		return sent
	}, sent)
	late := input{name: "no hello", slow: true, allow: outcomes("stream DEADLINE_EXCEEDED"), attack: func(p *probe) outcome { return p.attach().ends() }}
	empty := input{name: "empty envelopes for a hello", slow: true, allow: append(failed, "stream DEADLINE_EXCEEDED"), attack: func(p *probe) outcome {
		a := p.attach()
		for range 100 {
			a.do()
		}
		return a.ends()
	}}
	return append(all, late, empty)
}

// envelopeInputs: numbers neither jump nor go back.
func envelopeInputs() []input {
	var all []input
	bad := outcomes("stream INVALID_ARGUMENT")
	numbered := func(name string, allow []outcome, envelopes ...*hubv1.AttachRequest) {
		all = append(all, input{name: name, allow: allow, attack: func(p *probe) outcome {
			a := p.attach()
			for i, e := range envelopes {
				if i == 0 {
					e.Actions = []*hubv1.Action{{Kind: &hubv1.Action_Hello{Hello: a.hello()}}}
				}
				a.say(encode(e))
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
func bytesInputs() []input {
	var all []input
	bad := outcomes("stream INVALID_ARGUMENT")
	add := func(name string, message []byte, first, later []outcome) {
		all = append(all,
			input{name: "bytes " + name + " first", allow: first, attack: func(p *probe) outcome {
				a := p.attach()
				a.say(message)
				return a.ends()
			}},
			input{name: "bytes " + name + " after the welcome", allow: later, attack: func(p *probe) outcome {
				a := p.attached()
				a.say(message)
				return a.lives()
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
	none, lives := outcomes("stream FAILED_PRECONDITION"), outcomes(open)
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
	add("of 5 MiB in an unknown field", field(99, big), outcomes("stream DEADLINE_EXCEEDED", hang), lives)
	huge := outcomes("stream RESOURCE_EXHAUSTED", "stream UNAVAILABLE")
	add("of 60 MiB", field(99, make([]byte, 60<<20)), huge, huge)
	all = append(all, input{name: "bytes that inflate to 60 MiB", allow: outcomes("stream RESOURCE_EXHAUSTED", "stream UNIMPLEMENTED", "stream INTERNAL"), attack: func(p *probe) outcome {
		a := p.attach(grpc.UseCompressor(gzip.Name))
		a.say(field(99, make([]byte, 60<<20)))
		return a.ends()
	}})
	return all
}

// unaryInputs: calls without a stream.
func unaryInputs() []input {
	var all []input
	add := func(name string, call func(context.Context, hubv1.ControlServiceClient) error, allow ...outcome) {
		all = append(all, input{name: "call " + name, allow: allow, attack: func(p *probe) outcome {
			ctx, _ := p.context()
			err := call(ctx, hubv1.NewControlServiceClient(p.control()))
			if err == nil {
				return "OK"
			}
			return codeOnly(streamEnd(err))
		}})
	}
	execute := func(r *hubv1.ExecuteRequest) func(context.Context, hubv1.ControlServiceClient) error {
		return func(ctx context.Context, c hubv1.ControlServiceClient) error { _, err := c.Execute(ctx, r); return err }
	}
	commands := make([]*hubv1.Command, 1001)
	for i := range commands {
		commands[i] = emit(nowhere(), "x", "[]")
	}
	add("Execute with nothing", execute(&hubv1.ExecuteRequest{}), "INVALID_ARGUMENT")
	add("Execute with 1001 commands", execute(&hubv1.ExecuteRequest{Commands: commands}), "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED")
	add("Execute with 1000 commands", execute(&hubv1.ExecuteRequest{Commands: commands[:1000]}), "OK")
	add("Execute with an empty command", execute(&hubv1.ExecuteRequest{Commands: []*hubv1.Command{{}}}), "OK")
	ack := func(c *hubv1.Command) func(context.Context, hubv1.ControlServiceClient) error {
		return func(ctx context.Context, client hubv1.ControlServiceClient) error {
			s, err := client.EmitWithAck(ctx, &hubv1.EmitWithAckRequest{Command: c})
			if err == nil {
				_, err = s.Recv()
			}
			return err
		}
	}
	add("EmitWithAck with nothing", ack(nil), "INVALID_ARGUMENT")
	add("EmitWithAck with an empty command", ack(&hubv1.Command{}), "INVALID_ARGUMENT")
	add("EmitWithAck without an ack", ack(emit(nowhere(), "x", "[]")), "INVALID_ARGUMENT")
	add("EmitWithAck of another command", ack(&hubv1.Command{Op: &hubv1.Command_Disconnect{Disconnect: &hubv1.Disconnect{Target: nowhere()}}}), "INVALID_ARGUMENT")
	eternal := emit(nowhere(), "x", "[]")
	eternal.GetEmit().Ack = &hubv1.AckRequest{Timeout: durationpb.New(time.Hour)}
	add("EmitWithAck for an hour", ack(eternal), "INVALID_ARGUMENT", "OK")
	for name, t := range map[string]*hubv1.Target{"nothing": nil, "an empty target": {}, "no namespace": {All: true}, "all and rooms": {Namespace: "/", All: true, Rooms: []string{"a"}}, "a namespace without a slash": {Namespace: "x", All: true}} {
		add("FetchSockets with "+name, func(ctx context.Context, c hubv1.ControlServiceClient) error {
			s, err := c.FetchSockets(ctx, &hubv1.FetchSocketsRequest{Fetch: &hubv1.Fetch{Target: t}})
			if err == nil {
				_, err = s.Recv()
			}
			return err
		}, "INVALID_ARGUMENT")
		add("CountSockets with "+name, func(ctx context.Context, c hubv1.ControlServiceClient) error {
			_, err := c.CountSockets(ctx, &hubv1.CountSocketsRequest{Count: &hubv1.Count{Target: t}})
			return err
		}, "INVALID_ARGUMENT")
	}
	add("FetchSockets with the largest pages", func(ctx context.Context, c hubv1.ControlServiceClient) error {
		s, err := c.FetchSockets(ctx, &hubv1.FetchSocketsRequest{Fetch: &hubv1.Fetch{Target: everybody(), PageSize: 1<<32 - 1, IncludeHandshake: true}})
		if err == nil {
			_, err = s.Recv()
		}
		return err
	}, "OK", "INVALID_ARGUMENT")
	rooms := func(r *hubv1.ListRoomsRequest) func(context.Context, hubv1.ControlServiceClient) error {
		return func(ctx context.Context, c hubv1.ControlServiceClient) error {
			_, err := c.ListRooms(ctx, r)
			return err
		}
	}
	add("ListRooms with nothing", rooms(&hubv1.ListRoomsRequest{}), "INVALID_ARGUMENT")
	add("ListRooms of a namespace without a slash", rooms(&hubv1.ListRoomsRequest{ListRooms: &hubv1.ListRooms{Namespace: "x"}}), "INVALID_ARGUMENT", "OK")
	add("ListRooms of nowhere", rooms(&hubv1.ListRoomsRequest{ListRooms: &hubv1.ListRooms{Namespace: "/nowhere"}}), "OK", "NOT_FOUND")
	add("ListRooms with a token that is none", rooms(&hubv1.ListRoomsRequest{ListRooms: &hubv1.ListRooms{Namespace: "/", PageToken: "\x00../../etc/passwd"}}), "INVALID_ARGUMENT", "OK")
	add("ListRooms with a token of 1 MiB", rooms(&hubv1.ListRoomsRequest{ListRooms: &hubv1.ListRooms{Namespace: "/", PageToken: strings.Repeat("t", 1<<20)}}), "INVALID_ARGUMENT", "OK", "RESOURCE_EXHAUSTED")
	add("ListRooms with the largest page", rooms(&hubv1.ListRoomsRequest{ListRooms: &hubv1.ListRooms{Namespace: "/", PageSize: 1<<32 - 1, Prefix: strings.Repeat("p", 1000)}}), "OK", "INVALID_ARGUMENT")
	return all
}
