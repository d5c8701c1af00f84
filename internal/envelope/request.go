package envelope

import (
	"errors"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Limits of what a service sends.
const (
	// MaxBytes is the largest envelope whose actions are carried out. The welcome
	// tells it.
	MaxBytes = 4 << 20
	// HardMaxBytes is the largest envelope that is read at all: each action of one
	// between MaxBytes and this is refused, a larger one ends the stream. It is
	// gRPC's limit for a message.
	HardMaxBytes = 4 * MaxBytes
	// MaxActions is how many actions an envelope has at most; one more ends the
	// stream. Messages in lists inside the actions, such as the commands of
	// settlements, have the same limit, together: an action that goes beyond it is
	// refused.
	MaxActions = 16_384
	// MaxNames is how many elements the lists of one message have together at most, such as the
	// rooms and sockets of a target; lists of messages count for themselves. An action that goes
	// beyond it is refused: protobuf decodes a message without a pause, in which others wait.
	MaxNames = 16_384
	// MaxElements is how many elements all lists of an envelope's actions have
	// together at most, such as rooms, socket ids and attachments. An action that goes
	// beyond it is refused: an empty name takes two bytes on the wire, and 16 in
	// memory.
	MaxElements = 1 << 18
)

// Why an envelope ends its stream. Request.Err wraps one of them; its text has the
// details.
var (
	// ErrTooManyActions says that the envelope has more than MaxActions.
	ErrTooManyActions = errors.New("envelope: too many actions")
	// ErrMalformed says that the bytes are no envelope: they are not protobuf, or end
	// too early.
	ErrMalformed = errors.New("envelope: malformed")
)

// Request is an envelope of a service as the hub reads it. Unlike an AttachRequest,
// one action that cannot be understood leaves the others as they are. The hub's codec
// decodes into it: stream.RecvMsg(&request).
//
// The zero value is ready for use; a Request may be used for one envelope after the
// other. What its actions point to is never used again by the codec, unless it is given back (Action.Release).
type Request struct {
	// EnvelopeSeq and AckEnvelopeSeq are those of AttachRequest. They are set also
	// when Err is, as far as they could be read.
	EnvelopeSeq, AckEnvelopeSeq uint64
	// Actions are in the order of the envelope. Empty when Err is set.
	Actions []Action
	// Err says that the stream has to end with INVALID_ARGUMENT, and why:
	// ErrTooManyActions, ErrMalformed. Otherwise nil. It is not an error of RecvMsg,
	// because gRPC would end the stream with INTERNAL before anybody is asked.
	Err error
	// Pace is asked before an envelope is decoded, and between its actions. Nil means that
	// nobody is.
	Pace Pace
}

// Pace says when work goes on. Its methods may wait.
type Pace interface {
	// Begin is called before the work: the decoding of that many bytes.
	Begin(bytes int)
	// Pause is called between two parts of it.
	Pause()
}

// keptActions is how many places for actions a Request keeps.
const keptActions = 256

// Reset makes the request empty. It lets go of the actions, and keeps their places
// for the next envelope.
func (r *Request) Reset() {
	actions := r.Actions
	clear(actions)
	if cap(actions) > keptActions {
		actions = nil
	}
	*r = Request{Actions: actions[:0], Pace: r.Pace}
}

// Action is one action of a service, or what is known of one that is refused.
type Action struct {
	// Action is the action; nil exactly if Bad is set.
	*hubv1.Action
	// Bad says why the action is refused, and what its answer needs. Nil when the
	// action can be carried out.
	Bad *Bad
	// BadSubscriptions has the subscriptions of a hello that are refused, because they
	// have something that the hub does not know, by their place in
	// Hello.subscriptions. Nil when there are none.
	BadSubscriptions map[int]*Bad

	whole *emission // of which Action is a part; nil: of none
}

// Release gives the messages of an action back for the next ones, if it is a plain emit, and does nothing otherwise. Nobody may
// have kept any of them. Their texts, lists and bytes are not used again.
func (a *Action) Release() {
	if a.whole == nil {
		return
	}
	*a.whole = emission{}
	emissions.Put(a.whole)
	*a = Action{}
}

// Kind is the kind of an action, called like its field in the contract.
type Kind string

// The kinds of actions.
const (
	KindNone       Kind = "" // none, or one that the hub does not know
	KindHello      Kind = "hello"
	KindSettlement Kind = "settlement"
	KindCommand    Kind = "command"
	KindWindow     Kind = "window"
	KindHeartbeat  Kind = "heartbeat"
	KindDrain      Kind = "drain"
)

// Reasons of a Bad, as a hub.v1.Status carries them.
const (
	// InvalidUTF8: a string is not UTF-8. INVALID_ARGUMENT.
	InvalidUTF8 = "INVALID_UTF8"
	// UnknownField: a field, enum value or kind that the hub does not know.
	// UNIMPLEMENTED.
	UnknownField = "UNKNOWN_FIELD"
	// Malformed: the bytes of the action are not protobuf. INVALID_ARGUMENT.
	Malformed = "MALFORMED"
	// EnvelopeTooLarge: the envelope has more than MaxBytes. RESOURCE_EXHAUSTED.
	EnvelopeTooLarge = "ENVELOPE_TOO_LARGE"
	// TooManyElements: the envelope goes beyond MaxElements, or has more than
	// MaxActions messages in lists. RESOURCE_EXHAUSTED.
	TooManyElements = "TOO_MANY_ELEMENTS"
)

// Bad describes an action that is refused whole. The ids are those that could be
// read; where bytes are missing they are 0.
type Bad struct {
	// Reason is one of the constants above.
	Reason string
	// Field is the path of what is at fault inside the item, such as
	// `reply.payload`, `emit.target.rooms[2]` or, inside a settlement,
	// `commands[1].emit.event`. A field that the hub does not know is called by its
	// number: `accept.9`. Empty when no single part is at fault.
	Field string
	// Kind is the kind of the action. Of several it is the last one, as in protobuf.
	Kind Kind
	// DeliverySeq is that of a settlement, or the one that a command names.
	DeliverySeq uint64
	// CommandID is that of a command. 0 when it wants no result.
	CommandID uint64
	// Commands are the ids of the commands inside a settlement that have one. Of all
	// refused settlements of an envelope together they are MaxActions at most.
	Commands []uint64
	// SilentCommands counts the others.
	SilentCommands int
}

// Path is Field with the action's kind before it: `settlement.reply.payload`.
func (b *Bad) Path() string {
	switch {
	case b.Kind == KindNone:
		return b.Field
	case b.Field == "":
		return string(b.Kind)
	}
	return string(b.Kind) + "." + b.Field
}

// Error implements error, for logs.
func (b *Bad) Error() string {
	if path := b.Path(); path != "" {
		return "envelope: " + path + ": " + b.Reason
	}
	return "envelope: an action: " + b.Reason
}
