package relay

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/internal/netpoll"
)

// webSockets are those that are passed on to other hubs, of either kind.
type webSockets struct {
	// Set at construction.
	most    int
	keep    func(net.Conn) (leave func()) // Config.Keep
	peers   Peers
	trace   *Trace
	log     *slog.Logger
	pollers netpoll.Set

	count atomic.Int64 // relayed, or about to be
	rest  atomic.Int64 // bytes that pairs hold

	mu      sync.Mutex // guards the fields below
	all     map[relayed]struct{}
	sweeper *time.Timer // nil while there are none
	closed  bool
	gone    chan struct{} // closed when close was called and none is left
}

// relayed is a WebSocket that is passed on, of either kind.
type relayed interface {
	// cut ends both connections.
	cut()
	// peer is the hub that has the session.
	peer() *link
}

func newWebSockets(c *Config, trace *Trace, log *slog.Logger) *webSockets {
	w := &webSockets{
		most: c.WebSockets, keep: c.Keep, peers: c.Peers, trace: trace, log: log,
		all: make(map[relayed]struct{}), gone: make(chan struct{}),
	}
	w.pollers.Log = log
	return w
}

// reserve makes room for one. False: there are as many as may be.
func (w *webSockets) reserve() bool {
	if w.count.Add(1) > int64(w.most) {
		w.release()
		return false
	}
	return true
}

// release gives the room of one back.
func (w *webSockets) release() { w.count.Add(-1) }

// start relays between the connection of a browser and one to the hub that has its session.
func (w *webSockets) start(here, there net.Conn, l *link) {
	var leave func()
	if w.keep != nil {
		leave = w.keep(here)
	}
	if !w.pair(here, there, l, leave) {
		w.copy(here, there, l, leave)
	}
}

// sweepEvery is how often it is looked at whether the other hubs are still there.
const sweepEvery = 5 * time.Second

// add counts a WebSocket that is relayed. False: all are closed.
func (w *webSockets) add(p relayed) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	w.all[p] = struct{}{}
	if w.sweeper == nil {
		w.sweeper = time.AfterFunc(sweepEvery, w.sweep)
	}
	w.trace.WebSockets(1)
	return true
}

// dropped is the end of a WebSocket that is not relayed, as all are closed.
func (w *webSockets) dropped(leave func()) {
	w.release()
	if leave != nil {
		leave()
	}
}

// remove takes one back that has ended.
func (w *webSockets) remove(p relayed) {
	w.release()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, p)
	w.trace.WebSockets(-1)
	if w.closed && len(w.all) == 0 {
		close(w.gone)
	}
}

// sweep cuts those whose hub is gone: nothing else would tell of one that lost its power.
func (w *webSockets) sweep() {
	lost := make(map[*link]bool)
	for _, p := range w.list() {
		l := p.peer()
		gone, known := lost[l]
		if !known {
			now, ok := w.peers.Locate(Key(l.peer.ID))
			gone = !ok || !now.Alive
			lost[l] = gone
		}
		if gone {
			p.cut()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.all) == 0 || w.closed {
		w.sweeper = nil
		return
	}
	w.sweeper.Reset(sweepEvery)
}

// drainWave is the time between two waves of a drain, drainRate how many WebSockets are cut in a second at least.
const (
	drainWave = 100 * time.Millisecond
	drainRate = 100
)

// drain cuts all, in random order and in waves over the time of spread, or less when they are few. It returns when all are, or with
// the cause of ctx.
func (w *webSockets) drain(ctx context.Context, spread time.Duration) error {
	all := w.list()
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	few := time.Duration(len(all)) * time.Second / drainRate
	waves := max(int(min(spread, few)/drainWave), 1)
	tick := time.NewTicker(drainWave)
	defer tick.Stop()
	for wave, done := 1, 0; ; wave++ {
		for until := len(all) * wave / waves; done < until; done++ {
			all[done].cut()
		}
		if wave == waves {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// list is all at this moment.
func (w *webSockets) list() []relayed {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]relayed, 0, len(w.all))
	for p := range w.all {
		list = append(list, p)
	}
	return list
}

// close cuts all, and refuses new ones. It returns when nothing of them runs, or with the cause of ctx.
func (w *webSockets) close(ctx context.Context) error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		if w.sweeper != nil {
			w.sweeper.Stop()
		}
		if len(w.all) == 0 {
			close(w.gone)
		}
	}
	w.mu.Unlock()
	for _, p := range w.list() {
		p.cut()
	}
	wait := w.pollers.Stop()
	select {
	case <-w.gone:
		wait()
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
