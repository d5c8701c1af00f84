package hub

import (
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// Event is something that a browser emitted. It belongs to the application.
type Event struct {
	// Socket is where it came from.
	Socket *Socket
	// Name is the event's name, at most Limits.Event.NameBytes of valid UTF-8. It may be any text,
	// also empty. A number that a client used as name is its digits.
	Name string
	// Args is the JSON array without the name, byte for byte as it arrived; of a browser that speaks msgpack, what
	// stands for it in JSON.
	Args []byte
	// Attachments are the binary arguments. When there are any, their placeholders
	// `{"_placeholder":true,"num":N}` stand in Args, as many as there are attachments.
	Attachments [][]byte
	// WantsAck reports whether the browser waits for a reply.
	WantsAck bool
	answered atomic.Bool // stands here as there is room for it
	// ReceiveTime is when the event had arrived whole.
	ReceiveTime time.Time

	// set at construction
	id     siopacket.ID // ties the answer to the event
	checks *checks
}

// Reply is an acknowledgement whose content was checked. It is a value: it can be copied, and is dropped
// when it is not sent.
type Reply struct {
	event       *Event
	args        []byte
	attachments [][]byte
}

// Prepare checks an acknowledgement and changes nothing. Args is a JSON array; empty means []. Both slices
// must not change until the reply was sent, the attachments never.
//
// Errors: ErrNoAckWanted, *ArgumentError, *LimitError.
func (e *Event) Prepare(args []byte, attachments [][]byte) (Reply, error) {
	if !e.WantsAck {
		return Reply{}, ErrNoAckWanted
	}
	if err := e.checks.payload(args, attachments); err != nil {
		return Reply{}, err
	}
	return Reply{event: e, args: args, attachments: attachments}, nil
}

// Send acknowledges the event, once. It may be called from any goroutine. With a batch it leaves at Flush,
// without (nil) at once.
//
// Errors: ErrAnswered, ErrGone; ErrNoAckWanted for the zero Reply.
func (r Reply) Send(b *Batch) error {
	if r.event == nil {
		return ErrNoAckWanted
	}
	if !r.event.answered.CompareAndSwap(false, true) {
		return ErrAnswered
	}
	return outward(r.event.Socket.inner().Reply((*engineio.Batch)(b), r.event.id, r.args, r.attachments))
}

// Reply is Prepare and Send in one.
//
// Errors: those of both. After an *ArgumentError or a *LimitError the event can still be answered.
func (e *Event) Reply(b *Batch, args []byte, attachments [][]byte) error {
	r, err := e.Prepare(args, attachments)
	if err != nil {
		return err
	}
	return r.Send(b)
}
