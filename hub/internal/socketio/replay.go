package socketio

import (
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/recovery"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// replay is what a session has missed, in the form of the browser that takes it up.
type replay struct {
	client *client
	units  []unit
	bytes  int64
	// gap says that some of it has gone, or that it is tooMuch for the outbox: whoever cannot be sent all of it in one
	// step would break off again and again.
	gap, tooMuch bool
}

// unit is one packet for one browser.
type unit struct {
	messages   []*engineio.Message
	noCompress bool
}

// missed makes what a session has missed, and returns with mu held: what is emitted from then on is not among it.
func (r *recovering) missed(c *client, of *reservation) *replay {
	p := &replay{client: c}
	var some []*recovery.Entry
	r.mu.Lock()
	missed := of.session.Miss(r.log, of.from, r.away.Rooms(of.session))
	for {
		end, ok := missed.Next(func(e *recovery.Entry) { some = append(some, e) })
		if end || !ok {
			p.add(of.session, some)
			p.gap = !ok || p.tooMuch
			return p
		}
		r.mu.Unlock() // others have a turn
		p.add(of.session, some)
		some = some[:0]
		r.mu.Lock()
		if p.tooMuch {
			p.gap = true
			return p
		}
	}
}

// add encodes entries.
func (p *replay) add(session *recovery.Session, entries []*recovery.Entry) {
	for _, e := range entries {
		packet := siopacket.Packet{
			Type: siopacket.Event, Namespace: session.Namespace(), Name: e.Message.Event, Payload: e.Message.Args,
		}
		u := unit{p.client.encode(packet, e.Message.Attachments), e.Message.NoCompress}
		p.units = append(p.units, u)
		for _, m := range u.messages {
			p.bytes += m.Cost()
		}
		if !p.client.session.Holds(p.bytes) {
			p.tooMuch, p.units = true, nil
			return
		}
	}
}

// tell tells of a browser that begins anew because it has missed too much. Nothing is locked.
func (p *replay) tell(s *Server) {
	if p.tooMuch {
		s.trace.limitReached("outbox_bytes")
		s.recoveryFull.line.Warn("a browser that comes back has missed more than its outbox holds, and begins anew",
			"option", "limits.outbox_bytes")
	}
}
