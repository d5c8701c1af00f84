package wire

import (
	"errors"
	"fmt"
)

// Limits of what is read and written; the bytes of a frame as a whole are bounded by cluster.max_message.
const (
	// MaxDepth bounds nesting in a body. The deepest that is written is a question with a command with a target with names.
	MaxDepth = 16
	// MaxNameBytes bounds the name of a namespace, a room, a user, a socket, an event: as for browsers and services, and room
	// to spare for what Node servers use.
	MaxNameBytes = 4096
	// MaxNames bounds the names in one list of a target, and the rooms and users in one answer.
	MaxNames = 65_536
	// MaxAttachments bounds the attachments of a message.
	MaxAttachments = 1024
	// MaxSockets bounds the sockets in one answer: a longer one is given in parts.
	MaxSockets = 4096
	// MaxPairs bounds the headers, or the query, of a handshake.
	MaxPairs = 1024
	// MaxAddressBytes bounds an address.
	MaxAddressBytes = 512
	// maxTextBytes bounds what is neither a name nor an address: a header's value, an URL, a detail.
	maxTextBytes = 64 << 10
)

var (
	// ErrMalformed says that bytes are no frame, or not of the right shape.
	ErrMalformed = errors.New("wire: malformed")
	// ErrTooLarge says that something is beyond a limit.
	ErrTooLarge = errors.New("wire: beyond a limit")
	// ErrUnknown says that a frame is of a version, or a body of a kind, that is not known.
	ErrUnknown = errors.New("wire: unknown version or kind")
)

func malformed(what string) error { return fmt.Errorf("%w: %s", ErrMalformed, what) }
