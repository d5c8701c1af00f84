package socketio

import (
	"strings"

	"github.com/siohub/siohub/hub/internal/request"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// Socket.IO clients 1 and 2 (revision 3 of Engine.IO, revision 4 of Socket.IO) differ from those of today in how they
// join a namespace:
//
//	session open            they are in / without a word, so the attempt begins with the session
//	40                      the answer has no payload: socket ids are made of the session's, on both sides
//	40/admin?token=x,       auth is a query behind the namespace
//	44/admin,"not today"    a refusal is any JSON: the data, or the message where there are none
//
// They speak JSON, whatever else is spoken. Their other packets are as today's, and so is who decides.
//
// Spec: socket.io-protocol v4. Source: socket.io 4.8, client.ts, socket.ts.

// old reports whether that is such a client.
func (c *client) old() bool { return c.session.Handshake().Revision3() }

// socketID is the id of a socket of a client.
func socketID(c *client, namespace string) string {
	switch {
	case !c.old():
		return newID()
	case namespace == "/":
		return c.session.ID()
	}
	return namespace + "#" + c.session.ID()
}

// withoutQuery takes the query off a packet's namespace; that of a CONNECT is its auth, of at most so many bytes.
func withoutQuery(p siopacket.Packet, most int) siopacket.Packet {
	namespace, query, ok := strings.Cut(p.Namespace, "?")
	p.Namespace = namespace
	if p.Type != siopacket.Connect {
		return p
	}
	p.Payload, p.Own = nil, true
	switch {
	case !ok:
	case len(query) > most:
		p.Payload = []byte(query) // is refused for its size
	default:
		p.Payload = authOf(query)
	}
	return p
}

// authOf is a query as JSON: an object of texts.
func authOf(query string) []byte {
	auth := []byte{'{'}
	for name, value := range request.Parameters(query) {
		if len(auth) > 1 {
			auth = append(auth, ',')
		}
		auth = append(siopacket.AppendString(auth, name), ':')
		auth = siopacket.AppendString(auth, value)
	}
	return append(auth, '}')
}

// connectErrorOld is the payload of an ERROR packet. Of an unknown namespace, where the reference makes no difference,
// it is that of today.
func connectErrorOld(message string, data []byte) []byte {
	if len(data) > 0 {
		return data
	}
	return siopacket.AppendString(nil, message)
}
