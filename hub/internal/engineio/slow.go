package engineio

import (
	"cmp"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/internal/sampledlog"
)

const (
	// slowCheckPeriod is how often slow sessions are checked, while there are any.
	slowCheckPeriod = time.Second
	// progressTimeout is how long a browser may take nothing of what waits for it.
	progressTimeout = 20 * time.Second
	// While more than largeBacklog bytes wait, a browser has to take minProgress in each progressTimeout: 4 KiB/s.
	largeBacklog = 1 << 20
	minProgress  = 4 << 10 * int64(progressTimeout/time.Second)
)

// slowReason is why a browser is too slow.
type slowReason string

const (
	// slowNoProgress: it took nothing, or did not poll, for progressTimeout.
	slowNoProgress slowReason = "no_progress"
	// slowPace: it took less than minProgress in progressTimeout, with more than largeBacklog waiting, or it does not read
	// what TLS answers to it.
	slowPace slowReason = "too_slow"
	// slowFull: more than limits.outbox_bytes waited.
	slowFull slowReason = "outbox_full"
	// slowNode: more than limits.outbox_total_bytes waited for all.
	slowNode slowReason = "node_budget"
)

// option is the key of the configuration that would help.
func (r slowReason) option() string {
	switch r {
	case slowFull:
		return "limits.outbox_bytes"
	case slowNode:
		return "limits.outbox_total_bytes"
	}
	return "none: its connection is too slow, or it does not read"
}

// slowSessions are the sessions whose browsers did not take at once what was sent: a writer is blocked, or no poll was
// there. They are checked once a second, while there are any, and judged by what they have taken since, never
// by what waits at an instant; but for the sum over all of them, which is bounded. A session comes by addLocked, where
// something is blocked, and leaves when nothing waits at two checks.
//
// A WebSocket that takes nothing is found by its writer (conn.drain).
type slowSessions struct {
	budget int64 // bytes
	tasks  *tasks
	trace  *Trace
	log    *sampledlog.Line

	// queued is what was queued for them after the latest check; beyond allowed it is time for another one.
	queued, allowed atomic.Int64
	early           atomic.Bool // that one has been started

	checking sync.Mutex // held during a check; before any other lock

	mu      sync.Mutex // guards the fields below; a leaf, behind Session.mu
	list    []*Session
	timer   *time.Timer
	armed   bool
	stopped bool
}

// slowRecord is what is known of a slow session. It is owned by the check, and made under Session.mu.
type slowRecord struct {
	taken   int64     // at the latest check
	moved   time.Time // when that was last something else
	from    int64     // taken, when the present progressTimeout began
	since   time.Time // when that was
	waiting int64     // at the latest check
	idle    bool      // nothing waited then
}

func newSlowSessions(budget int64, tasks *tasks, trace *Trace, log *slog.Logger) *slowSessions {
	l := &slowSessions{budget: budget, tasks: tasks, trace: trace, log: sampledlog.New(log, sampledlog.Second)}
	l.allowed.Store(budget)
	return l
}

// addLocked takes a session in, unless it is there. The caller holds Session.mu.
func (l *slowSessions) addLocked(s *Session) {
	if s.slow != nil || s.state == closed {
		return
	}
	now, taken := time.Now(), s.out.queued-s.out.waiting()
	s.slow = &slowRecord{taken: taken, moved: now, from: taken, since: now}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, s)
	l.queued.Add(s.out.waiting())
	l.armLocked()
}

func (l *slowSessions) armLocked() {
	switch {
	case l.armed || l.stopped || len(l.list) == 0:
		return
	case l.timer == nil:
		l.timer = time.AfterFunc(slowCheckPeriod, func() { l.tasks.run(l.tick) })
	default:
		l.timer.Reset(slowCheckPeriod)
	}
	l.armed = true
}

func (l *slowSessions) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	if l.timer != nil {
		l.timer.Stop()
	}
}

