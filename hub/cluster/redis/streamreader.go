package redis

import (
	"context"
	"maps"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/fence"
	"github.com/siohub/siohub/hub/cluster/internal/pages"
)

// streamReader reads one stream.
type streamReader struct {
	streams *streams
	name    string
	pages   *pages.Pages
	gate    fence.Gate

	// owned by run
	seen   map[string]uint64 // the last number of each hub: an entry may be appended twice
	last   string            // id of the last entry that was read
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
	// In a Redis Cluster go-redis follows a stream that moves to another node, also while it is between the two (ASK).
	client := e.nodes.any()
	if !r.up {
		if err := r.resume(ctx, client); err != nil {
			return err
		}
		r.up = true
		r.streams.readable(true)
	}
	waiting, cancel := context.WithTimeout(ctx, r.streams.block+replyTimeout)
	defer cancel()
	result, err := client.XRead(waiting, &redis.XReadArgs{Streams: []string{r.name, r.last}, Count: readCount, Block: r.streams.block}).Result()
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
			r.take(m)
		}
	}
	return nil
}

// take applies an entry.
func (r *streamReader) take(m redis.XMessage) {
	at, _ := positionOf(m.ID)
	r.gate.Apply(at, func() {
		r.streams.entry(entryOf(m.Values), at, func(uid string, sequence uint64) bool {
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
