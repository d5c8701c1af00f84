package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// visitors are browsers that come, say a few things and leave, while instances are
// killed: their connect attempts, introductions and ends meet the kills too.
type visitors struct {
	address string

	mu   sync.Mutex // guards the fields below
	sent map[string]int
	errs []error
}

// run makes one visit after the other until the context ends; a visit that was
// begun is ended.
func (v *visitors) run(ctx context.Context, random *rand.Rand) {
	for wait(ctx, time.Duration(random.IntN(100))*time.Millisecond) {
		sid, sent, err := v.visit(1 + random.IntN(inFlight-1))
		v.mu.Lock()
		if sid != "" {
			v.sent[sid] = sent
		}
		if err != nil {
			v.errs = append(v.errs, fmt.Errorf("visitor %q: %w", sid, err))
		}
		v.mu.Unlock()
	}
}

// visit comes, has some events acked, and leaves.
func (v *visitors) visit(events int) (sid string, sent int, err error) {
	b, err := dial(context.Background(), v.address)
	if err != nil {
		return "", 0, err
	}
	for range events {
		b.slots <- struct{}{} // events is fewer than there are slots
		b.emit(true)
	}
	patient, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for b.unanswered() > 0 && !hasEnded(b) {
		if !wait(patient, 5*time.Millisecond) {
			_ = b.leave()
			return b.sid, events, fmt.Errorf("%d events without their ack", b.unanswered())
		}
	}
	if err := b.leave(); err != nil {
		return b.sid, events, err
	}
	return b.sid, events, b.err
}
