package dispatch

import "errors"

var (
	// ErrUnknown means that the number was never given to this instance.
	ErrUnknown = errors.New("dispatch: unknown delivery")
	// ErrSettled means that the delivery is settled already.
	ErrSettled = errors.New("dispatch: already settled")
	// ErrRevoked means that the delivery was taken away and given to somebody else.
	ErrRevoked = errors.New("dispatch: revoked")
)
