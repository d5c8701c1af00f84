package engineio

import "github.com/siohub/siohub/hub/internal/eiopacket"

// webTransportProbe is a WebTransport as a carrier.
type webTransportProbe struct{ *webTransport }

// expect implements carrier.
func (w webTransportProbe) expect(t eiopacket.Type, data string) bool {
	p, err := w.reader.short()
	return err == nil && p.Type == t && (data == "" || string(p.Data) == data)
}

// ahead implements carrier.
func (w webTransportProbe) ahead() bool { return len(w.reader.unread()) > 0 }

// carryLocked implements carrier.
func (w webTransportProbe) carryLocked(rest *pendingPayload) {
	w.session.transport, w.pending = w.webTransport, rest
}

// reject implements carrier.
func (w webTransportProbe) reject() { w.cut() }
