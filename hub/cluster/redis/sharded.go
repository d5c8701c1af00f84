package redis

import (
	"context"
	"net"
	"sync"
	"unicode/utf16"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// sharded is the road of @socket.io/redis-adapter, createShardedAdapter: cluster messages on channels that live on one node of a
// Redis Cluster each.
//
//	<prefix>#<nsp>#           everything that is for several rooms, or no broadcast
//	<prefix>#<nsp>#<room>#    a broadcast to exactly one room; with Dynamic not where its name has 20 characters as ids of
//	                          sockets have, with DynamicPrivate to one socket too
//	<prefix>#<nsp>#<uid>#     answers
type sharded struct {
	engine *engine
	settle func() // says whether all shards can be reached

	mu     sync.Mutex        // guards the fields below
	shards map[string]*shard // by address
	of     map[string]*shard // by channel
	up     int               // how many shards are
}

// shard is the connection to one node.
type shard struct {
	*subscriber
	end context.CancelFunc
}

func newSharded(e *engine) *sharded {
	s := &sharded{engine: e, shards: map[string]*shard{}, of: map[string]*shard{}}
	s.settle = func() { e.reach.tell(s.reached) }
	return s
}

func (s *sharded) open() {
	s.want(s.engine.channels.hubs(), s.engine.channels.direct(s.engine.self.id))
}

// want subscribes to channels, each on the node that has its slot.
func (s *sharded) want(channels ...string) (confirmed <-chan struct{}) {
	for _, c := range channels {
		if done := s.shard(c).want(c); done != nil {
			confirmed = done
		}
	}
	return confirmed
}

func (s *sharded) leave(channels ...string) {
	for _, c := range channels {
		s.mu.Lock()
		sh := s.of[c]
		delete(s.of, c)
		s.mu.Unlock()
		if sh != nil {
			sh.leave(c)
		}
	}
}

// shard is the connection for a channel. Without a Redis Cluster there is but one.
func (s *sharded) shard(channel string) *shard {
	e := s.engine
	address := e.nodes.address(channel)
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := s.shards[address]
	if sh == nil {
		sh = &shard{subscriber: e.subscriber(true, func(ctx context.Context) (net.Conn, error) { return e.nodes.dialTo(ctx, address) },
			func([]byte) bool { return true }, s.message)}
		sh.changed = s.changed
		sh.refused = func(err error) { s.refused(address, err) }
		s.shards[address] = sh
		var ctx context.Context
		ctx, sh.end = context.WithCancel(e.ctx)
		e.listen(ctx, sh.subscriber)
	}
	s.of[channel] = sh
	return sh
}

// changed counts the shards that can be reached: the engine can when all can.
func (s *sharded) changed(up bool) {
	s.mu.Lock()
	if up {
		s.up++
	} else {
		s.up--
	}
	s.mu.Unlock()
	s.settle()
}

// reached implements listener: the engine can be reached when all shards can.
func (s *sharded) reached() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up > 0 && s.up == len(s.shards)
}

// refused looks anew where the channels of a shard live: slots move.
func (s *sharded) refused(address string, err error) {
	s.engine.reach.refused(err)
	if s.engine.nodes.cluster == nil {
		return
	}
	s.engine.nodes.reload(s.engine.ctx)
	s.mu.Lock()
	from := s.shards[address]
	var channels []string
	for c, sh := range s.of {
		if sh == from {
			channels = append(channels, c)
		}
	}
	s.mu.Unlock()
	left := len(channels)
	for _, c := range channels {
		if to := s.shard(c); to != from {
			from.leave(c)
			to.want(c)
			left--
		}
	}
	if left == 0 && from != nil { // its node has no slot of ours any more
		s.mu.Lock()
		delete(s.shards, address)
		s.mu.Unlock()
		from.end()
		s.settle()
	}
}

func (s *sharded) close(context.Context) {
	// The subscriptions end with the connections.
}

func (s *sharded) hears(namespace string, yes bool) {
	// The twin first, so that no hub is counted as a Node server meanwhile.
	channels := []string{s.engine.channels.twin(namespace), s.engine.channels.base(namespace)}
	if yes {
		s.want(channels...)
	} else {
		s.leave(channels[1], channels[0])
	}
}

// room subscribes to a room, or leaves it. All have one channel, also those with the length of an id: only who
// publishes looks at that.
func (s *sharded) room(namespace, room string, occupied bool) {
	channel := s.engine.channels.base(namespace) + room + "#"
	if occupied {
		s.want(channel)
	} else {
		s.leave(channel)
	}
}

func (s *sharded) awaits(namespace string) <-chan struct{} {
	return s.want(s.answers(namespace))
}

func (s *sharded) answers(namespace string) string {
	return s.engine.channels.base(namespace) + s.engine.self.askID + "#"
}

func (s *sharded) count(ctx context.Context, namespace string) (int, []string, error) {
	all, hubs, err := s.engine.nodes.count(ctx, "SHARDNUMSUB", s.engine.channels.base(namespace), s.engine.channels.twin(namespace))
	return int(max(0, all-hubs)), nil, err
}

// idLength is the length of the id of a socket, in the units in which JavaScript counts.
const idLength = 20

func (s *sharded) post(m *nodewire.Message) error {
	room, has := "", false
	if m.Kind == nodewire.Broadcast {
		room, has = s.hasChannel(&m.Target)
	}
	buf := buffers.Get().(*[]byte)
	return s.engine.sendFrom(buf, s.engine.channels.within(m.Namespace, room, has), nodewire.AppendCluster(*buf, m, false))
}

// hasChannel is the room whose channel reaches all of a target, if there is one. Of a user there is none.
func (s *sharded) hasChannel(t *cluster.Target) (room string, has bool) {
	room, one := oneRoom(t)
	if !one || len(t.Users) > 0 {
		return "", false
	}
	switch s.engine.config.SubscriptionMode {
	case DynamicPrivate:
		return room, true
	case Dynamic:
		return room, len(t.Sockets) == 0 && !looksLikeAnID(room)
	}
	return "", false
}

func looksLikeAnID(room string) bool {
	if len(room) < idLength {
		return false // a unit is at least a byte
	}
	units := 0
	for _, r := range room {
		units += max(1, utf16.RuneLen(r))
	}
	return units == idLength
}

func (s *sharded) postToHubs(c *cluster.Command) error { return s.engine.postToHubs(c) }

func (s *sharded) ask(m *nodewire.Message) error {
	return s.engine.SendForeign(s.engine.channels.base(m.Namespace), nodewire.AppendCluster(nil, m, false))
}

// message takes one from any channel.
func (s *sharded) message(channel string, payload []byte) {
	e := s.engine
	if e.channels.ofHubs(channel) {
		e.Receive(payload, mesh.Address{})
		return
	}
	e.inbox.clusterMessage(channel, payload)
}
