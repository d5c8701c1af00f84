package engineio

import "github.com/siohub/siohub/hub/internal/eiopacket"

// packetSource is a connection that a goroutine reads, packet by packet.
type packetSource interface {
	// next reads one packet. Its data refers to buf, which is held only while a message comes in and which the caller
	// gives back.
	next() (p eiopacket.Packet, buf *[]byte, err error)
	// handPending hands up what is left of POSTs before the upgrade. held: a message of it has to wait.
	handPending(h Handler) (held bool, err error)
	// awaitResume waits until the message that has been read may be handed up. The error is the end of the connection.
	awaitResume() error
}

// readPackets reads packets until the connection ends or the session takes no more, and says why.
func readPackets(s *Session, from packetSource) error {
	h := s.listener()
	for held := true; held; {
		var err error
		if held, err = from.handPending(h); err != nil {
			return err
		}
		if held {
			if err := from.awaitResume(); err != nil {
				return err
			}
		}
	}
	for {
		packet, buf, err := from.next()
		if err != nil {
			return err
		}
		if canWait(packet.Type) && s.flow.paused() {
			if err := from.awaitResume(); err != nil {
				buffers.put(buf)
				return err
			}
		}
		more := s.receive(h, packet)
		s.flow.throttle(h, 1, int64(len(packet.Data))) // as it is after inflating
		buffers.put(buf)
		if !more && !s.awaitsClose() {
			return nil
		}
	}
}

// canWait reports whether a packet of this type is not acted on in a pause. That a browser is there, or leaves, is heard at once. What means nothing
// waits as a message does, or whoever sends nothing else would be read on however much it is.
func canWait(t eiopacket.Type) bool {
	switch t {
	case eiopacket.Ping, eiopacket.Pong, eiopacket.Close:
		return false
	}
	return true
}
