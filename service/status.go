package service

import (
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// waitError is an ErrUnavailable with what ended the waiting.
type waitError struct{ cause error }

func (e *waitError) Error() string { return ErrUnavailable.Error() + ": " + e.cause.Error() }

func (e *waitError) Unwrap() []error { return []error{ErrUnavailable, e.cause} }

// statusError turns a status of the contract into an error, nil for OK. The codes
// are gRPC's own by number.
func statusError(s *hubv1.Status) *StatusError {
	if s.GetCode() == hubv1.Code_CODE_UNSPECIFIED {
		return nil
	}
	return &StatusError{
		Code: codes.Code(s.GetCode()), Reason: s.GetReason(), Message: s.GetMessage(),
		Field: s.GetField(), RetryAfter: s.GetRetryAfter().AsDuration(),
	}
}

// endError turns the end of a stream, or of a unary call, into an error: nil for a
// clean one. What Item.ended said before, or the error's detail, is better than the
// error's text.
func endError(err error, said *StatusError) error {
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	if said == nil {
		said = callError(err)
	}
	switch {
	case said == nil:
		return err
	case said.Code == codes.Aborted:
		return fmt.Errorf("%w: %w", ErrSuperseded, said)
	}
	return said
}

// callError is the error of a call as the hub said it; nil for one that did not come
// from gRPC.
func callError(err error) *StatusError {
	s, ok := status.FromError(err)
	if !ok {
		return nil
	}
	for _, detail := range s.Details() {
		if d, ok := detail.(*hubv1.Status); ok {
			if e := statusError(d); e != nil {
				return e
			}
		}
	}
	return &StatusError{Code: s.Code(), Message: s.Message()}
}
