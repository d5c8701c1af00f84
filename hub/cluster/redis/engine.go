package redis

import (
	"context"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/internal/sampledlog"
)

// engine is a cluster.Cluster over Redis.
type engine struct {
	*mesh.Mesh // for what hubs alone understand

	// set at construction, and by Open
	config  Config
	codec   *nodewire.Codec
	nodes   *nodes
	out     *publisher // unused with a Redis Cluster
	road    road
	id      string // of this hub, as sender
	askID   string // of this hub, as sender of questions
	away    *sampledlog.Line
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	running sync.WaitGroup

	telling sync.Mutex // held by tell, before the locks of roads and subscribers

	answering atomic.Int64 // questions of Node servers that are open here

	served atomic.Pointer[map[string]bool] // namespaces that this hub has sockets in; never changed, but replaced

	mu        sync.Mutex // guards the fields below, and the replacement of served
	inquiries map[string]*inquiry
	known     map[string]int // Node servers that were counted last, by namespace
	counts    map[string]*counting
}

// road is what differs between the engines. Its methods are safe for concurrent use.
type road interface {
	// open begins to listen. It is called once.
	open()
	// hears says that this hub has sockets in a namespace, or not any more.
	hears(namespace string, yes bool)
	// post publishes a command for all other servers. It does not keep the message.
	post(m *nodewire.Message) error
	// postToHubs publishes a command that Node has no words for.
	postToHubs(c *cluster.Command) error
	// ask publishes a question for Node servers; awaits has to be called before.
	ask(m *nodewire.Message) error
	// awaits subscribes to the answers to what is asked in a namespace. What it returns is closed once it has; nil: it has.
	awaits(namespace string) <-chan struct{}
	// count is how many Node servers answer in a namespace without a name, and those that do with one.
	count(ctx context.Context, namespace string) (nameless int, named []string, err error)
	// close ends what open has begun, but for its goroutines.
	close(ctx context.Context)
}

// askSuffix ends the name under which a hub asks Node servers: hubs pass over what such a sender says, as they have been asked
// over the mesh.
const askSuffix = "?"

// idBytes is the length of a hub's id.
const idBytes = 16

// quiet keeps go-redis from writing lines of its own, which know no level and no component: what fails is returned as an error too.
var quiet = sync.OnceFunc(func() { redis.SetLogger(silent{}) })

type silent struct{}

// Printf implements go-redis's logger.
func (silent) Printf(context.Context, string, ...any) {}

// New returns a hub's end of a cluster over Redis. The error names the key that cannot be. Nothing is connected before
// Open.
func New(c Config) (cluster.Cluster, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	quiet()
	nodes, err := c.connect()
	if err != nil {
		return nil, err
	}
	e := &engine{
		config: c, nodes: nodes,
		codec: nodewire.New(nodewire.Limits{Message: int64(c.MaxMessage), Event: siopacket.Limits{
			Attachments: c.Event.Attachments, Depth: c.Event.Depth, Arguments: c.Event.Arguments, NameBytes: c.Event.NameBytes,
		}}),
		away:      sampledlog.New(c.Logger, 10*sampledlog.Second),
		inquiries: map[string]*inquiry{}, known: map[string]int{}, counts: map[string]*counting{},
	}
	if e.Mesh, err = mesh.New(c.Engine, c.Settings, e); err != nil {
		nodes.close()
		return nil, err
	}
	e.out = newPublisher(e.dialHome, e.channelOf)
	e.out.left = e.nodes.left
	e.served.Store(&map[string]bool{})
	e.ctx, e.cancel = context.WithCancel(context.Background())
	switch c.Engine {
	case Classic:
		e.road = newClassic(e)
	case Sharded:
		s := newSharded(e)
		e.road = s
		if c.SubscriptionMode != Static {
			return &roomEngine{engine: e, sharded: s}, nil
		}
	case Streams:
		s := newStreams(e)
		e.road = s
		return &streamsEngine{engine: e, streams: s}, nil
	}
	return e, nil
}

// roomEngine is an engine that wants to be told of rooms.
type roomEngine struct {
	*engine
	sharded *sharded
}

var _ cluster.OwnRoomSubscriber = (*roomEngine)(nil)

// Room implements cluster.RoomSubscriber.
func (e *roomEngine) Room(namespace, room string, occupied bool) {
	e.sharded.room(namespace, room, occupied)
}

// OwnRooms implements cluster.OwnRoomSubscriber.
func (e *roomEngine) OwnRooms() bool { return e.config.SubscriptionMode == DynamicPrivate }

// Open implements cluster.Cluster.
func (e *engine) Open(self cluster.Self, host cluster.Host) error {
	e.id, e.askID = self.ID, self.ID+askSuffix
	if err := e.Mesh.Open(self, host); err != nil {
		return err
	}
	e.running.Go(func() { e.nodes.watch(e.ctx) })
	e.road.open()
	return nil
}

// Close implements cluster.Cluster.
func (e *engine) Close(ctx context.Context) error {
	e.road.close(ctx)
	err := e.Mesh.Close(ctx)
	e.cancel()
	e.out.close()   // after Mesh.Close: nothing is sent any more
	e.nodes.close() // before Wait: a reader of a stream may be in a command that blocks, which no context ends
	e.running.Wait()
	if s, is := e.road.(*streams); is {
		s.out.abandon()
	}
	return err
}

