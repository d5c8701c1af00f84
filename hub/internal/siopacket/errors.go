package siopacket

// Error says why a packet or its arguments cannot be. All errors of this package are of this type.
type Error struct {
	// Limit names the limit that was exceeded, as the configuration does below `limits.`. Empty when
	// it was another fault.
	Limit string
	text  string
}

// NewError makes an error about a limit that somebody else keeps.
func NewError(text, limit string) *Error { return &Error{Limit: limit, text: text} }

// Error implements error.
func (e *Error) Error() string { return "siopacket: " + e.text }

// Text is the error without the name of the package.
func (e *Error) Text() string { return e.text }

// What a decoder refuses.
var (
	ErrType        = &Error{text: "unknown packet type"}
	ErrBinary      = &Error{text: "binary message that nobody announced"}
	ErrText        = &Error{text: "text where packets are binary"}
	ErrCount       = &Error{text: "bad attachment count"}
	ErrAttachments = &Error{text: "too many attachments", Limit: "attachments"}
	ErrID          = &Error{text: "ack id of more than 64 bits"}
	ErrPayload     = &Error{text: "payload does not fit the packet type"}
	ErrSyntax      = &Error{text: "payload is not well-formed JSON"}
	ErrDepth       = &Error{text: "JSON is nested too deep", Limit: "depth"}
	ErrArguments   = &Error{text: "too many arguments", Limit: "arguments"}
	ErrName        = &Error{text: "event name is neither string nor number"}
	ErrReserved    = &Error{text: "reserved event name"}
	ErrNameLength  = &Error{text: "event name is too long", Limit: "event_name_bytes"}
	ErrPlaceholder = &Error{text: "placeholders do not fit the attachments"}
)
