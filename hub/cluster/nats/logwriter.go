package nats

import (
	"errors"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/fence"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/hub/cluster/internal/pending"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// logWriter writes to the log what is published, in order: one message at a time, which takes all that waits as far as it
// fits. What is behind it (sessions, fences) is done once JetStream has it. It keeps what it has while JetStream is away, within
// cluster.queue_bytes. A message whose fate is not known is written again under the same id, and JetStream passes over the
// second; later than that knows, hubs do so by its number.
type logWriter struct {
	recorder *Recorder
	queue    *pending.Queue[queued]

	// owned by run
	number uint64
	batch  batch // what is being written
}

// queued is one on its way: an entry of the log, a change of a session, or a fence.
type queued struct {
	entry   []byte
	session *sessionChange
	fence   *fence.Fence
}

// Size implements pending.Item.
func (q queued) Size() int64 {
	n := int64(len(q.entry)) + 256
	if q.session != nil {
		n += int64(len(q.session.key) + len(q.session.value))
	}
	return n
}

// Urgent implements pending.Item.
func (q queued) Urgent() bool {
	return q.fence != nil || q.session != nil && q.session.value == nil
}

func newLogWriter(r *Recorder) *logWriter {
	return &logWriter{recorder: r, queue: pending.New[queued](r.config.QueueBytes)}
}

// Behind implements cluster.Cluster.
func (r *Recorder) Behind() <-chan struct{} {
	if behind := r.out.queue.Behind(); behind != nil {
		return behind
	}
	return r.Cluster.Behind()
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
	_, err := w.queue.Put(q)
	if err == nil {
		w.queue.Wake()
	}
	return err
}

// run writes until Close.
func (w *logWriter) run() {
	r := w.recorder
	w.number = uint64(time.Now().UnixMicro()) // beyond that of a former life
	backoff := backoffMin
	for r.ctx.Err() == nil {
		queue := w.queue.Waiting()
		if len(queue) == 0 {
			select {
			case <-r.ctx.Done():
			case <-w.queue.Woken():
			}
			continue
		}
		up := r.conn.IsConnected()
		w.queue.Connected(up)
		if !up { // it is asked for nothing
			r.pause(&backoff)
			continue
		}
		done, err := w.write(queue)
		w.queue.Done(done, nil)
		if err == nil {
			backoff = backoffMin
			continue
		}
		w.queue.Connected(false)
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

// abandon tells those that have waited in vain. It is called once run has ended.
func (w *logWriter) abandon() {
	for _, q := range w.queue.Abandon() {
		if q.session != nil {
			q.session.end(cluster.ErrAway)
		}
	}
}
