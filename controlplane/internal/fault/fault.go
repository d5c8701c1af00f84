package fault

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Fault is an error of one item, of a stream or of a call. Nil means that there is
// none.
type Fault struct {
	reason  Reason
	field   string
	message string
	retry   time.Duration
}

// New makes a Fault. The message is a text for people, in English.
func New(r Reason, message string) *Fault { return &Fault{reason: r, message: message} }

// Newf is New with a format.
func Newf(r Reason, format string, args ...any) *Fault { return New(r, fmt.Sprintf(format, args...)) }

// At makes a Fault of one part of an item, named by its path: `target.rooms[2]`.
func At(r Reason, field, message string) *Fault {
	return &Fault{reason: r, field: field, message: message}
}

// After returns the same Fault with the advice to try again after that time. Zero
// takes the advice away.
func (f *Fault) After(retry time.Duration) *Fault {
	with := *f
	with.retry = retry
	return &with
}

// Under returns the same Fault with a path put before its field. Nil stays nil.
func (f *Fault) Under(path string) *Fault {
	if f == nil || path == "" {
		return f
	}
	with := *f
	with.field = join(path, f.field)
	return &with
}

// Error implements error.
func (f *Fault) Error() string { return "controlplane: " + f.text() }

// text is the message with the part at fault.
func (f *Fault) text() string {
	if f.field == "" {
		return f.message
	}
	return f.field + ": " + f.message
}

// Reason is why.
func (f *Fault) Reason() Reason { return f.reason }

// Code is the class of the error. CODE_UNSPECIFIED, which means OK, for nil.
func (f *Fault) Code() hubv1.Code {
	if f == nil {
		return hubv1.Code_CODE_UNSPECIFIED
	}
	return f.reason.Code()
}

// CodeName is the name of the code in metrics: `OK` for nil, `ABORTED`.
func (f *Fault) CodeName() string { return CodeName(f.Code()) }

// Status is the Fault in the contract's words. Nil for nil.
func (f *Fault) Status() *hubv1.Status {
	if f == nil {
		return nil
	}
	s := &hubv1.Status{
		Code: f.Code(), Reason: f.reason.String(), Message: strings.ToValidUTF8(f.message, "\uFFFD"),
		Field: strings.ToValidUTF8(f.field, "\uFFFD"),
	}
	if f.retry > 0 {
		s.RetryAfter = durationpb.New(f.retry)
	}
	return s
}

// GRPC is the Fault as the error of a call or of a stream: the numbers of the codes
// are the same, and the Status is the error's detail.
func (f *Fault) GRPC() error { return GRPC(f.Status()) }

// GRPC makes the error of a call from a Status that somebody has been given already.
func GRPC(s *hubv1.Status) error {
	text := s.GetMessage()
	if s.GetField() != "" {
		text = s.GetField() + ": " + text
	}
	plain := status.New(codes.Code(s.GetCode()), text)
	detailed, err := plain.WithDetails(s)
	if err != nil {
		return plain.Err() // a code of 0 has no details
	}
	return detailed.Err()
}

// StatusOf is the Status in an error that GRPC has made. For any other error it has
// the code and the text alone; nil for nil.
func StatusOf(err error) *hubv1.Status {
	if err == nil {
		return nil
	}
	plain := status.Convert(err)
	for _, detail := range plain.Details() {
		if s, ok := detail.(*hubv1.Status); ok {
			return s
		}
	}
	return &hubv1.Status{Code: hubv1.Code(plain.Code()), Message: plain.Message()}
}

// CodeName is the name of a code in metrics: `OK`, `ABORTED`.
func CodeName(code hubv1.Code) string {
	if code == hubv1.Code_CODE_UNSPECIFIED {
		return "OK"
	}
	return strings.TrimPrefix(code.String(), "CODE_")
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
