package socketio

import (
	"errors"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/internal/sampledlog"
)

// Parsers are the wire forms of packets. Of two, the first packet of a session says which one the session has: a text
// message Text, a binary one Binary. Of one, every session has that.
type Parsers struct {
	Text, Binary siopacket.Parser
}

// form is the wire form that a client speaks.
type form uint8

const (
	formOpen   form = iota // it has not said anything
	formText               // that of Parsers.Text
	formBinary             // that of Parsers.Binary
	forms
)

// formOf is the form of a message.
func formOf(binary bool) form {
	if binary {
		return formBinary
	}
	return formText
}

// parsers are the parsers by form. A form that is not spoken has none.
type parsers [forms]siopacket.Parser

func newParsers(p Parsers) parsers {
	return parsers{formText: p.Text, formBinary: p.Binary}
}

// first is the form of a client that has just come.
func (p *parsers) first() form {
	switch {
	case p[formBinary] == nil:
		return formText
	case p[formText] == nil:
		return formBinary
	}
	return formOpen
}

func (p *parsers) of(f form) siopacket.Parser { return p[f] }

// parser is what reads the client's packets. With two of them, its first message decides.
func (in *incoming) parser(p *parsers, binary bool) siopacket.Parser {
	if in.form == formOpen {
		in.form = formOf(binary)
	}
	return p.of(in.form)
}

// misfitWarnEvery is the time from one warning to the next.
const misfitWarnEvery = time.Minute

// misfits are clients that have begun in a form that is not spoken here. They cannot say so themselves, and come again and
// again: the operator is told.
type misfits struct{ line *sampledlog.Line }

// has reports whether a client is one, by what came of the packet that it has sent.
func (m *misfits) has(c *client, err error) bool {
	says := ""
	switch {
	case c.asked: // it has joined before, or tried to
	case errors.Is(err, siopacket.ErrText):
		says = "a browser sends JSON, and only msgpack is spoken here"
	case errors.Is(err, siopacket.ErrBinary):
		says = "a browser sends binary packets, as the msgpack parser does, and only JSON is spoken here"
	}
	if says == "" {
		return false
	}
	m.line.Warn(says, "option", "parser", "would_allow", "both")
	return true
}

// emission is a packet on its way to many. It is encoded once for each form that somebody speaks.
type emission struct {
	parsers     *parsers
	packet      siopacket.Packet
	attachments [][]byte
	shared      bool
	units       [forms][]*engineio.Message
}

// unit is all that has to be sent to a client of that form.
func (e *emission) unit(f form) []*engineio.Message {
	if e.units[f] == nil {
		e.units[f] = encode(e.parsers.of(f), e.packet, e.attachments, e.shared)
	}
	return e.units[f]
}
