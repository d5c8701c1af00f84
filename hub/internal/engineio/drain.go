package engineio

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/siohub/siohub/hub/internal/wsframe"
)

const (
	// drainWave is the time between two waves of a drain.
	drainWave = 100 * time.Millisecond
	// drainRate is how many sessions end in a second at least: as many may come back at once
	// anywhere, and a few have no need to wait.
	drainRate = 100
	// drainLinger is how long the last ones have to take what was sent to them.
	drainLinger = time.Second
	// drainPoll is how often it is checked whether they have.
	drainPoll = 10 * time.Millisecond
)

// Drain refuses new sessions with 503 and ends those that there are, in random order and in waves,
// so that their browsers do not all come back in the same moment. It takes spread, or less when the
// sessions are few; zero ends all at once. What was sent to a browser before still reaches it. It returns when
// all have gone, a second after the last one was told, or with the cause of ctx; Close has to follow.
func (s *Server) Drain(ctx context.Context, spread time.Duration) error {
	s.registry.closed.Store(true)
	sessions := s.registry.all()
	rand.Shuffle(len(sessions), func(i, j int) { sessions[i], sessions[j] = sessions[j], sessions[i] })
	few := time.Duration(len(sessions)) * time.Second / drainRate
	waves := max(int(min(spread, few)/drainWave), 1)
	tick := time.NewTicker(drainWave)
	defer tick.Stop()
	for wave, told := 1, 0; ; wave++ {
		for until := len(sessions) * wave / waves; told < until; told++ {
			sessions[told].Close(Close{Reason: ReasonServerShuttingDown, Code: wsframe.CloseGoingAway, Detail: "server draining"})
		}
		if wave == waves {
			return s.linger(ctx)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// linger waits until no session is left, but not for long: some browsers never poll again.
func (s *Server) linger(ctx context.Context) error {
	late := time.NewTimer(drainLinger)
	defer late.Stop()
	poll := time.NewTicker(drainPoll)
	defer poll.Stop()
	for s.SessionCount() > 0 {
		select {
		case <-poll.C:
		case <-late.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
