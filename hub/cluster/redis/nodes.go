package redis

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// nodes are the servers of Redis: one, or those of a Redis Cluster.
type nodes struct {
	client    *redis.Client        // nil with a cluster
	cluster   *redis.ClusterClient // nil without
	sentinels *sentinels           // nil without
	dialer    func(ctx context.Context, network, address string) (net.Conn, error)

	counting sync.Mutex // held while counter is used
	counter  *link      // for PUBSUB, which each fetch asks; unused with a cluster
}

func (n *nodes) close() {
	if n.sentinels != nil {
		n.sentinels.close()
	}
	if n.cluster != nil {
		_ = n.cluster.Close()
		return
	}
	_ = n.client.Close()
	n.counting.Lock()
	defer n.counting.Unlock()
	n.counter.close()
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
	return n.connect(ctx, node.Options(), node.Options().Addr)
}

// dialKeys is dial for commands on keys, which are in a database.
func (n *nodes) dialKeys(ctx context.Context, name string) (net.Conn, error) {
	conn, err := n.dial(ctx, name)
	if err != nil || n.cluster != nil || n.client.Options().DB == 0 {
		return conn, err
	}
	o := n.client.Options()
	_ = conn.SetDeadline(time.Now().Add(o.ReadTimeout))
	r := reader{replies: replies{bufio.NewReader(conn)}} // there is no reply but this one to read
	if _, err = conn.Write(appendCommand(nil, "SELECT", strconv.Itoa(o.DB))); err == nil {
		_, err = r.first(nestedReplies)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, conn.SetDeadline(time.Time{})
}

// dialTo is dial to an address that nodes.address gave.
func (n *nodes) dialTo(ctx context.Context, address string) (net.Conn, error) {
	node, err := n.of(ctx, "")
	if err != nil {
		return nil, err
	}
	return n.connect(ctx, node.Options(), either(address, node.Options().Addr))
}

func (n *nodes) connect(ctx context.Context, o *redis.Options, address string) (conn net.Conn, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.DialTimeout)
	defer cancel()
	if n.sentinels != nil {
		if address, err = n.sentinels.master(ctx); err != nil {
			return nil, err
		}
	}
	if conn, err = n.dialer(ctx, o.Network, address); err != nil {
		return nil, err
	}
	if err := n.greet(conn, o); err != nil {
		conn.Close()
		return nil, err
	}
	if n.sentinels == nil {
		return conn, nil
	}
	return located{conn, address}, nil
}

// watch follows the master that Sentinel names, until ctx ends.
func (n *nodes) watch(ctx context.Context) {
	if n.sentinels == nil {
		return
	}
	n.sentinels.watch(ctx, func(ctx context.Context) {
		// go-redis asks for the master when it connects, and then drops its connections to another one.
		if conn, err := n.client.Options().Dialer(ctx, "tcp", ""); err == nil {
			conn.Close()
		}
	})
}

// left reports whether a connection is to a server that is no master any more.
func (n *nodes) left(conn net.Conn) bool { return n.sentinels != nil && n.sentinels.left(conn) }

// greet gives user and password, and asks a server that Sentinel has named whether it is a master. What is in no reply has
// not been read, as nothing else comes before the first subscription.
func (n *nodes) greet(conn net.Conn, o *redis.Options) error {
	_ = conn.SetDeadline(time.Now().Add(o.ReadTimeout))
	defer conn.SetDeadline(time.Time{}) //nolint:errcheck // the connection's next use tells
	r := reader{replies: replies{bufio.NewReader(conn)}}
	ask := func(words ...string) (string, error) {
		if _, err := conn.Write(appendCommand(nil, words...)); err != nil {
			return "", err
		}
		return r.first(nestedReplies)
	}
	var err error
	switch {
	case o.Password != "" && o.Username != "":
		_, err = ask("AUTH", o.Username, o.Password)
	case o.Password != "":
		_, err = ask("AUTH", o.Password)
	}
	if err != nil || n.sentinels == nil {
		return err
	}
	role, err := ask("ROLE")
	switch {
	case errors.As(err, new(serverError)):
		return nil // this user may not ask
	case err == nil && role == "slave":
		return errReplica
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
	switch {
	case n.cluster != nil:
		err = n.cluster.ForEachMaster(ctx, ask)
	case n.counting.TryLock():
		defer n.counting.Unlock()
		return n.countOne(ctx, command, one, other)
	default: // of another namespace
		err = ask(ctx, n.client)
	}
	return first.Load(), second.Load(), err
}

// countOne is count without a Redis Cluster.
func (n *nodes) countOne(ctx context.Context, command, one, other string) (ones, others int64, err error) {
	l := n.counter
	if err := l.ready(ctx); err != nil {
		return 0, 0, err
	}
	conn := l.conn
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	l.buf = appendCommand(l.buf, "PUBSUB", command, one, other)
	var refused error
	err = l.exchange(func() error {
		line, err := l.line()
		switch {
		case err != nil:
			return err
		case line[0] == '-':
			refused = serverError(line[1:])
			return nil
		case string(line) != "*4":
			return errProtocol
		}
		r := reader{replies: l.replies}
		for _, to := range []*int64{&ones, &others} {
			if _, err := r.word(); err != nil {
				return err
			}
			if line, err = r.line(); err != nil {
				return err
			}
			if *to, err = strconv.ParseInt(string(line[1:]), 10, 64); err != nil || line[0] != ':' {
				return errProtocol
			}
		}
		return nil
	})
	if err == nil {
		err = refused
	}
	return ones, others, err
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
