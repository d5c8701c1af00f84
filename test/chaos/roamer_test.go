package chaos_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// roamer is a browser that comes back, at any hub, when its connection ends.
type roamer struct {
	addresses []string // of hubs; the first one is where it begins
	alive     time.Duration
	pace      time.Duration

	mu      sync.Mutex // guards the fields below
	now     *browser
	lives   map[string]int  // events that were sent, by socket; of the present life once it is over
	ended   []error         // why lives ended
	longest time.Duration   // it was away
	at      int             // where it is
	delays  []time.Duration // from event to ack, of lives that are over
}

// run lives until the context ends, and leaves the last browser in now.
func (r *roamer) run(ctx context.Context, random *rand.Rand) {
	for since := time.Now(); ; {
		b := r.come(ctx, random)
		if b == nil {
			return
		}
		r.mu.Lock()
		r.longest = max(r.longest, time.Since(since))
		r.now = b
		r.mu.Unlock()
		b.run(ctx, random)
		if ctx.Err() != nil {
			return
		}
		<-b.ended
		since = time.Now()
		_ = b.conn.Close()
		r.mu.Lock()
		r.overLocked(b.err)
		r.mu.Unlock()
	}
}

// come connects, where it can.
func (r *roamer) come(ctx context.Context, random *rand.Rand) *browser {
	for try := r.at; ctx.Err() == nil; try = random.IntN(len(r.addresses)) {
		patient, cancel := context.WithTimeout(ctx, 2*time.Second)
		b, err := dialFor(patient, r.addresses[try], r.alive, r.pace)
		cancel()
		if err == nil {
			r.mu.Lock()
			r.at = try
			r.mu.Unlock()
			return b
		}
		wait(ctx, time.Duration(50+random.IntN(250))*time.Millisecond)
	}
	return nil
}

// overLocked notes that the present life is over.
func (r *roamer) overLocked(err error) {
	b := r.now
	r.now = nil
	r.ended = append(r.ended, err)
	b.mu.Lock()
	defer b.mu.Unlock()
	r.lives[b.sid] = b.sent
	r.delays = append(r.delays, b.delays...)
}

// talk lets roamers live until the returned function is called, which waits for them.
func talk(roamers []*roamer, seed uint64) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for i, r := range roamers {
		wg.Go(func() { r.run(ctx, rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	return func() { cancel(); wg.Wait() }
}

// present are those that are connected.
func present(roamers []*roamer) (all []*browser) {
	for _, r := range roamers {
		r.mu.Lock()
		if r.now != nil && !hasEnded(r.now) {
			all = append(all, r.now)
		}
		r.mu.Unlock()
	}
	return all
}
