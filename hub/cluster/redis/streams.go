package redis

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
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
	engine *engine
	in     listener
	out    *appender
	block  time.Duration // how long one command waits for an entry

	mu       sync.Mutex // guards the fields below
	lost     int        // streams that cannot be read
	sequence map[string]uint64
	old      map[oldServer]time.Time // of version 0.2, and when they were heard last
}

// oldServer is a server of version 0.2 in a namespace.
type oldServer struct{ uid, namespace string }

// Of version 0.2.
//
// Source: socket.io-adapter 2.5, ClusterAdapterWithHeartbeat.
const (
	oldBeat    = 5 * time.Second
	oldTimeout = 10 * time.Second
)

// mostOld bounds the servers of version 0.2 that are known.
const mostOld = 4096

func newStreams(e *engine) *streams {
	s := &streams{engine: e, block: readBlock, sequence: map[string]uint64{}, old: map[oldServer]time.Time{}}
	if e.config.ShardedPubSub {
		shards := newSharded(e)
		s.in, shards.settle = shards, s.settle
	} else {
		in := e.subscriber(false, e.dialHome, func([]byte) bool { return true }, s.message)
		s.in, in.changed = in, func(bool) { s.settle() }
	}
	s.out = newAppender(e)
	return s
}

func (s *streams) open() {
	e := s.engine
	s.lost = len(s.names()) // before anything runs
	s.in.want(e.hubChannel(), e.directChannel(e.id))
	for _, name := range s.names() {
		r := &streamReader{streams: s, name: name, seen: map[string]uint64{}}
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
		s.out.connected(up)
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
	s.out.close(ctx)
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

// post appends to the stream: who is away reads it later. Version 0.3, which publishes some of it elsewhere, reads all kinds
// there.
func (s *streams) post(m *nodewire.Message) error {
	return s.append(m)
}

// postToHubs appends to the stream too, so that it stays in order. Node passes over an entry without a namespace.
func (s *streams) postToHubs(c *cluster.Command) error {
	frame, err := wire.EncodeCommand(c)
	if err != nil {
		return cluster.ErrTooLarge
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := s.streamOf(c.Namespace)
	e := nodewire.Entry{UID: s.engine.id, Type: strconv.FormatUint(s.numberLocked(name), 10), Data: string(frame[wire.HeaderSize:]), Hub: true}
	return s.out.put(name, e)
}

// numberLocked is the next number of this hub in a stream.
func (s *streams) numberLocked(stream string) uint64 {
	if s.sequence[stream] == 0 {
		s.sequence[stream] = uint64(time.Now().UnixMicro()) // beyond that of a former life
	}
	s.sequence[stream]++
	return s.sequence[stream]
}

// command takes one of another hub that Node has no words for.
func (s *streams) command(e nodewire.Entry, fresh func(uid string, sequence uint64) bool) {
	number, _ := strconv.ParseUint(e.Type, 10, 64)
	if len(e.Data) > s.engine.config.MaxMessage {
		s.engine.tooLarge()
		return
	}
	c, err := wire.DecodeCommand([]byte(e.Data))
	switch {
	case err != nil:
		s.engine.broken(err)
	case !fresh(e.UID, number):
		s.engine.DropForeign(cluster.DropDuplicate, e.UID)
	default:
		s.engine.Serialized(func(h cluster.Host) { h.Apply(c) })
	}
}

func (s *streams) ask(m *nodewire.Message) error {
	if s.anyOld(m.Namespace) { // those of version 0.3 read the stream as well, and answer on PUB/SUB
		return s.append(m)
	}
	return s.engine.SendForeign(s.engine.baseChannel(m.Namespace), nodewire.AppendCluster(nil, m, true))
}

// append numbers a message and hands it to the appender.
func (s *streams) append(m *nodewire.Message) error {
	// Version 0.2 takes each sender for a server that answers, so that there is but one name here.
	notForHubs := m.UID == s.engine.askID || m.Kind >= nodewire.InitialHeartbeat
	m.UID = s.engine.id
	s.mu.Lock()
	defer s.mu.Unlock()
	name := s.streamOf(m.Namespace)
	if m.Kind < nodewire.FetchSockets && !notForHubs {
		m.Sequence = s.numberLocked(name)
	}
	entry := nodewire.EntryOf(m)
	entry.Hub = notForHubs
	return s.out.put(name, entry)
}

// message takes one from PUB/SUB.
func (s *streams) message(channel string, payload []byte) {
	if s.engine.ofHubs([]byte(channel)) {
		s.engine.Receive(payload, mesh.Address{})
		return
	}
	s.engine.clusterMessage(channel, payload)
}

// entry takes one from a stream.
func (s *streams) entry(e nodewire.Entry, fresh func(uid string, sequence uint64) bool) {
	if s.engine.passedOver([]byte(e.UID)) {
		return
	}
	if e.Hub && e.Namespace == "" {
		s.command(e, fresh)
		return
	}
	if e.Namespace == "" || e.Hub {
		return
	}
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
		s.engine.take(m, len(e.Data), func(a *nodewire.Message) { _ = s.append(a) }) // counted; the asker has a time
	}
}

// note takes a sign of life of a server of version 0.2: those of 0.3 never say what these say.
func (s *streams) note(e nodewire.Entry) {
	if e.UID == "" || e.UID == nodewire.Emitter || s.engine.Table.IsHub(e.UID) {
		return
	}
	who := oldServer{e.UID, e.Namespace}
	s.mu.Lock()
	_, known := s.old[who]
	if known || e.Type == "1" || e.Type == "2" {
		if known || len(s.old) < mostOld {
			s.old[who] = time.Now()
			known = true
		}
	}
	s.mu.Unlock()
	if known {
		s.engine.HeardForeign(e.UID)
	}
}

func (s *streams) left(who oldServer) {
	s.mu.Lock()
	delete(s.old, who)
	gone := true
	for other := range s.old {
		gone = gone && other.uid != who.uid
	}
	s.mu.Unlock()
	if gone && !s.engine.Table.IsHub(who.uid) {
		s.engine.ForeignLeft(who.uid)
	}
}

// oldIn are the servers of version 0.2 in a namespace.
func (s *streams) oldIn(namespace string) (uids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for who, heard := range s.old {
		if who.namespace == namespace && time.Since(heard) < oldTimeout {
			uids = append(uids, who.uid)
		}
	}
	slices.Sort(uids)
	return uids
}

func (s *streams) anyOld(namespace string) bool { return len(s.oldIn(namespace)) > 0 }

// beat says in the stream that this hub is there, while there are servers of version 0.2.
func (s *streams) beat() {
	ticker := time.NewTicker(oldBeat)
	defer ticker.Stop()
	for {
		select {
		case <-s.engine.ctx.Done():
			return
		case <-ticker.C:
		}
		s.sayOld(nodewire.Heartbeat)
		s.mu.Lock()
		for who, heard := range s.old {
			if time.Since(heard) >= oldTimeout {
				delete(s.old, who)
			}
		}
		s.mu.Unlock()
	}
}

// sayOld says something in each namespace that this hub shares with servers of version 0.2.
func (s *streams) sayOld(k nodewire.Kind) {
	for n := range *s.engine.served.Load() {
		if s.anyOld(n) {
			_ = s.append(&nodewire.Message{Kind: k, Namespace: n}) // counted
		}
	}
}

// streamReader reads one stream.
type streamReader struct {
	streams *streams
	name    string
	seen    map[string]uint64 // the last number of each hub: an entry may be appended twice
	last    string            // id of the last entry that was read
	recent  recent
	again   map[entryID]bool // passed over when they come again
	up      bool
}

const (
	readCount = 200
	readBlock = 2 * time.Second
	// mostSeen bounds the hubs whose numbers are kept.
	mostSeen = 4096
)

// run reads until Close, from the last entry on: what is appended while Redis, or this connection, is away is read once it is
// back.
func (r *streamReader) run() {
	e := r.streams.engine
	backoff := backoffMin
	for e.ctx.Err() == nil {
		err := r.read(e.ctx)
		if err == nil {
			backoff = backoffMin
			continue
		}
		if r.up {
			r.up = false
			r.streams.readable(false)
		}
		if e.ctx.Err() == nil {
			e.refused(err)
			e.nodes.reload(e.ctx)
		}
		select {
		case <-e.ctx.Done():
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, backoffMax)
	}
}

// read reads the next entries.
func (r *streamReader) read(ctx context.Context) error {
	e := r.streams.engine
	node, err := e.nodes.of(ctx, r.name)
	if err != nil {
		return err
	}
	if !r.up {
		if err := r.resume(ctx, node); err != nil {
			return err
		}
		r.up = true
		r.streams.readable(true)
	}
	waiting, cancel := context.WithTimeout(ctx, r.streams.block+replyTimeout)
	defer cancel()
	result, err := node.XRead(waiting, &redis.XReadArgs{Streams: []string{r.name, r.last}, Count: readCount, Block: r.streams.block}).Result()
	if err == redis.Nil { //nolint:errorlint // go-redis says that it is never wrapped
		return nil
	}
	if err != nil {
		return err
	}
	for _, stream := range result {
		for _, m := range stream.Messages {
			r.last = m.ID
			id := split(m.ID)
			if r.again[id] {
				continue
			}
			r.recent.add(id)
			r.streams.entry(entryOf(m.Values), r.fresh)
		}
	}
	return nil
}

// fresh reports whether a number is above the last one of that hub.
func (r *streamReader) fresh(uid string, sequence uint64) bool {
	if !r.streams.engine.Table.IsHub(uid) && len(r.seen) >= mostSeen {
		return true
	}
	if sequence <= r.seen[uid] {
		return false
	}
	r.seen[uid] = sequence
	return true
}

// before reports whether one id of an entry is before another.
func before(one, other string) bool {
	a, b := split(one), split(other)
	return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
}

func split(id string) (parts entryID) {
	ms, n, _ := strings.Cut(id, "-")
	parts[0], _ = strconv.ParseUint(ms, 10, 64)
	parts[1], _ = strconv.ParseUint(n, 10, 64)
	return parts
}

// entryOf are the fields of an entry.
func entryOf(values map[string]any) (e nodewire.Entry) {
	e.UID, _ = values["uid"].(string)
	e.Namespace, _ = values["nsp"].(string)
	e.Type, _ = values["type"].(string)
	e.Data, _ = values["data"].(string)
	_, e.Hub = values["hub"]
	return e
}
