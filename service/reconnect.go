package service

import (
	"errors"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
)

// isFinal reports whether attaching again with the same hello is of no use. Another
// process that holds what this one asks for is gone later; attached says that it is later.
func isFinal(err error, attached bool) bool {
	var config *ConfigError
	var refused *subscriptionError
	var status *StatusError
	switch {
	case errors.As(err, &config), errors.As(err, &refused):
		return !attached
	case !errors.As(err, &status):
		return false
	}
	switch status.Code {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.PermissionDenied, codes.Unimplemented, codes.Unauthenticated:
		return true
	}
	return false
}

// mayResume reports whether a stream that ended so may be taken up: after an error
// that an envelope may have caused it would be sent again, and end the next one.
func mayResume(err error) bool {
	var status *StatusError
	if !errors.As(err, &status) {
		return true
	}
	switch status.Code {
	case codes.Unavailable, codes.Unknown, codes.Canceled, codes.DeadlineExceeded, codes.Unauthenticated:
		return !errors.Is(err, ErrSuperseded)
	}
	return false
}

// backoff draws waits evenly from zero to a limit that doubles ("full jitter").
type backoff struct {
	limits  Backoff
	attempt int
}

func (b *backoff) next() time.Duration {
	limit := b.limits.Max
	if shifted := b.limits.Min << b.attempt; b.attempt < 32 && shifted > 0 && shifted < limit {
		limit = shifted
	}
	b.attempt++
	return time.Duration(rand.Int64N(int64(limit) + 1))
}
