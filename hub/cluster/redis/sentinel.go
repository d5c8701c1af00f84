package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// sentinels say where the master is. go-redis asks them too, for what it sends; but not for connections that listen, and those
// would stay with the last master as long as it lives: for some ten seconds after an orderly change, to which nobody publishes.
type sentinels struct {
	name    string // of the master
	clients []*redis.SentinelClient
	good    atomic.Int32           // the one that has answered last
	current atomic.Pointer[string] // what it has said
}

func newSentinels(o *redis.UniversalOptions) *sentinels {
	s := &sentinels{name: o.MasterName}
	for _, address := range o.Addrs {
		s.clients = append(s.clients, redis.NewSentinelClient(&redis.Options{
			Addr: address, Username: o.SentinelUsername, Password: o.SentinelPassword, Dialer: o.Dialer, Protocol: 2, MaxRetries: -1,
			DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout, ContextTimeoutEnabled: true,
			DisableIdentity: true, PoolSize: 1,
		}))
	}
	s.current.Store(new(string))
	return s
}

func (s *sentinels) close() {
	for _, c := range s.clients {
		_ = c.Close()
	}
}

// master asks the Sentinels in turn, first the one that has answered last.
func (s *sentinels) master(ctx context.Context) (address string, err error) {
	first := int(s.good.Load())
	for i := range s.clients {
		n := (first + i) % len(s.clients)
		reply, e := s.clients[n].GetMasterAddrByName(ctx, s.name).Result()
		switch {
		case e == nil && len(reply) == 2:
			s.good.Store(int32(n))
			address = net.JoinHostPort(reply[0], reply[1])
			s.current.Store(&address)
			return address, nil
		case errors.Is(e, redis.Nil):
			err = fmt.Errorf("redis: Sentinel knows no master %q, which master_name in cluster.url is to name", s.name)
		default:
			err = fmt.Errorf("redis: Sentinel: %w", e)
		}
	}
	return "", err
}

// located is a connection to a master, which has been one at least.
type located struct {
	net.Conn
	address string
}

// left reports whether a connection is to a master that is none any more.
func (s *sentinels) left(conn net.Conn) bool {
	l, is := conn.(located)
	return is && l.address != *s.current.Load()
}

// watchEvery is how often Sentinel is asked.
const watchEvery = time.Second

// watch asks Sentinel for the master until ctx ends, and calls changed when it is another one.
func (s *sentinels) watch(ctx context.Context, changed func(context.Context)) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	last := ""
	for {
		asked, cancel := context.WithTimeout(ctx, replyTimeout)
		address, err := s.master(asked)
		if err == nil && address != last {
			if last != "" {
				changed(asked)
			}
			last = address
		}
		cancel()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

var errReplica = errors.New("redis: Sentinel tells the address of a replica, which will change")

// notAReplica is asked of each new connection of a client, to Sentinels as well. What is published at a replica stays there.
//
// Spec: redis.io, Guidelines for Redis clients with support for Redis Sentinel, Step 3.
func notAReplica(ctx context.Context, conn *redis.Conn) error {
	reply, err := conn.Do(ctx, "ROLE").Slice()
	switch {
	case errors.As(err, new(redis.Error)):
		return nil // this user may not ask
	case err != nil:
		return err
	case slices.Contains(reply, any("slave")):
		return errReplica
	}
	return nil
}
