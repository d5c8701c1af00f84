package hub

import (
	"errors"
	"fmt"
)

var (
	// ErrGone means that the browser left before the answer came. It is not safe
	// to repeat.
	ErrGone = errors.New("hub: the browser has gone")
	// ErrAnswered means that the attempt or event has its answer already.
	ErrAnswered = errors.New("hub: already answered")
	// ErrNoAckWanted means that the browser did not ask for an acknowledgement.
	ErrNoAckWanted = errors.New("hub: the browser wants no acknowledgement")
	// ErrVersion means that the data has another version than the expected one.
	ErrVersion = errors.New("hub: socket data has another version")
	// ErrShutdown means that the hub is closing.
	ErrShutdown = errors.New("hub: shutting down")
)

// ArgumentError is a command that is wrong whatever the state of the hub.
// Repeating it is of no use.
type ArgumentError struct {
	// Field is the path of the part at fault, such as `target.rooms[2]`.
	Field string
	// Reason is a stable upper-snake word, such as EMPTY_TARGET.
	Reason string
	// Message is a text for people.
	Message string
}

// Error implements error.
func (e *ArgumentError) Error() string {
	return fmt.Sprintf("hub: %s: %s", e.Field, e.Message)
}

// LimitError is a command that exceeds a limit of the hub.
type LimitError struct {
	// Field is the path of the part at fault, such as `join[2]`. Empty when it is the whole.
	Field string
	// Limit names the configuration key, such as `limits.rooms_per_socket`.
	Limit string
	// Message is a text for people.
	Message string
}

// Error implements error.
func (e *LimitError) Error() string { return fmt.Sprintf("hub: %s: %s", e.Limit, e.Message) }

// Error implements error.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("hub: %s is %v: allowed is %s", e.Key, e.Value, e.Allowed)
}
