package service

import (
	"context"
	"encoding/json"
	"time"
	"unicode/utf8"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// CallHandler answers a call of another service. Its result means what that of an
// event's handler means: nil is an answer without arguments, [Call.Reply] one with
// them, and an error is told to the caller.
type CallHandler func(ctx context.Context, c *Call) error

// Call is a call of another service, or of Node's serverSideEmit. It belongs to one
// call of the handler.
type Call struct {
	// Group is the caller's. Empty for a caller without a stream.
	Group string
	// Namespace is where it is called.
	Namespace string
	// Name is what is called.
	Name string
	// Args are the arguments as they arrived, a JSON array.
	Args json.RawMessage
	// Attachments are the binary parts that placeholders in Args stand for.
	Attachments [][]byte
	// WantsAnswer is true when the caller waits.
	WantsAnswer bool
	// Timeout is how long it waits from the arrival on. Zero when it does not.
	Timeout time.Duration

	work *work
}

// Bind decodes the arguments, see [Event.Bind].
func (c *Call) Bind(dst ...any) error { return bindArgs(c.Args, c.Attachments, dst) }

// Payload returns all arguments at once, unseen.
func (c *Call) Payload() Payload { return Payload{Args: c.Args, Attachments: c.Attachments} }

// Reply answers the call with these arguments, at once and once: ErrAnswered
// afterwards. When the caller does not wait it does nothing.
func (c *Call) Reply(args ...any) error {
	if !c.WantsAnswer {
		_, err := encodeArgs(args)
		return err
	}
	return c.work.replyArgs(args)
}

// serve runs the handler of a call.
func (w *work) serve(c *hubv1.ServiceCall) error {
	calls := w.sub.namespace.handlers.calls
	h := calls[c.GetName()]
	if h == nil {
		h = calls["*"]
	}
	if h == nil {
		w.refuse()
		return nil
	}
	return h(w, &Call{
		Group: c.GetGroup(), Namespace: c.GetNamespace(), Name: c.GetName(),
		Args: c.GetPayload().GetArgs(), Attachments: c.GetPayload().GetAttachments(),
		WantsAnswer: c.GetWantsAnswer(), Timeout: c.GetTimeout().AsDuration(), work: w,
	})
}

// Callee picks services to call: each of their processes that has an OnCall in the
// namespace gets the call once, or not at all when it is lost; this process itself is
// left out. It is a value, as [Target] is.
type Callee struct {
	svc              *Service
	group, namespace string
	timeout          time.Duration
	idempotencyKey   string
}

// Callee picks the processes of a service in a namespace; the empty group picks those
// of all services.
func (s *Service) Callee(group, namespace string) Callee {
	return Callee{svc: s, group: group, namespace: namespace}
}

// Timeout is how long Call waits: more than zero, at most 5 minutes. The default is the
// time left to the context's deadline, or Options.AckTimeout.
func (c Callee) Timeout(d time.Duration) Callee { c.timeout = d; return c }

// IdempotencyKey makes a call safe to repeat, see [Target.IdempotencyKey].
func (c Callee) IdempotencyKey(key string) Callee { c.idempotencyKey = key; return c }

// Answer is what one process answered to a call.
type Answer struct {
	// Group and InstanceID say which.
	Group, InstanceID string
	// Payload are the arguments of its Reply; empty when it gave none.
	Payload Payload
	// Err is why it failed: a *StatusError. Nil when it did not.
	Err error
}

// Bind decodes the arguments, see [Event.Bind]. It returns Err when there is one.
func (a *Answer) Bind(dst ...any) error {
	if a.Err != nil {
		return a.Err
	}
	return a.Payload.Bind(dst...)
}

// Answers sums up the answers to a call. Expected is the sum of the other three.
type Answers struct {
	// Expected is how many processes were called.
	Expected int
	// Answered is how many answered.
	Answered int
	// Failed is how many failed or were lost.
	Failed int
	// TimedOut is how many did not answer in time.
	TimedOut int
	// Answers are the answers and failures in the order of arrival.
	Answers []*Answer
	// MissingHubs are hubs that could not be asked: their processes are not counted.
	MissingHubs []string
}

// Call calls, and waits until each process has answered, has failed, or the time is
// over. When some did not answer in time, both are returned: the answers there are,
// and an error that is ErrAckTimeout. That nobody is called is no error.
func (c Callee) Call(ctx context.Context, name string, args ...any) (*Answers, error) {
	timeout, err := ackTimeout(ctx, c.svc, c.timeout)
	if err != nil {
		return nil, err
	}
	call, size, err := c.command(name, args)
	if err != nil {
		return nil, err
	}
	call.Timeout = timeout
	last, parts, err := c.svc.line.doAll(ctx, c.action(call), size, "")
	total := last.GetCallTotal()
	if total == nil {
		return nil, err
	}
	answers := &Answers{
		Expected: int(total.GetExpectedCount()), Answered: int(total.GetAnsweredCount()),
		Failed: int(total.GetFailedCount()), TimedOut: int(total.GetTimedOutCount()), MissingHubs: last.GetMissingHubIds(),
	}
	for _, part := range parts {
		answers.add(part.GetCallAnswer())
	}
	for _, a := range total.GetAnswers() { // of a repeated result
		answers.add(a)
	}
	if answers.TimedOut > 0 {
		return answers, ErrAckTimeout
	}
	return answers, nil
}

func (a *Answers) add(answer *hubv1.CallAnswer) {
	if answer == nil {
		return
	}
	p := answer.GetPayload()
	a.Answers = append(a.Answers, &Answer{
		Group: answer.GetGroup(), InstanceID: answer.GetInstanceId(),
		Payload: Payload{Args: p.GetArgs(), Attachments: p.GetAttachments()},
		Err:     asError(statusError(answer.GetStatus())),
	})
}

// Tell calls and waits for no answers; the result says how many processes were called
// (Result.Matched).
func (c Callee) Tell(ctx context.Context, name string, args ...any) (Result, error) {
	call, size, err := c.command(name, args)
	if err != nil {
		return Result{}, err
	}
	r, err := c.svc.line.do(ctx, c.action(call), size, "")
	return newResult(r), err
}

func (c Callee) action(call *hubv1.Call) *hubv1.Action {
	return commandAction(&hubv1.Command{IdempotencyKey: c.idempotencyKey, Op: &hubv1.Command_Call{Call: call}})
}

func (c Callee) command(name string, args []any) (*hubv1.Call, int, error) {
	switch {
	case c.namespace == "" || c.namespace[0] != '/' || !utf8.ValidString(c.namespace):
		return nil, 0, invalid("NAMESPACE", "call.namespace", "begins with a slash")
	case !validName(name):
		return nil, 0, invalid("CALL_NAME", "call.name", "1 to 128 bytes of UTF-8")
	case len(c.group) > maxNameBytes || !utf8.ValidString(c.group):
		return nil, 0, invalid("GROUP", "call.group", "at most 128 bytes of UTF-8")
	case len(c.idempotencyKey) > maxNameBytes || !utf8.ValidString(c.idempotencyKey):
		return nil, 0, invalid("IDEMPOTENCY_KEY", "idempotency_key", "at most 128 bytes of UTF-8")
	}
	p, err := encodeArgs(args)
	if err != nil {
		return nil, 0, err
	}
	call := &hubv1.Call{
		Group: c.group, Namespace: c.namespace, Name: name,
		Payload: &hubv1.Payload{Args: p.Args, Attachments: p.Attachments},
	}
	return call, p.size() + len(name) + len(c.namespace) + len(c.group) + len(c.idempotencyKey) + 32, nil
}
