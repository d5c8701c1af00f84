package redis

import (
	"errors"
	"strconv"
	"strings"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// entry takes one from a stream.
func (s *streams) entry(e nodewire.Entry, at cluster.Position, fresh func(uid string, sequence uint64) bool) {
	own := s.engine.passedOver([]byte(e.UID))
	switch {
	case e.Hub && e.Namespace == "" && e.Type != markType && !own:
		s.ofHubs(e, at, fresh)
	case e.Hub || e.Namespace == "":
	case own:
	default:
		s.ofAll(e, at, fresh)
	}
}

// ofHubs takes a command of another hub that Node has no words for.
func (s *streams) ofHubs(e nodewire.Entry, at cluster.Position, fresh func(string, uint64) bool) {
	c, number, err := s.hubCommand(e, at)
	switch {
	case errors.Is(err, cluster.ErrTooLarge):
		s.engine.tooLarge()
	case err != nil:
		s.engine.broken(err)
	case !fresh(e.UID, number):
		s.engine.DropForeign(cluster.DropDuplicate, e.UID)
	case !c.KeepOnly:
		s.engine.Serialized(func(h cluster.Host) { h.Apply(c) })
	}
}

// hubCommand reads it, and its number.
func (s *streams) hubCommand(e nodewire.Entry, at cluster.Position) (*cluster.Command, uint64, error) {
	if len(e.Data) > s.engine.config.MaxMessage {
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
func (s *streams) ofAll(e nodewire.Entry, at cluster.Position, fresh func(string, uint64) bool) {
	s.note(e)
	served := s.engine.serves([]byte(e.Namespace))
	switch e.Type {
	case "1", "3", "4", "5", "6":
		if !served {
			return // nobody is here
		}
	}
	m, err := s.engine.codec.Entry(e)
	if err != nil {
		s.engine.broken(err)
		return
	}
	switch m.Kind {
	case nodewire.InitialHeartbeat:
		_ = s.append(&nodewire.Message{Kind: nodewire.Heartbeat, Namespace: m.Namespace}) // counted
	case nodewire.Heartbeat:
	case nodewire.Leaving:
		s.left(oldServer{m.UID, m.Namespace})
	case nodewire.SocketsAnswer, nodewire.ServerSideAnswer, nodewire.ClientCount, nodewire.Ack:
		s.engine.heard(m, len(e.Data))
	default:
		if m.Sequence > 0 && !fresh(m.UID, m.Sequence) {
			s.engine.DropForeign(cluster.DropDuplicate, m.UID)
			return
		}
		m.Origin = originOf(e, m, at)
		s.engine.take(m, len(e.Data), func(a *nodewire.Message) { _ = s.append(a) }) // counted; the asker has a time
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
func (s *streams) commandIn(e nodewire.Entry, at cluster.Position) (c *cluster.Command, number uint64) {
	switch {
	case e.Hub && e.Namespace == "" && e.Type != markType:
		c, number, _ = s.hubCommand(e, at)
		return c, number
	case e.Hub || e.Namespace == "":
		return nil, 0
	}
	switch e.Type {
	case "3", "4", "5", "6", "9":
	default:
		return nil, 0
	}
	m, err := s.engine.codec.Entry(e)
	if err != nil || m.RequestID != "" || m.LeftOut > 0 && len(m.Names) == 0 {
		return nil, 0
	}
	m.Origin = originOf(e, m, at)
	return commandOf(m), m.Sequence
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
