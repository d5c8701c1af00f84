package engineio

import (
	"context"
	"sync"
	"sync/atomic"
)

// crew counts the server's goroutines, so that Close can wait for them. A WaitGroup would not do: its
// Add must not meet its Wait, and a goroutine may well start another one while Close waits.
type crew struct {
	onPanic func(any)

	// running is counted without the lock: each request of each core comes through here twice.
	running atomic.Int64
	waiting atomic.Bool // idle is set: who takes running to zero looks there

	mu   sync.Mutex    // guards the field below
	idle chan struct{} // closed when running falls to zero; nil while nobody waits
}

// do runs f on a goroutine of the crew. A panic in it ends that goroutine alone and is counted.
func (c *crew) do(f func()) {
	c.enter()
	go func() {
		defer c.leave()
		defer c.guard()
		f()
	}()
}

// here runs f on the caller's goroutine as one of the crew: a timer's.
func (c *crew) here(f func()) {
	c.enter()
	defer c.leave()
	defer c.guard()
	f()
}

// enter counts the caller's goroutine until leave: a request's.
func (c *crew) enter() { c.running.Add(1) }

// guard is to be deferred.
func (c *crew) guard() {
	if v := recover(); v != nil {
		c.onPanic(v)
	}
}

func (c *crew) leave() {
	if c.running.Add(-1) == 0 && c.waiting.Load() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.wakeLocked()
	}
}

// wakeLocked tells those who wait, if nobody is running.
func (c *crew) wakeLocked() {
	if c.idle != nil && c.running.Load() == 0 {
		c.waiting.Store(false)
		close(c.idle)
		c.idle = nil
	}
}

// wait returns when nobody is running, or with the cause of ctx.
func (c *crew) wait(ctx context.Context) error {
	c.mu.Lock()
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	// First the mark, then the look: whoever leaves after it sees the mark, whoever left before is not counted.
	c.waiting.Store(true)
	c.wakeLocked()
	c.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
