package mesh

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
	"github.com/siohub/siohub/internal/sampledlog"
)

// Mesh is a cluster.Cluster over a Bus: see the story of the package. Open and Close are the engine's to call, in its own;
// Serve does nothing here.
type Mesh struct {
	*common
	*sending
	*inbox
	engine  string
	cancel  context.CancelFunc
	running sync.WaitGroup // beat, watch and outbox.loop
	closing atomic.Bool    // Close was called
}

// common is what the parts of a Mesh share.
type common struct {
	// Table and Questions are the parts that an engine for foreign servers uses too.
	Table     *Members
	Questions *Questions

	// set at construction, and by Open
	settings cluster.Settings
	trace    *tracer
	lines    lines
	self     cluster.Self
	id       wire.ID
	host     cluster.Host

	presence presence
}

// lines are what the log is told of.
type lines struct{ full, large, dropped, lost, panic, engine *sampledlog.Line }

// New returns a mesh for an engine of that name. The error names the setting that cannot be.
func New(engine string, settings cluster.Settings, bus Bus) (*Mesh, error) {
	settings = settings.WithDefaults()
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	line := func() *sampledlog.Line { return sampledlog.New(settings.Logger, 10*sampledlog.Second) }
	c := &common{
		settings: settings, Table: NewMembers(settings.Expiry),
		lines: lines{full: line(), large: line(), dropped: line(), lost: line(), panic: line(), engine: line()},
	}
	trace := *settings.Trace
	trace.Panic = c.panicked
	c.trace = &tracer{&trace}
	c.Questions = NewQuestions(&trace)
	out := &sending{common: c, outbox: newOutbox(bus, &settings)}
	in := &inbox{
		common: c, out: out, responders: &responders{trace: c.trace, open: map[asked]*responder{}},
		arrivals: arrivals{senders: map[wire.ID]*sender{}, maxMessage: settings.MaxMessage},
	}
	return &Mesh{common: c, sending: out, inbox: in, engine: engine}, nil
}

// Settings are those of the mesh, with their defaults.
func (m *Mesh) Settings() cluster.Settings { return m.settings }

// Trace calls the functions of Settings.Trace that are there.
func (m *Mesh) Trace() *cluster.Trace { return m.trace.Trace }

// Self is who this hub is, once Open was called.
func (m *Mesh) Self() cluster.Self { return m.self }

// Host is whom it stands for, once Open was called.
func (m *Mesh) Host() cluster.Host { return m.host }

// Open begins. The engine connects after it and says Up.
func (m *Mesh) Open(self cluster.Self, host cluster.Host) error {
	id, ok := wire.ParseID(self.ID)
	if !ok {
		return fmt.Errorf("cluster: the hub's id %q is not 16 hexadecimal digits", self.ID)
	}
	if len(self.Control) > wire.MaxAddressBytes || len(self.Peer) > wire.MaxAddressBytes {
		return fmt.Errorf("cluster: an address of this hub is longer than %d bytes", wire.MaxAddressBytes)
	}
	var epoch [8]byte
	_, _ = rand.Read(epoch[:])
	m.self, m.id, m.host = self, id, host
	m.begun = time.Now()
	m.outbox.sender, m.outbox.epoch = id, binary.BigEndian.Uint64(epoch[:])
	m.Table.Begin(m.begun)
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	m.running.Go(func() { m.beat(ctx) })
	m.running.Go(func() { m.watch(ctx) })
	m.running.Go(func() { m.outbox.loop(ctx, m.notHandedOver) })
	return nil
}

// Up says that the engine can be reached, and that what is sent to this hub arrives. Newcomers say hello.
func (m *Mesh) Up() {
	if m.closing.Load() || !m.Table.Connected(true, time.Now()) {
		return
	}
	m.outbox.connected(true)
	m.trace.connected(true)
	m.present(wire.Hello, Address{})
}

// Down says that the engine cannot be reached.
func (m *Mesh) Down() {
	if !m.Table.Connected(false, time.Now()) {
		return
	}
	m.trace.notSent("away", m.outbox.connected(false))
	m.trace.connected(false)
}

// Describe implements cluster.Cluster.
func (m *Mesh) Describe(description []byte) { m.presence.describe(description) }

// Members implements cluster.Cluster.
func (m *Mesh) Members() []cluster.Member { return m.Table.List() }

// Status implements cluster.Cluster.
func (m *Mesh) Status() cluster.Status {
	connected, since, settled := m.Table.State(time.Now())
	return cluster.Status{
		Engine: m.engine, Connected: connected, Since: since, Settled: settled, QueuedBytes: m.outbox.queued(), Lag: m.presence.roundTrip(),
	}
}

// Behind implements cluster.Cluster.
func (m *Mesh) Behind() <-chan struct{} { return m.outbox.backlog.Behind() }

// Serve implements cluster.Cluster.
func (m *Mesh) Serve(string, bool) {}

// Unheard says that this hub does not hear any more what goes to those interested in a namespace: what it misses is not
// lost.
func (m *Mesh) Unheard(namespace string) { m.unheard.add(namespaceLane(namespace)) }

// Close leaves, waits for what is queued, and ends. The engine disconnects after it.
func (m *Mesh) Close(ctx context.Context) error {
	if m.cancel == nil || !m.closing.CompareAndSwap(false, true) {
		return nil
	}
	m.present(wire.Leave, Address{})
	err := m.outbox.drain(ctx)
	m.Down()
	m.cancel()
	m.running.Wait()
	m.inbox.mu.Lock()
	m.closed = true
	m.inbox.mu.Unlock()
	m.responders.endWhere(func(*responder) bool { return true })
	m.Questions.CloseAll()
	return err
}

func (c *common) panicked(value any) {
	c.lines.panic.Warn("cluster: the hub panicked over a message of another one", "panic", fmt.Sprint(value))
	if f := c.settings.Trace.Panic; f != nil {
		f(value)
	}
}

var _ cluster.Cluster = (*Mesh)(nil)
