package loadgen

import (
	"context"
	"time"
)

// Phase is what a run is doing.
type Phase string

// The phases, in their order.
const (
	Connecting Phase = "connecting"
	WarmingUp  Phase = "warming up"
	Measuring  Phase = "measuring"
)

// Progress is how far a run has come.
type Progress struct {
	// Elapsed is the time since it began.
	Elapsed time.Duration
	Phase   Phase
	// Connected is the number of connections made so far.
	Connected int
	// Operations is the number of operations done so far, those of the warm-up too.
	Operations int64
	// PerSecond is their rate since the last Progress: of connects while the phase is
	// Connecting, of operations after that.
	PerSecond float64
	// Errors is how many connects failed and connections were lost so far.
	Errors int64
}

// watch reports progress each second until the context ends.
func (r *run) watch(ctx context.Context) {
	if r.config.Progress == nil {
		return
	}
	r.phase.Store(Connecting)
	r.spawn(func() {
		var last Progress
		for wait(ctx, time.Second-(now()-r.began)%time.Second) == nil {
			phase, _ := r.phase.Load().(Phase)
			p := Progress{
				Elapsed: now() - r.began, Phase: phase, Connected: int(r.connected.Load()),
				Operations: r.operations.Load(), Errors: r.failures.count(),
			}
			did := float64(p.Operations - last.Operations)
			if p.Phase == Connecting {
				did = float64(p.Connected - last.Connected)
			}
			p.PerSecond = did / (p.Elapsed - last.Elapsed).Seconds()
			last = p
			r.config.Progress(p)
		}
	})
}
