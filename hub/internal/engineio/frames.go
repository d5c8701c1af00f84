package engineio

import (
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

// next takes one packet, or the control frames that stand before one, from what has arrived; what is found says
// which. A ping is answered. A packet's data refers to the buffer and is valid until bytes are added to them. hold leaves
// messages where they are. Errors are a *parseError, a *wsframe.Fault or a *wsframe.Closed.
func (w *webSocket) next(in *wsframe.Input, hold bool) (p eiopacket.Packet, found wsframe.Portion, err error) {
	m, found, err := in.Next(w.session.server.config.MaxPayload, hold)
	if err == nil && m.Pinged {
		err = w.writer.pongLater(m.Ping)
	}
	if err != nil || found != wsframe.Complete {
		return p, found, err
	}
	p, err = decode(w.session, m.Binary, m.Data)
	return p, found, err
}

// decode reads the packet in a message.
func decode(s *Session, binary bool, data []byte) (p eiopacket.Packet, err error) {
	if !binary && !utf8.Valid(data) {
		return p, wsframe.ErrText
	}
	switch {
	case revision3(s):
		p, err = decode3(binary, data)
	case binary:
		return eiopacket.Packet{Type: eiopacket.Message, Binary: true, Data: data}, nil
	default:
		p, err = eiopacket.Decode(data)
	}
	if err != nil {
		return p, &parseError{err}
	}
	return p, nil
}
