package command

import (
	"encoding/json"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub/cluster"
)

// signal is what one hub's control plane tells or asks the others. Exactly one field is set; one that has none is of a newer
// hub, and passed over. Whoever may write to the engine may forge it: it can do no more than a service without permissions.
type signal struct {
	// Revoke is a hubv1.Revoke.
	Revoke []byte      `json:"revoke,omitempty"`
	Call   *signalCall `json:"call,omitempty"`
}

// signalCall is a call on its way to the instances that are attached elsewhere.
type signalCall struct {
	// Group and Instance are the caller's.
	Group    string `json:"group,omitempty"`
	Instance string `json:"instance,omitempty"`
	// Call is a hubv1.Call.
	Call        []byte `json:"call"`
	Traceparent string `json:"traceparent,omitempty"`
	Tracestate  string `json:"tracestate,omitempty"`
	// Called are the instances that the caller's hub calls itself.
	Called []InstanceKey `json:"called,omitempty"`
}

// InstanceKey names an instance of a service.
type InstanceKey struct {
	Group    string `json:"g"`
	Instance string `json:"i"`
}

// Elsewhere knows which instances are attached to other hubs as well.
type Elsewhere interface {
	// First reports whether this hub is the one that calls an instance which is attached to several: of the hubs that it
	// is attached to the one with the smallest id.
	First(i InstanceKey) bool
	// FirstWith reports whether this hub is the one with the smallest id of those that have an instance of a group which takes
	// calls in a namespace, if it has one itself.
	FirstWith(group, namespace string) bool
}

func (s *signal) encode() []byte {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // never: it has strings and bytes alone
	}
	return data
}

var errSignal = errors.New("command: a signal that makes no sense")

// readSignal reads what another hub says.
func readSignal(data []byte) (s signal, err error) {
	if err = json.Unmarshal(data, &s); err != nil {
		return s, err
	}
	return s, nil
}

// Signalled carries out what another hub's control plane tells.
func (x *Executor) Signalled(data []byte) error {
	s, err := readSignal(data)
	if err != nil {
		return err
	}
	if s.Revoke != nil {
		var op hubv1.Revoke
		if err := proto.Unmarshal(s.Revoke, &op); err != nil {
			return err
		}
		x.revokeHere(nil, &op)
	}
	if s.Call != nil {
		call, err := s.Call.command()
		if err != nil {
			return err
		}
		x.callHere(call, s.Call, nil)
	}
	return nil
}

// Asked answers what another hub's control plane asks.
func (x *Executor) Asked(data []byte, r cluster.Responder) error {
	s, err := readSignal(data)
	if err == nil && s.Call == nil {
		err = errSignal
	}
	var call *hubv1.Call
	if err == nil {
		call, err = s.Call.command()
	}
	if err != nil {
		r.Answer(&cluster.Answer{})
		return err
	}
	x.callHere(call, s.Call, &callAnswers{r})
	return nil
}

func (s *signalCall) command() (*hubv1.Call, error) {
	c := new(hubv1.Call)
	if err := proto.Unmarshal(s.Call, c); err != nil {
		return nil, err
	}
	if f := checkCall(c); f != nil {
		return nil, errSignal
	}
	return c, nil
}

// callHere hands a call of another hub to the instances that no other hub calls.
func (x *Executor) callHere(c *hubv1.Call, s *signalCall, answers Answers) {
	who := &Caller{Stream: true, Group: s.Group, Instance: s.Instance}
	r := Request{Caller: who, Command: &hubv1.Command{Traceparent: s.Traceparent, Tracestate: s.Tracestate}}
	to, f := x.prepareCall(r, c)
	if f == nil {
		to.callees = x.oursOf(to.callees, s.Called)
	}
	if answers == nil {
		if f == nil {
			x.hand(r, to)
		}
		return
	}
	if f != nil {
		answers.Give(failed(f))
		return
	}
	x.wait(r, to, answers)
}

// oursOf are the callees that this hub calls: not those that the caller's hub does, nor another with a smaller id.
func (x *Executor) oursOf(callees []Callee, called []InstanceKey) (ours []Callee) {
	others := make(map[InstanceKey]struct{}, len(called))
	for _, key := range called {
		others[key] = struct{}{}
	}
	for _, callee := range callees {
		key := InstanceKey{callee.Group(), callee.Instance()}
		if _, there := others[key]; !there && (x.config.Elsewhere == nil || x.config.Elsewhere.First(key)) {
			ours = append(ours, callee)
		}
	}
	return ours
}

// callAnswers passes the results of a call on to the hub that asks.
type callAnswers struct{ responder cluster.Responder }

// Give implements Answers.
func (a *callAnswers) Give(r *hubv1.Result) bool {
	data, err := proto.Marshal(r)
	if err != nil {
		data = nil // never: it was made here
	}
	a.responder.Answer(&cluster.Answer{Signal: data, More: r.More})
	return true
}

// Pull implements Answers. A call has no pages.
func (a *callAnswers) Pull(p *Pages) { p.Close() }

// signalOf is a call as other hubs are told of it.
func (to callTo) signalOf(r Request) []byte {
	call, err := proto.Marshal(to.Call)
	if err != nil {
		return nil // never: it was decoded from bytes
	}
	s := &signalCall{
		Group: r.Caller.Group, Instance: r.Caller.Instance, Call: call,
		Traceparent: r.Command.GetTraceparent(), Tracestate: r.Command.GetTracestate(),
	}
	for _, callee := range to.callees {
		s.Called = append(s.Called, InstanceKey{callee.Group(), callee.Instance()})
	}
	return (&signal{Call: s}).encode()
}

// ServerSide hands what a Node server has said with `serverSideEmit` to one instance of each group that takes calls, if this
// hub is the one that does. answer is called once with what the first of them replies, nil when nobody does; it is nil when
// no answer is wanted.
func (x *Executor) ServerSide(namespace string, m *cluster.Message, patience time.Duration, answer func(*hubv1.Payload)) {
	c := &hubv1.Call{Namespace: namespace, Name: m.Event, Payload: &hubv1.Payload{Args: m.Args, Attachments: m.Attachments}}
	r := Request{Caller: &Caller{Stream: true}, Command: &hubv1.Command{}}
	to, f := x.prepareCall(r, c)
	if f != nil {
		to.callees = nil
	}
	to.callees = x.oneOfEachGroup(to.callees, namespace)
	if answer == nil {
		x.hand(r, to)
		return
	}
	to.timeout = patience
	x.wait(r, to, &firstAnswer{answer: answer})
}

// oneOfEachGroup takes one instance of each group that no other hub takes one of.
func (x *Executor) oneOfEachGroup(callees []Callee, namespace string) (few []Callee) {
	seen := make(map[string]bool)
	for _, callee := range callees {
		if group := callee.Group(); !seen[group] {
			seen[group] = true
			if x.config.Elsewhere == nil || x.config.Elsewhere.FirstWith(group, namespace) {
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

// revokeEverywhere tells the other hubs whose authorization ends.
func (x *Executor) revokeEverywhere(op *hubv1.Revoke) (missing []string, f *fault.Fault) {
	if x.alone() {
		return nil, nil
	}
	data, err := proto.Marshal(op)
	if err != nil {
		return nil, fault.Of(err, "revoke")
	}
	return x.hub.Cluster().Signal((&signal{Revoke: data}).encode()), nil
}
