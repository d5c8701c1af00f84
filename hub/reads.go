package hub

import "github.com/siohub/siohub/hub/internal/socketio"

// Hold says how far a browser is to be read. What is not read stays with the browser: TCP holds it back, or the
// answer of its POST. It goes on to be written to, and its end is seen.
type Hold uint8

// The holds.
const (
	// HoldNone: it is read.
	HoldNone = Hold(socketio.HoldNone)
	// HoldEvents: it is read only while it owes acknowledgements, as whoever waits for them may be what keeps its
	// events waiting.
	HoldEvents = Hold(socketio.HoldEvents)
	// HoldAll: it is not read.
	HoldAll = Hold(socketio.HoldAll)
)

// HoldReads replaces one hold on the reading of the socket's browser by another: HoldNone by HoldEvents begins one,
// and the other way round ends it. Holds of all sockets of a browser are counted: it is read again when the last one
// has ended. Inside Application.Event it takes effect before the next packet. It never blocks, and may be called
// after the socket has left: whoever holds must let go.
func (s *Socket) HoldReads(from, to Hold) {
	s.inner().HoldReads(socketio.Hold(from), socketio.Hold(to))
}