// Status implements cluster.Cluster.
func (e *engine) Status() cluster.Status {
	s := e.Mesh.Status()
	if streams, is := e.road.(*streams); is {
		s.QueuedBytes += streams.out.queue.Bytes()
	}
	return s
}

// Behind implements cluster.Cluster.
func (e *engine) Behind() <-chan struct{} {
	if streams, is := e.road.(*streams); is {
		if behind := streams.out.queue.Behind(); behind != nil {
			return behind
		}
	}
	return e.Mesh.Behind()
}

// Serve implements cluster.Cluster.
func (e *engine) Serve(namespace string, serves bool) {
	e.mu.Lock()
	was := (*e.served.Load())[namespace]
	if was != serves {
		next := maps.Clone(*e.served.Load())
		if next[namespace] = true; !serves {
			delete(next, namespace)
		}
		e.served.Store(&next)
	}
	e.mu.Unlock()
	if was != serves {
		e.road.hears(namespace, serves)
	}
}

// serves reports whether this hub has sockets in a namespace.
func (e *engine) serves(namespace []byte) bool { return (*e.served.Load())[string(namespace)] }

// Names of channels that hubs alone read. An id has no slash, and a namespace begins with one.
func (e *engine) hubChannel() string             { return e.config.Prefix + "-hub#" }
func (e *engine) directChannel(id string) string { return e.config.Prefix + "-hub#" + id + "#" }
func (e *engine) twinChannel(namespace string) string {
	return e.config.Prefix + "-hub#" + namespace + "#"
}

// baseChannel is that of a namespace.
func (e *engine) baseChannel(namespace string) string { return e.config.Prefix + "#" + namespace + "#" }

// channelFor is that of a namespace, or of one room in it.
func (e *engine) channelFor(namespace, room string, one bool) string {
	if one {
		return e.config.Prefix + "#" + namespace + "#" + room + "#"
	}
	return e.baseChannel(namespace)
}

// ofHubs reports whether a channel is one of the mesh.
func (e *engine) ofHubs(channel []byte) bool {
	rest, ok := strings.CutPrefix(string(channel), e.config.Prefix)
	return ok && strings.HasPrefix(rest, "-hub#")
}

// tell says whether Redis can be reached. What is asked here is still true when it is said: changes come from several
// goroutines, and the last word of the one that was first would stay otherwise.
func (e *engine) tell(reached func() bool) {
	e.telling.Lock()
	defer e.telling.Unlock()
	e.changed(reached())
}

// changed says whether Redis can be reached.
func (e *engine) changed(up bool) {
	if up {
		e.Up()
	} else {
		e.out.stale.Store(true) // what it is connected to may be gone too
		e.nodes.counter.stale.Store(true)
		if streams, is := e.road.(*streams); is {
			streams.out.link.stale.Store(true)
		}
		e.Down()
	}
}

// refused says why there is no connection, or no subscription.
func (e *engine) refused(err error) {
	hint := ""
	switch text := err.Error(); {
	case strings.Contains(text, "WRONGPASS"), strings.Contains(text, "NOAUTH"):
		hint = "see cluster.username and cluster.password_file, and cluster.sentinel_username and cluster.sentinel_password_file for Sentinel"
	case strings.Contains(text, "NOPERM"):
		hint = "the user of cluster.username lacks rights: docs/cluster.md lists them"
	case strings.Contains(text, "x509: "):
		hint = "see cluster.engine_tls.ca and cluster.engine_tls.server_name"
	case strings.Contains(text, "tls: "):
		hint = "see the scheme of cluster.url and cluster.engine_tls.cert"
	}
	if hint == "" {
		e.away.Warn("cluster: no connection to Redis", "engine", e.config.Engine, "error", err)
		return
	}
	e.away.Warn("cluster: no connection to Redis", "engine", e.config.Engine, "error", err, "hint", hint)
}

// MaxFrame implements mesh.Bus: Redis takes messages of half a gigabyte.
func (e *engine) MaxFrame() int { return e.config.MaxMessage + 4096 }

// batchOfMessages and batchOfBytes are how much one write has at most, unless one message has more: those behind them wait no
// longer than for one, and it has to be over within replyTimeout.
const (
	batchOfMessages = 512
	batchOfBytes    = 256 << 10
)

// Send implements mesh.Bus.
func (e *engine) Send(ctx context.Context, batch []mesh.Out) error {
	command := "PUBLISH"
	if e.config.shards() {
		command = "SPUBLISH"
	}
	if e.nodes.cluster == nil {
		return e.out.publish(ctx, command, batch)
	}
	client := e.nodes.any()
	if !e.config.shards() {
		// Messages through different nodes of a cluster overtake each other.
		node, err := e.nodes.of(ctx, e.config.Prefix)
		if err != nil {
			return err
		}
		client = node
	}
	_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range batch {
			p.Do(ctx, command, e.channelOf(&batch[i]), batch[i].Frame)
		}
		return nil
	})
	return err
}

// channelOf is where a frame goes.
func (e *engine) channelOf(out *mesh.Out) string {
	switch {
	case out.Channel != "":
		return out.Channel
	case out.Hub != "":
		return e.directChannel(out.Hub)
	}
	return e.hubChannel()
}
