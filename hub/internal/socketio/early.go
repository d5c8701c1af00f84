package socketio

import (
	"log/slog"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

// earlyPacket is what a client has sent for a namespace before it was let in: some do not wait for the answer. It
// is acted on once they are in, and dropped when they are not.
type earlyPacket struct {
	packet      siopacket.Packet
	attachments [][]byte
}

const (
	// earlyPackets and earlyBytes are what a client may send early before it is read no further, until
	// there is an answer. One packet always fits.
	earlyPackets = 64
	earlyBytes   = 64 << 10
)

// keep keeps a packet with its attempt. In the gate.
func (a *Attempt) keep(p siopacket.Packet, attachments [][]byte) {
	c := a.client
	size := int64(len(p.Payload)) + attemptBytes
	for _, data := range attachments {
		size += int64(len(data))
	}
	a.early = append(a.early, earlyPacket{p, attachments})
	a.earlyBytes += size
	fits := c.server.admission.more(size)
	if !a.held && (!fits || len(a.early) >= earlyPackets || a.earlyBytes >= earlyBytes) {
		a.held = true
		c.reads.hold(c.session, HoldNone, HoldAll)
	}
}

// takeEarly returns what was kept, and lets the client be read again. In the gate, once the attempt has its answer.
func (a *Attempt) takeEarly() []earlyPacket {
	early := a.early
	a.early = nil
	if a.earlyBytes > 0 {
		a.client.server.admission.less(a.earlyBytes)
		a.earlyBytes = 0
	}
	if a.held {
		a.held = false
		a.client.reads.hold(a.client.session, HoldAll, HoldNone)
	}
	return early
}

// dropEarly drops what a client has sent to where it is not let in. Its browser hears of the refusal. In the gate.
func (c *client) dropEarly(a *Attempt) {
	if n := len(a.takeEarly()); n > 0 && c.server.trace.debugging() {
		c.server.trace.debugAttempt("dropped with the refusal", a, slog.Int("packets", n))
	}
}

// catchUp acts on what a client has sent before it was let in. In the gate.
func (c *client) catchUp(early []earlyPacket) {
	for _, e := range early {
		if c.over {
			return
		}
		if err := c.dispatch(e.packet, e.attachments); err != nil {
			c.refuse(err)
			return
		}
	}
}
