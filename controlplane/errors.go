package controlplane

import (
	"errors"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/trace"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

var (
	faultMisfit = fault.At(fault.OutcomeMisfit, "outcome", "the outcome does not fit the delivery")
	// faultSettlementRefused is what the commands of a refused settlement get.
	faultSettlementRefused = fault.New(fault.SettlementRefused, "the settlement of this command was refused")
	faultNoOutcome         = fault.At(fault.Required, "outcome", "a settlement needs an outcome that the hub knows")
)

// The ends of streams.
var (
	// errDrained is the end of a stream whose instance has nothing left to do: OK.
	errDrained      = errors.New("controlplane: drained")
	errEnvelopeSize = fault.New(fault.EnvelopeTooLarge, "an envelope has at most 16 MiB").GRPC()
	errResumeAlone  = fault.At(fault.NotAllowed, "envelope_seq", "a hello that resumes stands alone in an envelope with number 0").GRPC()
	errHelloLate    = fault.New(fault.HelloLate, "no hello in time").GRPC()
	errHelloMissing = fault.New(fault.HelloMissing, "the first action has to be a hello").GRPC()
	errHelloTwice   = fault.New(fault.HelloTwice, "a second hello").GRPC()
	errFenced       = fault.New(fault.TakenOver, "another stream with the same instance_id has taken over").GRPC()
	errSilent       = fault.New(fault.Silent, "three heartbeats stayed away").GRPC()
	errNotReading   = fault.New(fault.NotReading, "the service does not read").GRPC()
	errShutdown     = fault.New(fault.Shutdown, "the hub is shutting down").GRPC()
	errLost         = fault.New(fault.StreamLost, "the stream is lost").GRPC()
	errInstances    = fault.New(fault.TooManyInstances, "too many instances are attached").GRPC()
	errBacklog      = fault.New(fault.Backlog, "too many results wait to be read: the command window is ignored").GRPC()
	errPanic        = fault.New(fault.Internal, "the hub failed; its log has the cause").GRPC()
	errEnvelopeGap  = fault.At(fault.EnvelopeGap, "envelope_seq", "does not follow the one before").GRPC()
	errEnvelopeAck  = fault.At(fault.BadReceipt, "ack_envelope_seq", "names an envelope that was not sent").GRPC()
)

// drops describe deliveries that were dropped.
var drops = map[trace.Drop]*fault.Fault{
	trace.DropSocketFull: fault.New(fault.SocketFull, "too much of one socket is parked"),
	trace.DropGroupFull:  fault.New(fault.GroupFull, "too much of the group is parked"),
	trace.DropNodeFull:   fault.New(fault.NodeFull, "too much is parked in the hub"),
	trace.DropExpired:    fault.New(fault.Expired, "parked for too long"),
	trace.DropLost:       fault.New(fault.Lost, "with an instance whose stream was lost, and at most once"),
	trace.DropTooLarge:   fault.New(fault.TooLarge, "larger than the envelopes that the instance takes (Hello.max_envelope_bytes)"),
	trace.DropNacked:     fault.New(fault.Nacked, "nacked for good"),
	trace.DropLifecycle:  fault.New(fault.Lifecycle, "too many lifecycle records wait; live sockets are introduced anew"),
	trace.DropForgotten:  fault.New(fault.Forgotten, "the group was forgotten"),
	trace.DropTries:      fault.New(fault.Tries, "lost with its instance, or not settled in time, too often"),
	trace.DropNoService:  fault.New(fault.NoService, "no instance came for it for too long; its browser is sent away"),
	trace.DropAbandoned:  fault.New(fault.Abandoned, "its browser has gone, and nothing of it was taken for too long"),
	trace.DropOldest:     fault.New(fault.Oldest, "made room for a newer event of its socket"),
}

// dropStatus describes deliveries that were dropped.
func dropStatus(why trace.Drop) *hubv1.Status { return drops[why].Status() }
