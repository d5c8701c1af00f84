package engineio

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// tasks counts what runs for the server: goroutines, timers, requests and connections, so that Close can wait for
// them. A WaitGroup would not do: its Add must not meet its Wait, and a goroutine may well start another one while
// Close waits.
type tasks struct {
	onPanic func(any)
	turns   turns

	// running is counted without the lock: each request of each core comes through here twice.
	running atomic.Int64
	waiting atomic.Bool // idle is set: who takes running to zero looks there

	mu   sync.Mutex    // guards the field below
	idle chan struct{} // closed when running falls to zero; nil while nobody waits
}

// start runs f on a goroutine of its own. A panic in it ends that goroutine alone and is counted.
func (t *tasks) start(f func()) {
	t.add()
	go func() {
		defer t.done()
		defer t.guard()
		f()
	}()
}

// after runs f once d has passed: as a task, and with a turn, so that many timers that fire at the same moment do not stand
// before everybody else. f must not wait for anybody.
func (t *tasks) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() { t.run(func() { t.turns.take(f) }) })
}

// run runs f on the caller's goroutine: a timer's.
func (t *tasks) run(f func()) {
	t.add()
	defer t.done()
	defer t.guard()
	f()
}

// add counts one more until done.
func (t *tasks) add() { t.running.Add(1) }

// guard is to be deferred.
func (t *tasks) guard() {
	if v := recover(); v != nil {
		t.onPanic(v)
	}
}

func (t *tasks) done() {
	if t.running.Add(-1) == 0 && t.waiting.Load() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.wakeLocked()
	}
}

// wakeLocked tells those who wait, if nothing is running.
func (t *tasks) wakeLocked() {
	if t.idle != nil && t.running.Load() == 0 {
		t.waiting.Store(false)
		close(t.idle)
		t.idle = nil
	}
}

// wait returns when nothing is running, or with the cause of ctx.
func (t *tasks) wait(ctx context.Context) error {
	t.mu.Lock()
	if t.idle == nil {
		t.idle = make(chan struct{})
	}
	idle := t.idle
	// In this order: who is done after the mark sees it, who was done before is not counted.
	t.waiting.Store(true)
	t.wakeLocked()
	t.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// guardRequest ends the request alone in which a panic occurs. In tests it must not be reached.
func (t *tasks) guardRequest() {
	if v := recover(); v != nil {
		if err, ok := v.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.onPanic(v)
		}
		panic(http.ErrAbortHandler) // net/http closes the connection
	}
}
