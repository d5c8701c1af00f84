package redis

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// streamInbox takes what other servers have appended to a stream. What is in Node's form it hands on as it came by any road.
type streamInbox struct {
	engine *engine
	old    *oldServers
	writer *streamWriter // for what is answered where it was asked
}

// entry takes one from a stream.
func (in *streamInbox) entry(e nodewire.Entry, at cluster.Position, fresh func(uid string, sequence uint64) bool) {
	own := in.engine.self.passedOver([]byte(e.UID))
	switch {
	case e.Hub && e.Namespace == "" && e.Type != markType && !own:
		in.ofHubs(e, at, fresh)
	case e.Hub || e.Namespace == "":
	case own:
	default:
		in.ofAll(e, at, fresh)
	}
}

// ofHubs takes a command of another hub that Node has no words for.
func (in *streamInbox) ofHubs(e nodewire.Entry, at cluster.Position, fresh func(string, uint64) bool) {
	c, number, err := in.hubCommand(e, at)
	switch {
	case errors.Is(err, cluster.ErrTooLarge):
		in.engine.inbox.tooLarge()
	case err != nil:
		in.engine.inbox.broken(err)
	case !fresh(e.UID, number):
		in.engine.DropForeign(cluster.DropDuplicate, e.UID)
	case !c.KeepOnly:
		in.engine.Serialized(func(h cluster.Host) { h.Apply(c) })
	}
}

// hubCommand reads it, and its number.
func (in *streamInbox) hubCommand(e nodewire.Entry, at cluster.Position) (*cluster.Command, uint64, error) {
	if len(e.Data) > in.engine.config.MaxMessage {
		return nil, 0, cluster.ErrTooLarge
	}
	number, err := strconv.ParseUint(e.Type, 10, 64)
	if err != nil {
		return nil, 0, err
	}
	c, err := wire.DecodeCommand([]byte(e.Data))
	if err != nil {
		return nil, 0, err
	}
	c.Origin.Hub, c.Origin.At = e.UID, at
	return c, number, nil
}

// ofAll takes what another server says in Node's form.
func (in *streamInbox) ofAll(e nodewire.Entry, at cluster.Position, fresh func(string, uint64) bool) {
	in.old.note(e)
	served := in.engine.served.has([]byte(e.Namespace))
	switch e.Type {
	case "1", "3", "4", "5", "6":
		if !served {
			return // nobody is here
		}
	}
	m, err := in.engine.codec.Entry(e)
	if err != nil {
		in.engine.inbox.broken(err)
		return
	}
	switch m.Kind {
	case nodewire.InitialHeartbeat:
		_ = in.writer.append(&nodewire.Message{Kind: nodewire.Heartbeat, Namespace: m.Namespace}) // counted
	case nodewire.Heartbeat:
	case nodewire.Leaving:
		in.old.left(oldServer{m.UID, m.Namespace})
	case nodewire.SocketsAnswer, nodewire.ServerSideAnswer, nodewire.ClientCount, nodewire.Ack:
		in.engine.asked.heard(m, len(e.Data))
	default:
		if m.Sequence > 0 && !fresh(m.UID, m.Sequence) {
			in.engine.DropForeign(cluster.DropDuplicate, m.UID)
			return
		}
		m.Origin = originOf(e, m, at)
		in.engine.inbox.take(m, len(e.Data), func(a *nodewire.Message) { _ = in.writer.append(a) }) // counted; the asker has a time
	}
}

// originOf is where an entry in Node's form comes from. Hubs alone number what they append.
func originOf(e nodewire.Entry, m *nodewire.Message, at cluster.Position) cluster.Origin {
	o := cluster.Origin{At: at}
	if m.Sequence > 0 {
		o.Hub = e.UID
		o.Number, _ = strconv.ParseUint(e.Number, 10, 64)
		o.After, _ = positionOf(e.After)
	}
	return o
}

// commandIn reads the command in an entry, and the number that its hub gave it, or zero. Nil: there is none that can be read.
func (in *streamInbox) commandIn(e nodewire.Entry, at cluster.Position) (c *cluster.Command, number uint64) {
	switch {
	case e.Hub && e.Namespace == "" && e.Type != markType:
		c, number, _ = in.hubCommand(e, at)
		return c, number
	case e.Hub || e.Namespace == "":
		return nil, 0
	}
	switch e.Type {
	case "3", "4", "5", "6", "9":
	default:
		return nil, 0
	}
	m, err := in.engine.codec.Entry(e)
	if err != nil || m.RequestID != "" || m.LeftOut > 0 && len(m.Names) == 0 {
		return nil, 0
	}
	m.Origin = originOf(e, m, at)
	return commandOf(m), m.Sequence
}

// concernsNobody reports whether an entry is an emit that nobody here receives, as far as that is seen before it is decoded: it is
// for one room, in the form in which hubs write it, and no recovery counts it.
func (in *streamInbox) concernsNobody(e *nodewire.Entry, data []byte) bool {
	if e.Type != "3" || e.Hub || e.Number != "" || e.After != "" || e.Namespace == "" {
		return false
	}
	rest, ok := bytes.CutPrefix(data, []byte(`{"opts":{"rooms":["`))
	if !ok {
		return false
	}
	end := bytes.IndexByte(rest, '"')
	if end <= 0 || !bytes.HasPrefix(rest[end:], []byte(`"],`)) {
		return false
	}
	for _, c := range rest[:end] {
		if c == '\\' || c < ' ' { // an escape, or a user
			return false
		}
	}
	if in.engine.served.has([]byte(e.Namespace)) && in.engine.Host().Concerns(e.Namespace, string(rest[:end])) {
		return false
	}
	in.old.note(*e)
	return true
}

// positionOf reads the id of an entry.
func positionOf(id string) (p cluster.Position, ok bool) {
	ms, n, has := strings.Cut(id, "-")
	major, err := strconv.ParseUint(ms, 10, 64)
	minor, err2 := strconv.ParseUint(n, 10, 64)
	if !has || err != nil || err2 != nil {
		return cluster.Position{}, false
	}
	return cluster.Position{Major: major, Minor: minor}, true
}

// idOf is the id of the entry at a position.
func idOf(p cluster.Position) string {
	return strconv.FormatUint(p.Major, 10) + "-" + strconv.FormatUint(p.Minor, 10)
}

// entryOf are the fields of an entry.
func entryOf(values map[string]any) (e nodewire.Entry) {
	e.UID, _ = values["uid"].(string)
	e.Namespace, _ = values["nsp"].(string)
	e.Type, _ = values["type"].(string)
	e.Data, _ = values["data"].(string)
	e.Number, _ = values["number"].(string)
	e.After, _ = values["after"].(string)
	_, e.Hub = values["hub"]
	return e
}
