package calls

import (
	"context"

	"google.golang.org/grpc/peer"

	"github.com/siohub/siohub/controlplane/internal/caller"
	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/turns"
	"github.com/siohub/siohub/internal/envelope"
)

// What services ask for is decoded and carried out in turns (internal/turns), so that
// browsers' work always finds a processor. A stream has a seat for its life, a call for its
// own: whoever waits for browsers, or for its caller to read, gives its turn back before.

// Seats gives calls their places among the turns.
type Seats struct{ Turns *turns.Turns }

// Peer and the address of its other end are the name of a connection among the turns.
const Peer = "peer "

// placeKey is where the place of a call stands in its context.
type placeKey struct{}

// place is what a call of ControlService has.
type place struct {
	seat *turns.Seat
	// call is its request, with its seat as pace. One that answers with a stream has none here.
	call envelope.Call
}

// seated returns a context with a place for a call of ControlService. Its seat is to be left.
func (s Seats) seated(ctx context.Context) (context.Context, *place) {
	seat := s.Turns.Seat(Peer+peerOf(ctx), ctx.Done())
	p := &place{seat: seat, call: envelope.Call{Pace: seat}}
	return context.WithValue(ctx, placeKey{}, p), p
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
	by := caller.Of(ctx)
	who := by.Commands()
	if p, ok := ctx.Value(placeKey{}).(*place); ok {
		who.Turn, who.Known = p.seat, p.call.Known
		p.belong(by)
	}
	return who
}

// belong makes the place that of the caller's identity, however many connections that opens.
func (p *place) belong(by *caller.Caller) {
	if by.Name() != "" {
		p.seat.BelongFirst(by.Customer(""))
	}
}
