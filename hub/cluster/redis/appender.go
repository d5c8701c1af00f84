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
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// appender appends to streams what is published, in order, and changes sessions and looks up where fences end behind that. It keeps what it has while Redis is away, within
// cluster.queue_bytes, and appends it once it is back: an entry whose fate is not known is appended again, and hubs pass
// over the second by its number. That takes the entries of one stream to be appended all or none: were one refused and those
// behind it not, hubs would pass over it too when it came at last.
type appender struct {
	engine  *engine
	backlog *mesh.Backlog
	streams *streams
	wake    chan struct{} // holds one
	link    *xadd         // owned by run; unused with a Redis Cluster

	mu    sync.Mutex // guards the fields below
	up    bool       // Redis can be reached
	queue []entry
	bytes int64
	over  bool          // Close was called
	empty chan struct{} // closed when nothing waits; nil: nobody waits for it
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
	waits := len(a.queue) > 0
	a.mu.Unlock()
	if waits {
		a.wakeUp()
	}
}

func (a *appender) wakeUp() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// entry is one on its way to a stream, or, if that is set, a change of a session, or a fence.
type entry struct {
	stream  string
	fields  nodewire.Entry
	session *sessionChange
	fence   *fence.Fence
}

func (e *entry) size() int64 {
	if e.session != nil {
		return int64(len(e.session.key)+len(e.session.value)) + 256
	}
	return int64(len(e.fields.Data)) + 256
}

// appended reports whether it is one for a stream.
func (e *entry) appended() bool { return e.session == nil && e.fence == nil }

// urgent reports whether it may go beyond the bound a little: it is small, and cannot be done without.
func (e *entry) urgent() bool { return e.fence != nil || e.session != nil && e.session.value == "" }

// urgentBytes is how far.
const urgentBytes = 16 << 20

func newAppender(s *streams) *appender {
	e := s.engine
	dial := func(ctx context.Context) (net.Conn, error) { return e.nodes.dialKeys(ctx, "") }
	return &appender{
		engine: e, streams: s, backlog: mesh.NewBacklog(e.config.QueueBytes), wake: make(chan struct{}, 1),
		link: newXAdd(dial, e.nodes.left, e.config.StreamLength),
	}
}

// put takes an entry for a stream.
func (a *appender) put(stream string, fields nodewire.Entry) error {
	return a.take(entry{stream: stream, fields: fields})
}

// take takes one of any kind.
func (a *appender) take(e entry) error {
	waits, err := a.add(e)
	trace := a.engine.Trace()
	switch {
	case err == nil:
		if trace.Sent != nil && e.appended() {
			trace.Sent("foreign", len(e.fields.Data))
		}
		if !waits {
			a.wakeUp()
		}
	case trace.NotSent != nil:
		reason := map[error]string{cluster.ErrFull: "full", cluster.ErrAway: "away", cluster.ErrTooLarge: "too_large"}
		trace.NotSent(reason[err])
	}
	if err == cluster.ErrFull { //nolint:errorlint // it is not wrapped
		a.engine.away.Warn("cluster: more waits to be appended to the stream than cluster.queue_bytes allows, a message is not sent",
			"queue_bytes", a.engine.config.QueueBytes)
	}
	return err
}

// add puts one into the queue. It may wait there for flush.
func (a *appender) add(e entry) (waits bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.over:
		return false, cluster.ErrAway
	case len(e.fields.Data) > 2*a.engine.config.MaxMessage: // base64
		return false, cluster.ErrTooLarge
	case a.bytes+e.size() > a.engine.config.QueueBytes && !(e.urgent() && a.bytes+e.size() <= a.engine.config.QueueBytes+urgentBytes):
		return false, cluster.ErrFull
	}
	a.queue = append(a.queue, e)
	a.bytes += e.size()
	a.backlog.Set(a.bytes, a.up)
	waits = e.appended() && a.bytes < batchOfBytes && !a.gathering.IsZero() && time.Now().Before(a.gathering)
	if !waits {
		a.gathering = time.Time{}
	}
	return waits, nil
}

// connected says whether Redis can be reached: what waits for it to come back holds nobody up.
func (a *appender) connected(up bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.up = up
	a.backlog.Set(a.bytes, a.up)
}

// takeLocked is what is to be appended next. It stays in the queue.
func (a *appender) takeLocked() []entry {
	n, bytes := 0, int64(0)
	for n < len(a.queue) && n < batchOfMessages && (n == 0 || bytes+a.queue[n].size() <= batchOfBytes) {
		bytes += a.queue[n].size()
		n++
	}
	return a.queue[:n]
}

// run appends until Close.
func (a *appender) run() {
	ctx := a.engine.ctx
	defer a.link.close()
	backoff := backoffMin
	for {
		a.mu.Lock()
		batch := a.takeLocked()
		a.mu.Unlock()
		if len(batch) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-a.wake:
			}
			continue
		}
		failed, err := a.append(ctx, batch)
		a.done(len(batch), failed)
		if err == nil {
			backoff = backoffMin
			continue
		}
		if ctx.Err() == nil {
			a.engine.refused(err)
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
		changes, err = a.streams.change(ctx, changes)
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

// done takes the first n entries out, but for those that failed, which come first again.
func (a *appender) done(n int, failed []entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range n {
		a.bytes -= a.queue[i].size()
	}
	for i := range failed {
		a.bytes += failed[i].size()
	}
	a.backlog.Set(a.bytes, a.up)
	a.queue = a.queue[n:]
	if len(failed) > 0 {
		a.queue = append(failed, a.queue...)
	}
	if len(a.queue) == 0 {
		a.queue = nil // and what it was part of
		if a.empty != nil {
			close(a.empty)
			a.empty = nil
		}
	}
}

// queued is what waits, in bytes.
func (a *appender) queued() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.bytes
}

// close waits until nothing waits, at the longest until ctx ends. Nothing is taken any more.
func (a *appender) close(ctx context.Context) {
	a.mu.Lock()
	a.over = true
	if len(a.queue) == 0 {
		a.mu.Unlock()
		return
	}
	a.empty = make(chan struct{})
	empty := a.empty
	a.mu.Unlock()
	select {
	case <-empty:
	case <-ctx.Done():
	}
}

// abandon tells those that have waited in vain. It is called once run has ended.
func (a *appender) abandon() {
	a.mu.Lock()
	left := a.queue
	a.queue, a.bytes = nil, 0
	a.backlog.Set(0, a.up)
	a.mu.Unlock()
	for _, e := range left {
		if e.session != nil {
			e.session.end(cluster.ErrAway)
		}
	}
}
