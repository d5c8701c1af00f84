package redis

import (
	"strings"
	"sync"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// Publish implements cluster.Cluster.
func (e *engine) Publish(c *cluster.Command) error {
	if c.Message != nil && !c.KeepOnly && !isPattern(c.Namespace) {
		return e.broadcast(c)
	}
	messages, understood := translate(c)
	if !understood {
		return e.road.postToHubs(c)
	}
	for _, m := range messages {
		if m.UID = e.self.id; c.Foreign || m.Kind == nodewire.Leave && len(c.Join) > 0 {
			m.UID = e.self.askID // hubs pass it over: they are told otherwise, or with the Join
		}
		if err := e.road.post(m); err != nil {
			return err
		}
	}
	return nil
}

// broadcasts are messages that are used again: there is one for each emit, and a road keeps none.
var broadcasts = sync.Pool{New: func() any { return new(nodewire.Message) }}

// broadcast publishes an emit.
func (e *engine) broadcast(c *cluster.Command) error {
	if isNobody(&c.Target) {
		return nil // to Node no rooms would be everybody
	}
	m := broadcasts.Get().(*nodewire.Message)
	*m = nodewire.Message{Kind: nodewire.Broadcast, UID: e.self.id, Namespace: c.Namespace, Target: c.Target, Event: c.Message, Origin: c.Origin}
	if c.Foreign {
		m.UID = e.self.askID // hubs pass it over: they are told otherwise
	}
	err := e.road.post(m)
	*m = nodewire.Message{}
	broadcasts.Put(m)
	return err
}

// buffers have what messages are written into.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// sendFrom sends a message that was appended to an empty buffer, and gives that back.
func (e *engine) sendFrom(buf *[]byte, channel string, message []byte) error {
	err := e.SendForeign(channel, message)
	if *buf = nil; !mesh.Kept(message) {
		*buf = message[:0]
	}
	buffers.Put(buf)
	return err
}

// isPattern reports whether a namespace stands for several.
func isPattern(namespace string) bool { return strings.HasSuffix(namespace, "*") }

// translate says a command in Node's form. It returns false where Node has none.
func translate(c *cluster.Command) (messages []*nodewire.Message, understood bool) {
	if c.KeepOnly {
		return nil, false
	}
	m := &nodewire.Message{Namespace: c.Namespace, Target: c.Target, Origin: c.Origin}
	switch {
	case c.Message != nil:
		m.Kind, m.Event = nodewire.Broadcast, c.Message
	case len(c.Join) > 0 || len(c.Leave) > 0:
		if len(c.Join) > 0 {
			join := *m
			join.Kind, join.Names, join.Leave = nodewire.Join, c.Join, c.Leave
			messages = append(messages, &join)
		}
		if len(c.Leave) > 0 {
			leave := *m
			leave.Kind, leave.Names = nodewire.Leave, c.Leave
			messages = append(messages, &leave)
		}
	case c.Disconnect != nil:
		m.Kind, m.Disconnect = nodewire.Disconnect, *c.Disconnect
	case c.Data != nil:
		return nil, false
	case c.ServerSide != nil:
		m.Kind, m.Event, m.Target = nodewire.ServerSideEmit, c.ServerSide, cluster.Target{}
	default:
		return nil, false
	}
	if isPattern(c.Namespace) {
		return nil, false
	}
	if m.Kind != nodewire.ServerSideEmit && isNobody(&c.Target) {
		return nil, true // to Node no rooms would be everybody
	}
	if messages == nil {
		messages = append(messages, m)
	}
	return messages, true
}

// isNobody reports whether a target picks nobody.
func isNobody(t *cluster.Target) bool {
	return !t.All && len(t.Sockets) == 0 && len(t.Rooms) == 0 && len(t.Users) == 0
}

// oneRoom is the one name that a target has for Node, and whether there is but one. Node counts names once.
func oneRoom(t *cluster.Target) (string, bool) {
	if t.All {
		return "", false
	}
	one, found := "", false
	for _, list := range [][]string{t.Sockets, t.Rooms} {
		for _, n := range list {
			if found && n != one {
				return "", false
			}
			one, found = n, true
		}
	}
	for _, user := range t.Users {
		n := nodewire.UserRoom(user)
		if found && n != one {
			return "", false
		}
		one, found = n, true
	}
	return one, found
}

// hubs is the address of all of them.
var hubs mesh.Address

// postToHubs is what most roads do.
func (e *engine) postToHubs(c *cluster.Command) error { return e.PublishTo(hubs, c) }
