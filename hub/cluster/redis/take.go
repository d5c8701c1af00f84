package redis

import (
	"bytes"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// senderOf looks for the sender of a message where the codecs of hubs write it: at its very beginning. Others may have it
// elsewhere, which does not matter.
func senderOf(message []byte) []byte {
	if rest, ok := bytes.CutPrefix(message, []byte(`{"uid":"`)); ok {
		if end := bytes.IndexByte(rest, '"'); end >= 0 && end <= idBytes+len(askSuffix) {
			return rest[:end]
		}
		return nil
	}
	rest := message
	if len(rest) > 5 && rest[0]&0xf0 == 0x80 && string(rest[1:5]) == "\xa3uid" { // a map that begins with uid
		rest = rest[4:]
	} else if len(rest) < 2 || rest[0] != 0x93 { // an array of three
		return nil
	}
	rest = rest[1:]
	if len(rest) < 1 || rest[0]&0xe0 != 0xa0 { // a short text
		return nil
	}
	n := int(rest[0] & 0x1f)
	if len(rest) < 1+n {
		return nil
	}
	return rest[1 : 1+n]
}

// passedOver reports whether a sender is this hub, or another one that asks Node servers.
func (e *engine) passedOver(sender []byte) bool {
	switch len(sender) {
	case idBytes:
		return string(sender) == e.id
	case idBytes + len(askSuffix):
		return sender[idBytes] == askSuffix[0]
	}
	return false
}

// broken counts a message that cannot be read.
func (e *engine) broken(error) { e.DropForeign(cluster.DropMalformed, "") }

func (e *engine) tooLarge() { e.DropForeign(cluster.DropTooLarge, "") }

// take carries out a command, or answers a question, of another server. reply publishes an answer.
func (e *engine) take(m *nodewire.Message, size int, reply func(*nodewire.Message)) {
	if e.passedOver([]byte(m.UID)) {
		return
	}
	if m.LeftOut > 0 {
		e.DropForeign(cluster.DropForged, m.UID)
		if len(m.Names) == 0 {
			return
		}
	}
	if f := e.Trace().Received; f != nil {
		f("foreign", size)
	}
	if m.RequestID != "" {
		e.answer(m, reply)
		return
	}
	c := commandOf(m)
	if c == nil {
		e.broken(nil) // a question that nobody waits for
		return
	}
	e.Serialized(func(h cluster.Host) { h.Apply(c) })
}

// commandOf is the command that a message says. Nil: it is none.
func commandOf(m *nodewire.Message) *cluster.Command {
	c := &cluster.Command{Namespace: m.Namespace, Target: m.Target, Origin: m.Origin}
	switch m.Kind {
	case nodewire.Broadcast:
		c.Message = m.Event
	case nodewire.Join:
		c.Join, c.Leave = m.Names, m.Leave
	case nodewire.Leave:
		c.Leave = m.Names
	case nodewire.Disconnect:
		c.Disconnect = &m.Disconnect
	case nodewire.ServerSideEmit:
		c.ServerSide = m.Event
	default:
		return nil
	}
	return c
}

// timeoutOf is how long browsers, or services, have for a question.
func (e *engine) timeoutOf(m *nodewire.Message) time.Duration {
	const longest = 10 * time.Minute
	if m.Timeout <= 0 {
		return e.config.RequestTimeout
	}
	return min(time.Duration(min(m.Timeout, longest.Milliseconds()))*time.Millisecond, longest)
}
