package nats

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/fence"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// logWriter writes to the log what is published, in order: one message at a time, which takes all that waits as far as it
// fits. What is behind it (sessions, fences) is done once JetStream has it. It keeps what it has while JetStream is away, within
// cluster.queue_bytes. A message whose fate is not known is written again under the same id, and JetStream passes over the
// second; later than that knows, hubs do so by its number.
type logWriter struct {
	recorder *Recorder
	backlog  *mesh.Backlog
	wake     chan struct{} // holds one

	// owned by run
	number uint64
	batch  batch // what is being written

	mu    sync.Mutex // guards the fields below
	queue []queued
	bytes int64
	up    bool
	over  bool          // Close was called
	empty chan struct{} // closed when nothing waits; nil: nobody waits for it
}

// queued is one on its way: an entry of the log, a change of a session, or a fence.
type queued struct {
	entry   []byte
	session *sessionChange
	fence   *fence.Fence
}

func (q *queued) size() int64 {
	n := int64(len(q.entry)) + 256
	if q.session != nil {
		n += int64(len(q.session.key) + len(q.session.value))
	}
	return n
}

// urgent reports whether it may go beyond the bound a little: it is small, and cannot be done without.
func (q *queued) urgent() bool {
	return q.fence != nil || q.session != nil && q.session.value == nil
}

// urgentBytes is how far.
const urgentBytes = 16 << 20

func newLogWriter(r *Recorder) *logWriter {
	return &logWriter{recorder: r, backlog: mesh.NewBacklog(r.config.QueueBytes), wake: make(chan struct{}, 1)}
}

// Behind implements cluster.Cluster.
func (r *Recorder) Behind() <-chan struct{} {
	if behind := r.out.backlog.Behind(); behind != nil {
		return behind
	}
	return r.Cluster.Behind()
}

// connected says whether NATS can be reached: what waits for it to come back holds nobody up.
func (w *logWriter) connected(up bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.up = up
	w.backlog.Set(w.bytes, up)
}

// Publish implements cluster.Cluster.
func (r *Recorder) Publish(c *cluster.Command) error {
	if c.Foreign {
		return nil
	}
	frame, err := wire.EncodeCommand(c)
	if err == nil && len(frame) > r.config.MaxMessage {
		err = cluster.ErrTooLarge
	}
	trace := r.Trace()
	if err == nil {
		to := mesh.AddressOf(c)
		err = r.out.put(queued{entry: appendEntry(nil, &logEntry{c.Namespace, to.Room, frame[wire.HeaderSize:]})})
	} else {
		err = cluster.ErrTooLarge
	}
	switch {
	case err == nil:
		if trace.Sent != nil {
			trace.Sent("command", len(frame))
		}
	case trace.NotSent != nil:
		trace.NotSent(map[error]string{cluster.ErrFull: "full", cluster.ErrAway: "away", cluster.ErrTooLarge: "too_large"}[err])
	}
	if errors.Is(err, cluster.ErrFull) {
		r.line.Warn("cluster: more waits to be written to the log than cluster.queue_bytes allows, a command is not sent", "queue_bytes", r.config.QueueBytes)
	}
	return err
}

// put takes one.
func (w *logWriter) put(q queued) error {
	bound := w.recorder.config.QueueBytes
	if q.urgent() {
		bound += urgentBytes
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
		return cluster.ErrAway
	case w.bytes+q.size() > bound:
		return cluster.ErrFull
	}
	w.queue = append(w.queue, q)
	w.bytes += q.size()
	w.backlog.Set(w.bytes, w.up)
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return nil
}

// run writes until Close.
func (w *logWriter) run() {
	r := w.recorder
	w.number = uint64(time.Now().UnixMicro()) // beyond that of a former life
	backoff := backoffMin
	for r.ctx.Err() == nil {
		w.mu.Lock()
		queue := w.queue[:len(w.queue):len(w.queue)]
		w.mu.Unlock()
		if len(queue) == 0 {
			select {
			case <-r.ctx.Done():
			case <-w.wake:
			}
			continue
		}
		up := r.conn.IsConnected()
		w.connected(up)
		if !up { // it is asked for nothing
			r.pause(&backoff)
			continue
		}
		done, err := w.write(queue)
		w.done(done)
		if err == nil {
			backoff = backoffMin
			continue
		}
		w.connected(false)
		_ = r.away(r.ctx, err)
		if errors.Is(err, jetstream.ErrNoStreamResponse) { // somebody has taken it away, perhaps
			if _, err := r.logStream(r.ctx); err == nil {
				r.in.again()
			}
		}
		r.pause(&backoff)
	}
}

