package netpoll

import "errors"

// ErrUnavailable means that the set takes no socket: the system has no epoll, or the set is stopped.
var ErrUnavailable = errors.New("netpoll: no poller")

// End is what is known of a connection's end.
type End uint8

const (
	// Going is no end.
	Going End = iota
	// Finished means that the other end says no more (FIN), or both directions were closed here. Bytes that came before it can
	// still be read.
	Finished
	// Broken means that the connection has failed (RST, or nobody is there any more).
	Broken
)

// Watched hears of a socket. Both methods are called on the goroutine of its poller, one at a time, and
// must not block.
type Watched interface {
	// Readable says that there may be something to read. Once the connection has ended, in this direction at
	// least, reading goes on until it meets the end, as nothing more will be said.
	// scratch may be used during the call; every socket of the poller gets the same. The answer is true
	// when there may be more: then it is called again, after the others have had their turn.
	Readable(scratch []byte, end End) (more bool)
	// Writable says that the socket takes bytes again, or never will.
	Writable()
}
