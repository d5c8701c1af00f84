package command

import (
	"context"
	"sync"

	"github.com/siohub/siohub/controlplane/internal/fault"
)

// await waits for what begin gives to then, once and perhaps later. When the call is lost before, what comes is dropped.
func await[T any](ctx context.Context, who *Caller, begin func(then func(T)), drop func(T)) (found T, f *fault.Fault) {
	var mu sync.Mutex // guards lost
	lost := false
	came := make(chan T, 1)
	begin(func(one T) {
		mu.Lock()
		defer mu.Unlock()
		if lost {
			drop(one)
			return
		}
		came <- one
	})
	select {
	case found = <-came:
		return found, nil
	default:
	}
	who.rest()
	defer who.work()
	select {
	case found = <-came:
		return found, nil
	case <-ctx.Done():
	}
	mu.Lock()
	defer mu.Unlock()
	lost = true
	select {
	case found = <-came:
		return found, nil
	default:
		return found, fault.New(fault.StreamLost, "the call is lost")
	}
}
