package redis

import (
	"context"
	"net"
	"strconv"

	"github.com/siohub/siohub/hub/cluster/internal/mesh"
)

// publisher is the connection over which messages are published.
type publisher struct {
	link
	channel func(out *mesh.Out) string
	await   int   // replies that are outstanding
	refused error // what the server has refused
	read    func() error
}

func newPublisher(dial func(ctx context.Context) (net.Conn, error), channel func(out *mesh.Out) string) *publisher {
	p := &publisher{link: link{dial: dial}, channel: channel}
	p.read = p.replies
	return p
}

// publish writes a batch at once, and waits for the replies. Its error is the first one: a command that is refused says
// nothing of those behind it, a connection that has failed does.
func (p *publisher) publish(ctx context.Context, command string, batch []mesh.Out) error {
	if err := p.ready(ctx); err != nil {
		return err
	}
	for i := range batch {
		p.buf = append(p.buf, "*3\r\n"...)
		p.buf = appendBulk(p.buf, command)
		p.buf = appendBulk(p.buf, p.channel(&batch[i]))
		p.buf = appendBulk(p.buf, batch[i].Frame)
	}
	p.await, p.refused = len(batch), nil
	if err := p.exchange(p.read); err != nil {
		return err
	}
	return p.refused
}

// replies reads one for each message.
func (p *publisher) replies() error {
	for range p.await {
		line, err := p.line()
		switch {
		case err != nil:
			return err
		case line[0] == '-' && p.refused == nil:
			p.refused = serverError(line[1:])
		case line[0] != '-' && line[0] != ':':
			return errProtocol
		}
	}
	return nil
}

// appendBulk appends a bulk string.
func appendBulk[T string | []byte](buf []byte, text T) []byte {
	buf = strconv.AppendInt(append(buf, '$'), int64(len(text)), 10)
	buf = append(append(buf, "\r\n"...), text...)
	return append(buf, "\r\n"...)
}
