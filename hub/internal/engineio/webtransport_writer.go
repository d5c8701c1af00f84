package engineio

import (
	"errors"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

// errSaidGoodbye is the end of a WebTransport whose browser has read all that was sent.
var errSaidGoodbye = errors.New("engineio: the browser has read the last packet")

// webTransportWriter writes the packets of a session's outbox to its WebTransport, on a goroutine that exists while
// something is queued: whoever has the permission outbox.writing calls run.
//
// The end of a WebTransport session takes along what is still on its way. So a session that closes in order sends a ping as
// its last packet, and ends when that has been answered: the stream keeps order.
type webTransportWriter struct {
	transport *webTransport

	// Guarded by session.mu.
	pings   int  // written, whose pongs have not come
	leaving bool // the last packet is written
}

// run writes what is queued until nothing is. It gives up outbox.writing at the end, unless the last packet was written.
func (f *webTransportWriter) run() {
	w := f.transport
	s := w.session
	buf := buffers.get()
	defer func() { buffers.put(buf) }()
	for {
		list := f.next()
		s.flow.outboxShrunk()
		if list == nil {
			return
		}
		last := f.gather(*list, buf)
		releaseEntries(list)
		s.mu.Lock()
		s.out.inFlight = int64(len(*buf))
		s.mu.Unlock()
		if err := drain(w.link, *buf, false, s.taken); err != nil {
			unwritable(s, err, webTransportCode(err))
			w.cut()
			return
		}
		if last {
			return
		}
		if *buf = (*buf)[:0]; cap(*buf) > wsframe.MaxPooled {
			buf = buffers.get()
		}
	}
}

// next takes what is to be written next. Nil means that nothing is, and that the permission to write is given up.
func (f *webTransportWriter) next() *[]entry {
	s := f.transport.session
	s.mu.Lock()
	defer s.mu.Unlock()
	list, bytes := s.out.takeSome()
	if s.out.inFlight = bytes; list == nil {
		s.out.writing = false
	}
	return list
}

// gather puts packets into buf, each behind its header. last says that the session ends behind them.
func (f *webTransportWriter) gather(list []entry, buf *[]byte) (last bool) {
	s := f.transport.session
	pings := 0
	for _, e := range list {
		m := e.message
		if m == closeMessage {
			m, last = pingMessage, true
		}
		if m == pingMessage {
			pings++
		}
		s.server.trace.sent(m.len())
		*buf = eiopacket.AppendStreamHeader(*buf, eiopacket.StreamHeader{Binary: m.binary, Len: uint64(m.len())})
		*buf = append(*buf, m.data()...)
	}
	if pings > 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		f.pings += pings
		f.leaving = f.leaving || last
	}
	return last
}

// ponged notes a pong, and reports whether it answers the last packet.
func (f *webTransportWriter) ponged() bool {
	s := f.transport.session
	s.mu.Lock()
	defer s.mu.Unlock()
	f.pings = max(0, f.pings-1)
	return f.leaving && f.pings == 0
}

// writeSync implements carrier.
func (w *webTransport) writeSync(packet []byte) error {
	if packet == nil {
		return nil
	}
	b := eiopacket.AppendStreamHeader(make([]byte, 0, len(packet)+1), eiopacket.StreamHeader{Len: uint64(len(packet))})
	return drain(w.link, append(b, packet...), false, func(int) {})
}
