package engineio

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/internal/virtualtime"
)

// Timers of many sessions may fire at the same moment: those that have to wait are tasks too, and one that panics harms
// nobody.
func TestTasks_TimersTakeTurns(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	synctest.Test(t, func(t *testing.T) {
		var panics, now, done atomic.Int64
		tasks := &tasks{turns: newTurns(), onPanic: func(any) { panics.Add(1) }}
		proceed := make(chan struct{})
		for range 100 {
			tasks.after(time.Second, func() {
				now.Add(1)
				<-proceed
				now.Add(-1)
				done.Add(1)
				panic("not the others' affair")
			})
		}
		virtualtime.Pass(time.Second)
		if n, tasks := now.Load(), tasks.running.Load(); n != 2 || tasks != 100 {
			t.Errorf("%d at once of %d", n, tasks)
		}
		close(proceed)
		if err := tasks.wait(t.Context()); err != nil || done.Load() != 100 || panics.Load() != 100 {
			t.Errorf("%v, %d done, %d panics", err, done.Load(), panics.Load())
		}
	})
}

// No file but that of the tasks and those of the timers that all sessions share makes a timer that calls.
func TestTasks_HaveAllTimers(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		shared := name == "tasks.go" || name == "heartbeat.go" || name == "slow.go" || strings.HasSuffix(name, "_test.go")
		if !shared && strings.Contains(string(source), "time.AfterFunc") {
			t.Errorf("%s: a timer of each session: see tasks.after", name)
		}
	}
}

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
