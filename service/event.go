package service

import (
	"context"
	"encoding/json"
	"time"
)

// Handler deals with an event of a browser, see the package comment for what its
// result means.
type Handler func(ctx context.Context, e *Event) error

// Event is something that a browser emitted. It belongs to one call of the
// handler; its methods may be called at the same time, but not once the handler
// has returned.
type Event struct {
	// Socket is the browser in its namespace.
	Socket *Socket
	// Name is the event's name.
	Name string
	// Args are the arguments as they arrived, a JSON array. They are shared with
	// what Bind gives out: not to be written to.
	Args json.RawMessage
	// Attachments are the binary parts that placeholders in Args stand for.
	Attachments [][]byte
	// WantsAck is true when the browser waits for a reply.
	WantsAck bool
	// Attempt is 1 on the first try.
	Attempt int

	work *work
}

// Bind decodes the arguments into the values that dst points to, one by one.
// Missing arguments leave their value zero, arguments beyond the last dst are
// passed over, a nil dst skips one. It follows encoding/json, and beyond it:
//
//   - *[]byte takes a binary argument; a []byte inside of a struct, map, slice or
//     `any` takes the binary at that place;
//   - *json.RawMessage gets the bytes of the argument as the browser sent them,
//     placeholders included; it shares memory with Args.
//
// The error is a *BindError. Returned by the handler it drops the event.
func (e *Event) Bind(dst ...any) error { return bindArgs(e.Args, e.Attachments, dst) }

// Payload returns all arguments at once, unseen: e.Reply(e.Payload()) is an echo.
func (e *Event) Payload() Payload { return Payload{Args: e.Args, Attachments: e.Attachments} }

// Reply runs the browser's callback with these arguments, at once and once:
// ErrAnswered afterwards. What was emitted before arrives before it. When the
// browser wants no acknowledgement Reply does nothing. ErrLeaseLost says that the
// stream is gone. Other errors tell of an argument that cannot be encoded, and
// leave the event unanswered.
func (e *Event) Reply(args ...any) error { return e.work.reply(args) }

// DedupeID is the same on each try of this event: 16 bytes. Who must not act
// twice remembers it.
func (e *Event) DedupeID() string { return e.work.dedupeID() }

// ReceiveTime is when the hub had read the event.
func (e *Event) ReceiveTime() time.Time { return e.work.delivery.GetEvent().GetReceiveTime().AsTime() }
