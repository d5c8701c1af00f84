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
	// Name is the event's name, at most Limits.EventNameBytes of valid UTF-8. It may be any text,
	// also empty. A number that a client used as name is its digits.
	Name string
	// Args is the JSON array without the name, byte for byte as it arrived.
	Args []byte
	// Attachments are the binary arguments. When there are any, their placeholders
	// `{"_placeholder":true,"num":N}` stand in Args, as many as there are attachments.
	Attachments [][]byte
	// WantsAck reports whether the browser waits for a Reply.
	WantsAck bool
	// ReceiveTime is when the event had arrived whole.
	ReceiveTime time.Time

	// id ties the answer to the event; answered says that there is one.
	id       siopacket.ID
	answered atomic.Bool
}

// Reply acknowledges the event, once. Args is a JSON array; empty means []. It may be called from any
// goroutine. With a batch it leaves at Flush, without (nil) at once.
//
// Errors: ErrNoAckWanted, ErrAnswered, ErrGone, *ArgumentError, *LimitError. After the last two the
// event can still be answered.
func (e *Event) Reply(b *Batch, args []byte, attachments [][]byte) error {
	if !e.WantsAck {
		return ErrNoAckWanted
	}
	if err := e.CheckReply(args, attachments); err != nil {
		return err
	}
	if !e.answered.CompareAndSwap(false, true) {
		return ErrAnswered
	}
	return outward(e.Socket.inner().Reply((*engineio.Batch)(b), e.id, args, attachments))
}

// CheckReply tells what Reply would say about the content, and changes nothing.
//
// Errors: *ArgumentError, *LimitError.
func (e *Event) CheckReply(args []byte, attachments [][]byte) error {
	return e.Socket.inner().Application().(*bridge).checks.payload(args, attachments)
}
