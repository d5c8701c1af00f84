package command

import (
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/hub/cluster"
)

// Elsewhere knows which instances are attached to other hubs as well.
type Elsewhere interface {
	// First reports whether this hub is the one that calls an instance which is attached to several: of the hubs that it
	// is attached to the one with the smallest id.
	First(i InstanceKey) bool
	// FirstWith reports whether this hub is the one with the smallest id of those that have an instance of a group which takes
	// calls in a namespace, if it has one itself.
	FirstWith(group, namespace string) bool
}

// here hands a call of another hub to the instances that no other hub calls.
func (c *Calls) here(op *hubv1.Call, s *signalCall, answers Answers) {
	who := &Caller{Stream: true, Group: s.Group, Instance: s.Instance}
	r := Request{Caller: who, Command: &hubv1.Command{Traceparent: s.Traceparent, Tracestate: s.Tracestate}}
	to, f := c.prepare(r, op)
	if f == nil {
		to.callees = c.oursOf(to.callees, s.Called)
	}
	if answers == nil {
		if f == nil {
			c.hand(r, to)
		}
		return
	}
	if f != nil {
		answers.Give(failed(f))
		return
	}
	c.wait(r, to, answers)
}

// oursOf are the callees that this hub calls: not those that the caller's hub does, nor another with a smaller id.
func (c *Calls) oursOf(callees []Callee, called []InstanceKey) (ours []Callee) {
	others := make(map[InstanceKey]struct{}, len(called))
	for _, key := range called {
		others[key] = struct{}{}
	}
	for _, callee := range callees {
		key := InstanceKey{callee.Group(), callee.Instance()}
		if _, there := others[key]; !there && (c.elsewhere == nil || c.elsewhere.First(key)) {
			ours = append(ours, callee)
		}
	}
	return ours
}

// ServerSide hands what a Node server has said with `serverSideEmit` to one instance of each group that takes calls, if this
// hub is the one that does. answer is called once with what the first of them replies, nil when nobody does; it is nil when
// no answer is wanted.
func (c *Calls) ServerSide(namespace string, m *cluster.Message, patience time.Duration, answer func(*hubv1.Payload)) {
	op := &hubv1.Call{Namespace: namespace, Name: m.Event, Payload: &hubv1.Payload{Args: m.Args, Attachments: m.Attachments}}
	r := Request{Caller: &Caller{Stream: true}, Command: &hubv1.Command{}}
	to, f := c.prepare(r, op)
	if f != nil {
		to.callees = nil
	}
	to.callees = c.oneOfEachGroup(to.callees, namespace)
	if answer == nil {
		c.hand(r, to)
		return
	}
	to.timeout = patience
	c.wait(r, to, &firstAnswer{answer: answer})
}

// oneOfEachGroup takes one instance of each group that no other hub takes one of.
func (c *Calls) oneOfEachGroup(callees []Callee, namespace string) (few []Callee) {
	seen := make(map[string]bool)
	for _, callee := range callees {
		if group := callee.Group(); !seen[group] {
			seen[group] = true
			if c.elsewhere == nil || c.elsewhere.FirstWith(group, namespace) {
				few = append(few, callee)
			}
		}
	}
	return few
}

// firstAnswer takes the first answer to a call that is a reply. Its methods are called one at a time.
type firstAnswer struct {
	answer func(*hubv1.Payload) // nil once it was called
}

// Give implements Answers.
func (a *firstAnswer) Give(r *hubv1.Result) bool {
	one := r.GetCallAnswer()
	if a.answer != nil && (one.GetPayload() != nil && one.GetStatus() == nil || !r.More) {
		a.answer(one.GetPayload())
		a.answer = nil
	}
	return true
}

// Pull implements Answers.
func (a *firstAnswer) Pull(p *Pages) { p.Close() }
