package redis

import (
	"bufio"
	"context"
	"maps"
	"net"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/fence"
	"github.com/siohub/siohub/hub/cluster/internal/pages"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// streamReader reads one stream.
type streamReader struct {
	streams *streams
	name    string
	pages   *pages.Pages
	gate    fence.Gate

	// owned by run
	conn net.Conn // nil: there is none, or a Redis Cluster
	replies
	buf    []byte             // the command that asks for more
	data   []byte             // of the entry that is read
	stop   func() bool        // of what closes the connection with ctx
	words  [knownWords]string // what entries have said of late: most say it again
	seen   map[string]uint64  // the last number of each hub: an entry may be appended twice
	last   string             // id of the last entry that was read
	recent recent
	again  map[entryID]bool // passed over when they come again
	up     bool

	// doubled are entries that were passed over, as they were there before. A map is replaced by run, and never changed.
	doubled atomic.Pointer[map[cluster.Position]struct{}]
}

func newStreamReader(s *streams, name string) *streamReader {
	r := &streamReader{streams: s, name: name, seen: map[string]uint64{}}
	r.doubled.Store(&map[cluster.Position]struct{}{})
	r.pages = pages.New(r.page, func() bool { return s.engine.ctx.Err() != nil })
	return r
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
	defer r.disconnect()
	for e.ctx.Err() == nil {
		err := r.read(e.ctx)
		if err == nil {
			backoff = backoffMin
			continue
		}
		r.disconnect()
		if r.up {
			r.up = false
			r.streams.readable(false)
		}
		if e.ctx.Err() == nil {
			e.reach.refused(err)
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
	if !r.up {
		if err := r.connect(ctx); err != nil {
			return err
		}
		r.up = true
		r.streams.readable(true)
	}
	if r.conn == nil {
		return r.readMoving(ctx)
	}
	if e.nodes.left(r.conn) {
		return errReplica
	}
	r.buf = r.ask(r.buf[:0])
	_ = r.conn.SetDeadline(time.Now().Add(r.streams.block + replyTimeout))
	if _, err := r.conn.Write(r.buf); err != nil {
		return err
	}
	return r.reply()
}

// readMoving reads from a Redis Cluster, in which go-redis follows a stream that moves to another node, also while it is between the
// two (ASK).
func (r *streamReader) readMoving(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, r.streams.block+replyTimeout)
	defer cancel()
	args := redis.XReadArgs{Streams: []string{r.name, r.last}, Count: readCount, Block: r.streams.block}
	result, err := r.streams.engine.nodes.any().XRead(waiting, &args).Result()
	if err == redis.Nil { //nolint:errorlint // go-redis says that it is never wrapped
		return nil
	}
	for _, stream := range result {
		for _, m := range stream.Messages {
			r.last = m.ID
			at, _ := positionOf(m.ID)
			e := entryOf(m.Values)
			r.data = append(r.data[:0], e.Data...)
			r.accept(e, at, r.streams.engine.self.passedOver([]byte(e.UID)), false)
		}
	}
	return err
}

// connect finds where to begin, and connects, but for a Redis Cluster.
func (r *streamReader) connect(ctx context.Context) error {
	e := r.streams.engine
	if e.nodes.cluster != nil {
		return r.resume(ctx, e.nodes.any())
	}
	conn, err := e.nodes.dialKeys(ctx, r.name)
	if err != nil {
		return err
	}
	if err := r.resume(ctx, e.nodes.any()); err != nil {
		conn.Close()
		return err
	}
	r.conn, r.in = conn, bufio.NewReaderSize(conn, readerBytes)
	r.stop = context.AfterFunc(ctx, func() { conn.Close() })
	return nil
}

// disconnect ends the connection.
func (r *streamReader) disconnect() {
	if r.conn != nil {
		r.stop()
		r.conn.Close()
		r.conn, r.in = nil, nil
	}
}

// take applies an entry.
func (r *streamReader) take(e nodewire.Entry, at cluster.Position) {
	r.gate.Apply(at, func() {
		r.streams.inbox.entry(e, at, func(uid string, sequence uint64) bool {
			fresh := r.fresh(uid, sequence)
			if !fresh {
				r.passOver(at)
			}
			return fresh
		})
	})
}

// mostDoubled bounds the entries that are known to be there twice.
const mostDoubled = 4096

func (r *streamReader) passOver(at cluster.Position) {
	doubled := maps.Clone(*r.doubled.Load())
	if len(doubled) >= mostDoubled {
		clear(doubled)
	}
	doubled[at] = struct{}{}
	r.doubled.Store(&doubled)
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
	a, _ := positionOf(one)
	b, _ := positionOf(other)
	return a.Before(b)
}

// split reads the id of an entry.
func split(id string) entryID {
	p, _ := positionOf(id)
	return entryID{p.Major, p.Minor}
}
