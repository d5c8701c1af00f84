package recovery

import "errors"

var (
	// ErrOffset means that an offset is none of the session's.
	ErrOffset = errors.New("recovery: the offset is none of the session's")
	// ErrMoved means that the rooms of a session have changed more often since than it remembers: what was for it cannot
	// be found.
	ErrMoved = errors.New("recovery: the rooms have changed too often since the offset")
	// ErrGone means that something that may have been for a session is not kept any more.
	ErrGone = errors.New("recovery: what was emitted since the offset is not kept any more")
)
