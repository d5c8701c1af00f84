package socketio

import "container/list"

// load is what there is of attempts without a decision, and of clients that wait to ask.
type load struct {
	open         int
	bytes        int64
	waits        int
	waitingBytes int64
}

// share is what one namespace has of the bounds of admission.
type share struct {
	namespace string
	decider   *decider
	load
	waiting list.List     // of *applicant
	turn    *list.Element // in decider.turns, nil while nobody waits
}

// decider is what the namespaces have that are decided about together (Config.DecidedBy): when it does not decide,
// then about none of them.
type decider struct {
	name   string
	shares int // namespaces
	load
	turns list.List     // of *share: those with somebody who waits
	turn  *list.Element // in admission.turns, nil while nobody waits
}

const (
	// reserve is the part of the bounds that is for namespaces with less than small, another part of them, and
	// lastReserve the part of them that is for deciders with less than that.
	reserve, lastReserve, small = 4, 8, 100
)

// within reports whether a namespace that has so much of what is used, with a decider that has so much, may have that
// much more.
func within(namespace, decider, more, used, most int64) bool {
	few := func(has int64) bool { return has == 0 || has+more <= most/small }
	return used+more <= most &&
		(few(namespace) || used+more <= most-most/reserve) &&
		(few(decider) || used+more <= most-most/lastReserve)
}

// decides names who decides about a namespace. It is the application that says so: it is asked without a lock.
func (a *admission) decides(namespace string) string {
	if a.decidedBy == nil {
		return ""
	}
	return a.decidedBy(namespace)
}

// shareLocked is that of a namespace, made if it has none. It belongs to whoever decides now: that changes while there
// are attempts, with services that come, go and move their patterns.
func (a *admission) shareLocked(namespace, by string) *share {
	if s := a.shares[namespace]; s != nil {
		if s.decider.name != by {
			a.moveLocked(s, a.deciderLocked(by))
		}
		return s
	}
	s := a.spare
	if a.spare = nil; s == nil {
		s = &share{}
	}
	s.namespace, s.decider = namespace, a.deciderLocked(by)
	s.decider.shares++
	if a.shares == nil {
		a.shares = make(map[string]*share)
	}
	a.shares[namespace] = s
	return s
}

// deciderLocked is the one of a name, made if it has nothing yet.
func (a *admission) deciderLocked(name string) *decider {
	if d := a.deciders[name]; d != nil {
		return d
	}
	d := a.spareDecider
	if a.spareDecider = nil; d == nil {
		d = &decider{}
	}
	d.name = name
	if a.deciders == nil {
		a.deciders = make(map[string]*decider)
	}
	a.deciders[name] = d
	return d
}

// moveLocked gives a share, with its load and its turn, to another decider.
func (a *admission) moveLocked(s *share, to *decider) {
	from := s.decider
	from.add(s.load, -1)
	to.add(s.load, 1)
	if s.turn != nil {
		from.turns.Remove(s.turn)
		if from.waits == 0 {
			a.turns.Remove(from.turn)
			from.turn = nil
		}
	}
	s.decider = to
	to.shares++
	if s.turn != nil {
		a.turnLocked(s)
	}
	a.withoutLocked(from)
}

// add counts so many times another load.
func (l *load) add(other load, times int) {
	l.open += times * other.open
	l.bytes += int64(times) * other.bytes
	l.waits += times * other.waits
	l.waitingBytes += int64(times) * other.waitingBytes
}

// endLocked forgets a share of nothing: names are made up by strangers.
func (a *admission) endLocked(s *share) {
	if s.open != 0 || s.bytes != 0 || s.waits != 0 || s.decider == nil {
		return
	}
	d := s.decider
	delete(a.shares, s.namespace)
	s.namespace, s.decider = "", nil
	a.spare = s
	a.withoutLocked(d)
}

