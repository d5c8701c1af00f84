package relay

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// probeEvery is how often each hub of a Static is asked who it is.
	probeEvery = 2 * time.Second
	// askAgain is how long after the last time they are asked again because of a key that is not known: that of a hub that has
	// just started.
	askAgain = 500 * time.Millisecond
	// missed is how often a hub may not answer in time before it is taken to be gone. One whose address refuses is gone at once.
	missed = 3
)

// Static is a Peers of fixed addresses, without an engine: it asks at each who is there. One goroutine does so, from Start to Close.
type Static struct {
	// Set at construction.
	dialer Dialer
	log    *slog.Logger
	stop   context.CancelFunc
	ctx    context.Context // of what is asked
	ended  sync.WaitGroup

	mu     sync.Mutex // guards the fields below; a leaf
	hosts  []host
	former former
	asked  time.Time     // when the last round was begun
	asking chan struct{} // closed when the round that is under way is over; nil: none is

	waiting atomic.Int64 // calls of Find
}

// host is who is at an address.
type host struct {
	Peer
	key    string // of ID
	missed int
}

// NewStatic returns a table of these addresses, of which one may be this hub's own.
func NewStatic(d Dialer, addresses []string, log *slog.Logger) *Static {
	s := &Static{dialer: d, log: log.With("component", component)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	for _, a := range addresses {
		s.hosts = append(s.hosts, host{Peer: Peer{Address: a}})
	}
	return s
}

// Start begins to ask. It is called once.
func (s *Static) Start() { s.ended.Go(s.run) }

// Close ends that, and waits for it.
func (s *Static) Close() {
	s.stop()
	s.ended.Wait()
}

func (s *Static) run() {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		over, _, _ := s.round(0)
		<-over
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			return
		}
	}
}

// Locate implements Peers.
func (s *Static) Locate(key string) (Peer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hosts {
		if h.ID != "" && h.key == key {
			return h.Peer, true
		}
	}
	return Peer{}, false
}

// All implements Peers.
func (s *Static) All() (all []Peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hosts {
		if h.Alive && h.ID != s.dialer.HubID {
			all = append(all, h.Peer)
		}
	}
	return all
}

// Find implements Finder. For a key that it has never heard of it waits until everybody was asked after the call: whoever has
// just started may not have been there when that was done last. Made-up keys cost a round every askAgain.
func (s *Static) Find(ctx context.Context, key string) (Peer, bool) {
	if p, decided := s.decided(key); decided {
		return p, p.ID != ""
	}
	defer s.waiting.Add(-1)
	for begun, few := time.Now(), s.waiting.Add(1) <= maxWaiting; few; {
		over, since, wait := s.round(askAgain)
		if over == nil {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			case <-s.ctx.Done():
			}
		} else {
			select {
			case <-over:
			case <-ctx.Done():
			}
			few = since.Before(begun)
		}
		if p, decided := s.decided(key); decided || ctx.Err() != nil || s.ctx.Err() != nil {
			return p, p.ID != ""
		}
	}
	return s.Locate(key)
}

// decided is Locate, and reports whether it is known whose key it is, or was.
func (s *Static) decided(key string) (p Peer, yes bool) {
	if p, ok := s.Locate(key); ok {
		return p, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return Peer{}, s.former.keys[key]
}

// round asks everybody, unless that is being done: asking is closed when it is over, begun is when it began. Where it was done
// less than since ago asking is nil, and wait how long that is still so.
func (s *Static) round(since time.Duration) (asking <-chan struct{}, begun time.Time, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asking != nil {
		return s.asking, s.asked, 0
	}
	if ago := time.Since(s.asked); !s.asked.IsZero() && ago < since {
		return nil, s.asked, since - ago
	}
	over := make(chan struct{})
	if s.ctx.Err() != nil {
		close(over)
		return over, time.Now(), 0
	}
	s.asked, s.asking = time.Now(), over
	addresses := make([]string, len(s.hosts))
	for i, h := range s.hosts {
		addresses[i] = h.Address
	}
	s.ended.Go(func() {
		var all sync.WaitGroup
		for i, address := range addresses {
			all.Go(func() { s.ask(i, address) })
		}
		all.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asking = nil
		close(over)
	})
	return over, s.asked, 0
}

// ask asks at one address.
func (s *Static) ask(i int, address string) {
	ctx, cancel := context.WithTimeout(s.ctx, connectTime)
	defer cancel()
	conn, id, err := s.dialer.dial(ctx, Peer{Address: address}, doIdentify)
	if err == nil {
		_ = conn.Close()
	}
	late := ctx.Err() != nil
	if s.ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	h := &s.hosts[i]
	before := *h
	switch {
	case err == nil:
		h.ID, h.key, h.Alive, h.missed = id, Key(id), true, 0
		if before.ID != "" && before.ID != id {
			s.former.add(before.key)
		}
	case !late || h.missed+1 >= missed:
		h.Alive, h.missed = false, missed
	default:
		h.missed++
	}
	now := *h
	s.mu.Unlock()
	s.tell(before, now, err)
}

// tell logs what has changed.
func (s *Static) tell(before, now host, err error) {
	switch {
	case now.ID == s.dialer.HubID:
	case now.Alive && (!before.Alive || before.ID != now.ID):
		s.log.Info("another hub is there", "hub", now.ID, "address", now.Address)
	case !now.Alive && (before.Alive || before.missed != now.missed):
		s.log.Warn("another hub is not there", "address", now.Address, "err", err, "option", "cluster.peers")
	}
}

var _ Finder = (*Static)(nil)
