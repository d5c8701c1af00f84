package dispatch

import "github.com/siohub/siohub/controlplane/internal/window"

// Share is what a solo lane counts for in a window, beside others. What is in one share
// is settled by the same code of a service, and is held up together; no share waits for
// settlements of another one. It is drawn from what services ask for and never from names
// that browsers choose: those could make up shares without end, each with its part.
type Share struct {
	Kind Kind
	// Of is the namespace pattern of the subscription.
	Of string
}

// shares are the solo lanes of a holder that stand for their turn, and what an instance
// has unsettled of each share. Those with lanes that wait take turns. The zero value is
// empty; it is guarded as its holder is.
type shares struct {
	all   map[Share]*share
	turns [lines]list[*share] // those with lanes that wait
	waits int                 // lanes of all
	spare *share              // to be used again, so that one decision at a time allocates nothing
	// short are those of which few lanes are left at an instance: the pool may have more of them.
	short list[*share]
}

// share is one of them.
type share struct {
	of    Share
	lanes list[*Lane]  // that stand for their turn
	held  window.Size  // unsettled at an instance
	turn  node[*share] // in shares.turns while a lane waits
	short node[*share] // in shares.short
}

// line is where a share is to stand for its turn.
func (s *share) line() line {
	if s.held.Deliveries > 0 {
		return followers
	}
	return leaders
}

// at is a share, made if it is not there.
func (s *shares) at(of Share) *share {
	if has := s.all[of]; has != nil {
		return has
	}
	made := s.spare
	if s.spare = nil; made == nil {
		made = &share{}
		made.turn.value, made.short.value = made, made
	}
	made.of = of
	if s.all == nil {
		s.all = make(map[Share]*share)
	}
	s.all[of] = made
	return made
}

// endIfEmpty forgets a share of nothing, unless it is noted in short: a hello may have other patterns than the one before.
func (s *shares) endIfEmpty(of *share) {
	if of.lanes.front == nil && of.held.Deliveries == 0 && of.short.list == nil {
		delete(s.all, of.of)
		s.spare = of
	}
}

// add lets a lane stand for its turn.
func (s *shares) add(l *Lane) {
	of := s.at(l.solo.share)
	of.lanes.pushBack(&l.turn)
	s.waits++
	if of.turn.list == nil {
		s.turns[of.line()].pushBack(&of.turn)
	}
}

// remove takes a lane's turn away, and reports whether it stood here.
func (s *shares) remove(l *Lane) bool {
	of := s.all[l.solo.share]
	if of == nil || l.turn.list != &of.lanes {
		return false
	}
	of.lanes.remove(&l.turn)
	s.waits--
	if of.lanes.front == nil {
		of.turn.list.remove(&of.turn)
		s.endIfEmpty(of)
	}
	return true
}

// take counts what an instance was handed of a lane.
func (s *shares) take(l *Lane, bytes int) {
	of := s.at(l.solo.share)
	of.held.Deliveries++
	of.held.Bytes += uint64(bytes)
	if of.turn.list == &s.turns[leaders] {
		s.turns[leaders].remove(&of.turn)
		s.turns[followers].pushBack(&of.turn)
	}
}

// give takes it back. There is more room for its share now, so of the followers that is the next.
func (s *shares) give(l *Lane, bytes int) {
	of := s.all[l.solo.share]
	of.held.Deliveries--
	of.held.Bytes -= uint64(bytes)
	if of.turn.list != nil {
		s.turns[followers].remove(&of.turn)
		if in := of.line(); in == leaders {
			s.turns[leaders].pushBack(&of.turn)
		} else {
			s.turns[followers].insertAfter(&of.turn, nil)
		}
	}
	s.endIfEmpty(of)
}

// held is what an instance has of a lane's share.
func (s *shares) held(l *Lane) window.Size {
	if of := s.all[l.solo.share]; of != nil {
		return of.held
	}
	return window.Size{}
}

// waiting are the lanes of a lane's share that stand for their turn.
func (s *shares) waiting(l *Lane) int {
	if of := s.all[l.solo.share]; of != nil {
		return of.lanes.len
	}
	return 0
}

// each calls f with each share that waits, from which it may take lanes.
func (s *shares) each(f func(*share)) {
	for n := range s.turns {
		for range s.turns[n].len {
			of := s.turns[n].front.value
			s.turns[n].rotate()
			f(of)
		}
	}
}

// runsShort notes that lanes of a share have gone that waited at the instance, if few are
// left and the pool may have more.
func (i *Instance) runsShort(name Share) {
	if !i.takes() || i.group.pool.backlog[solos].Load() == 0 {
		return
	}
	of := i.shares.at(name)
	if of.short.list == nil && of.lanes.len <= int(i.limit[solos].Load()/2) {
		i.shares.short.pushBack(&of.short)
	}
	i.shares.endIfEmpty(of)
}

// takeShort returns a share that was noted, and forgets that it was. The caller holds pool.mu.
func (i *Instance) takeShort() (name Share, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := i.shares.short.front
	if n == nil {
		return Share{}, false
	}
	name = n.value.of
	i.shares.short.remove(n)
	i.shares.endIfEmpty(n.value)
	return name, true
}
