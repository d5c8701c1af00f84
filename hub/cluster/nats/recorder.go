package nats

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/fence"
	"github.com/siohub/siohub/hub/cluster/internal/pages"
)

// Recorder is a Cluster whose commands go through a stream of JetStream. It implements cluster.Recorder.
type Recorder struct {
	*Cluster

	// set at construction, and by Open
	js     jetstream.JetStream
	out    *logWriter
	in     *logReader
	pages  *pages.Pages
	fences fence.Fences
	ctx    context.Context // ends with Close
	stop   context.CancelFunc
	ends   sync.WaitGroup // the writer and the reader

	sessions atomic.Pointer[jetstream.Stream] // nil: not known to be there

	mu     sync.Mutex                      // held while served is replaced
	served atomic.Pointer[map[string]bool] // namespaces that this hub has sockets in; never changed, but replaced
}

var _ cluster.Recorder = (*Recorder)(nil)

// NewRecorder returns a cluster over NATS with JetStream. The error names the setting that cannot be.
func NewRecorder(config Config) (*Recorder, error) {
	c, err := New(config)
	if err != nil {
		return nil, err
	}
	r := &Recorder{Cluster: c}
	r.served.Store(&map[string]bool{})
	r.ctx, r.stop = context.WithCancel(context.Background())
	r.out, r.in = newLogWriter(r), newLogReader(r)
	r.pages = pages.New(r.page, func() bool { return r.ctx.Err() != nil })
	return r, nil
}

// Open implements cluster.Cluster.
func (r *Recorder) Open(self cluster.Self, host cluster.Host) error {
	r.Cluster.reconnected = func() {
		r.sessions.Store(nil)
		r.in.again()
	}
	if err := r.Cluster.Open(self, host); err != nil {
		return err
	}
	js, err := jetstream.New(r.conn)
	if err != nil {
		return err
	}
	r.js = js
	r.ends.Go(r.out.run)
	r.ends.Go(r.in.run)
	return nil
}

// Close implements cluster.Cluster.
func (r *Recorder) Close(ctx context.Context) error {
	r.out.queue.Close(ctx)
	r.fences.Close()
	err := r.Cluster.Close(ctx)
	r.stop()
	r.ends.Wait()
	r.out.abandon()
	return err
}

// Status implements cluster.Cluster.
func (r *Recorder) Status() cluster.Status {
	s := r.Cluster.Status()
	s.QueuedBytes += r.out.queue.Bytes()
	return s
}

// Serve implements cluster.Cluster.
func (r *Recorder) Serve(namespace string, serves bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := maps.Clone(*r.served.Load())
	if next[namespace] = true; !serves {
		delete(next, namespace)
	}
	r.served.Store(&next)
}

// Room hides that of Cluster: what is in the log comes to every hub.
func (r *Recorder) Room(string, string, bool) {}

// Applied implements cluster.Recorder.
func (r *Recorder) Applied(string) cluster.Position { return r.in.gate.Applied() }

// Fence implements cluster.Recorder.
func (r *Recorder) Fence(_ string, done func(at cluster.Position, err error)) {
	f := r.fences.Begin(r.config.RequestTimeout, done)
	if f == nil {
		return
	}
	if err := r.out.put(queued{fence: f}); err != nil {
		f.End(cluster.Position{}, err)
	}
}

// Replay implements cluster.Recorder.
func (r *Recorder) Replay(ctx context.Context, namespace string, after, to cluster.Position, yield func(*cluster.Command) bool) error {
	if r.ctx.Err() != nil {
		return cluster.ErrAway
	}
	return r.pages.Replay(ctx, namespace, after, to, r.in.passedOver, yield)
}

// away is the error of what JetStream has not answered.
func (r *Recorder) away(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if r.ctx.Err() == nil {
		r.line.Warn("cluster: JetStream does not answer, or refuses, which cluster.jetstream.enabled needs", "error", plain(err))
	}
	return cluster.ErrAway
}

// backoffs are what is waited between two attempts.
const backoffMin, backoffMax = 20 * time.Millisecond, time.Second

// pause waits before another attempt.
func (r *Recorder) pause(backoff *time.Duration) {
	timer := time.NewTimer(*backoff)
	defer timer.Stop()
	select {
	case <-r.ctx.Done():
	case <-timer.C:
	}
	*backoff = min(2**backoff, backoffMax)
}
