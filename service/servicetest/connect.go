package servicetest

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service"
)

// ErrInvalidNamespace says that the service has nothing to do with the namespace.
var ErrInvalidNamespace = errors.New("servicetest: Invalid namespace")

// ErrUndecided says that the service neither let the browser in nor refused it: its
// OnConnect failed. A real browser stays outside and tries again by itself.
var ErrUndecided = errors.New("servicetest: undecided")

// ConnectError is a refusal: the browser's connect_error.
type ConnectError struct {
	// Message is the error's message.
	Message string
	// Data is its `data` as JSON; empty when there is none.
	Data json.RawMessage
}

// Error gives the message.
func (e *ConnectError) Error() string { return "servicetest: connect_error: " + e.Message }

// ConnectOption says what a browser brings along.
type ConnectOption func(*opening)

type opening struct {
	auth      []byte
	handshake *hubv1.Handshake
	accept    service.Accept

	traceparent string
	err         error
}

// Auth is the client's `auth`, encoded as JSON: an object.
func Auth(auth any) ConnectOption {
	return func(o *opening) { o.auth, o.err = json.Marshal(auth) }
}

// Header adds a line to the handshake, such as a cookie.
func Header(name, value string) ConnectOption {
	return func(o *opening) {
		name = http.CanonicalHeaderKey(name)
		o.handshake.Headers = append(o.handshake.Headers, &hubv1.Header{Name: name, Value: value})
	}
}

// Query adds a parameter to the URL.
func Query(name, value string) ConnectOption {
	return func(o *opening) {
		o.handshake.Query = append(o.handshake.Query, &hubv1.QueryParameter{Name: name, Value: value})
		o.handshake.Url += "&" + url.QueryEscape(name) + "=" + url.QueryEscape(value)
	}
}

// Origin is the page that the browser shows.
func Origin(origin string) ConnectOption {
	return func(o *opening) { o.handshake.Origin = origin }
}

// Transport is that of the first request; `websocket` unless told otherwise.
func Transport(transport string) ConnectOption {
	return func(o *opening) { o.handshake.Transport = transport }
}

// Traced is the W3C trace context of the opening request.
func Traced(traceparent string) ConnectOption {
	return func(o *opening) { o.traceparent = traceparent }
}

// RemoteAddress is where the browser is; 192.0.2.1 unless told otherwise.
func RemoteAddress(address string) ConnectOption {
	return func(o *opening) { o.handshake.RemoteAddress = address }
}

// AcceptedAs is what the other service decided, for a namespace with
// AuthorizedElsewhere.
func AcceptedAs(accept service.Accept) ConnectOption {
	return func(o *opening) { o.accept = accept }
}

func newOpening(options []ConnectOption) *opening {
	o := &opening{handshake: &hubv1.Handshake{
		Url: "/socket.io/?EIO=4&transport=websocket", RemoteAddress: "192.0.2.1",
		Query:     []*hubv1.QueryParameter{{Name: "EIO", Value: "4"}, {Name: "transport", Value: "websocket"}},
		Transport: "websocket", ProtocolVersion: 4, IssueTime: timestamppb.Now(),
	}}
	for _, option := range options {
		option(o)
	}
	return o
}

func (o *opening) accepted() (*hubv1.Accept, error) {
	data, err := json.Marshal(o.accept.Data)
	if o.accept.Data == nil {
		data = nil
	}
	return &hubv1.Accept{User: o.accept.User, Rooms: o.accept.Rooms, Data: data}, err
}
