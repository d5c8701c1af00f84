package services

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// firstInputs: the first action is a hello, and there is one.
func firstInputs() []hostile.Input {
	var all []hostile.Input
	hello := func(a *Actor) *hubv1.Action { return &hubv1.Action{Kind: &hubv1.Action_Hello{Hello: a.Hello()}} }
	add := func(name string, attack func(*Actor) hostile.Outcome, allow ...hostile.Outcome) {
		all = append(all, hostile.Input{Name: name, Allow: allow, Attack: func(p *hostile.Probe) hostile.Outcome { return attack(Attach(p)) }})
	}
	failed := hostile.Outcomes("stream FAILED_PRECONDITION", "stream INVALID_ARGUMENT")
	for name, action := range map[string]*hubv1.Action{
		"settlement": {Kind: &hubv1.Action_Settlement{Settlement: &hubv1.Settlement{DeliverySeq: 1}}}, "command": {Kind: &hubv1.Action_Command{Command: Emit(everybody(), "x", "[]")}}, "window": {Kind: &hubv1.Action_Window{Window: &hubv1.Window{}}},
		"heartbeat": {Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}, "action without a kind": {},
	} {
		add("first a "+name, func(a *Actor) hostile.Outcome { a.Do(action); return a.Ends() }, failed...)
		add("first a "+name+", then the hello", func(a *Actor) hostile.Outcome { a.Do(action, hello(a)); return a.Ends() }, failed...)
	}
	add("two hellos", func(a *Actor) hostile.Outcome { a.welcome(); a.Do(hello(a)); return a.Ends() }, failed...)
	add("two hellos in one envelope", func(a *Actor) hostile.Outcome { a.Do(hello(a), hello(a)); return a.Ends() }, failed...)
	add("a thousand hellos", func(a *Actor) hostile.Outcome {
		for range 1000 {
			a.Do(hello(a))
		}
		return a.Ends()
	}, failed...)
	add("same instance twice", func(a *Actor) hostile.Outcome {
		h := a.Hello()
		a.welcome()
		b := Attach(a.probe)
		b.Do(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: h}})
		b.namespace = a.namespace
		hostile.Must(b.await(func(i *hubv1.Item) bool { return i.GetWelcome() != nil }))
		return a.Ends() + ", second " + b.Lives()
	}, "stream ABORTED, second open")
	add("same instance fifty times", func(a *Actor) hostile.Outcome {
		h := a.Hello()
		for range 50 {
			a = Attach(a.probe)
			a.Do(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: h}})
			hostile.Must(a.await(func(i *hubv1.Item) bool { return i.GetWelcome() != nil }))
		}
		return a.Lives()
	}, hostile.Open)
	for name, at := range map[string]func(*Actor){"before the hello": func(*Actor) {}, "with the hello": func(a *Actor) { a.Do(hello(a)) }, "after the welcome": func(a *Actor) { a.welcome() }, "with a browser": func(a *Actor) { a.welcome(); a.joined() }} {
		add("stream cancelled "+name, func(a *Actor) hostile.Outcome { at(a); a.Cancel(); return hostile.Sent }, hostile.Sent)
		add("stream closed "+name, func(a *Actor) hostile.Outcome { at(a); _ = a.Stream.CloseSend(); return a.Ends() }, "stream UNSPECIFIED", "stream UNKNOWN", "stream DEADLINE_EXCEEDED", "stream FAILED_PRECONDITION", "stream INVALID_ARGUMENT")
	}
	add("fifty streams cancelled", func(a *Actor) hostile.Outcome {
		for range 50 {
			b := Attach(a.probe)
			b.Do(hello(b))
			b.Cancel()
		}
		return hostile.Sent
	}, hostile.Sent)
	return append(all, helloMissing(append(failed, "stream DEADLINE_EXCEEDED"))...)
}

// helloMissing: a stream without a hello ends by itself.
func helloMissing(allow []hostile.Outcome) []hostile.Input {
	late := hostile.Input{Name: "no hello", Slow: true, Allow: hostile.Outcomes("stream DEADLINE_EXCEEDED"), Attack: func(p *hostile.Probe) hostile.Outcome { return Attach(p).Ends() }}
	empty := hostile.Input{Name: "empty envelopes for a hello", Slow: true, Allow: allow, Attack: func(p *hostile.Probe) hostile.Outcome {
		a := Attach(p)
		for range 100 {
			a.Do()
		}
		return a.Ends()
	}}
	return []hostile.Input{late, empty}
}
