package engineio

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// lookPeriod is how often laggards are looked at, while there are any.
	lookPeriod = time.Second
	// patience is how long a browser may take nothing of what waits for it.
	patience = 20 * time.Second
	// From heavy bytes on, a browser has to take so many in each patience: 4 KiB/s.
	heavy = 1 << 20
	least = 4 << 10 * int64(patience/time.Second)
)

// slowness is why a browser is too slow.
type slowness string

const (
	slowNoProgress slowness = "no_progress" // it took nothing, or did not poll, for patience
	slowPace       slowness = "too_slow"    // it took less than least in patience, with more than heavy waiting
	slowFull       slowness = "outbox_full" // more than limits.outbox_bytes waited
	slowNode       slowness = "node_budget" // more than limits.outbox_total_bytes waited for all
)

// option is the key of the configuration that would help.
func (w slowness) option() string {
	switch w {
	case slowFull:
		return "limits.outbox_bytes"
	case slowNode:
		return "limits.outbox_total_bytes"
	}
	return "none: its connection is too slow, or it does not read"
}

// laggards are the sessions whose browsers did not take at once what was sent: a writer is stuck, or no poll was
// there. They are looked at once a second, while there are any, and judged by what they have taken since, never
// by what waits at an instant; but for the sum over all of them, which is bounded. A session comes by addLocked, where
// something is stuck, and leaves when nothing waits at two looks.
//
// A WebSocket that takes nothing is found by its writer (conn.drain).
type laggards struct {
	budget int64
	crew   *crew

	// since is what was queued for laggards after the latest look; beyond allowed it is time for another one.
	since, allowed atomic.Int64
	early          atomic.Bool // that one is on its way

	looking sync.Mutex // held during a look; before any other lock

	mu      sync.Mutex // guards the fields below; a leaf, behind Session.mu
	list    []*Session
	timer   *time.Timer
	armed   bool
	stopped bool
}

// lag is what is known of a laggard. It is owned by the look, and made under Session.mu.
type lag struct {
	taken   int64     // at the latest look
	moved   time.Time // when that was last something else
	from    int64     // taken, when the pace began to be looked at
	since   time.Time // when that was
	waiting int64
	idle    bool
}

func newLaggards(budget int64, crew *crew) *laggards {
	l := &laggards{budget: budget, crew: crew}
	l.allowed.Store(budget)
	return l
}

// addLocked takes a session in, unless it is there. The caller holds Session.mu.
func (l *laggards) addLocked(s *Session) {
	if s.lag != nil || s.state == closed {
		return
	}
	now, taken := time.Now(), s.out.queued-s.out.waiting()
	s.lag = &lag{taken: taken, moved: now, from: taken, since: now}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, s)
	l.since.Add(s.out.waiting())
	l.armLocked()
}

func (l *laggards) armLocked() {
	switch {
	case l.armed || l.stopped || len(l.list) == 0:
		return
	case l.timer == nil:
		l.timer = time.AfterFunc(lookPeriod, func() { l.crew.here(l.tick) })
	default:
		l.timer.Reset(lookPeriod)
	}
	l.armed = true
}

func (l *laggards) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	if l.timer != nil {
		l.timer.Stop()
	}
}

// count notes what is queued for a laggard. It does not block.
func (l *laggards) count(bytes int64) {
	if l.since.Add(bytes) > l.allowed.Load() && l.early.CompareAndSwap(false, true) {
		l.crew.do(l.look)
	}
}

func (l *laggards) tick() {
	l.mu.Lock()
	l.armed = false
	l.mu.Unlock()
	l.look()
}

// look judges the laggards, each by itself, and then all together.
func (l *laggards) look() {
	l.looking.Lock()
	defer l.looking.Unlock()
	l.early.Store(false)
	l.since.Store(0)
	l.mu.Lock()
	list := l.list
	l.list = nil
	l.mu.Unlock()
	now := time.Now()
	var sum int64
	stay := list[:0]
	for _, s := range list {
		stays, why := s.judge(now)
		if !stays {
			continue
		}
		stay = append(stay, s)
		if why != "" {
			s.tooSlow(why, "slow browser: too little was taken for "+patience.String())
			continue
		}
		sum += s.lag.waiting // s.lag is changed by looks alone
	}
	clear(list[len(stay):])
	if sum > l.budget {
		sum = l.reduce(stay)
	}
	l.allowed.Store(max(l.budget-sum, l.budget/8))
	l.mu.Lock()
	l.list = append(stay, l.list...)
	l.armLocked()
	l.mu.Unlock()
}

// judge looks at one laggard: whether it stays one, and why it is too slow.
func (s *Session) judge(now time.Time) (stays bool, why slowness) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.lag
	g.waiting = s.out.waiting()
	taken := s.out.queued - g.waiting
	if g.waiting == 0 || s.state == closed {
		if g.idle || s.state == closed {
			s.lag = nil
			return false, ""
		}
		*g = lag{taken: taken, moved: now, from: taken, since: now, idle: true}
		return true, ""
	}
	_, polls := s.transport.(*polling)
	// An answer that is under way has a time of its own, net/http's, and so has an upgrade, during which no poll comes.
	busy := polls && (s.out.flying > 0 || s.state == upgrading)
	if g.idle || taken != g.taken || busy {
		g.idle, g.taken, g.moved = false, taken, now
	}
	if g.waiting <= heavy || busy {
		g.from, g.since = taken, now
	}
	switch {
	case s.state > upgrading: // it has a last call
	case polls && now.Sub(g.moved) >= patience:
		return true, slowNoProgress
	case now.Sub(g.since) < patience:
	case taken-g.from < least:
		return true, slowPace
	default:
		g.from, g.since = taken, now
	}
	return true, ""
}

// reduce closes sessions until what waits for the rest of them is within the budget, and returns how much that is.
// Who has taken nothing for longest goes first. What a broadcast shares counts once.
func (l *laggards) reduce(list []*Session) (sum int64) {
	shared := map[*Message]int{} // how many sessions wait for it
	for _, s := range list {
		sum += s.weigh(func(m *Message) int64 {
			if shared[m]++; shared[m] == 1 {
				return m.cost()
			}
			return 0
		})
	}
	if sum <= l.budget {
		return sum
	}
	order := slices.Clone(list)
	slices.SortStableFunc(order, func(a, b *Session) int {
		return cmp.Or(a.lag.moved.Compare(b.lag.moved), cmp.Compare(b.lag.waiting, a.lag.waiting))
	})
	for _, s := range order {
		if sum <= l.budget {
			break
		}
		sum -= s.weigh(func(m *Message) int64 {
			if shared[m]--; shared[m] == 0 {
				return m.cost()
			}
			return 0
		})
		s.tooSlow(slowNode, "slow browser: what waits for all browsers is more than the node may hold")
	}
	return max(0, sum)
}

// weigh sums up what waits for a session. share says what a message counts that others may wait for as well.
func (s *Session) weigh(share func(*Message) int64) (sum int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == closed {
		return 0
	}
	sum = s.out.flying
	if s.out.entries == nil {
		return sum
	}
	for _, e := range *s.out.entries {
		switch cost := e.cost(); {
		case cost == 0:
		case e.message.shared:
			sum += share(e.message)
		default:
			sum += cost
		}
	}
	return sum
}
