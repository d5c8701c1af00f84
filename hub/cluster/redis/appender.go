package redis

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/fence"
	"github.com/siohub/siohub/hub/cluster/internal/pending"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// appender appends to streams what is published, in order, and changes sessions and looks up where fences end behind that. It
// keeps what it has while Redis is away, within cluster.queue_bytes, and appends it once it is back: an entry whose fate is not
// known is appended again, and hubs pass over the second by its number. That takes the entries of one stream to be appended all
// or none: were one refused and those behind it not, hubs would pass over it too when it came at last.
type appender struct {
	engine  *engine
	streams *streams
	queue   *pending.Queue[entry]
	link    *xadd // owned by run; unused with a Redis Cluster

	mu sync.Mutex // guards the field below
	// gathering is until when entries may wait for flush. The zero time: they may not.
	gathering time.Time
}

// gatherFor is how long an entry may wait for a flush at most, if another one comes then.
const gatherFor = 2 * time.Millisecond

// gather lets entries wait for flush.
func (a *appender) gather() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gathering = time.Now().Add(gatherFor)
}

// flush has everything appended that waits.
func (a *appender) flush() {
	a.mu.Lock()
	a.gathering = time.Time{}
	a.mu.Unlock()
	if a.queue.Bytes() > 0 {
		a.queue.Wake()
	}
}

// mayWait reports whether what was put may wait for flush, with so many bytes in all. If not, nothing else may either.
func (a *appender) mayWait(e *entry, bytes int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	waits := e.appended() && bytes < batchOfBytes && !a.gathering.IsZero() && time.Now().Before(a.gathering)
	if !waits {
		a.gathering = time.Time{}
	}
	return waits
}

// entry is one on its way to a stream, or, if that is set, a change of a session, or a fence.
type entry struct {
	stream  string
	fields  nodewire.Entry
	session *sessionChange
	fence   *fence.Fence
}

// Size implements pending.Item.
func (e entry) Size() int64 {
	if e.session != nil {
		return int64(len(e.session.key)+len(e.session.value)) + 256
	}
	return int64(len(e.fields.Data)) + 256
}

// appended reports whether it is one for a stream.
func (e *entry) appended() bool { return e.session == nil && e.fence == nil }

// Urgent implements pending.Item.
func (e entry) Urgent() bool { return e.fence != nil || e.session != nil && e.session.value == "" }

func newAppender(s *streams) *appender {
	e := s.engine
	dial := func(ctx context.Context) (net.Conn, error) { return e.nodes.dialKeys(ctx, "") }
	return &appender{
		engine: e, streams: s, queue: pending.New[entry](e.config.QueueBytes),
		link: newXAdd(dial, e.nodes.left, e.config.StreamLength),
	}
}

// put takes an entry for a stream.
func (a *appender) put(stream string, fields nodewire.Entry) error {
	return a.take(entry{stream: stream, fields: fields})
}

// take takes one of any kind.
func (a *appender) take(e entry) error {
	bytes, err := int64(0), cluster.ErrTooLarge
	if len(e.fields.Data) <= 2*a.engine.config.MaxMessage { // base64
		bytes, err = a.queue.Put(e)
	}
	trace := a.engine.Trace()
	switch {
	case err == nil:
		if trace.Sent != nil && e.appended() {
			trace.Sent("foreign", len(e.fields.Data))
		}
		if !a.mayWait(&e, bytes) {
			a.queue.Wake()
		}
	case trace.NotSent != nil:
		reason := map[error]string{cluster.ErrFull: "full", cluster.ErrAway: "away", cluster.ErrTooLarge: "too_large"}
		trace.NotSent(reason[err])
	}
	if errors.Is(err, cluster.ErrFull) {
		a.engine.reach.line.Warn("cluster: more waits to be appended to the stream than cluster.queue_bytes allows, a message is not sent",
			"queue_bytes", a.engine.config.QueueBytes)
	}
	return err
}

