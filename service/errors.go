package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
)

// Conditions that a caller may branch on with errors.Is.
var (
	// ErrUnavailable says that there is no stream to a hub. The command was not
	// carried out, unless the error is ErrOutcomeUnknown as well.
	ErrUnavailable = errors.New("service: the hub is not reachable")
	// ErrOutcomeUnknown says that the stream was lost for good after a command had left and
	// before its result came: it may have been carried out. Repeat it only with an
	// idempotency key. It is an ErrUnavailable too.
	ErrOutcomeUnknown = fmt.Errorf("%w: the stream was lost before the result came", ErrUnavailable)
	// ErrLeaseLost says that the delivery whose handler made the command belongs to
	// another try by now. Nothing was carried out; the other try does it all. It is
	// also the cause of a handler's context that was cancelled (context.Cause).
	ErrLeaseLost = errors.New("service: the delivery was given to another try")
	// ErrAnswered says that the event has its one reply already.
	ErrAnswered = errors.New("service: the event has been answered")
	// ErrAckTimeout says that not all browsers acknowledged in time.
	ErrAckTimeout = errors.New("service: no acknowledgement in time")
	// ErrSocketGone says that the socket was not there, or left before it
	// acknowledged.
	ErrSocketGone = errors.New("service: the socket has gone")
	// ErrTooLarge says that a command exceeds the largest envelope the hub takes.
	ErrTooLarge = errors.New("service: larger than the hub takes")
	// ErrSuperseded ends Run when another process attached with this instance id.
	ErrSuperseded = errors.New("service: another process uses this instance id")
	// ErrClosed says that the service was closed, or is closing.
	ErrClosed = errors.New("service: closed")
)

// errBadUTF8 is about a name that the contract could not carry.
var errBadUTF8 = errors.New("service: text that is not valid UTF-8")

// StatusError is the hub's own answer to a command, a query or a hello.
//
// errors.Is matches it with ErrLeaseLost, ErrUnavailable, ErrAckTimeout,
// ErrSocketGone and context.DeadlineExceeded where the code means that.
type StatusError struct {
	// Code is the class of the error.
	Code codes.Code
	// Reason is a stable upper-snake name within the code, such as `EMPTY_TARGET`.
	// May be empty.
	Reason string
	// Message is for people.
	Message string
	// Field is the path of the part at fault, such as `emit.target.rooms[2]`. May be
	// empty.
	Field string
	// RetryAfter is the hub's advice when to try again. Zero means none.
	RetryAfter time.Duration
}

