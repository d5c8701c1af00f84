package controlplane

import (
	"context"
	"sync"
	"time"

	"github.com/siohub/siohub/controlplane/internal/caller"
	"github.com/siohub/siohub/controlplane/internal/toll"
	"github.com/siohub/siohub/controlplane/internal/turns"
	"github.com/siohub/siohub/controlplane/trace"
)

// causes says what the log says of each.
var causes = map[trace.Slowed]string{
	trace.SlowedFaults: "most of what it sends is refused: see the status of its results, and its notices",
	trace.SlowedHellos: "it opens streams faster than 100 a second: let it wait before it attaches again",
	trace.SlowedTurns:  "services want more than half of the hub's processors: give the hub more (GOMAXPROCS), or bound identities with commands_per_second",
	trace.SlowedEngine: "more than half of cluster.queue_bytes waits to be written to the engine: give the engine, or the way to it, more, or raise cluster.queue_bytes",
	trace.SlowedAccept: "the hub was at work with the connection of a browser that it let in, while its next action waited: give the hub more (GOMAXPROCS)",
	trace.SlowedPaced:  "it takes all it can, while others wait too long for a processor: give the hub more (GOMAXPROCS), let it send less, or raise control.least_percent",
}

// What has a price. The longest wait is shorter than three of the shortest heartbeats.
var (
	faultTariff = toll.Tariff{Price: time.Millisecond, Credit: 10 * time.Second, Most: 2 * time.Second}
	helloTariff = toll.Tariff{Price: 10 * time.Millisecond, Credit: 2 * time.Second, Most: 2 * time.Second}
)

const (
	// slowTurn is how long an envelope waits for its turns at least to count as slowed:
	// what is less is the ordinary traffic of several services.
	slowTurn = 100 * time.Millisecond
	// slowLine is the time between two lines of the log about one cause.
	slowLine = time.Minute
)

// pacing is what makes services wait for each other, and for what they do too much of.
type pacing struct {
	turns    *turns.Turns
	hellos   *toll.Gate
	slowness slowness
}

// pace holds those back who take all they can, if others suffer.
func (p *pacing) pace(strain turns.Strain) {
	for _, r := range p.turns.Look(strain) {
		p.slowness.note(trace.SlowedPaced, r.Time, caller.Described(r.Customer)...)
	}
}

// waited tells of a unary call that has waited for the engine.
func (p *pacing) waited(ctx context.Context, d time.Duration) {
	p.slowness.tell(trace.SlowedEngine, d, caller.Of(ctx), "")
}

// slowness tells of services that are made to wait.
type slowness struct {
	telling *telling

	mu    sync.Mutex // guards the fields below; a leaf
	lines map[trace.Slowed]slowLines
}

// slowLines are those about one cause.
type slowLines struct {
	next    time.Time
	omitted int
}

// tell counts a wait, and logs the first of a minute.
func (s *slowness) tell(why trace.Slowed, d time.Duration, who *caller.Caller, group string) {
	s.note(why, d, "identity", who.Name(), "peer", who.Peer, "group", group)
}

// note does the same; whom says of whom.
func (s *slowness) note(why trace.Slowed, d time.Duration, whom ...any) {
	s.telling.trace.Slowed(why, d)
	now := time.Now()
	s.mu.Lock()
	l := s.lines[why]
	omitted := l.omitted
	silent := now.Before(l.next)
	if silent {
		l.omitted++
	} else {
		l = slowLines{next: now.Add(slowLine)}
	}
	if s.lines == nil {
		s.lines = make(map[trace.Slowed]slowLines)
	}
	s.lines[why] = l
	s.mu.Unlock()
	if !silent {
		s.telling.log.Warn("service slowed", append([]any{"why", string(why), "wait", d, "more", omitted, "help", causes[why]}, whom...)...)
	}
}
