package command

import (
	"context"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// mostPatience is how long one command waits for an engine that is behind.
const mostPatience = 5 * time.Second

// Patience waits for the engine, for one stream or one call. The zero value is usable, by one goroutine.
type Patience struct {
	gaveUp <-chan struct{} // what was waited for in vain: an engine that takes nothing is waited for once
}

// Wants reports whether a command that crosses has to wait first, as the engine is behind.
func (p *Patience) Wants(x *Executor) bool {
	behind := x.hub.Cluster().Behind()
	return behind != nil && behind != p.gaveUp
}

// Wait waits until the engine is not behind any more, and not after end is closed, nor for longer than 5 s. It returns how
// long it has waited.
func (p *Patience) Wait(x *Executor, end <-chan struct{}) time.Duration {
	if !p.Wants(x) {
		return 0
	}
	begun := time.Now()
	timer := time.NewTimer(mostPatience)
	defer timer.Stop()
	behind := x.hub.Cluster().Behind()
	for first := behind; behind != nil; behind = x.hub.Cluster().Behind() {
		select {
		case <-behind:
		case <-timer.C:
			if behind == first { // it has made no progress to speak of
				p.gaveUp = behind
			}
			return time.Since(begun)
		case <-end:
			return time.Since(begun)
		}
	}
	return time.Since(begun)
}

// patient waits for the engine before a command of a unary call, within its deadline.
func (c *Control) patient(ctx context.Context, who *Caller, p *Patience, cmd *hubv1.Command) {
	if !p.Wants(c.executor) || !c.executor.Crosses(cmd) {
		return
	}
	who.rest()
	d := p.Wait(c.executor, ctx.Done())
	who.work()
	if d > 0 && c.executor.config.Waited != nil {
		c.executor.config.Waited(ctx, d)
	}
}
