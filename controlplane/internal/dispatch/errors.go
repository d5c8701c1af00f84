package dispatch

import "errors"

var (
	// ErrUnknown means that the number was never given to this instance.
	ErrUnknown = errors.New("dispatch: unknown delivery")
	// ErrSettled means that the delivery is settled already.
	ErrSettled = errors.New("dispatch: already settled")
	// ErrRevoked means that the delivery was taken away, or that its number is older
	// than everything that this process was given.
	ErrRevoked = errors.New("dispatch: revoked")
)
