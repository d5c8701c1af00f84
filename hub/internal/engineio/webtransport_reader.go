package engineio

import (
	"errors"
	"fmt"
	"io"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

const (
	// readAhead is what a WebTransport is read into while nothing is known of the next packet: small ones fit, several
	// of them at a time.
	readAhead = 512
	// shortPacket is the longest packet that is taken before a session is carried: those of a handshake or an upgrade.
	shortPacket = 256
)

// errEmptyPacket is a header that announces no bytes.
var errEmptyPacket = &wsframe.Fault{Code: wsframe.CloseProtocol, Err: errors.New("webtransport: empty packet")}

// webTransportReader reads the packets of a WebTransport, on one goroutine. A packet's bytes are read to a pooled buffer,
// which grows as they come, never by what its header announces. It implements packetSource.
type webTransportReader struct {
	transport *webTransport
	ahead     [readAhead]byte
	at, end   int // ahead[at:end] has arrived and is not taken
}

// unread is what has arrived and is not taken.
func (r *webTransportReader) unread() []byte { return r.ahead[r.at:r.end] }

// fill waits for bytes.
func (r *webTransportReader) fill() error {
	r.at, r.end = 0, copy(r.ahead[:], r.unread())
	n, err := r.transport.link.Read(r.ahead[r.end:])
	if r.end += n; n > 0 || err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) && r.end > 0 {
		return fmt.Errorf("%w: the stream has ended within a packet", io.ErrUnexpectedEOF)
	}
	return err
}

// header waits for the next header.
func (r *webTransportReader) header(limit int64) (eiopacket.StreamHeader, error) {
	for {
		h, n := eiopacket.DecodeStreamHeader(r.unread())
		switch {
		case n > 0 && h.Len == 0:
			return h, errEmptyPacket
		case n > 0 && h.Len > uint64(limit):
			return h, wsframe.ErrTooLarge
		case n > 0:
			r.at += n
			return h, nil
		}
		if err := r.fill(); err != nil {
			return h, err
		}
	}
}

// short waits for a packet of the server's own exchange with the browser. Its data is valid until the next call.
func (r *webTransportReader) short() (p eiopacket.Packet, err error) {
	h, err := r.header(shortPacket)
	if err != nil {
		return p, err
	}
	for len(r.unread()) < int(h.Len) {
		if err := r.fill(); err != nil {
			return p, err
		}
	}
	data := r.unread()[:h.Len]
	r.at += int(h.Len)
	if h.Binary {
		return p, &parseError{eiopacket.ErrType}
	}
	if p, err = eiopacket.Decode(data); err != nil {
		return p, &parseError{err}
	}
	return p, nil
}

// next implements packetSource.
func (r *webTransportReader) next() (p eiopacket.Packet, buf *[]byte, err error) {
	w := r.transport
	h, err := r.header(w.session.server.config.MaxPayload)
	if err != nil {
		return p, nil, err
	}
	buf = buffers.get()
	if err = r.body(h, buf); err == nil {
		p, err = decode(w.session, h.Binary, *buf)
	}
	if err == nil && p.Type == eiopacket.Pong && w.writer.ponged() {
		err = errSaidGoodbye
	}
	if err != nil {
		buffers.put(buf)
		return p, nil, err
	}
	return p, buf, nil
}

// body reads what a header has announced. What is not whole yet counts as unfinished.
func (r *webTransportReader) body(h eiopacket.StreamHeader, buf *[]byte) error {
	w := r.transport
	s := w.session
	size := int(h.Len)
	n := min(size, len(r.unread()))
	*buf = append(*buf, r.unread()[:n]...)
	if r.at += n; n == size {
		return nil
	}
	defer s.server.unfinished.End(&w.item)
	for len(*buf) < size {
		come := int64(len(*buf))
		if s.flow.count(&w.item, w, int64(cap(*buf)), come, s.room(*buf, h.Binary), pausedMessage) {
			if err := w.awaitResume(); err != nil {
				return err
			}
		}
		if come < pieceBytes {
			*buf = grow(*buf, int64(size))
		} else {
			s.server.turns.take(func() { *buf = grow(*buf, int64(size)) })
		}
		n, err := w.link.Read((*buf)[come:min(cap(*buf), int(come)+pieceBytes, size)])
		*buf = (*buf)[:int(come)+n]
		switch {
		case n > 0 || err == nil:
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%w: the stream has ended within a packet", io.ErrUnexpectedEOF)
		default:
			return err
		}
	}
	return nil
}

func (r *webTransportReader) handPending(h Handler) (held bool, err error) {
	return r.transport.handPending(h)
}
func (r *webTransportReader) awaitResume() error { return r.transport.awaitResume() }
