package fault

import (
	"errors"
	"strings"
	"time"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/replay"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/internal/envelope"
)

// Of translates an error of the hub, of the dispatcher or of a book of replays. A
// Fault is what it is. Path is put before the field that a *hub.ArgumentError or
// *hub.LimitError names. An error that is not known is INTERNAL: its text goes to
// nobody, so that the caller should log it. Nil for nil.
func Of(err error, path string) *Fault {
	if err == nil {
		return nil // before the variables: those that errors.As fills in are allocated
	}
	var f *Fault
	var argument *hub.ArgumentError
	var limit *hub.LimitError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &argument):
		return At(named(argument.Reason, Invalid), join(path, argument.Field), argument.Message)
	case errors.As(err, &limit):
		return At(named(limitName(limit.Limit), Limit), join(path, limit.Field), limit.Message)
	case errors.Is(err, hub.ErrVersion):
		return At(DataVersion, join(path, "expected_version"), "the data has another version")
	case errors.Is(err, hub.ErrShutdown):
		return New(Shutdown, "the hub is closing").After(time.Second)
	}
	for _, known := range sentinels {
		if errors.Is(err, known.err) {
			return known.fault
		}
	}
	return New(Internal, "the hub failed; its log has the cause")
}

// sentinels are errors that mean the same wherever they come from.
var sentinels = []struct {
	err   error
	fault *Fault
}{
	{hub.ErrGone, New(BrowserGone, "the browser left before the answer came")},
	{hub.ErrAnswered, New(AlreadyDecided, "it has been answered, or has ended without this answer")},
	{replay.ErrBusy, New(IdempotencyBusy, "too many commands with idempotency keys are not finished, or too many callers use such keys").After(time.Second)},
	{dispatch.ErrUnknown, At(UnknownDelivery, "delivery_seq", "this delivery was never given to the instance")},
	{dispatch.ErrSettled, At(AlreadySettled, "delivery_seq", "the delivery is settled already")},
	{dispatch.ErrRevoked, At(LeaseLost, "delivery_seq", "the delivery was revoked")},
}

// limitName makes the name of a reason of a configuration key:
// limits.rooms_per_socket is ROOMS_PER_SOCKET.
func limitName(key string) string {
	return strings.ToUpper(key[strings.LastIndexByte(key, '.')+1:])
}

// named is the reason of that name, or another one where there is none.
func named(name string, otherwise Reason) Reason {
	if r, ok := Lookup(name); ok {
		return r
	}
	return otherwise
}

// OfBad says why an action of a stream, a command or a request is refused that the
// codec could not read, or did not know. Nil for nil.
func OfBad(bad *envelope.Bad) *Fault {
	if bad == nil {
		return nil
	}
	switch bad.Reason {
	case envelope.InvalidUTF8:
		return At(InvalidUTF8, bad.Field, "a string is not UTF-8")
	case envelope.UnknownField:
		return At(UnknownField, bad.Field, "the hub does not know this field or value")
	case envelope.EnvelopeTooLarge:
		return At(EnvelopeTooLarge, bad.Field, "larger than Welcome.max_envelope_bytes, 4 MiB")
	case envelope.TooManyElements:
		return At(TooManyElements, bad.Field, "the lists of the envelope are too long")
	}
	return At(Malformed, bad.Field, "the bytes are not those of an action")
}
