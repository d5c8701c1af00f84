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
	turns list[*share]
	waits int    // lanes of all
	spare *share // to be used again, so that one decision at a time allocates nothing
	// short says that the backlog of a share at an instance has become short: the pool may have more of it.
	short bool
}

// share is one of them.
type share struct {
	of    Share
	lanes list[*Lane]  // that stand for their turn
	held  window.Size  // unsettled at an instance
	turn  node[*share] // in shares.turns while a lane waits
}

// at is a share, made if it is not there.
func (s *shares) at(of Share) *share {
	if has := s.all[of]; has != nil {
		return has
	}
	made := s.spare
	if s.spare = nil; made == nil {
		made = &share{}
		made.turn.value = made
	}
	made.of = of
	if s.all == nil {
		s.all = make(map[Share]*share)
	}
	s.all[of] = made
	return made
}

// endIfEmpty forgets a share of nothing: a hello may have other patterns than the one before.
func (s *shares) endIfEmpty(of *share) {
	if of.lanes.front == nil && of.held.Deliveries == 0 {
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
		s.turns.pushBack(&of.turn)
	}
}

// remove takes a lane's turn away, if it stands here.
func (s *shares) remove(l *Lane) {
	of := s.all[l.solo.share]
	if of == nil || l.turn.list != &of.lanes {
		return
	}
	of.lanes.remove(&l.turn)
	s.waits--
	if of.lanes.front == nil {
		s.turns.remove(&of.turn)
		s.endIfEmpty(of)
	}
}

// take counts what an instance was handed of a lane.
func (s *shares) take(l *Lane, bytes int) {
	of := s.at(l.solo.share)
	of.held.Deliveries++
	of.held.Bytes += uint64(bytes)
}

// give takes it back.
func (s *shares) give(l *Lane, bytes int) {
	of := s.all[l.solo.share]
	of.held.Deliveries--
	of.held.Bytes -= uint64(bytes)
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

// next takes turns: it returns the share whose turn it is, which comes last afterwards.
func (s *shares) next() *share {
	of := s.turns.front.value
	s.turns.rotate()
	return of
}
