package nats

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/internal/sampledlog"
)

// Cluster is a hub's end of NATS. It implements cluster.RoomSubscriber.
type Cluster struct {
	*mesh.Mesh

	// set at construction, and by Open
	config   Config
	urls     string
	subjects subjects
	conn     *nats.Conn
	messages chan *nats.Msg
	inbox    *inbox
	line     *sampledlog.Line
	cancel   context.CancelFunc
	running  sync.WaitGroup // subscribe, intake, receive, measure
	closing  atomic.Bool
	largest  atomic.Int64 // message that the server takes, in bytes

	subs subscriptions

	turn sync.Mutex // held while the mesh is told that the connection is there or has ended, so that the last word is true

	mu    sync.Mutex // guards the fields below
	raw   net.Conn   // the latest connection
	ready bool       // what every hub hears is subscribed to

	reconnected func() // set before Open, or nil: called with each connection
}

var _ cluster.RoomSubscriber = (*Cluster)(nil)

// defaultLargest is the server's own default of max_payload.
const defaultLargest = 1 << 20

// messagesBuffered is how many messages the client may have read that intake has not taken yet.
const messagesBuffered = 4096

// New returns a cluster over NATS. The error names the setting that cannot be.
func New(config Config) (*Cluster, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	c := &Cluster{
		config: config, urls: config.URL, subjects: subjects{config.Prefix}, messages: make(chan *nats.Msg, messagesBuffered),
		inbox: newInbox(config.QueueBytes), line: sampledlog.New(config.Logger, 10*sampledlog.Second),
	}
	c.largest.Store(defaultLargest)
	c.subs.init(c.subjects, config.MaxSubscriptions)
	m, err := mesh.New("nats", config.Settings, c)
	if err != nil {
		return nil, err
	}
	c.Mesh = m
	return c, nil
}

// Open implements cluster.Cluster. It waits up to two seconds for each server that does not answer.
func (c *Cluster) Open(self cluster.Self, host cluster.Host) error {
	options, err := c.options(self)
	if err != nil {
		return err
	}
	if err := c.Mesh.Open(self, host); err != nil {
		return err
	}
	conn, err := nats.Connect(c.urls, options...)
	if err != nil {
		_ = c.Mesh.Close(context.Background())
		return fmt.Errorf("cluster.url: %w", plain(err))
	}
	c.conn = conn
	c.subs.want(c.subjects.hubs(), true)
	c.subs.want(c.subjects.hub(self.ID), true)
	c.resubscribe()
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.running.Go(func() { c.subscribe(ctx) })
	c.running.Go(func() { c.intake(ctx) })
	c.running.Go(func() { c.receive() })
	c.running.Go(func() { c.measure(ctx) })
	c.mu.Lock()
	c.ready = true
	c.mu.Unlock()
	c.connected()
	return nil
}

// plain takes out what may hold a password.
func plain(err error) error {
	if strings.Contains(err.Error(), "://") {
		return errors.New("the URL cannot be used")
	}
	return err
}

// Close implements cluster.Cluster.
func (c *Cluster) Close(ctx context.Context) error {
	if c.conn == nil || !c.closing.CompareAndSwap(false, true) {
		return c.Mesh.Close(ctx) // does nothing more
	}
	// A write that hangs ends with the connection.
	stop := context.AfterFunc(ctx, c.hangUp)
	defer stop()
	connected := c.Status().Connected
	err := c.Mesh.Close(ctx)
	if connected && err == nil {
		if _, has := ctx.Deadline(); has {
			err = c.conn.FlushWithContext(ctx)
		} else {
			err = c.conn.FlushTimeout(5 * time.Second)
		}
	}
	c.conn.Close()
	c.cancel()
	c.inbox.close()
	c.running.Wait()
	return err
}

// hangUp ends the latest connection below the client, whose lock may be held by a write.
func (c *Cluster) hangUp() {
	c.mu.Lock()
	raw := c.raw
	c.mu.Unlock()
	if raw != nil {
		_ = raw.Close()
	}
}

// MaxFrame implements mesh.Bus.
func (c *Cluster) MaxFrame() int { return int(c.largest.Load()) }

// Send implements mesh.Bus.
func (c *Cluster) Send(ctx context.Context, batch []mesh.Out) error {
	var first error
	for _, out := range batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := c.conn.Publish(c.subjects.of(out.Address), out.Frame)
		switch {
		case err == nil:
		case errors.Is(err, nats.ErrMaxPayload): // the server has been changed meanwhile
			first = err
		default:
			return err
		}
	}
	return first
}

// receive hands what has come to the mesh, until Close.
func (c *Cluster) receive() {
	for {
		batch, ok := c.inbox.take()
		if !ok {
			return
		}
		for _, m := range batch {
			c.Receive(m.Data, c.subjects.address(m.Subject))
			c.inbox.done(m)
		}
	}
}

// intake takes what the client has read, until ctx ends.
func (c *Cluster) intake(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-c.messages:
			if !c.inbox.put(m) {
				c.overrun(1)
			}
		}
	}
}

func (c *Cluster) overrun(n int) {
	if f := c.Trace().Dropped; f != nil {
		for range n {
			f(cluster.DropOverrun)
		}
	}
	c.line.Warn("cluster: NATS delivers faster than this hub takes it: messages are dropped, cluster.queue_bytes wait",
		"messages", n, "queue_bytes", c.config.QueueBytes)
}

// measure asks the server how long it takes to answer, behind what is on its way to it.
func (c *Cluster) measure(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !c.Status().Connected {
			continue
		}
		if lag, err := c.conn.RTT(); err == nil {
			c.SetLag(lag)
		}
	}
}
