package redis

import (
	"context"
	"net"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster/internal/mesh"
)

// bus is a mesh.Bus: it publishes what is on its way, for hubs and for Node servers.
type bus struct {
	config   *Config
	channels channels
	nodes    *nodes
	out      *publisher // unused with a Redis Cluster
}

var _ mesh.Bus = (*bus)(nil)

func newBus(c *Config, n *nodes) *bus {
	b := &bus{config: c, channels: channels{c.Prefix}, nodes: n}
	b.out = newPublisher(b.dialHome, b.channels.of)
	b.out.left = n.left
	return b
}

// dialHome connects to the node through which this hub publishes.
func (b *bus) dialHome(ctx context.Context) (net.Conn, error) {
	return b.nodes.dial(ctx, b.config.Prefix)
}

// MaxFrame implements mesh.Bus: Redis takes messages of half a gigabyte.
func (b *bus) MaxFrame() int { return b.config.MaxMessage + 4096 }

// batchOfMessages and batchOfBytes are how much one write has at most, unless one message has more: those behind them wait no
// longer than for one, and it has to be over within replyTimeout.
const (
	batchOfMessages = 512
	batchOfBytes    = 256 << 10
)

// Send implements mesh.Bus.
func (b *bus) Send(ctx context.Context, batch []mesh.Out) error {
	command := "PUBLISH"
	if b.config.shards() {
		command = "SPUBLISH"
	}
	if b.nodes.cluster == nil {
		return b.out.publish(ctx, command, batch)
	}
	client := b.nodes.any()
	if !b.config.shards() {
		// Messages through different nodes of a cluster overtake each other.
		node, err := b.nodes.of(ctx, b.config.Prefix)
		if err != nil {
			return err
		}
		client = node
	}
	_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range batch {
			p.Do(ctx, command, b.channels.of(&batch[i]), batch[i].Frame)
		}
		return nil
	})
	return err
}
