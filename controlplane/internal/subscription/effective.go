package subscription

import (
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
)

// lifecycleKinds are what a subscription without kinds asks for.
var lifecycleKinds = []hubv1.Kind{hubv1.Kind_KIND_CONNECTED, hubv1.Kind_KIND_EVENT, hubv1.Kind_KIND_DISCONNECTED}

// Effective is a subscription with its defaults filled in. It is built of the fields
// that the hub knows. Try is the time that an instance has for an attempt alone.
func Effective(sub *hubv1.Subscription, try time.Duration) *hubv1.Subscription {
	e := proto.CloneOf(sub)
	e.ProtoReflect().SetUnknown(nil)
	fill(&e.Guarantee, hubv1.Guarantee_GUARANTEE_AT_LEAST_ONCE)
	fill(&e.Ordering, hubv1.Ordering_ORDERING_PIPELINED)
	switch e.Role {
	case hubv1.Role_ROLE_AUTHORIZER:
		e.SettleTimeout = contract.DurationOf(clampTime(e.GetSettleTimeout().AsDuration(), try, minSettleTimeout, maxTryTimeout))
		return e
	case hubv1.Role_ROLE_OBSERVER:
		e.Guarantee, e.Ordering = 0, 0
		e.Sample = max(e.Sample, 1)
	case hubv1.Role_ROLE_HANDLER:
		fill(&e.Introduction, hubv1.Introduction_INTRODUCTION_ON_CONNECT)
		if e.Introduction == hubv1.Introduction_INTRODUCTION_ON_INSTANCE {
			e.IntroduceMoved = true
		}
		fill(&e.Overflow, hubv1.Overflow_OVERFLOW_PAUSE)
		fill(&e.SocketData, hubv1.SocketData_SOCKET_DATA_ALWAYS)
		if e.GetSettleTimeout().AsDuration() > 0 {
			e.SettleTimeout = contract.DurationOf(clampTime(e.GetSettleTimeout().AsDuration(), 0, minSettleTimeout, maxSettleTimeout))
		} else {
			e.SettleTimeout = nil
		}
	}
	fill(&e.Handshake, hubv1.HandshakeDetail_HANDSHAKE_DETAIL_NONE)
	if len(e.Kinds) == 0 {
		e.Kinds = slices.Clone(lifecycleKinds)
	}
	if len(e.Events) == 0 {
		e.Events = []string{"*"}
	}
	return e
}

// fill gives a field its default.
func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// clampTime fits a time between two others; zero means the default.
func clampTime(t, def, least, most time.Duration) time.Duration {
	if t == 0 {
		t = def
	}
	return min(max(t, least), most)
}
