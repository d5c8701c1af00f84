package socketio

import "errors"

var (
	// ErrGone means that the browser left before the answer.
	ErrGone = errors.New("socketio: the browser has gone")
	// ErrAnswered means that the attempt has its answer.
	ErrAnswered = errors.New("socketio: already answered")
)
