package engineio

import (
	"net/http"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/request"
)

// transport carries a session: a webSocket, a webTransport, a polling, or none while a handshake is under way that is none
// of polling. A session has one at a time and moves once at most, from polling to another one, with what is queued.
//
// The methods with Locked in their name are called with session.mu held, and neither write nor wait.
type transport interface {
	// name is what the query calls it.
	name() string
	// writableLocked reports whether a packet would leave right now, behind nothing.
	writableLocked() bool
	// sendLocked gets what is queued on its way. True: send is to be called when the lock is free.
	sendLocked() bool
	// send goes on from there. It does not wait for the browser.
	send()
	// resumeLocked wakes whoever holds a message back, see flow.paused: the session is paused no more, or
	// over. That a session is paused is the session's to know, so that it stays so when it moves.
	resumeLocked()
	// closeLocked gives the browser the word that how asks for, once the session is closed. True: nothing is
	// carried any more, and the session can be forgotten; else the transport does that when it has ended.
	closeLocked(c Close, how ending) (gone bool)
	// cut ends what is under way at once, from any goroutine. Requests of a polling are net/http's to end.
	cut()
}

// carrier is a connection that a session which polls can move to. While it is a probe it carries nothing; its methods
// but cut and carryLocked are called by the probe's goroutine.
type carrier interface {
	// expect reads one packet and reports whether it is this one. Where the data is empty any is.
	expect(t eiopacket.Type, data string) bool
	// writeSync writes a packet and waits until it is written.
	writeSync(packet []byte) error
	// ahead reports whether the browser has sent more than what was expected.
	ahead() bool
	// carryLocked makes it the transport of its session, whose lock is held, with what is left of POSTs.
	carryLocked(rest *pendingPayload)
	// start lets it be read.
	start()
	// reject ends it, as it carries nothing.
	reject()
	// cut ends it at once, from any goroutine.
	cut()
}

// openers answer a handshake, by the transport that it asks for: the session gets its transport and the
// open packet.
var openers = map[string]func(s *Session, w http.ResponseWriter, r *http.Request){
	request.Polling:      openPolling,
	request.WebSocket:    openWebSocket,
	request.WebTransport: openWebTransport,
	beside:               openBeside,
}

// none carries nothing yet.
type none struct{}

func (none) name() string                   { return request.WebSocket }
func (none) writableLocked() bool           { return false }
func (none) sendLocked() bool               { return false }
func (none) send()                          {}
func (none) resumeLocked()                  {}
func (none) closeLocked(Close, ending) bool { return true }
func (none) cut()                           {}