// count notes what is queued for a slow session. It does not block.
func (l *slowSessions) count(bytes int64) {
	if l.queued.Add(bytes) > l.allowed.Load() && l.early.CompareAndSwap(false, true) {
		l.tasks.start(l.check)
	}
}

func (l *slowSessions) tick() {
	l.mu.Lock()
	l.armed = false
	l.mu.Unlock()
	l.check()
}

// check judges the sessions, each by itself, and then all together.
func (l *slowSessions) check() {
	l.checking.Lock()
	defer l.checking.Unlock()
	l.early.Store(false)
	l.queued.Store(0)
	l.mu.Lock()
	list := l.list
	l.list = nil
	l.mu.Unlock()
	now := time.Now()
	var sum int64
	stay := list[:0]
	for _, s := range list {
		stays, why := l.judge(s, now)
		if !stays {
			continue
		}
		stay = append(stay, s)
		if why != "" {
			l.close(s, why, "slow browser: too little was taken for "+progressTimeout.String())
			continue
		}
		sum += s.slow.waiting // s.slow is changed by checks alone
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

// judge looks at one session: whether it stays in the list, and why it is to be closed.
func (*slowSessions) judge(s *Session, now time.Time) (stays bool, why slowReason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.slow
	g.waiting = s.out.waiting()
	taken := s.out.queued - g.waiting
	if g.waiting == 0 || s.state == closed {
		if g.idle || s.state == closed {
			s.slow = nil
			return false, ""
		}
		*g = slowRecord{taken: taken, moved: now, from: taken, since: now, idle: true}
		return true, ""
	}
	_, polls := s.transport.(*polling)
	// An answer that is under way has a time of its own, net/http's, and so has an upgrade, during which no poll comes.
	busy := polls && (s.out.inFlight > 0 || s.state == upgrading)
	if g.idle || taken != g.taken || busy {
		g.idle, g.taken, g.moved = false, taken, now
	}
	if g.waiting <= largeBacklog || busy {
		g.from, g.since = taken, now
	}
	switch {
	case s.state > upgrading: // stopping.timer ends it
	case polls && now.Sub(g.moved) >= progressTimeout:
		return true, slowNoProgress
	case now.Sub(g.since) < progressTimeout:
	case taken-g.from < minProgress:
		return true, slowPace
	default:
		g.from, g.since = taken, now
	}
	return true, ""
}

// reduce closes sessions until what waits for the rest of them is within the budget, and returns how much that is.
// Who has taken nothing for longest goes first. What a broadcast shares counts once.
func (l *slowSessions) reduce(list []*Session) (sum int64) {
	shared := map[*Message]int{} // how many sessions wait for it
	for _, s := range list {
		sum += weigh(s, func(m *Message) int64 {
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
		return cmp.Or(a.slow.moved.Compare(b.slow.moved), cmp.Compare(b.slow.waiting, a.slow.waiting))
	})
	for _, s := range order {
		if sum <= l.budget {
			break
		}
		sum -= weigh(s, func(m *Message) int64 {
			if shared[m]--; shared[m] == 0 {
				return m.cost()
			}
			return 0
		})
		l.close(s, slowNode, "slow browser: what waits for all browsers is more than the node may hold")
	}
	return max(0, sum)
}

// weigh sums up what waits for a session. share says what a message counts that others may wait for as well.
func weigh(s *Session, share func(*Message) int64) (sum int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == closed {
		return 0
	}
	sum = s.out.inFlight
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

// close closes the session of a browser that reads too slowly.
func (l *slowSessions) close(s *Session, why slowReason, detail string) {
	if s.over.Load() {
		return
	}
	l.trace.overflow(string(why))
	l.log.Warn("a browser was closed that reads too slowly", "why", string(why), "detail", detail, "option", why.option())
	s.end(Close{Reason: ReasonForcedClose, Detail: detail}, endAbort)
}
