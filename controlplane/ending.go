package controlplane

import (
	"context"
	"errors"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/caller"
	"github.com/siohub/siohub/controlplane/internal/fault"
)

// ending is the end of a stream, and why it came. All but end and over are called once it has.
type ending struct {
	done  chan struct{} // closed by end
	once  sync.Once
	cause error // set by end, before done is closed; nil is a clean leave
}

// end ends the stream with this error; nil is a clean leave. The first call counts.
func (e *ending) end(err error) {
	e.once.Do(func() {
		e.cause = err
		close(e.done)
	})
}

// over reports whether the stream has ended, or is about to.
func (e *ending) over() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

// result is what the call returns. To be called once the stream has ended.
func (e *ending) result() error {
	if errors.Is(e.cause, errDrained) {
		return nil
	}
	return e.cause
}

// final reports whether nothing goes on after the end of a stream.
func (e *ending) final() bool {
	return e.leaves() || errors.Is(e.cause, errFenced) || errors.Is(e.cause, errShutdown)
}

// leaves reports whether the process is gone for good, so that its work moves at once:
// it has left, or may not come back.
func (e *ending) leaves() bool {
	if e.cause == nil || errors.Is(e.cause, errDrained) {
		return true
	}
	code := status.Code(e.cause)
	return code == codes.Unauthenticated || code == codes.PermissionDenied
}

// lostBy is the end of a stream whose call has ended: credentials that ended have
// their own reason.
func lostBy(ctx context.Context) error {
	if end := caller.End(context.Cause(ctx)); end != nil {
		return end
	}
	return errLost
}

// told reports whether a service is told of an end: it knows that it left, and cannot hear that it is lost.
func told(cause error) bool { return cause != nil && !errors.Is(cause, errLost) }

// endedItem says why a stream ends.
func endedItem(cause error) *hubv1.Item {
	ended := &hubv1.Ended{}
	if !errors.Is(cause, errDrained) {
		ended.Status = fault.StatusOf(cause)
	}
	return &hubv1.Item{Kind: &hubv1.Item_Ended{Ended: ended}}
}

func causeText(err error) string {
	switch {
	case err == nil:
		return "left"
	case errors.Is(err, errDrained):
		return "drained"
	}
	return status.Convert(err).Message()
}
