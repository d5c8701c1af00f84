package chaos_test

import (
	"context"
	"sync"
	"testing"
	"time"
)

// stalls notes how much later than it should a goroutine of the test goes on: what others do on the machine, and no fault of a
// hub.
type stalls struct {
	mu  sync.Mutex // guards the fields below
	all []stall
}

// stall is something that took so long.
type stall struct {
	at time.Time
	by time.Duration
}

const (
	stallLook  = 10 * time.Millisecond
	leastStall = 5 * stallLook
)

func watchStalls(t *testing.T) *stalls {
	s := &stalls{}
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() {
		for last := time.Now(); wait(ctx, stallLook); {
			now := time.Now()
			if by := now.Sub(last) - stallLook; by >= leastStall {
				s.mu.Lock()
				s.all = append(s.all, stall{now, by})
				s.mu.Unlock()
			}
			last = now
		}
	})
	t.Cleanup(func() { cancel(); watching.Wait() })
	return s
}

// longest is that since a time.
func (s *stalls) longest(since time.Time) (most time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.all {
		if one.at.After(since) {
			most = max(most, one.by)
		}
	}
	return most.Round(time.Millisecond)
}
