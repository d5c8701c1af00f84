package calls

import (
	"context"

	"google.golang.org/grpc/peer"

	"github.com/siohub/siohub/controlplane/internal/caller"
	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/turns"
)

// What services ask for is decoded and carried out in turns (internal/turns), so that
// browsers' work always finds a processor. A stream has a seat for its life, a call for its
// own: whoever waits for browsers, or for its caller to read, gives its turn back before.

// Seats gives calls their places among the turns.
type Seats struct{ Turns *turns.Turns }

// seatKey is where the seat of a call stands in its context.
type seatKey struct{}

// seated returns a context with a seat for a call of ControlService. To be left.
func (s Seats) seated(ctx context.Context) (context.Context, *turns.Seat) {
	seat := s.Turns.Seat("peer " + peerOf(ctx))
	return context.WithValue(ctx, seatKey{}, seat), seat
}

// peerOf is the address of the connection's other end.
func peerOf(ctx context.Context) string {
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		return p.Addr.String()
	}
	return ""
}

// Caller is the caller of a call without a stream.
func Caller(ctx context.Context) *command.Caller {
	who := caller.Of(ctx).Commands()
	if seat, ok := ctx.Value(seatKey{}).(*turns.Seat); ok {
		who.Turn = seat
	}
	return who
}
