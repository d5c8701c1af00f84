package redis

import (
	"bufio"
	"context"
	"net"
	"sync/atomic"
	"time"
)

// link is a connection for commands that are written together, and whose replies are waited for. It is owned by whoever uses it,
// one at a time.
//
// A pipeline of go-redis asks before each use whether its connection is still there, by a system call, and allocates for each
// command and reply: a third of what an emit cost a hub that sends at once whatever there is.
type link struct {
	dial func(ctx context.Context) (net.Conn, error)
	// left reports whether a connection is to a server that is no master any more. Nil: none is.
	left  func(net.Conn) bool
	stale atomic.Bool // the connection is not to be used again

	conn net.Conn // nil: there is none
	replies
	buf  []byte    // what is written next
	used time.Time // when the last reply had come
}

// trustedFor is how long a connection is taken for alive after a reply. There is a heartbeat to publish every 400 ms.
const trustedFor = 100 * time.Millisecond

// mostKeptBytes is how large a buffer is kept for the next batch.
const mostKeptBytes = 256 << 10

// ready sees to a connection.
func (l *link) ready(ctx context.Context) error {
	if l.stale.Swap(false) || l.conn != nil && (l.left != nil && l.left(l.conn) || time.Since(l.used) > trustedFor && !alive(l.conn)) {
		l.close()
	}
	if l.conn != nil {
		return nil
	}
	conn, err := l.dial(ctx)
	if err != nil {
		return err
	}
	l.conn, l.in = conn, bufio.NewReaderSize(conn, 4<<10)
	return nil
}

// exchange writes what is in buf, and reads the replies by a function. An error ends the connection.
func (l *link) exchange(read func() error) error {
	buf := l.buf
	if l.buf = nil; cap(buf) <= mostKeptBytes {
		l.buf = buf[:0]
	}
	err := l.conn.SetDeadline(time.Now().Add(replyTimeout))
	if err == nil {
		_, err = l.conn.Write(buf)
	}
	if err == nil {
		err = read()
	}
	if err != nil {
		l.close()
		return err
	}
	l.used = time.Now()
	return nil
}

// close ends the connection.
func (l *link) close() {
	l.buf = l.buf[:0]
	if l.conn != nil {
		l.conn.Close()
		l.conn, l.in = nil, nil
	}
}
