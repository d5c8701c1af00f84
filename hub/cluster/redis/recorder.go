package redis

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/pages"
)

// streamsEngine is an engine that is a cluster.Recorder: the log of a namespace is its stream.
type streamsEngine struct {
	*engine
	streams *streams
}

var (
	_ cluster.Recorder = (*streamsEngine)(nil)
	_ cluster.Gatherer = (*streamsEngine)(nil)
)

// Close implements cluster.Cluster.
func (e *streamsEngine) Close(ctx context.Context) error {
	err := e.engine.Close(ctx)
	e.streams.out.abandon()
	return err
}

// Status implements cluster.Cluster.
func (e *streamsEngine) Status() cluster.Status {
	s := e.engine.Status()
	s.QueuedBytes += e.streams.out.queue.Bytes()
	return s
}

// Behind implements cluster.Cluster.
func (e *streamsEngine) Behind() <-chan struct{} {
	if behind := e.streams.out.queue.Behind(); behind != nil {
		return behind
	}
	return e.engine.Behind()
}

// Gather implements cluster.Gatherer.
func (e *streamsEngine) Gather() {
	e.streams.out.gather()
	e.engine.Gather()
}

// Flush implements cluster.Gatherer.
func (e *streamsEngine) Flush() {
	e.streams.out.flush()
	e.engine.Flush()
}

// Applied implements cluster.Recorder.
func (e *streamsEngine) Applied(namespace string) cluster.Position {
	return e.streams.readerOf(namespace).gate.Applied()
}

// Fence implements cluster.Recorder.
func (e *streamsEngine) Fence(namespace string, done func(at cluster.Position, err error)) {
	e.streams.fence(namespace, done)
}

// KeepSession implements cluster.Recorder.
func (e *streamsEngine) KeepSession(key string, value []byte, ttl time.Duration, done func(error)) {
	e.streams.sessions.keep(key, value, ttl, done)
}

// DropSession implements cluster.Recorder.
func (e *streamsEngine) DropSession(key string) { e.streams.sessions.drop(key) }

// TakeSession implements cluster.Recorder.
func (e *streamsEngine) TakeSession(ctx context.Context, key string) (*cluster.KeptSession, error) {
	return e.streams.sessions.take(ctx, key)
}

func (s *streams) readerOf(namespace string) *streamReader { return s.readers[s.names.of(namespace)] }

// Replay implements cluster.Recorder.
func (e *streamsEngine) Replay(ctx context.Context, namespace string, after, to cluster.Position, yield func(*cluster.Command) bool) error {
	r := e.streams.readerOf(namespace)
	doubled := *r.doubled.Load()
	return r.pages.Replay(ctx, namespace, after, to, func(at cluster.Position) bool {
		_, twice := doubled[at]
		return twice
	}, yield)
}

// entrySize is about what an entry costs beside its data.
const entrySize = 512

// page is a pages.Source: an entry behind which somebody reads has to be there, so that nothing behind it is gone, nor is it
// another stream.
func (r *streamReader) page(ctx context.Context, after cluster.Position, count int64) (list []*pages.Entry, last bool, err error) {
	s := r.streams
	client, from := s.engine.nodes.any(), idOf(after)
	got, err := client.XRangeN(ctx, r.name, from, "+", count+1).Result()
	if err != nil {
		return nil, false, s.engine.reach.unread(ctx, err)
	}
	last = int64(len(got)) <= count
	switch {
	case after == cluster.Position{}:
		if whole, err := isWhole(ctx, client, r.name); err != nil {
			return nil, false, s.engine.reach.unread(ctx, err)
		} else if !whole {
			return nil, false, cluster.ErrGone
		}
	case len(got) == 0 || got[0].ID != from:
		return nil, false, cluster.ErrGone
	default:
		got = got[1:]
	}
	for _, m := range got {
		at, _ := positionOf(m.ID)
		raw := entryOf(m.Values)
		list = append(list, &pages.Entry{
			At: at, Size: int64(2*len(raw.Data)+len(raw.Namespace)) + entrySize,
			Decode: func() (*cluster.Command, uint64) { return s.inbox.commandIn(raw, at) },
		})
	}
	return list, last, nil
}

// isWhole reports whether a stream still has all that was ever in it. Redis before version 7 does not tell, but for one that
// was never there.
func isWhole(ctx context.Context, client redis.UniversalClient, stream string) (bool, error) {
	if n, err := client.Exists(ctx, stream).Result(); err != nil || n == 0 {
		return n == 0, err
	}
	info, err := client.XInfoStream(ctx, stream).Result()
	if err != nil {
		return false, err
	}
	return info.EntriesAdded == info.Length && (info.Length > 0 || info.LastGeneratedID == "0-0"), nil
}
