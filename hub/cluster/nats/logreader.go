package nats

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/fence"
	"github.com/siohub/siohub/hub/cluster/internal/pages"
)

// logReader applies what comes into the log, from the end on that it has at first.
type logReader struct {
	recorder *Recorder
	gate     fence.Gate

	// owned by run
	seen  map[string]uint64 // the last number of each hub: a message may be there twice
	parts parts
	next  uint64 // sequence that is read next; zero: not known yet

	epoch   atomic.Uint64 // of the stream that is read: when it was made
	current atomic.Pointer[context.CancelFunc]
	// doubled are messages that were passed over, by the end of their places. A map is replaced by run, and never changed.
	doubled atomic.Pointer[map[cluster.Position]struct{}]
}

const (
	// mostSeen bounds the hubs whose numbers are kept, mostDoubled the messages that are known to be there twice.
	mostSeen, mostDoubled = 4096, 4096
	// readAhead is how much the client holds.
	readAhead = 256
	// pullExpiry is how long one request for messages lasts; that its server is gone is noticed in half of it.
	pullExpiry = 4 * time.Second
)

func newLogReader(r *Recorder) *logReader {
	in := &logReader{recorder: r, seen: map[string]uint64{}, parts: parts{most: r.config.MaxMessage + mostBatch}}
	in.doubled.Store(&map[cluster.Position]struct{}{})
	return in
}

// epochOf tells streams of one name apart.
func epochOf(info *jetstream.StreamInfo) uint64 { return uint64(max(info.Created.UnixMicro(), 1)) }

// again has it begin anew where it is: the connection is another one, and who served it is gone perhaps.
func (in *logReader) again() {
	if cancel := in.current.Load(); cancel != nil {
		(*cancel)()
	}
}

// run reads until Close.
func (in *logReader) run() {
	r := in.recorder
	backoff := backoffMin
	for r.ctx.Err() == nil {
		if !r.conn.IsConnected() {
			r.pause(&backoff)
			continue
		}
		ctx, cancel := context.WithCancel(r.ctx)
		in.current.Store(&cancel)
		began := time.Now()
		err := in.read(ctx)
		again := ctx.Err() != nil
		cancel()
		if time.Since(began) > backoffMax {
			backoff = backoffMin
		}
		if again {
			continue
		}
		_ = r.away(r.ctx, err)
		r.pause(&backoff)
	}
}

// read reads until it fails, or ctx ends.
func (in *logReader) read(ctx context.Context) error {
	r := in.recorder
	stream, err := r.logStream(ctx)
	if err != nil {
		return err
	}
	in.begin(stream.CachedInfo())
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: in.next, InactiveThreshold: time.Minute,
	})
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(readAhead), jetstream.PullExpiry(pullExpiry), jetstream.PullHeartbeat(pullExpiry/4))
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, messages.Stop)
	defer messages.Stop()
	defer stop()
	for {
		m, err := messages.Next()
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if sequence := meta.Sequence.Stream; sequence >= in.next {
			if sequence > in.next {
				in.missed(sequence - in.next)
			}
			in.next = sequence + 1
			in.take(m.Data(), sequence)
		}
	}
}

// begin finds where to read: at the end at first, and then on; from the beginning where it is another stream.
func (in *logReader) begin(info *jetstream.StreamInfo) {
	epoch := epochOf(info)
	switch {
	case in.next == 0:
		in.next = info.State.LastSeq + 1
		in.gate.Reached(endOf(epoch, info.State.LastSeq))
	case epoch != in.epoch.Load(), info.State.LastSeq+1 < in.next:
		in.next = 1
		in.parts = parts{most: in.parts.most}
	}
	in.epoch.Store(epoch)
}

// missed counts messages that were gone before they were read.
func (in *logReader) missed(n uint64) {
	if f := in.recorder.Trace().Lost; f != nil {
		f(int(min(n, 1<<30)))
	}
	in.recorder.line.Warn("cluster: what was published is gone that this hub has not read: cluster.jetstream.max_age or max_bytes is too little for how long it was away",
		"messages", n)
}

// take applies a message.
func (in *logReader) take(data []byte, sequence uint64) {
	r, epoch := in.recorder, in.epoch.Load()
	end := endOf(epoch, sequence)
	if len(data) > in.parts.most {
		r.DropForeign(cluster.DropTooLarge, "")
		in.gate.Reached(end)
		return
	}
	m, err := readLog(data)
	if err != nil {
		r.DropForeign(cluster.DropMalformed, "")
		in.gate.Reached(end)
		return
	}
	var entries []byte
	why := cluster.DropDuplicate
	if in.fresh(m.sender, m.number) {
		entries, why = in.parts.join(&m, sequence)
	} else {
		in.passOver(end)
	}
	var list []logEntry
	if why == "" && entries != nil && m.sender != r.Self().ID {
		if list, err = readEntries(entries); err != nil {
			why = cluster.DropMalformed
		}
	}
	if why != "" {
		r.DropForeign(why, m.sender)
	}
	for n := range list {
		at := place(epoch, sequence, n+1)
		in.gate.Apply(at, func() { in.apply(&list[n], m.sender, at) })
	}
	in.gate.Reached(end)
}

// apply applies a command that somebody here may be meant by.
func (in *logReader) apply(e *logEntry, sender string, at cluster.Position) {
	r := in.recorder
	if e.namespace != "" && e.namespace[len(e.namespace)-1] != '*' && !(*r.served.Load())[e.namespace] {
		return
	}
	if e.room != "" {
		concerns := false
		r.Serialized(func(h cluster.Host) { concerns = h.Concerns(e.namespace, e.room) })
		if !concerns {
			return
		}
	}
	c, err := e.decode(sender, at)
	if err != nil {
		r.DropForeign(cluster.DropMalformed, sender)
		return
	}
	if c.KeepOnly {
		return
	}
	if f := r.Trace().Received; f != nil {
		f("command", len(e.command))
	}
	r.Serialized(func(h cluster.Host) { h.Apply(c) })
}

