package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/siohub/siohub/service"
)

// command is what a hub asks this process to ask of it.
type command struct {
	Op             string            `json:"op"`
	Sockets        []string          `json:"sockets"`
	Rooms          []string          `json:"rooms"`
	Users          []string          `json:"users"`
	All            bool              `json:"all"`
	ExceptRooms    []string          `json:"except_rooms"`
	ExceptSockets  []string          `json:"except_sockets"`
	Key            string            `json:"key"`
	Event          string            `json:"event"`
	Args           []json.RawMessage `json:"args"`
	Volatile       bool              `json:"volatile"`
	TimeoutMS      int               `json:"timeout_ms"`
	Join           []string          `json:"join"`
	Leave          []string          `json:"leave"`
	Close          bool              `json:"close"`
	Data           json.RawMessage   `json:"data"`
	Merge          bool              `json:"merge"`
	ExpectedNumber *uint64           `json:"expected"`
	Prefix         string            `json:"prefix"`
	Group          string            `json:"group"`
	Name           string            `json:"name"`
}

type object = map[string]any

// asker asks hubs.
type asker struct {
	svc  *service.Service
	root *service.Namespace
}

// do is the event of that name.
func (a *asker) do(ctx context.Context, e *service.Event) error {
	var c command
	if err := e.Bind(&c); err != nil {
		return err
	}
	return ignoreLost(e.Reply(a.run(ctx, &c)))
}

func (a *asker) target(c *command) service.Target {
	t := a.root.Sockets(c.Sockets...).To(c.Rooms...).Users(c.Users...).Except(c.ExceptRooms...).ExceptSockets(c.ExceptSockets...)
	if c.All {
		t = t.All()
	}
	if c.Volatile {
		t = t.Volatile()
	}
	if c.ExpectedNumber != nil {
		t = t.ExpectVersion(*c.ExpectedNumber)
	}
	return t.IdempotencyKey(c.Key).Timeout(time.Duration(c.TimeoutMS) * time.Millisecond)
}

// run carries out a command, and says what came of it.
func (a *asker) run(ctx context.Context, c *command) object {
	t, args := a.target(c), make([]any, len(c.Args))
	for i, arg := range c.Args {
		args[i] = arg
	}
	switch c.Op {
	case "emit":
		return resultOf(nil, t.Emit(ctx, c.Event, args...))
	case "emit_result":
		return counts(t.EmitResult(ctx, c.Event, args...))
	case "emit_ack":
		acks, err := t.EmitWithAck(ctx, c.Event, args...)
		return acknowledged(acks, err)
	case "emit_each":
		list := []any{}
		for ack, err := range t.EmitEachAck(ctx, c.Event, args...) {
			if err != nil {
				return resultOf(object{"acks": list}, err)
			}
			list = append(list, []any{ack.SocketID, ack.Args})
		}
		return object{"acks": list}
	case "join":
		return counts(t.Join(ctx, c.Join...))
	case "leave":
		return counts(t.Leave(ctx, c.Leave...))
	case "disconnect":
		if c.Close {
			return counts(t.CloseTransport(ctx))
		}
		return counts(t.Disconnect(ctx))
	case "set_data":
		return setData(ctx, t, c)
	}
	return a.ask(ctx, t, c, args)
}

func setData(ctx context.Context, t service.Target, c *command) object {
	set := t.SetData
	if c.Merge {
		set = t.MergeData
	}
	r, err := set(ctx, orNil(c.Data))
	return resultOf(object{"version": r.DataVersion}, err)
}

