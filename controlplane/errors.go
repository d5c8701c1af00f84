package controlplane

import (
	"errors"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/replay"
	"github.com/siohub/siohub/hub"
)

// fault is an error of one item: it becomes the item's Status. Nothing else in the
// package writes a code.
type fault struct {
	code    hubv1.Code
	reason  string
	field   string
	message string
	retry   time.Duration
}

// Error implements error.
func (f *fault) Error() string { return "controlplane: " + f.message }

// status is the fault in the contract's words.
func (f *fault) status() *hubv1.Status {
	s := &hubv1.Status{Code: f.code, Reason: f.reason, Message: f.message, Field: f.field}
	if f.retry > 0 {
		s.RetryAfter = durationpb.New(f.retry)
	}
	return s
}

// invalid is an item that is wrong whatever the state of the hub.
func invalid(field, reason, message string) *fault {
	return &fault{code: hubv1.Code_CODE_INVALID_ARGUMENT, reason: reason, field: field, message: message}
}

// exhausted is an item that goes beyond a limit.
func exhausted(reason, message string, retry time.Duration) *fault {
	return &fault{code: hubv1.Code_CODE_RESOURCE_EXHAUSTED, reason: reason, message: message, retry: retry}
}

var (
	faultGone = &fault{
		code: hubv1.Code_CODE_CANCELLED, reason: "BROWSER_GONE", message: "the browser left before the answer came",
	}
	faultMisfit = &fault{
		code: hubv1.Code_CODE_FAILED_PRECONDITION, reason: "OUTCOME_MISFIT", field: "outcome",
		message: "the outcome does not fit the delivery",
	}
	faultDecided = &fault{
		code: hubv1.Code_CODE_ABORTED, reason: "ALREADY_DECIDED", message: "the attempt has ended without this decision",
	}
	faultSettlementRefused = &fault{
		code: hubv1.Code_CODE_CANCELLED, reason: "SETTLEMENT_REFUSED", message: "the settlement of this command was refused",
	}
	faultNoOutcome = invalid("outcome", "REQUIRED", "a settlement needs an outcome that the hub knows")
	faultNoOp      = invalid("op", "REQUIRED", "a command needs an op that the hub knows")
	faultNoID      = invalid("command_id", "REQUIRED", "an emit with acknowledgements needs a command_id for its results")
	faultStopped   = &fault{
		code: hubv1.Code_CODE_CANCELLED, reason: "BATCH_STOPPED", message: "a command before this one failed",
	}
)

// faultOf translates an error of the hub or of the dispatcher. Path is put before
// the field that an *hub.ArgumentError names.
func faultOf(err error, path string) *fault {
	var f *fault
	var argument *hub.ArgumentError
	var limit *hub.LimitError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &argument):
		return invalid(join(path, argument.Field), argument.Reason, argument.Message)
	case errors.As(err, &limit):
		f = exhausted(limitReason(limit.Limit), limit.Message, 0)
		f.field = join(path, limit.Field)
		return f
	case errors.Is(err, hub.ErrGone):
		return faultGone
	case errors.Is(err, hub.ErrAnswered):
		return faultDecided
	case errors.Is(err, hub.ErrVersion):
		return &fault{
			code: hubv1.Code_CODE_FAILED_PRECONDITION, reason: "DATA_VERSION",
			field: join(path, "expected_version"), message: "the data has another version",
		}
	case errors.Is(err, hub.ErrShutdown):
		return &fault{
			code: hubv1.Code_CODE_UNAVAILABLE, reason: "SHUTDOWN", message: "the hub is closing", retry: time.Second,
		}
	case errors.Is(err, replay.ErrBusy):
		return exhausted("IDEMPOTENCY_BUSY", "too many commands with idempotency keys are not finished", time.Second)
	}
	return faultOfDelivery(err)
}