// withoutLocked counts a share less of a decider, and forgets one that has none.
func (a *admission) withoutLocked(d *decider) {
	if d.shares--; d.shares == 0 {
		delete(a.deciders, d.name)
		a.spareDecider = d
	}
}

// rest is what a decider counts with: nothing where it is not known who decides.
func (a *admission) rest(d *decider) (open, bytes, waitingBytes int64) {
	if a.decidedBy == nil {
		return 0, 0, 0
	}
	return int64(d.open), d.bytes, d.waitingBytes
}

// fitsLocked reports whether a share may have one more attempt.
func (a *admission) fitsLocked(s *share, size int64) bool {
	open, bytes, _ := a.rest(s.decider)
	return a.open == 0 || within(int64(s.open), open, 1, int64(a.open), int64(a.most)) && within(s.bytes, bytes, size, a.bytes, a.mostBytes)
}

// blockedLocked reports whether none of a decider's shares may have one more.
func (a *admission) blockedLocked(d *decider) bool {
	open, bytes, _ := a.rest(d)
	return a.open != 0 && !(within(0, open, 1, int64(a.open), int64(a.most)) && within(0, bytes, 1, a.bytes, a.mostBytes))
}

func (a *admission) countLocked(s *share, open int, bytes int64) {
	for _, l := range [...]*load{&a.load, &s.load, &s.decider.load} {
		l.open += open
		l.bytes += bytes
	}
	if full := a.bytes >= a.mostBytes; full != a.full.Load() {
		a.full.Store(full)
	}
}

func (a *admission) countWaitingLocked(s *share, waits int, bytes int64) {
	for _, l := range [...]*load{&a.load, &s.load, &s.decider.load} {
		l.waits += waits
		l.waitingBytes += bytes
	}
}

// queueLocked lets an applicant wait for its turn.
func (a *admission) queueLocked(one *applicant) {
	s := one.share
	a.countWaitingLocked(s, 1, one.size)
	one.place = s.waiting.PushBack(one)
	if s.turn == nil {
		a.turnLocked(s)
	}
}

// turnLocked gives a share the last turn of its decider.
func (a *admission) turnLocked(s *share) {
	s.turn = s.decider.turns.PushBack(s)
	if s.decider.turn == nil {
		s.decider.turn = a.turns.PushBack(s.decider)
	}
}

// unqueueLocked ends its waiting.
func (a *admission) unqueueLocked(one *applicant) {
	s := one.share
	s.waiting.Remove(one.place)
	one.place = nil
	a.countWaitingLocked(s, -1, -one.size)
	if s.waits == 0 {
		s.decider.turns.Remove(s.turn)
		s.turn = nil
	}
	if s.decider.waits == 0 {
		a.turns.Remove(s.decider.turn)
		s.decider.turn = nil
	}
}

// mostPassed is how many namespaces of a decider that have no room are passed over in search of one that has. Those that
// have their hundredth are no more than 200. Others want more than is left, and there may be as many of them as clients: who
// leaves must not look at all of them. Of each decider behind the first fewer are.
const mostPassed = 256

// firstLocked takes the first that waits of the first namespace that has room for it, and lets all others have their
// turn before that one has another. Nil: there is none.
func (a *admission) firstLocked() *applicant {
	n := 0
	for at := a.turns.Front(); at != nil && n < mostPassed; at = at.Next() {
		n++
		d := at.Value.(*decider)
		if a.blockedLocked(d) {
			continue
		}
		passed := 0
		for e := d.turns.Front(); e != nil && passed <= mostPassed/n; e, passed = e.Next(), passed+1 {
			s := e.Value.(*share)
			one := s.waiting.Front().Value.(*applicant)
			if a.fitsLocked(s, one.size) {
				a.countLocked(s, 1, one.size)
				d.turns.MoveToBack(e)
				a.turns.MoveToBack(at)
				a.unqueueLocked(one)
				return one
			}
		}
	}
	return nil
}
