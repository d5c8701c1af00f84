package redis

import (
	"bufio"
	"context"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/cluster/internal/mesh"
)

// publisher is the connection over which messages are published. It is owned by whoever sends, one at a time.
//
// A pipeline of go-redis asks before each use whether its connection is still there, by a system call, and allocates for each
// command and reply: a third of what an emit cost a hub that sends at once whatever there is.
type publisher struct {
	dial    func(ctx context.Context) (net.Conn, error)
	channel func(out *mesh.Out) string
	// left reports whether a connection is to a server that is no master any more. Nil: none is.
	left  func(net.Conn) bool
	stale atomic.Bool // the connection is not to be used again

	conn net.Conn // nil: there is none
	in   *bufio.Reader
	buf  []byte
	used time.Time // when the last reply had come
}

// trustedFor is how long a connection is taken for alive after a reply. There is a heartbeat to publish every half a second.
const trustedFor = 100 * time.Millisecond

// mostKeptBytes is how large a buffer is kept for the next batch.
const mostKeptBytes = 256 << 10

func newPublisher(dial func(ctx context.Context) (net.Conn, error), channel func(out *mesh.Out) string) *publisher {
	return &publisher{dial: dial, channel: channel}
}

// publish writes a batch at once, and waits for the replies. Its error is the first one: a command that is refused says
// nothing of those behind it, a connection that has failed does.
func (p *publisher) publish(ctx context.Context, command string, batch []mesh.Out) error {
	if p.stale.Swap(false) || p.conn != nil && (p.left != nil && p.left(p.conn) || time.Since(p.used) > trustedFor && !alive(p.conn)) {
		p.close()
	}
	if p.conn == nil {
		conn, err := p.dial(ctx)
		if err != nil {
			return err
		}
		p.conn, p.in = conn, bufio.NewReaderSize(conn, 4<<10)
	}
	refused, err := p.exchange(command, batch)
	if err != nil {
		p.close()
		return err
	}
	return refused
}

// exchange returns what the server has refused, and apart from it why the connection is of no use any more.
func (p *publisher) exchange(command string, batch []mesh.Out) (refused, err error) {
	buf := p.buf[:0]
	for i := range batch {
		buf = append(buf, "*3\r\n"...)
		buf = appendBulk(buf, command)
		buf = appendBulk(buf, p.channel(&batch[i]))
		buf = appendBulk(buf, batch[i].Frame)
	}
	if p.buf = nil; cap(buf) <= mostKeptBytes {
		p.buf = buf
	}
	if err := p.conn.SetDeadline(time.Now().Add(replyTimeout)); err != nil {
		return nil, err
	}
	if _, err := p.conn.Write(buf); err != nil {
		return nil, err
	}
	for range batch {
		line, err := readLine(p.in)
		switch {
		case err != nil:
			return nil, err
		case line[0] == '-' && refused == nil:
			refused = serverError(line[1:])
		case line[0] != '-' && line[0] != ':':
			return nil, errProtocol
		}
	}
	p.used = time.Now()
	return refused, nil
}

// close ends the connection.
func (p *publisher) close() {
	if p.conn != nil {
		p.conn.Close()
		p.conn, p.in = nil, nil
	}
}

// appendBulk appends a bulk string.
func appendBulk[T string | []byte](buf []byte, text T) []byte {
	buf = strconv.AppendInt(append(buf, '$'), int64(len(text)), 10)
	buf = append(append(buf, "\r\n"...), text...)
	return append(buf, "\r\n"...)
}