// ask carries out what is about others than browsers, or only asks.
func (a *asker) ask(ctx context.Context, t service.Target, c *command, args []any) object {
	switch c.Op {
	case "fetch":
		found, err := t.FetchSockets(ctx)
		list := []any{}
		for _, s := range found {
			list = append(list, object{"id": s.Socket.ID(), "user": s.Socket.User(), "rooms": names(s.Rooms), "data": orNil(s.Socket.Data())})
		}
		return queried(object{"sockets": list}, err)
	case "count":
		n, err := t.CountSockets(ctx)
		return queried(object{"count": n}, err)
	case "list_rooms":
		found, err := a.svc.In("/").ListRooms(ctx, c.Prefix)
		list := []any{}
		for _, r := range found {
			list = append(list, []any{r.Name, r.Sockets})
		}
		return queried(object{"rooms": list}, err)
	case "call":
		called, err := a.svc.Callee(c.Group, "/").IdempotencyKey(c.Key).Timeout(time.Duration(c.TimeoutMS)*time.Millisecond).Call(ctx, c.Name, args...)
		return answered(called, err)
	case "tell":
		return counts(a.svc.Callee(c.Group, "/").IdempotencyKey(c.Key).Tell(ctx, c.Name, args...))
	}
	return resultOf(nil, errors.New("no such op: "+c.Op))
}

func counts(r service.Result, err error) object {
	return resultOf(object{"matched": r.Matched, "queued": r.Queued, "dropped": r.Dropped, "duplicate": r.Duplicate}, err)
}

func acknowledged(acks *service.Acks, err error) object {
	if acks == nil {
		return resultOf(nil, err)
	}
	list := []any{}
	for _, ack := range acks.Acks {
		list = append(list, []any{ack.SocketID, ack.Args})
	}
	return resultOf(object{
		"expected": acks.Expected, "acked": acks.Acked, "timed_out": acks.TimedOut, "disconnected": acks.Disconnected, "acks": list,
	}, err)
}

func answered(called *service.Answers, err error) object {
	if called == nil {
		return resultOf(nil, err)
	}
	list := []any{}
	for _, one := range called.Answers {
		list = append(list, resultOf(object{"group": one.Group, "instance": one.InstanceID, "args": orNil(one.Payload.Args)}, one.Err))
	}
	return resultOf(object{
		"expected": called.Expected, "answered": called.Answered, "failed": called.Failed, "timed_out": called.TimedOut, "answers": list,
	}, err)
}

// queried adds the hubs that an answer lacks, which is no failure.
func queried(result object, err error) object {
	var missing *service.MissingHubsError
	result["missing"] = []string{}
	if errors.As(err, &missing) {
		result["missing"], err = missing.Hubs, nil
	}
	return resultOf(result, err)
}

// resultOf adds the error, where there is one.
func resultOf(result object, err error) object {
	if result == nil {
		result = object{}
	}
	if err != nil {
		result["error"] = describe(err)
	}
	return result
}

// describe says of which class an error is.
func describe(err error) object {
	var status *service.StatusError
	e := object{"class": "invalid", "code": "", "reason": "", "field": "", "text": err.Error()}
	if errors.As(err, &status) {
		e["code"], e["reason"], e["field"] = codeName(status.Code), status.Reason, status.Field
	}
	switch {
	case errors.Is(err, service.ErrTooLarge):
		e["class"] = "too_large"
	case errors.Is(err, service.ErrLeaseLost):
		e["class"] = "lease_lost"
	case errors.Is(err, service.ErrOutcomeUnknown):
		e["class"] = "outcome_unknown"
	case errors.Is(err, service.ErrUnavailable):
		e["class"] = "unavailable"
	case errors.Is(err, service.ErrAckTimeout), errors.Is(err, context.DeadlineExceeded):
		e["class"] = "timeout"
	case errors.Is(err, service.ErrSocketGone):
		e["class"] = "gone"
	case errors.Is(err, service.ErrClosed):
		e["class"] = "closed"
	case status != nil && status.Code != codes.InvalidArgument:
		e["class"] = "status"
	}
	return e
}

// codeName is FAILED_PRECONDITION for FailedPrecondition.
func codeName(c codes.Code) string {
	if c == codes.Canceled {
		return "CANCELLED"
	}
	var b strings.Builder
	for i, r := range c.String() {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}
