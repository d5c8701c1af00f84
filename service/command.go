package service

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// emission is an emit as it is queued: all messages of it in one allocation.
type emission struct {
	action  hubv1.Action
	kind    hubv1.Action_Command
	command hubv1.Command
	op      hubv1.Command_Emit
	emit    hubv1.Emit
	target  hubv1.Target
	payload hubv1.Payload
}

// newEmit encodes an emit, and says about how many bytes it has.
func newEmit(t Target, event string, args []any) (*hubv1.Action, int, error) {
	switch {
	case event == "" || len(event) > maxNameBytes || !utf8.ValidString(event):
		return nil, 0, invalid("EVENT_NAME", "emit.event", "1 to 128 bytes of UTF-8")
	case reservedEvent(event):
		return nil, 0, invalid("RESERVED_EVENT", "emit.event", event+" is Socket.IO's own")
	}
	p, err := encodeArgs(args)
	if err != nil {
		return nil, 0, err
	}
	e := &emission{}
	size, err := t.fill(&e.target)
	if err != nil {
		return nil, 0, err
	}
	e.payload.Args, e.payload.Attachments = p.Args, p.Attachments
	e.emit.Target, e.emit.Event, e.emit.Payload = &e.target, event, &e.payload
	e.emit.Volatile, e.emit.NoCompress = t.volatile, t.noCompress
	e.op.Emit = &e.emit
	e.command.Op, e.command.IdempotencyKey = &e.op, t.idempotencyKey
	e.kind.Command = &e.command
	e.action.Kind = &e.kind
	return &e.action, size + len(event) + p.size(), nil
}

func (p Payload) size() int {
	n := len(p.Args) + 16
	for _, attachment := range p.Attachments {
		n += len(attachment) + 8
	}
	return n
}

// fill writes the target, and checks what would end the stream (bytes that are not
// UTF-8) or reach nobody (nothing picked).
func (t Target) fill(p *hubv1.Target) (int, error) {
	everywhere := t.all && t.namespace == "*"
	if !everywhere && (t.namespace == "" || t.namespace[0] != '/') || !utf8.ValidString(t.namespace) {
		return 0, invalid("NAMESPACE", "target.namespace", "begins with a slash")
	}
	if !t.all && len(t.sockets)+len(t.rooms)+len(t.users) == 0 {
		return 0, invalid("EMPTY_TARGET", "target", "picks nobody; for everybody use All")
	}
	if t.svc == nil {
		return 0, invalid("EMPTY_TARGET", "target", "the zero Target belongs to no service")
	}
	if len(t.idempotencyKey) > maxNameBytes || !utf8.ValidString(t.idempotencyKey) {
		return 0, invalid("IDEMPOTENCY_KEY", "idempotency_key", "at most 128 bytes of UTF-8")
	}
	size := len(t.namespace) + len(t.idempotencyKey) + 32
	for _, names := range [...][]string{t.sockets, t.rooms, t.users, t.exceptSockets, t.exceptRooms, t.exceptUsers} {
		if !validStrings(names) {
			return 0, invalid("UTF8", "target", errBadUTF8.Error())
		}
		size += sizeOf(names)
	}
	p.Namespace, p.All = t.namespace, t.all
	p.Sockets, p.Rooms, p.Users = t.sockets, t.rooms, t.users
	p.ExceptSockets, p.ExceptRooms, p.ExceptUsers = t.exceptSockets, t.exceptRooms, t.exceptUsers
	return size, nil
}

func invalid(reason, field, message string) error {
	return &StatusError{Code: codes.InvalidArgument, Reason: reason, Field: field, Message: message}
}

func validStrings(names []string) bool {
	for _, name := range names {
		if !utf8.ValidString(name) {
			return false
		}
	}
	return true
}

func sizeOf(names []string) (n int) {
	for _, name := range names {
		n += len(name) + 4
	}
	return n
}

// asError keeps a nil *StatusError from becoming an error that is not nil.
func asError(err *StatusError) error {
	if err == nil {
		return nil
	}
	return err
}

func newResult(r *hubv1.Result) Result {
	return Result{
		Matched: int(r.GetMatchedCount()), Queued: int(r.GetQueuedCount()),
		Dropped: int(r.GetDroppedCount()), Duplicate: r.GetDuplicate(),
		Stored: int(r.GetStoredCount()), DataVersion: r.GetDataVersion(), MissingHubs: r.GetMissingHubIds(),
	}
}

func commandAction(c *hubv1.Command) *hubv1.Action {
	return &hubv1.Action{Kind: &hubv1.Action_Command{Command: c}}
}

func isNotFound(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == codes.NotFound
}

// ackTimeout is how long the hub waits for answers: what was asked for, or a little
// less than the context has left, so that the total arrives in time.
func ackTimeout(ctx context.Context, s *Service, timeout time.Duration) (*durationpb.Duration, error) {
	if timeout < 0 || timeout > maxAckTimeout {
		return nil, invalid("ACK_TIMEOUT", "timeout", "more than 0, at most 5 minutes")
	}
	if timeout == 0 {
		timeout = s.opts.AckTimeout
		if deadline, ok := ctx.Deadline(); ok {
			left := time.Until(deadline)
			timeout = min(max(left-min(left/10, 100*time.Millisecond), time.Millisecond), maxAckTimeout)
		}
	}
	return durationpb.New(timeout), nil
}
