package socketio

import (
	"errors"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/recovery"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// errTooMuch means that a browser has missed more than its outbox holds: if it were not sent all of it in one step it would
// break off again and again.
var errTooMuch = errors.New("socketio: more was missed than the outbox holds")

// replay is what a session has missed, in the form of the browser that takes it up.
type replay struct {
	client *client
	units  []unit
	bytes  int64
}

// unit is one packet for one browser.
type unit struct {
	messages   []*engineio.Message
	noCompress bool
}

// missed makes what a session has missed, and returns with mu held: what is emitted from then on is not among it.
//
// Errors: errTooMuch, recovery.ErrGone, recovery.ErrMoved.
func (r *recovering) missed(c *client, of *reservation) (*replay, error) {
	p := &replay{client: c}
	for i := range of.first {
		if err := p.addMessage(of.session, &of.first[i].Message); err != nil {
			r.mu.Lock()
			return p, err
		}
	}
	return p, r.behind(of.session, of.from, func(entries []*recovery.Entry) error { return p.add(of.session, entries) })
}

// behind hands over what was for a session that is away behind a position, in steps, and returns with mu held.
//
// Errors: recovery.ErrGone, recovery.ErrMoved, those of add.
func (r *recovering) behind(session *recovery.Session, from uint64, add func([]*recovery.Entry) error) error {
	var some []*recovery.Entry
	r.mu.Lock()
	missed, err := session.Miss(r.log, from, r.away.Rooms(session))
	for err == nil {
		var end bool
		if end, err = missed.Next(func(e *recovery.Entry) { some = append(some, e) }); err != nil {
			break
		}
		if end {
			return add(some)
		}
		r.mu.Unlock() // others have a turn
		err = add(some)
		some = some[:0]
		r.mu.Lock()
	}
	return err
}

// add encodes entries.
//
// Errors: errTooMuch.
func (p *replay) add(session *recovery.Session, entries []*recovery.Entry) error {
	for _, e := range entries {
		if err := p.addMessage(session, &e.Message); err != nil {
			return err
		}
	}
	return nil
}

func (p *replay) addMessage(session *recovery.Session, m *cluster.Message) error {
	packet := siopacket.Packet{Type: siopacket.Event, Namespace: session.Namespace(), Name: m.Event, Payload: m.Args}
	u := unit{p.client.encode(packet, m.Attachments), m.NoCompress}
	p.units = append(p.units, u)
	for _, one := range u.messages {
		p.bytes += one.Cost()
	}
	if !p.client.session.Holds(p.bytes) {
		return errTooMuch
	}
	return nil
}
