package redis

import (
	"context"
	"strconv"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/siohub/siohub/hub/cluster/internal/fence"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// streams is the road of @socket.io/redis-streams-adapter: commands are entries of a stream, and wait there for whoever is
// away. Version 0.3 has questions and answers on PUB/SUB, as MessagePack:
//
//	<prefix>#<nsp>#           questions
//	<prefix>#<nsp>#<uid>#     answers
//
// Version 0.2 has them in the stream too, and counts servers by their heartbeats there. A hub answers where it was asked, and
// speaks up in the stream while there are such servers.
type streams struct {
	engine  *engine
	in      listener
	out     *appender
	readers map[string]*streamReader // by the name of their stream
	fences  fence.Fences
	block   time.Duration // how long one command waits for an entry

	mu       sync.Mutex // guards the fields below
	lost     int        // streams that cannot be read
	sequence map[string]uint64
	old      map[oldServer]time.Time // of version 0.2, and when they were heard last
}

func newStreams(e *engine) *streams {
	s := &streams{
		engine: e, block: readBlock, sequence: map[string]uint64{}, old: map[oldServer]time.Time{}, readers: map[string]*streamReader{},
	}
	if e.config.ShardedPubSub {
		shards := newSharded(e)
		s.in, shards.settle = shards, s.settle
	} else {
		in := e.subscriber(false, e.dialHome, func([]byte) bool { return true }, s.message)
		s.in, in.changed = in, func(bool) { s.settle() }
	}
	s.out = newAppender(s)
	for _, name := range s.names() {
		s.readers[name] = newStreamReader(s, name)
	}
	return s
}

func (s *streams) open() {
	e := s.engine
	s.lost = len(s.readers) // before anything runs
	s.in.want(e.hubChannel(), e.directChannel(e.id))
	for _, r := range s.readers {
		e.running.Go(r.run)
	}
	if in, one := s.in.(*subscriber); one { // shards begin with what they are to listen to
		e.listen(e.ctx, in)
	}
	e.running.Go(s.out.run)
	e.running.Go(s.beat)
}

// settle says whether everything can be reached.
func (s *streams) settle() {
	s.engine.tell(func() bool {
		s.mu.Lock()
		up := s.in.reached() && s.lost == 0
		s.mu.Unlock()
		s.out.queue.Connected(up)
		return up
	})
}

// readable says that one more stream can be read, or one less.
func (s *streams) readable(yes bool) {
	s.mu.Lock()
	if yes {
		s.lost--
	} else {
		s.lost++
	}
	s.mu.Unlock()
	s.settle()
}

func (s *streams) close(ctx context.Context) {
	s.sayOld(nodewire.Leaving)
	s.out.queue.Close(ctx)
	s.fences.Close()
}

// names are those of the streams.
func (s *streams) names() []string {
	c := s.engine.config
	if c.StreamCount == 1 {
		return []string{c.Stream}
	}
	var names []string
	for i := range c.StreamCount {
		names = append(names, c.Stream+"-"+strconv.Itoa(i))
	}
	return names
}

// streamOf is the stream of a namespace. The hash of one may be negative; the stream that servers then write to is read by
// nobody, and hubs do as they do to be heard by each other: see docs/cluster.md.
//
// Source: @socket.io/redis-streams-adapter 0.3, hashCode.
func (s *streams) streamOf(namespace string) string {
	c := s.engine.config
	if c.StreamCount == 1 {
		return c.Stream
	}
	var hash int32
	for _, unit := range utf16.Encode([]rune(namespace)) {
		hash = hash*31 + int32(unit)
	}
	return c.Stream + "-" + strconv.Itoa(abs(int(hash)%c.StreamCount))
}

func abs(n int) int { return max(n, -n) }

func (s *streams) hears(namespace string, yes bool) {
	channels := []string{s.engine.twinChannel(namespace), s.engine.baseChannel(namespace)}
	if yes {
		s.in.want(channels...)
		_ = s.append(&nodewire.Message{Kind: nodewire.InitialHeartbeat, Namespace: namespace}) // counted
		return
	}
	s.in.leave(channels...)
	if s.anyOld(namespace) {
		_ = s.append(&nodewire.Message{Kind: nodewire.Leaving, Namespace: namespace}) // counted
	}
}

func (s *streams) awaits(namespace string) <-chan struct{} {
	base := s.engine.baseChannel(namespace)
	return s.in.want(base+s.engine.askID+"#", base+s.engine.id+"#") // the second for what was asked in the stream
}

func (s *streams) count(ctx context.Context, namespace string) (int, []string, error) {
	all, hubs, err := s.engine.nodes.count(ctx, s.numsub(), s.engine.baseChannel(namespace), s.engine.twinChannel(namespace))
	return int(max(0, all-hubs)), s.oldIn(namespace), err
}

// numsub is the command that counts subscriptions.
func (s *streams) numsub() string {
	if s.engine.config.ShardedPubSub {
		return "SHARDNUMSUB"
	}
	return "NUMSUB"
}

func (s *streams) ask(m *nodewire.Message) error {
	if s.anyOld(m.Namespace) { // those of version 0.3 read the stream as well, and answer on PUB/SUB
		return s.append(m)
	}
	return s.engine.SendForeign(s.engine.baseChannel(m.Namespace), nodewire.AppendCluster(nil, m, true))
}

// message takes one from PUB/SUB.
func (s *streams) message(channel string, payload []byte) {
	if s.engine.ofHubs([]byte(channel)) {
		s.engine.Receive(payload, mesh.Address{})
		return
	}
	s.engine.clusterMessage(channel, payload)
}
