package socketio

import (
	"log/slog"
	"time"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

// earlyPacket is what a client has sent for a namespace before it was let in: some do not wait for the answer. It
// is acted on once they are in, and dropped when they are not.
type earlyPacket struct {
	packet      siopacket.Packet
	attachments [][]byte
}

// early is all of that of one attempt. Owned by the holder of the client's gate.
type early struct {
	packets []earlyPacket
	bytes   int64
	share   *share // which these bytes are of; nil while there are none
	held    bool   // the client is read no further
}

const (
	// earlyPackets and earlyBytes are what a client may send early before it is read no further, until
	// there is an answer. The last packet may be larger, if the bounds of admission have room for it.
	earlyPackets = 64
	earlyBytes   = 64 << 10
)

// What becomes of early packets, beside the reasons of a refusal.
const (
	// EarlyActedOn: the client was let in.
	EarlyActedOn = "acted_on"
	// EarlyGone: the client has left, or was closed.
	EarlyGone = "gone"
	// EarlyHeld: a client has sent so much early that it is read no further until there is an answer. Nothing of it is
	// lost, and it counts again then.
	EarlyHeld = "held"
)

// earlyWarnEvery is the time from one warning of packets that were dropped to the next.
const earlyWarnEvery = time.Minute

// keep keeps a packet with its attempt, or sends the client away where there is no room for it. In the gate.
func (e *early) keep(a *Attempt, p siopacket.Packet, attachments [][]byte) {
	c := a.client
	size := sizeOf(p.Payload, attachments) + attemptBytes
	share := c.server.admission.more(a.namespace, size)
	if share == nil {
		c.server.trace.earlyPackets(EarlyGone, 1)
		c.server.trace.limitReached("undecided_bytes")
		c.close(Disconnect{Reason: ReasonForcedServerClose, Detail: "too much was sent before connect attempts were decided"})
		return
	}
	e.share = share // the same for all of them: what has bytes is not forgotten
	e.packets = append(e.packets, earlyPacket{p, attachments})
	e.bytes += size
	if !e.held && (len(e.packets) >= earlyPackets || e.bytes >= earlyBytes) {
		e.held = true
		c.server.trace.earlyPackets(EarlyHeld, 1)
		c.reads.hold(c.session, HoldNone, HoldAll)
	}
}

// take returns what was kept, and lets the client be read again. In the gate, once the attempt has its answer.
func (e *early) take(c *client) []earlyPacket {
	packets := e.packets
	e.packets = nil
	if e.bytes > 0 {
		c.server.admission.less(e.share, e.bytes)
		e.share, e.bytes = nil, 0
	}
	if e.held {
		e.held = false
		c.reads.hold(c.session, HoldAll, HoldNone)
	}
	return packets
}

// drop drops what a client has sent to where it is not let in. Its browser hears of the refusal. In the gate.
func (e *early) drop(a *Attempt, why string) {
	n := len(e.take(a.client))
	if n == 0 {
		return
	}
	t := &a.client.server.trace
	t.earlyPackets(why, n)
	if t.debugging() {
		t.debugAttempt("dropped with the refusal", a, slog.Int("packets", n))
	}
	if why != EarlyGone {
		t.earlyDropped.Warn("what a browser had sent before it was let in was dropped: it was not", "why", why, "packets", n,
			"namespace", shortened(a.namespace), "help", "clients that wait for `connect` before they emit")
	}
}

// catchUp acts on what a client has sent before it was let in. In the gate.
func (c *client) catchUp(early []earlyPacket) {
	done := 0
	defer func() {
		c.server.trace.earlyPackets(EarlyActedOn, done)
		c.server.trace.earlyPackets(EarlyGone, len(early)-done)
	}()
	for _, e := range early {
		if c.over {
			return
		}
		done++
		if err := c.dispatch(e.packet, e.attachments); err != nil {
			c.refuse(err)
			return
		}
	}
}
