package redis

import (
	"context"
	"net"
	"sync"

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
	*life
	config   Config
	channels channels
	self     identity
	codec    *nodewire.Codec
	nodes    *nodes
	served   *served
	reach    *reach
	bus      *bus
	road     road
	inbox    *inbox
	asked    *inquiries
}

// life is that of what an engine has started.
type life struct {
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	running sync.WaitGroup
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
		config: c, channels: channels{c.Prefix}, nodes: nodes, served: newServed(), life: new(life),
		codec: nodewire.New(nodewire.Limits{Message: int64(c.MaxMessage), Event: siopacket.Limits{
			Attachments: c.Event.Attachments, Depth: c.Event.Depth, Arguments: c.Event.Arguments, NameBytes: c.Event.NameBytes,
		}}),
	}
	e.bus = newBus(&e.config, nodes)
	if e.Mesh, err = mesh.New(c.Engine, c.Settings, e.bus); err != nil {
		nodes.close()
		return nil, err
	}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.reach = &reach{
		life: e.life, engine: c.Engine, line: sampledlog.New(c.Logger, 10*sampledlog.Second), up: e.Up, down: e.Down,
		links: []*link{&e.bus.out.link, nodes.counter},
	}
	e.asked = &inquiries{config: &e.config, self: &e.self, life: e.life, mesh: e.Mesh, byID: map[string]*inquiry{}}
	e.inbox = &inbox{
		config: &e.config, channels: e.channels, self: &e.self, mesh: e.Mesh, codec: e.codec, reach: e.reach, asked: e.asked,
	}
	whole := e.travel()
	e.asked.road = e.road
	e.asked.census = &census{life: e.life, mesh: e.Mesh, road: e.road, under: map[string]*counting{}, last: map[string]int{}}
	return whole, nil
}

// travel sets the road. It returns the engine with what it can beyond others by it.
func (e *engine) travel() cluster.Cluster {
	switch e.config.Engine {
	case Classic:
		e.road = newClassic(e)
	case Sharded:
		s := newSharded(e)
		e.road = s
		if e.config.SubscriptionMode != Static {
			return &roomEngine{engine: e, sharded: s}
		}
	case Streams:
		s := newStreams(e)
		e.road = s
		return &streamsEngine{engine: e, streams: s}
	}
	return e
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
	e.self.set(self.ID)
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
	e.bus.out.close() // after Mesh.Close: nothing is sent any more
	e.nodes.close()   // before Wait: a reader of a stream may be in a command that blocks, which no context ends
	e.running.Wait()
	return err
}

// Serve implements cluster.Cluster.
func (e *engine) Serve(namespace string, serves bool) {
	if e.served.put(namespace, serves) {
		e.road.hears(namespace, serves)
	}
}

// subscriber makes a connection that listens.
func (e *engine) subscriber(sharded bool, dial func(context.Context) (net.Conn, error), wants func([]byte) bool, message func(string, []byte)) *subscriber {
	return &subscriber{
		dial: dial, left: e.nodes.left,
		reader:  reader{most: e.config.MaxMessage + 4096, wants: wants, message: message, dropped: e.inbox.tooLarge},
		sharded: sharded, changed: e.reach.changed, refused: e.reach.refused, wanted: map[string]*subscription{},
	}
}

// listen runs a subscriber until ctx ends.
func (e *engine) listen(ctx context.Context, s *subscriber) {
	e.running.Go(func() {
		s.run(ctx)
		s.running.Wait()
	})
}
