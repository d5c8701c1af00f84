package service

import (
	"context"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Result is what came of a command.
type Result struct {
	// Matched is how many sockets the target picked.
	Matched int
	// Queued is for how many it was done; of an emit, in how many queues it stands.
	Queued int
	// Dropped is for how many it was not done: volatile and not ready, too slow, or
	// gone meanwhile.
	Dropped int
	// Stored is for how many browsers an emit was kept until they come back. Zero
	// without the capability `recovery`.
	Stored int
	// DataVersion is that of `socket.data` after a change of one socket's.
	DataVersion uint64
	// MissingHubs are hubs that could not be asked in time: the counts lack them. Empty
	// for a hub that is alone.
	MissingHubs []string
	// Duplicate is true for the repeated answer to an idempotency key.
	Duplicate bool
}

// Emit sends an event to every socket of the target, and returns once it is
// queued: it leaves at once, in order with all other commands of this process,
// and nobody waits for the hub's answer. A failure in the hub (no such room is
// none) is logged and given to Trace.CommandFailed.
//
// Emit blocks while the queue to the hub is full (4096 commands or 4 MiB), and
// outside of a handler while there is no stream, until ctx ends. Errors:
// ErrLeaseLost, ErrUnavailable, ErrTooLarge, ErrClosed, or an argument that
// cannot be encoded. It may be called at the same time.
func (t Target) Emit(ctx context.Context, event string, args ...any) error {
	action, size, err := newEmit(t, event, args)
	if err != nil {
		return err
	}
	return t.svc.line.queue(ctx, action, size, t.heldBy())
}

// EmitResult is Emit that waits for the hub's answer. Failures are *StatusError,
// or ErrOutcomeUnknown when the stream was lost for good meanwhile.
func (t Target) EmitResult(ctx context.Context, event string, args ...any) (Result, error) {
	action, size, err := newEmit(t, event, args)
	if err != nil {
		return Result{}, err
	}
	r, err := t.svc.line.do(ctx, action, size, t.heldBy())
	return newResult(r), err
}

// Join puts the sockets of the target into rooms (at most 1024 for each socket)
// and waits until that is done. Commands made after it see them there.
func (t Target) Join(ctx context.Context, rooms ...string) (Result, error) {
	return updateRooms(ctx, t, rooms, nil)
}

// Leave takes the sockets of the target out of rooms and waits until that is done.
func (t Target) Leave(ctx context.Context, rooms ...string) (Result, error) {
	return updateRooms(ctx, t, nil, rooms)
}

// Disconnect makes the sockets of the target leave the namespace; their clients
// see `io server disconnect` and do not come back by themselves.
func (t Target) Disconnect(ctx context.Context) (Result, error) {
	return disconnect(ctx, t, false)
}

// CloseTransport closes the whole connection of each socket of the target, with
// all its namespaces.
func (t Target) CloseTransport(ctx context.Context) (Result, error) {
	return disconnect(ctx, t, true)
}

// SetData replaces `socket.data`, encoded as JSON: at most 64 KiB, nil removes it.
func (t Target) SetData(ctx context.Context, data any) (Result, error) {
	return setData(ctx, t, data, false)
}

// MergeData changes members of `socket.data` by a JSON merge patch (RFC 7396), encoded
// as JSON: members that are not in it stay, null removes one. Two services may change
// different members at the same time.
func (t Target) MergeData(ctx context.Context, patch any) (Result, error) {
	return setData(ctx, t, patch, true)
}

func setData(ctx context.Context, t Target, data any, merge bool) (Result, error) {
	encoded, err := encodeJSON(data)
	if err != nil {
		return Result{}, err
	}
	if merge && len(encoded) == 0 {
		return Result{}, invalid("DATA", "set_data.data", "a merge patch is an object")
	}
	target := &hubv1.Target{}
	size, err := t.fill(target)
	if err != nil {
		return Result{}, err
	}
	op := &hubv1.SetData{Target: target, Data: encoded, ExpectedVersion: t.expectedVersion, Merge: merge}
	return doCommand(ctx, t, &hubv1.Command{Op: &hubv1.Command_SetData{SetData: op}}, size+len(encoded))
}

func updateRooms(ctx context.Context, t Target, join, leave []string) (Result, error) {
	target := &hubv1.Target{}
	size, err := t.fill(target)
	if err != nil {
		return Result{}, err
	}
	if !validStrings(join) || !validStrings(leave) {
		return Result{}, invalid("UTF8", "update_rooms", errBadUTF8.Error())
	}
	if len(join)+len(leave) == 0 {
		return Result{}, nil
	}
	op := &hubv1.UpdateRooms{Target: target, Join: join, Leave: leave}
	size += sizeOf(join) + sizeOf(leave)
	return doCommand(ctx, t, &hubv1.Command{Op: &hubv1.Command_UpdateRooms{UpdateRooms: op}}, size)
}

func disconnect(ctx context.Context, t Target, closeTransport bool) (Result, error) {
	target := &hubv1.Target{}
	size, err := t.fill(target)
	if err != nil {
		return Result{}, err
	}
	op := &hubv1.Disconnect{Target: target, CloseTransport: closeTransport}
	return doCommand(ctx, t, &hubv1.Command{Op: &hubv1.Command_Disconnect{Disconnect: op}}, size)
}

func doCommand(ctx context.Context, t Target, cmd *hubv1.Command, size int) (Result, error) {
	cmd.IdempotencyKey = t.idempotencyKey
	r, err := t.svc.line.do(ctx, commandAction(cmd), size, t.heldBy())
	return newResult(r), err
}