// fresh reports whether a number is above the last one of that hub.
func (in *logReader) fresh(sender string, number uint64) bool {
	if _, known := in.seen[sender]; !known && len(in.seen) >= mostSeen {
		return true
	}
	if number <= in.seen[sender] {
		return false
	}
	in.seen[sender] = number
	return true
}

func (in *logReader) passOver(end cluster.Position) {
	doubled := make(map[cluster.Position]struct{}, len(*in.doubled.Load())+1)
	if len(*in.doubled.Load()) < mostDoubled {
		for p := range *in.doubled.Load() {
			doubled[p] = struct{}{}
		}
	}
	doubled[end] = struct{}{}
	in.doubled.Store(&doubled)
}

func (in *logReader) passedOver(at cluster.Position) bool {
	doubled := *in.doubled.Load()
	if len(doubled) == 0 {
		return false
	}
	sequence, _ := sequenceOf(at)
	_, is := doubled[endOf(at.Major, sequence)]
	return is
}

// pageMost bounds the messages that are read at once.
const pageMost = 512

// page is a pages.Source. count is of messages.
func (r *Recorder) page(ctx context.Context, after cluster.Position, count int64) (list []*pages.Entry, last bool, err error) {
	if r.js == nil || !r.conn.IsConnected() {
		return nil, false, cluster.ErrAway
	}
	limited, cancel := context.WithTimeout(ctx, 2*requestTimeout)
	defer cancel()
	stream, err := r.logStream(limited)
	if err != nil {
		return nil, false, r.away(ctx, err)
	}
	info := stream.CachedInfo()
	epoch, state := epochOf(info), info.State
	sequence, end := sequenceOf(after)
	from := sequence
	if end {
		from++
	}
	if after.Major != epoch || sequence > state.LastSeq || from < state.FirstSeq {
		return nil, false, cluster.ErrGone
	}
	to := min(state.LastSeq, from+uint64(min(count, pageMost))-1)
	if from <= to {
		if list, err = r.between(limited, stream, epoch, from, to); err != nil {
			return nil, false, r.away(ctx, err)
		}
	}
	for len(list) > 0 && !after.Before(list[0].At) {
		list = list[1:]
	}
	return list, to >= state.LastSeq, nil
}

// between reads messages, and makes entries of theirs. Each message ends with one that says nothing, so that there is a place behind
// all of it.
func (r *Recorder) between(ctx context.Context, stream jetstream.Stream, epoch, from, to uint64) (list []*pages.Entry, err error) {
	joining := parts{most: r.in.parts.most}
	err = r.fetch(ctx, stream, from, to, func(data []byte, sequence uint64) error {
		m, err := readLog(data)
		var entries []byte
		why := cluster.DropMalformed
		if err == nil {
			if m.continued && joining.waiting[m.sender] == nil && m.start < from {
				entries, why = r.whole(ctx, stream, &m, sequence), ""
			} else {
				entries, why = joining.join(&m, sequence)
			}
		}
		var commands []logEntry
		if why == "" && entries != nil {
			commands, _ = readEntries(entries)
		}
		for n := range commands {
			e, at := &commands[n], place(epoch, sequence, n+1)
			number := m.number<<placeBits | uint64(n+1)
			list = append(list, &pages.Entry{At: at, Size: int64(2*len(e.command)) + entrySize, Decode: func() (*cluster.Command, uint64) {
				c, _ := e.decode(m.sender, at)
				return c, number
			}})
		}
		list = append(list, &pages.Entry{At: endOf(epoch, sequence), Size: entrySize, Decode: func() (*cluster.Command, uint64) { return nil, 0 }})
		return nil
	})
	return list, err
}

// entrySize is about what an entry costs beside its command.
const entrySize = 512

// whole are the entries of a message in parts of which this is one, the last: the others are looked for. Nil: it is not the last,
// or they are gone.
func (r *Recorder) whole(ctx context.Context, stream jetstream.Stream, last *logMessage, sequence uint64) []byte {
	if last.more {
		return nil
	}
	joining := parts{most: r.in.parts.most}
	var entries []byte
	_ = r.fetch(ctx, stream, last.start, sequence, func(data []byte, sequence uint64) error {
		if m, err := readLog(data); err == nil && m.sender == last.sender {
			entries, _ = joining.join(&m, sequence)
		}
		return nil
	})
	return entries
}

// fetch reads messages one after the other.
func (r *Recorder) fetch(ctx context.Context, stream jetstream.Stream, from, to uint64, f func(data []byte, sequence uint64) error) error {
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from, AckPolicy: jetstream.AckNonePolicy,
		MemoryStorage: true, Replicas: 1, InactiveThreshold: 2 * requestTimeout,
	})
	if err != nil {
		return err
	}
	defer func() {
		_ = stream.DeleteConsumer(context.WithoutCancel(ctx), consumer.CachedInfo().Name) // it would end by itself
	}()
	for from <= to {
		batch, err := consumer.Fetch(int(to-from+1), jetstream.FetchContext(ctx))
		if err != nil {
			return err
		}
		before := from
		for m := range batch.Messages() {
			meta, err := m.Metadata()
			if err != nil {
				return err
			}
			if meta.Sequence.Stream != from { // it was taken away meanwhile
				return cluster.ErrGone
			}
			from++
			if err := f(m.Data(), meta.Sequence.Stream); err != nil {
				return err
			}
		}
		if err := batch.Error(); err != nil {
			return err
		}
		if from == before {
			return cluster.ErrAway
		}
	}
	return nil
}
