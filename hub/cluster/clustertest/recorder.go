package clustertest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// recorder is a port whose commands go through the switch's log. It keeps what it has published while the switch is away, or
// it is cut off, as engines with a log do.
type recorder struct {
	*port
	read chan struct{} // holds one: something may have come into the log

	// guarded by sw.mu
	held    bool
	over    bool   // Close was called
	next    uint64 // number of the entry that is read next
	applied uint64 // number of the last one that was
	waiting []item
	bytes   int64
	fences  map[*fence]bool
	empty   chan struct{} // closed when nothing waits; nil: nobody waits for it
}

// item is one on its way to the switch: what is put into the log, or done to sessions.
type item struct {
	entry *logEntry
	do    func(*sessions) error
	done  func(error)
	size  int64
}

// fence is one that has not been passed.
type fence struct {
	done  func(cluster.Position, error)
	timer *time.Timer
}

var _ cluster.Recorder = (*recorder)(nil)

// Recorder returns the end of another hub, which is not open yet: its commands go through the switch's log, where nothing is
// lost. Fates concern questions and answers alone. All ends of a switch are of one sort. It panics if a setting cannot be.
func (s *Switch) Recorder(settings cluster.Settings) cluster.Recorder {
	return &recorder{port: s.Cluster(settings).(*port), read: make(chan struct{}, 1), fences: map[*fence]bool{}}
}

// Hold keeps a hub from reading the log, as if it were slow, or lets it go on.
func (s *Switch) Hold(c cluster.Cluster, on bool) {
	r := c.(*recorder)
	s.mu.Lock()
	r.held = on
	s.mu.Unlock()
	r.wakeReader()
}

// Open implements cluster.Cluster.
func (r *recorder) Open(self cluster.Self, host cluster.Host) error {
	r.sw.mu.Lock()
	r.applied = r.sw.log.end()
	r.next = r.applied + 1
	r.sw.mu.Unlock()
	if err := r.port.Open(self, host); err != nil {
		return err
	}
	r.sw.mu.Lock()
	r.sw.recorders = append(r.sw.recorders, r)
	r.sw.mu.Unlock()
	r.done.Go(r.follow)
	return nil
}

// Close implements cluster.Cluster.
func (r *recorder) Close(ctx context.Context) error {
	s := r.sw
	s.mu.Lock()
	first := !r.over
	r.over = true
	var empty chan struct{}
	if len(r.waiting) > 0 {
		r.empty = make(chan struct{})
		empty = r.empty
	}
	s.mu.Unlock()
	if empty != nil {
		select {
		case <-empty:
		case <-ctx.Done():
		}
	}
	err := r.port.Close(ctx)
	if !first {
		return err
	}
	s.mu.Lock()
	s.recorders = slices.DeleteFunc(s.recorders, func(other *recorder) bool { return other == r })
	left, fences := r.waiting, r.fences
	r.waiting, r.fences = nil, map[*fence]bool{}
	s.mu.Unlock()
	for _, i := range left {
		if i.done != nil {
			i.done(cluster.ErrAway)
		}
	}
	for f := range fences {
		f.end(cluster.Position{}, cluster.ErrAway)
	}
	return err
}

// Status implements cluster.Cluster.
func (r *recorder) Status() cluster.Status {
	status := r.port.Status()
	r.sw.mu.Lock()
	defer r.sw.mu.Unlock()
	status.QueuedBytes += r.bytes
	return status
}

// Publish implements cluster.Cluster.
func (r *recorder) Publish(c *cluster.Command) error {
	if c.Foreign {
		return nil
	}
	frame, err := wire.EncodeCommand(c)
	if err != nil || len(frame)-wire.HeaderSize > r.Settings().MaxMessage {
		return cluster.ErrTooLarge
	}
	e := &logEntry{hub: r.Self().ID, namespace: c.Namespace, command: frame[wire.HeaderSize:]}
	return r.put(item{entry: e, size: int64(len(frame))})
}

// Applied implements cluster.Recorder.
func (r *recorder) Applied(string) cluster.Position {
	r.sw.mu.Lock()
	defer r.sw.mu.Unlock()
	return (&logEntry{number: r.applied}).position()
}

// Fence implements cluster.Recorder.
func (r *recorder) Fence(_ string, done func(cluster.Position, error)) {
	f := &fence{done: done}
	s := r.sw
	s.mu.Lock()
	f.timer = time.AfterFunc(r.Settings().RequestTimeout, func() { r.passed(f, cluster.Position{}, cluster.ErrAway) })
	r.fences[f] = true
	s.mu.Unlock()
	if err := r.put(item{entry: &logEntry{hub: r.Self().ID, fence: f}}); err != nil {
		r.passed(f, cluster.Position{}, err)
	}
}

// passed ends a fence, unless it has ended.
func (r *recorder) passed(f *fence, at cluster.Position, err error) {
	r.sw.mu.Lock()
	open := r.fences[f]
	delete(r.fences, f)
	r.sw.mu.Unlock()
	if open {
		f.end(at, err)
	}
}