// batchOf is what is to be appended next of what waits.
func batchOf(waiting []entry) []entry {
	n, bytes := 0, int64(0)
	for n < len(waiting) && n < batchOfMessages && (n == 0 || bytes+waiting[n].Size() <= batchOfBytes) {
		bytes += waiting[n].Size()
		n++
	}
	return waiting[:n]
}

// run appends until Close.
func (a *appender) run() {
	ctx := a.engine.ctx
	defer a.link.close()
	backoff := backoffMin
	for {
		batch := batchOf(a.queue.Waiting())
		if len(batch) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-a.queue.Woken():
			}
			continue
		}
		failed, err := a.append(ctx, batch)
		a.queue.Done(len(batch), failed)
		if err == nil {
			backoff = backoffMin
			continue
		}
		if ctx.Err() == nil {
			a.engine.reach.refused(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, backoffMax)
	}
}

// append appends a batch, those of each stream at once, and does what else there is in it behind that. It returns what it has
// not done.
func (a *appender) append(ctx context.Context, batch []entry) (failed []entry, err error) {
	if alike(batch) {
		if err := a.appendTo(ctx, batch[0].stream, batch); err != nil {
			return batch, err
		}
		return nil, nil
	}
	var names []string
	var rest []entry
	streams := map[string][]entry{}
	for _, e := range batch {
		if !e.appended() {
			rest = append(rest, e)
			continue
		}
		if streams[e.stream] == nil {
			names = append(names, e.stream)
		}
		streams[e.stream] = append(streams[e.stream], e)
	}
	for _, name := range names {
		if refused := a.appendTo(ctx, name, streams[name]); refused != nil {
			failed, err = append(failed, streams[name]...), refused
		}
	}
	if err == nil && len(rest) > 0 {
		return a.finish(ctx, rest)
	}
	return append(failed, rest...), err
}

// alike reports whether all of a batch is for one stream.
func alike(batch []entry) bool {
	for i := range batch {
		if !batch[i].appended() || batch[i].stream != batch[0].stream {
			return false
		}
	}
	return true
}

// finish changes sessions, and then finds where fences end. It returns what it has not done.
func (a *appender) finish(ctx context.Context, rest []entry) (left []entry, err error) {
	var changes []*sessionChange
	var fenced []entry
	for _, e := range rest {
		switch {
		case e.session != nil:
			changes = append(changes, e.session)
		case !e.fence.Ended():
			fenced = append(fenced, e)
		}
	}
	if len(changes) > 0 {
		changes, err = a.streams.sessions.change(ctx, changes)
		for _, c := range changes {
			left = append(left, entry{session: c})
		}
	}
	ends := map[string]cluster.Position{}
	for _, e := range fenced {
		at, known := ends[e.stream]
		if !known && err == nil {
			at, err = a.streams.end(ctx, e.stream)
			ends[e.stream], known = at, err == nil
		}
		if err != nil && !known {
			left = append(left, e)
			continue
		}
		a.streams.readers[e.stream].gate.Await(e.fence, at)
	}
	return left, err
}

// appendTo appends entries to one stream, all or none of them as far as Redis answers.
func (a *appender) appendTo(ctx context.Context, stream string, entries []entry) error {
	if a.engine.nodes.cluster == nil {
		return a.link.add(ctx, stream, entries)
	}
	client := a.engine.nodes.any()
	pipelined := client.TxPipelined
	if len(entries) == 1 { // is all or none without MULTI and EXEC
		pipelined = client.Pipelined
	}
	commands, err := pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range entries {
			p.XAdd(ctx, &redis.XAddArgs{Stream: stream, MaxLen: a.engine.config.StreamLength, Approx: true, Values: valuesOf(&entries[i].fields)})
		}
		return nil
	})
	for _, c := range commands { // why one was refused says more than that the others were for it
		if why := c.Err(); why != nil && !errors.Is(why, err) {
			return why
		}
	}
	return err
}

// abandon tells those that have waited in vain. It is called once run has ended.
func (a *appender) abandon() {
	for _, e := range a.queue.Abandon() {
		if e.session != nil {
			e.session.end(cluster.ErrAway)
		}
	}
}
