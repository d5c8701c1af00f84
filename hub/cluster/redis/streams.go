package redis

import (
	"context"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/cluster"
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
	engine   *engine
	in       listener
	names    streamNames
	old      *oldServers
	inbox    *streamInbox
	writer   *streamWriter
	out      *appender
	sessions *sessions
	readers  map[string]*streamReader // by the name of their stream
	fences   fence.Fences
	block    time.Duration // how long one command waits for an entry

	mu   sync.Mutex // guards the field below
	lost int        // streams that cannot be read
}

func newStreams(e *engine) *streams {
	s := &streams{
		engine: e, names: streamNames{e.config.Stream, e.config.StreamCount}, block: readBlock, readers: map[string]*streamReader{},
		old: &oldServers{mesh: e.Mesh, heard: map[oldServer]time.Time{}},
	}
	if e.config.ShardedPubSub {
		shards := newSharded(e)
		s.in, shards.settle = shards, s.settle
	} else {
		in := e.subscriber(false, e.bus.dialHome, func([]byte) bool { return true }, s.message)
		s.in, in.changed = in, func(bool) { s.settle() }
	}
	s.out = newAppender(s)
	s.sessions = &sessions{engine: e, out: s.out}
	s.writer = &streamWriter{names: s.names, self: &e.self, out: s.out, sequence: map[string]uint64{}}
	s.inbox = &streamInbox{engine: e, old: s.old, writer: s.writer}
	for _, name := range s.names.all() {
		s.readers[name] = newStreamReader(s, name)
	}
	e.reach.links = append(e.reach.links, &s.out.link.link)
	return s
}

func (s *streams) open() {
	e := s.engine
	s.lost = len(s.readers) // before anything runs
	s.in.want(e.channels.hubs(), e.channels.direct(e.self.id))
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
	s.engine.reach.tell(func() bool {
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

func (s *streams) hears(namespace string, yes bool) {
	channels := []string{s.engine.channels.twin(namespace), s.engine.channels.base(namespace)}
	if yes {
		s.in.want(channels...)
		_ = s.writer.append(&nodewire.Message{Kind: nodewire.InitialHeartbeat, Namespace: namespace}) // counted
		return
	}
	s.in.leave(channels...)
	if s.old.any(namespace) {
		_ = s.writer.append(&nodewire.Message{Kind: nodewire.Leaving, Namespace: namespace}) // counted
	}
}

func (s *streams) awaits(namespace string) <-chan struct{} {
	base := s.engine.channels.base(namespace)
	return s.in.want(base+s.engine.self.askID+"#", base+s.engine.self.id+"#") // the second for what was asked in the stream
}

func (s *streams) count(ctx context.Context, namespace string) (int, []string, error) {
	all, hubs, err := s.engine.nodes.count(ctx, s.numsub(), s.engine.channels.base(namespace), s.engine.channels.twin(namespace))
	return int(max(0, all-hubs)), s.old.in(namespace), err
}

// post appends to the stream: who is away reads it later. Version 0.3, which publishes some of it elsewhere, reads all kinds
// there.
func (s *streams) post(m *nodewire.Message) error { return s.writer.append(m) }

// postToHubs appends to the stream too, so that it stays in order.
func (s *streams) postToHubs(c *cluster.Command) error { return s.writer.command(c) }

// numsub is the command that counts subscriptions.
func (s *streams) numsub() string {
	if s.engine.config.ShardedPubSub {
		return "SHARDNUMSUB"
	}
	return "NUMSUB"
}

func (s *streams) ask(m *nodewire.Message) error {
	if s.old.any(m.Namespace) { // those of version 0.3 read the stream as well, and answer on PUB/SUB
		return s.writer.append(m)
	}
	return s.engine.SendForeign(s.engine.channels.base(m.Namespace), nodewire.AppendCluster(nil, m, true))
}

// message takes one from PUB/SUB.
func (s *streams) message(channel string, payload []byte) {
	if s.engine.channels.ofHubs(channel) {
		s.engine.Receive(payload, mesh.Address{})
		return
	}
	s.engine.inbox.clusterMessage(channel, payload)
}
