package redis

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// nodes are the servers of Redis: one, or those of a Redis Cluster.
type nodes struct {
	client  *redis.Client        // nil with a cluster
	cluster *redis.ClusterClient // nil without
}

func (n *nodes) close() {
	if n.cluster != nil {
		_ = n.cluster.Close()
		return
	}
	_ = n.client.Close()
}

// any is for commands that go-redis sends to the right node itself.
func (n *nodes) any() redis.UniversalClient {
	if n.cluster != nil {
		return n.cluster
	}
	return n.client
}

// reload finds out anew which node has which slots.
func (n *nodes) reload(ctx context.Context) {
	if n.cluster != nil {
		n.cluster.ReloadState(ctx)
	}
}

// of is the node that has the slot of a name.
func (n *nodes) of(ctx context.Context, name string) (*redis.Client, error) {
	if n.cluster != nil {
		return n.cluster.MasterForKey(ctx, name)
	}
	return n.client, nil
}

// dial connects to the node of a name, and says who it is.
func (n *nodes) dial(ctx context.Context, name string) (net.Conn, error) {
	node, err := n.of(ctx, name)
	if err != nil {
		return nil, err
	}
	return connect(ctx, node.Options(), node.Options().Addr)
}

// dialTo is dial to an address that nodes.address gave.
func (n *nodes) dialTo(ctx context.Context, address string) (net.Conn, error) {
	node, err := n.of(ctx, "")
	if err != nil {
		return nil, err
	}
	return connect(ctx, node.Options(), either(address, node.Options().Addr))
}

func connect(ctx context.Context, o *redis.Options, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := o.Dialer(ctx, o.Network, address)
	if err != nil {
		return nil, err
	}
	if err := authenticate(conn, o); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// authenticate gives user and password, and a name that CLIENT LIST shows.
func authenticate(conn net.Conn, o *redis.Options) error {
	_ = conn.SetDeadline(time.Now().Add(replyTimeout))
	defer conn.SetDeadline(time.Time{}) //nolint:errcheck // the connection's next use tells
	var command []byte
	replies := 1
	switch {
	case o.Password != "" && o.Username != "":
		command = appendCommand(nil, "AUTH", o.Username, o.Password)
	case o.Password != "":
		command = appendCommand(nil, "AUTH", o.Password)
	default:
		replies = 0
	}
	if replies == 0 {
		return nil
	}
	if _, err := conn.Write(command); err != nil {
		return err
	}
	// Nothing else comes before the first subscription, so that the buffer holds nothing beyond the reply.
	r := reader{in: bufio.NewReader(conn)}
	e, err := r.next()
	if err == nil && e.kind != "pong" { // +OK
		err = errProtocol
	}
	return err
}

// count is how many connections all nodes have for two channels, as (S)NUMSUB tells.
func (n *nodes) count(ctx context.Context, command, one, other string) (ones, others int64, err error) {
	var first, second atomic.Int64
	ask := func(ctx context.Context, node *redis.Client) error {
		reply, err := node.Do(ctx, "PUBSUB", command, one, other).Slice()
		if err != nil {
			return err
		}
		if len(reply) != 4 {
			return fmt.Errorf("redis: PUBSUB %s answered %d values", command, len(reply))
		}
		a, _ := reply[1].(int64)
		b, _ := reply[3].(int64)
		first.Add(a)
		second.Add(b)
		return nil
	}
	if n.cluster != nil {
		err = n.cluster.ForEachMaster(ctx, ask)
	} else {
		err = ask(ctx, n.client)
	}
	return first.Load(), second.Load(), err
}

// address is that of the node that has the slot of a name, as far as it is known.
func (n *nodes) address(name string) string {
	if n.cluster == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	node, err := n.cluster.MasterForKey(ctx, name)
	if err != nil {
		return ""
	}
	return node.Options().Addr
}