// batch is entries on their way. What is written again has to be what was written before.
type batch struct {
	messages [][]byte
	start    uint64 // sequence of the first one
	written  int    // messages
	entries  int
}

// write does what is at the beginning of the queue, and returns how many that are.
func (w *logWriter) write(queue []queued) (done int, err error) {
	r := w.recorder
	if w.batch.entries == 0 {
		w.gather(queue)
	}
	if w.batch.entries > 0 {
		return w.append()
	}
	var changes []*sessionChange
	for done < len(queue) && queue[done].session != nil && len(changes) < mostChanges {
		changes = append(changes, queue[done].session)
		done++
	}
	if done > 0 {
		return r.change(changes)
	}
	for done < len(queue) && queue[done].fence != nil {
		done++
	}
	at, err := w.end()
	if err != nil {
		return w.given(queue[:done]), err
	}
	for _, q := range queue[:done] {
		r.in.gate.Await(q.fence, at)
	}
	return done, nil
}

// given is how many fences at the beginning have ended meanwhile.
func (w *logWriter) given(queue []queued) (n int) {
	for n < len(queue) && queue[n].fence.Ended() {
		n++
	}
	return n
}

// mostBatch bounds one message.
const mostBatch = 1 << 20

// headersRoom is what a message's headers and subject take.
const headersRoom = 1024

// gather makes messages of the entries at the beginning of the queue: one of many, or several of one that is larger than the server
// takes.
func (w *logWriter) gather(queue []queued) {
	most := min(int(w.recorder.largest.Load())-headersRoom, mostBatch) - logHeader
	var entries []byte
	n := 0
	for n < len(queue) && queue[n].entry != nil && n < mostEntries && (n == 0 || len(entries)+len(queue[n].entry) <= most) {
		entries = append(entries, queue[n].entry...)
		n++
	}
	w.batch = batch{entries: n}
	for continued := false; len(entries) > 0; continued = true {
		size := min(len(entries), most)
		w.number++
		m := logMessage{more: size < len(entries), continued: continued, sender: w.recorder.Self().ID, number: w.number, entries: entries[:size]}
		w.batch.messages = append(w.batch.messages, appendLog(&m))
		entries = entries[size:]
	}
}

// append writes what is left of the batch.
func (w *logWriter) append() (done int, err error) {
	r, b := w.recorder, &w.batch
	first := w.number - uint64(len(b.messages)) + 1
	for b.written < len(b.messages) {
		message := b.messages[b.written]
		if b.written > 0 {
			setStart(message, b.start)
		}
		id := r.Self().ID + "-" + strconv.FormatUint(first+uint64(b.written), 10)
		sequence, err := r.send(r.ctx, &nats.Msg{Subject: r.subjects.log(), Data: message}, id)
		if err != nil {
			return 0, err
		}
		if b.written == 0 {
			b.start = sequence
		}
		b.written++
	}
	done = b.entries
	w.batch = batch{}
	return done, nil
}

// end is where the log ends.
func (w *logWriter) end() (cluster.Position, error) {
	r := w.recorder
	stream, err := r.logStream(r.ctx)
	if err != nil {
		return cluster.Position{}, err
	}
	info := stream.CachedInfo()
	return endOf(epochOf(info), info.State.LastSeq), nil
}

// done takes the first n out.
func (w *logWriter) done(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range n {
		w.bytes -= w.queue[i].size()
		w.queue[i] = queued{}
	}
	w.backlog.Set(w.bytes, w.up)
	w.queue = w.queue[n:]
	if len(w.queue) == 0 {
		w.queue = nil
		if w.empty != nil {
			close(w.empty)
			w.empty = nil
		}
	}
}

func (w *logWriter) queued() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bytes
}

// close waits until nothing waits, at the longest until ctx ends. Nothing is taken any more.
func (w *logWriter) close(ctx context.Context) {
	w.mu.Lock()
	w.over = true
	if len(w.queue) == 0 {
		w.mu.Unlock()
		return
	}
	if w.empty == nil {
		w.empty = make(chan struct{})
	}
	empty := w.empty
	w.mu.Unlock()
	select {
	case <-empty:
	case <-ctx.Done():
	}
}

// abandon tells those that have waited in vain. It is called once run has ended.
func (w *logWriter) abandon() {
	w.mu.Lock()
	left := w.queue
	w.queue, w.bytes = nil, 0
	w.backlog.Set(0, w.up)
	w.mu.Unlock()
	for _, q := range left {
		if q.session != nil {
			q.session.end(cluster.ErrAway)
		}
	}
}
