package scenarios

import (
	"context"
	"testing"
	"time"

	"github.com/siohub/siohub/service"
)

// Patience is how long a scenario waits for something to happen.
const Patience = 20 * time.Second

// World is a hub with browsers.
type World interface {
	// Options are those with which a service reaches the hub.
	Options() service.Options
	// Run runs a service until the test ends, and returns once it is attached.
	Run(t *testing.T, svc *service.Service)
	// Connect lets a browser ask to join a namespace; auth is JSON, empty for none. The
	// error is the message of its connect_error.
	Connect(t *testing.T, namespace, auth string) (Browser, error)
	// Cut breaks the connections of all services, and lets them come back.
	Cut(t *testing.T)
	// Recover lets browsers come back with their sessions. It is called before everything else.
	Recover(t *testing.T)
	// Restart ends the hub with all its browsers, and begins another at its address.
	Restart(t *testing.T)
}

// Browser is a browser in a namespace.
type Browser interface {
	// ID is the socket's id.
	ID() string
	// Emit emits an event; args are a JSON array.
	Emit(event, args string)
	// Call emits an event with a callback, and returns the arguments that it is called
	// with as a JSON array.
	Call(ctx context.Context, event, args string) (string, error)
	// Next returns the next event of the service as `name [args]`, and passes over none.
	Next(ctx context.Context) (string, error)
	// Leave disconnects, as a client that calls disconnect().
	Leave()
	// Gone waits until the hub has closed the connection.
	Gone(ctx context.Context) error
	// Lose breaks the connection.
	Lose()
	// Return lets a browser that was lost come back, as Connect does; the one that it is then may be another value.
	Return(t *testing.T, auth string) (Browser, error)
	// Recovered reports whether it came back with its session.
	Recovered() bool
}

// Scenario is one story.
type Scenario struct {
	// Name is that of the subtest.
	Name string
	// Run tells it.
	Run func(t *testing.T, w World)
}

// RunAll runs every scenario that is not skipped in a world of its own.
func RunAll(t *testing.T, newWorld func(t *testing.T) World, skip ...string) {
	skipped := map[string]bool{}
	for _, name := range skip {
		skipped[name] = true
	}
	for _, s := range All {
		if !skipped[s.Name] {
			t.Run(s.Name, func(t *testing.T) { s.Run(t, newWorld(t)) })
		}
		delete(skipped, s.Name)
	}
	for name := range skipped {
		t.Errorf("there is no scenario %q", name)
	}
}

// All is the list.
var All = []Scenario{
	{"ConnectDecides", connectDecides},
	{"EventsAreAnswered", eventsAreAnswered},
	{"EmitsBeforeReplyArriveBefore", emitsBeforeReply},
	{"OrderPerSocket", orderPerSocket},
	{"StrictCoversLifecycle", strictCoversLifecycle},
	{"RejectHasOneShape", rejectHasOneShape},
	{"FailuresAreAnswered", failuresAreAnswered},
	{"RetryComesAgain", retryComesAgain},
	{"UsersAreNoRooms", usersAreNoRooms},
	{"SocketsAreExact", socketsAreExact},
	{"RoomsAreMirrored", roomsAreMirrored},
	{"OccupancyIsTold", occupancyIsTold},
	{"UsersAreTold", usersAreTold},
	{"HandshakeIsWithheld", handshakeIsWithheld},
	{"SocketDataOnChange", socketDataOnChange},
	{"DataIsMerged", dataIsMerged},
	{"DataVersionGuards", dataVersionGuards},
	{"QueriesAreInOrder", queriesAreInOrder},
	{"QueriesOfUsers", queriesOfUsers},
	{"AckLater", ackLater},
	{"AckInsideHandler", ackInsideHandler},
	{"CallsAreAnswered", callsAreAnswered},
	{"ObserverSeesCopies", observerSeesCopies},
	{"AuthorizationExpires", authorizationExpires},
	{"AuthorizationIsRenewed", authorizationIsRenewed},
	{"AuthorizationIsRevoked", authorizationIsRevoked},
	{"AuthIsKept", authIsKept},
	{"PolicyIsEnforced", policyIsEnforced},
	{"UnknownNamespaceIsDenied", unknownNamespaceIsDenied},
	{"SettleTimeoutRevokes", settleTimeoutRevokes},
	{"CutResumesHandlers", cutResumesHandlers},
	{"CutResumesResults", cutResumesResults},
	{"CutsUnderLoad", cutsUnderLoad},
	{"DrainLosesNothing", drainLosesNothing},
	{"MovedSocketsAreIntroduced", movedSocketsAreIntroduced},
	{"HubLossDisconnects", hubLossDisconnects},
	{"RecoveredLivesAlternate", recoveredLivesAlternate},
	{"GraceCancelsOut", graceCancelsOut},
	{"RecoveryIsDecided", recoveryIsDecided},
	{"RecoveryEnds", recoveryEnds},
}

// MultiWorld is a World that has room for several services at a time.
type MultiWorld interface {
	World
	// Several does nothing; it says so.
	Several()
}
