package engineio

import (
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// However many goroutines have something large to read, half of the processors are left to the others.
func TestTurns_LeaveHalfOfTheProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	synctest.Test(t, func(t *testing.T) {
		turns, proceed := newTurns(), make(chan struct{})
		var now, done atomic.Int64
		for range 100 {
			go turns.take(func() {
				now.Add(1)
				<-proceed
				now.Add(-1)
				done.Add(1)
			})
		}
		synctest.Wait()
		if n := now.Load(); n != 2 {
			t.Errorf("%d at once", n)
		}
		close(proceed)
		synctest.Wait()
		if n := done.Load(); n != 100 {
			t.Errorf("%d had their turn", n)
		}
	})
}