func (f *fence) end(at cluster.Position, err error) {
	f.timer.Stop()
	f.done(at, err)
}

// put takes what goes to the switch, in order.
func (r *recorder) put(i item) error {
	s := r.sw
	s.mu.Lock()
	switch {
	case r.over:
		s.mu.Unlock()
		return cluster.ErrAway
	case r.bytes+i.size > r.Settings().QueueBytes:
		s.mu.Unlock()
		return cluster.ErrFull
	}
	r.waiting = append(r.waiting, i)
	r.bytes += i.size
	then := r.flushLocked()
	s.mu.Unlock()
	then()
	return nil
}

// flushLocked hands over what waits, if it can. What it returns is called without the lock.
func (r *recorder) flushLocked() (then func()) {
	if r.sw.away || r.cut {
		return func() {}
	}
	var calls []func()
	for _, i := range r.waiting {
		if i.entry != nil {
			r.sw.log.append(i.entry)
			continue
		}
		err := i.do(&r.sw.sessions)
		if i.done != nil {
			calls = append(calls, func() { i.done(err) })
		}
	}
	if len(r.waiting) > 0 {
		for _, other := range r.sw.recorders {
			other.wakeReader()
		}
	}
	r.waiting, r.bytes = nil, 0
	if r.empty != nil {
		close(r.empty)
		r.empty = nil
	}
	return func() {
		for _, f := range calls {
			f()
		}
	}
}

func (r *recorder) wakeReader() {
	select {
	case r.read <- struct{}{}:
	default:
	}
}

// follow applies what comes into the log until Close.
func (r *recorder) follow() {
	for {
		select {
		case <-r.end:
			return
		case <-r.read:
		}
		for r.step() {
		}
	}
}

// step takes the next entry of the log, and reports whether there was one.
func (r *recorder) step() bool {
	s := r.sw
	s.mu.Lock()
	if s.away || r.cut || r.held || r.next > s.log.end() {
		s.mu.Unlock()
		return false
	}
	if first := s.log.first(); first > r.next {
		r.next = first
		s.mu.Unlock()
		if f := r.Trace().Lost; f != nil {
			f(1)
		}
		return true
	}
	e := s.log.at(r.next)
	r.next++
	hears := e.fence == nil && r.hearsLocked(mesh.AddressOf(&cluster.Command{Namespace: e.namespace}))
	s.mu.Unlock()
	if e.hub != r.Self().ID && hears {
		if c := e.decode(); !c.KeepOnly {
			r.Serialized(func(h cluster.Host) { h.Apply(c) })
		}
	}
	s.mu.Lock()
	r.applied = e.number
	s.mu.Unlock()
	if e.fence != nil && e.hub == r.Self().ID {
		r.passed(e.fence, e.position(), nil)
	}
	return true
}

// Replay implements cluster.Recorder.
func (r *recorder) Replay(ctx context.Context, namespace string, after, to cluster.Position, yield func(*cluster.Command) bool) error {
	s := r.sw
	s.mu.Lock()
	entries, cut := slices.Clone(s.log.entries), s.log.cut
	off := s.away || r.cut || r.over
	s.mu.Unlock()
	switch {
	case off:
		return cluster.ErrAway
	case !after.Before(to):
		return nil
	case after.Before(cut):
		return cluster.ErrGone
	}
	for _, e := range entries {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if at := e.position(); !after.Before(at) || e.fence != nil {
			continue
		} else if to.Before(at) {
			return nil
		}
		if e.namespace == namespace || below(namespace, e.namespace) {
			if !yield(e.decode()) {
				return nil
			}
		}
	}
	return nil
}

// below reports whether a namespace is one of those that a pattern means.
func below(namespace, pattern string) bool {
	prefix, is := strings.CutSuffix(pattern, "*")
	return is && strings.HasPrefix(namespace, prefix)
}

// KeepSession implements cluster.Recorder.
func (r *recorder) KeepSession(key string, value []byte, ttl time.Duration, done func(error)) {
	i := item{done: done, size: int64(len(key) + len(value)), do: func(s *sessions) error {
		s.keep(key, &cluster.KeptSession{Value: value}, ttl)
		return nil
	}}
	if err := r.put(i); err != nil && done != nil {
		done(err)
	}
}

// DropSession implements cluster.Recorder.
func (r *recorder) DropSession(key string) {
	_ = r.put(item{size: int64(len(key)), do: func(s *sessions) error { s.take(key); return nil }})
}

// TakeSession implements cluster.Recorder.
func (r *recorder) TakeSession(ctx context.Context, key string) (*cluster.KeptSession, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	r.sw.mu.Lock()
	defer r.sw.mu.Unlock()
	if r.sw.away || r.cut || r.over {
		return nil, cluster.ErrAway
	}
	return r.sw.sessions.take(key), nil
}