// Error gives code, reason, field and message.
func (e *StatusError) Error() string {
	s := "service: hub answered " + e.Code.String()
	if e.Reason != "" {
		s += " " + e.Reason
	}
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// Is maps the code to the package's sentinels.
func (e *StatusError) Is(target error) bool {
	switch target {
	case ErrLeaseLost:
		return e.Code == codes.Aborted
	case ErrUnavailable:
		return e.Code == codes.Unavailable
	case ErrAckTimeout, context.DeadlineExceeded:
		return e.Code == codes.DeadlineExceeded
	case ErrSocketGone:
		return e.Code == codes.Canceled
	}
	return false
}

// SafeToRetry reports whether the hub certainly has not carried out what failed
// with err, and may do so another time: it could not be reached, or refused for
// a limit or for the moment. Everything else is either done, in doubt
// (ErrOutcomeUnknown) or wrong in itself. A command with an idempotency key is
// always safe to repeat.
func SafeToRetry(err error) bool {
	if errors.Is(err, ErrOutcomeUnknown) {
		return false
	}
	var status *StatusError
	if errors.As(err, &status) {
		return status.Code == codes.Unavailable || status.Code == codes.ResourceExhausted
	}
	return errors.Is(err, ErrUnavailable)
}

// ConfigError ends Run before it dials: the service is not put together well.
type ConfigError struct {
	// Field is what is wrong, such as `Options.Workers` or `namespace "/chat"`.
	Field string
	// Problem says why, and what to do.
	Problem string
}

// Error gives field and problem.
func (e *ConfigError) Error() string { return "service: " + e.Field + ": " + e.Problem }

// MissingHubsError comes with an answer that is not whole: hubs could not be asked in time.
type MissingHubsError struct {
	// Hubs are their ids, see [Socket.HubID].
	Hubs []string
}

// Error gives the hubs.
func (e *MissingHubsError) Error() string {
	return "service: the answer lacks hubs: " + strings.Join(e.Hubs, ", ")
}

// BindError says which argument does not fit its Go value.
type BindError struct {
	// Argument counts from 0; -1 stands for the whole list, for `auth` or for the
	// socket's data.
	Argument int
	// Err is the cause.
	Err error
}

// Error names the argument as people count, from 1.
func (e *BindError) Error() string {
	if e.Argument < 0 {
		return "service: bind: " + e.Err.Error()
	}
	return fmt.Sprintf("service: bind argument %d: %v", e.Argument+1, e.Err)
}

// Unwrap gives the cause.
func (e *BindError) Unwrap() error { return e.Err }

// PanicError is a panic of a handler.
type PanicError struct {
	// Value is what was given to panic.
	Value any
	// Stack is the goroutine's stack at that point.
	Stack []byte
}

// Error gives the value without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("service: handler panicked: %v", e.Value) }

// RevokedError is the cause of a handler's context whose delivery the hub took back.
// errors.Is matches it with ErrLeaseLost, and with ErrSocketGone when the browser left
// before it was decided upon.
type RevokedError struct {
	// Reason is why: `MOVED` to another process, `TIMEOUT` of SettleTimeout, `DECIDED`
	// by another process, `BROWSER_GONE`, `EXPIRED`, or a later word.
	Reason string
}

// Error gives the reason.
func (e *RevokedError) Error() string { return ErrLeaseLost.Error() + ": " + e.Reason }

// Is matches the package's sentinels.
func (e *RevokedError) Is(target error) bool {
	return target == ErrLeaseLost || target == ErrSocketGone && e.Reason == "BROWSER_GONE"
}

// RejectError answers a browser's event with an error, see [Reject].
type RejectError struct {
	// Message is for the browser.
	Message string
	// Data goes beside it, encoded as JSON; nil leaves it out.
	Data any
}

// Error gives the message.
func (e *RejectError) Error() string { return "service: rejected: " + e.Message }

// Reject is what an event's handler returns to answer it with an error: the event is
// dealt with, and the browser's callback gets one argument of this shape:
//
//	{"error": {"message": "…", "data": …}}
//
// Without data `data` is left out. A browser that wants no acknowledgement hears
// nothing.
func Reject(message string, data any) error { return &RejectError{Message: message, Data: data} }

// DenyError refuses a browser, see [Deny].
type DenyError struct {
	// UnknownNamespace refuses as if there were no such namespace, without message and
	// data.
	UnknownNamespace bool
	// Message is the message of the browser's connect_error.
	Message string
	// Data becomes its `data`; nil leaves it out.
	Data any
}

// Error gives the message.
func (e *DenyError) Error() string { return "service: denied: " + e.Message }

// Deny is what an OnConnect handler returns to refuse a browser. Its client gets
// connect_error with this message and data, and does not try again by itself. An
// empty message means `Unauthorized`.
func Deny(message string, data any) error { return &DenyError{Message: message, Data: data} }

// DenyUnknownNamespace is what an OnConnect handler of a pattern such as `/org/*`
// returns for a namespace that does not exist: the browser's client gets `Invalid
// namespace`, as from a server that has never heard of it.
func DenyUnknownNamespace() error {
	return &DenyError{Message: "Invalid namespace", UnknownNamespace: true}
}

// RetryError asks for another try, see [Retry].
type RetryError struct {
	// Err is the cause, for logs. May be nil.
	Err error
	// Delay is the time until the other try, at most 30 seconds. Zero leaves it to the
	// hub: 100 ms, doubling to 10 s, with jitter.
	Delay time.Duration
	// Elsewhere asks for a try by another process, where there is one.
	Elsewhere bool
}

// Error gives the cause.
func (e *RetryError) Error() string {
	if e.Err == nil {
		return "service: try again"
	}
	return "service: try again: " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *RetryError) Unwrap() error { return e.Err }

// Retry is what a handler returns when the delivery is to come again: a database
// that is away for a moment. It comes at most 5 times in all. Later events of the
// socket wait behind it, except those that the hub had handed over already:
// [Namespace.Strict] keeps the order for those too. A reply already given stands,
// and makes Retry an error like any other.
func Retry(err error) error { return &RetryError{Err: err} }

// RetryAfter is Retry after a delay of at most 30 seconds.
func RetryAfter(err error, delay time.Duration) error { return &RetryError{Err: err, Delay: delay} }

// Elsewhere is Retry by another process of this service: this one cannot, such as for a
// shard that it does not hold any more. The socket moves there once its work here is
// settled. Where there is no other process it is tried here again.
func Elsewhere(err error) error { return &RetryError{Err: err, Elsewhere: true} }