// faultOfDelivery translates the dispatcher's errors.
func faultOfDelivery(err error) *fault {
	switch {
	case errors.Is(err, dispatch.ErrUnknown):
		return &fault{
			code: hubv1.Code_CODE_NOT_FOUND, reason: "UNKNOWN_DELIVERY", field: "delivery_seq",
			message: "this delivery was never given to the instance",
		}
	case errors.Is(err, dispatch.ErrSettled):
		return &fault{
			code: hubv1.Code_CODE_ALREADY_EXISTS, reason: "ALREADY_SETTLED", field: "delivery_seq",
			message: "the delivery is settled already",
		}
	case errors.Is(err, dispatch.ErrRevoked):
		return &fault{
			code: hubv1.Code_CODE_ABORTED, reason: "LEASE_LOST", field: "delivery_seq",
			message: "the delivery was revoked and given to another instance",
		}
	}
	return &fault{code: hubv1.Code_CODE_INTERNAL, reason: "INTERNAL", message: "the hub failed; its log has the cause"}
}

// join puts a path before a field.
func join(path, field string) string {
	switch {
	case path == "":
		return field
	case field == "":
		return path
	}
	return path + "." + field
}

// limitReason makes a reason of a configuration key: limits.rooms_per_socket is
// ROOMS_PER_SOCKET.
func limitReason(key string) string {
	return strings.ToUpper(key[strings.LastIndexByte(key, '.')+1:])
}

// codeName is the name of a code in metrics: `OK`, `ABORTED`.
func codeName(f *fault) string {
	if f == nil {
		return "OK"
	}
	return codeText(f.code)
}

// rpc makes the error of a whole call from a fault. The numbers are the same.
func (f *fault) rpc() error {
	text := f.message
	if f.field != "" {
		text = f.field + ": " + text
	}
	return status.Error(codes.Code(f.code), text)
}

// The ends of streams.
var (
	errHelloLate    = status.Error(codes.DeadlineExceeded, "no hello in time")
	errHelloMissing = status.Error(codes.FailedPrecondition, "the first action has to be a hello")
	errHelloTwice   = status.Error(codes.FailedPrecondition, "a second hello")
	errFenced       = status.Error(codes.Aborted, "another stream with the same instance_id has taken over")
	errSilent       = status.Error(codes.Unavailable, "three heartbeats stayed away")
	errNotReading   = status.Error(codes.Unavailable, "the service does not read")
	errShutdown     = status.Error(codes.Unavailable, "the hub is shutting down")
	errLost         = status.Error(codes.Unavailable, "the stream is lost")
	errInstances    = status.Error(codes.ResourceExhausted, "too many instances are attached")
	errGroups       = status.Error(codes.ResourceExhausted, "too many groups are known")
	errBacklog      = status.Error(codes.ResourceExhausted, "too many results wait to be read: the command window is ignored")
	errPanic        = status.Error(codes.Internal, "the hub failed; its log has the cause")
	errEnvelopeGap  = status.Error(codes.InvalidArgument, "envelope_seq does not follow the one before")
	errEnvelopeAck  = status.Error(codes.InvalidArgument, "ack_envelope_seq names an envelope that was not sent")
)

// codeText is the name of a code in metrics.
func codeText(code hubv1.Code) string {
	if code == hubv1.Code_CODE_UNSPECIFIED {
		return "OK"
	}
	return strings.TrimPrefix(code.String(), "CODE_")
}

// dropStatus describes deliveries that were dropped.
func dropStatus(why Drop) *hubv1.Status {
	code := hubv1.Code_CODE_RESOURCE_EXHAUSTED
	switch why {
	case DropExpired:
		code = hubv1.Code_CODE_DEADLINE_EXCEEDED
	case DropLost:
		code = hubv1.Code_CODE_UNAVAILABLE
	case DropNacked:
		code = hubv1.Code_CODE_UNKNOWN
	}
	return &hubv1.Status{Code: code, Reason: strings.ToUpper(string(why)), Message: dropTexts[why]}
}

// dropTexts say for people what happened.
var dropTexts = map[Drop]string{
	DropSocketFull: "too much of one socket is parked",
	DropGroupFull:  "too much of the group is parked",
	DropNodeFull:   "too much is parked in the hub",
	DropExpired:    "parked for too long",
	DropLost:       "with an instance whose stream was lost, and at most once",
	DropTooLarge:   "larger than the envelopes that the instance takes",
	DropNacked:     "nacked for good",
	DropLifecycle:  "too many lifecycle records wait; live sockets are introduced anew",
	DropForgotten:  "the group was forgotten",
}

// rpcError makes the error of a whole call from a status.
func rpcError(s *hubv1.Status) error {
	f := fault{code: s.GetCode(), message: s.GetMessage(), field: s.GetField()}
	return f.rpc()
}
