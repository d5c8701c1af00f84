package command

import (
	"encoding/json"
	"errors"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

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
		x.revocations.here(nil, &op)
	}
	if s.Call != nil {
		call, err := s.Call.command()
		if err != nil {
			return err
		}
		x.calls.here(call, s.Call, nil)
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
	x.calls.here(call, s.Call, &callAnswers{r})
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
