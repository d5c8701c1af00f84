package services

import (
	"fmt"
	"strings"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// helloRows gathers rows in which a good hello is changed.
type helloRows []hostile.Input

func (all *helloRows) add(name string, change func(*hubv1.Hello), allow ...hostile.Outcome) {
	*all = append(*all, hostile.Input{Name: "hello " + name, Allow: allow, Attack: func(p *hostile.Probe) hostile.Outcome {
		a := Attach(p)
		h := a.Hello()
		change(h)
		a.Do(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: h}})
		item, err := a.next()
		if err != nil {
			return streamEnd(err)
		}
		return welcomed(item.GetWelcome())
	}})
}

// helloInputs: a bad hello ends the stream, and says so.
func helloInputs() []hostile.Input {
	var all helloRows
	bad := hostile.Outcomes("stream INVALID_ARGUMENT")
	long := strings.Repeat("x", 129)
	all.add("without a group", func(h *hubv1.Hello) { h.Group = "" }, bad...)
	all.add("with a long group", func(h *hubv1.Hello) { h.Group = long }, bad...)
	all.add("with a group of 1 MiB", func(h *hubv1.Hello) { h.Group = strings.Repeat("g", 1<<20) }, bad...)
	all.add("without an instance", func(h *hubv1.Hello) { h.InstanceId = "" }, bad...)
	all.add("with a long instance", func(h *hubv1.Hello) { h.InstanceId = long }, bad...)
	all.add("with a long version", func(h *hubv1.Hello) { h.Version = long }, bad...)
	all.add("with a capability that is none", func(h *hubv1.Hello) { h.RequiredCapabilities = []string{"time-travel"} }, "stream FAILED_PRECONDITION")
	all.add("with 10000 capabilities", func(h *hubv1.Hello) { h.RequiredCapabilities = Many("c", 10_000) }, "stream FAILED_PRECONDITION", "stream INVALID_ARGUMENT")
	all.add("with an empty capability", func(h *hubv1.Hello) { h.RequiredCapabilities = []string{""} }, "stream FAILED_PRECONDITION", "stream INVALID_ARGUMENT")
	all.add("with a tiny envelope", func(h *hubv1.Hello) { h.MaxEnvelopeBytes = 1 }, bad...)
	all.add("with an envelope of 65535", func(h *hubv1.Hello) { h.MaxEnvelopeBytes = 65535 }, bad...)
	all.add("with an envelope of 4 GiB", func(h *hubv1.Hello) { h.MaxEnvelopeBytes = 1<<32 - 1 }, "welcome")
	all.add("with the largest window", func(h *hubv1.Hello) { h.Window = &hubv1.Window{Deliveries: 1<<32 - 1, Bytes: 1<<64 - 1} }, "welcome")
	all.add("with an empty window", func(h *hubv1.Hello) { h.Window = &hubv1.Window{} }, "welcome")
	all.add("with 257 subscriptions", func(h *hubv1.Hello) { h.Subscriptions = subscriptions(257) }, bad...)
	all.add("with 20000 subscriptions", func(h *hubv1.Hello) { h.Subscriptions = subscriptions(20_000) }, "stream RESOURCE_EXHAUSTED", bad[0])
	all.add("with odd names", func(h *hubv1.Hello) { h.Group, h.InstanceId, h.Version = "\x00\n\x1b[31m", "../../x", "<script>" }, "welcome", bad[0])
	all.add("with an unknown field", func(h *hubv1.Hello) { h.ProtoReflect().SetUnknown(unknownField) }, "welcome")
	return all
}

// subscriptionInputs: the same for one subscription of the hello.
func subscriptionInputs() []hostile.Input {
	var all helloRows
	// A bad subscription may end the stream or be refused by itself.
	refused := hostile.Outcomes("welcome, refused INVALID_ARGUMENT", "stream INVALID_ARGUMENT")
	for name, change := range map[string]func(*hubv1.Subscription){
		"without a role":      func(s *hubv1.Subscription) { s.Role = 0 },
		"without a namespace": func(s *hubv1.Subscription) { s.Namespace = "" }, "with a namespace without a slash": func(s *hubv1.Subscription) { s.Namespace = "chat" }, "with a star in the middle": func(s *hubv1.Subscription) { s.Namespace = "/a*b" },
		"with two stars": func(s *hubv1.Subscription) { s.Namespace = "/*/*" }, "with a star before the end": func(s *hubv1.Subscription) { s.Namespace = "/*/x" },
		"with a namespace of 257 bytes": func(s *hubv1.Subscription) { s.Namespace = "/" + strings.Repeat("n", 256) }, "with 257 events": func(s *hubv1.Subscription) { s.Events = Many("e", 257) },
		"with a star within an event": func(s *hubv1.Subscription) { s.Events = []string{"a*b"} }, "with a comma in the namespace": func(s *hubv1.Subscription) { s.Namespace = "/a,b" },
	} {
		all.add("subscription "+name, func(h *hubv1.Hello) { change(h.Subscriptions[1]) }, refused...)
	}
	all.add("subscription with a star alone", func(h *hubv1.Hello) { h.Subscriptions[1].Namespace = "*" }, "welcome")
	unknown := hostile.Outcomes("welcome, refused UNIMPLEMENTED")
	for name, change := range map[string]func(*hubv1.Subscription){
		"with an unknown role": func(s *hubv1.Subscription) { s.Role = 99 }, "with a negative role": func(s *hubv1.Subscription) { s.Role = -1 }, "with an unknown guarantee": func(s *hubv1.Subscription) { s.Guarantee = 99 },
		"with an unknown ordering": func(s *hubv1.Subscription) { s.Ordering = 99 }, "with an unknown introduction": func(s *hubv1.Subscription) { s.Introduction = 99 }, "with an unknown kind": func(s *hubv1.Subscription) { s.Kinds = []hubv1.Kind{99} },
		"with an unknown overflow": func(s *hubv1.Subscription) { s.Overflow = 99 }, "with an unknown field": func(s *hubv1.Subscription) { s.ProtoReflect().SetUnknown(unknownField) },
	} {
		all.add("subscription "+name, func(h *hubv1.Hello) { change(h.Subscriptions[1]) }, unknown...)
	}
	all.add("subscription with an empty event", func(h *hubv1.Hello) { h.Subscriptions[1].Events = []string{""} }, append(refused, "welcome")...)
	all.add("authorizer with events", func(h *hubv1.Hello) { h.Subscriptions[0].Events = []string{"x"} }, refused...)
	all.add("authorizer with an introduction", func(h *hubv1.Hello) { h.Subscriptions[0].Introduction = 3 }, refused...)
	all.add("subscription of another group's namespace", func(h *hubv1.Hello) { h.Subscriptions[0].Namespace = "/bystander" }, "welcome, refused ALREADY_EXISTS")
	all.add("subscription twice", func(h *hubv1.Hello) { h.Subscriptions = append(h.Subscriptions, h.Subscriptions[0]) }, "welcome", "welcome, refused ALREADY_EXISTS", "welcome, refused INVALID_ARGUMENT", "stream INVALID_ARGUMENT")
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
func welcomed(w *hubv1.Welcome) hostile.Outcome {
	if w == nil {
		return "no welcome"
	}
	for _, s := range w.Subscriptions {
		if s.GetStatus().GetCode() != 0 {
			return "welcome, refused " + hostile.Outcome(strings.TrimPrefix(s.Status.Code.String(), "CODE_"))
		}
	}
	return "welcome"
}
