package dispatch

import (
	"maps"
	"slices"
	"sync/atomic"
)

// losses are the lives of processes that have told their programs since that their sockets are lost.
type losses struct {
	// last has for each instance id its last life. Guarded by pool.mu.
	last map[string]uint32
	// lost has the lives; it is never changed, but replaced. Nil: none.
	lost atomic.Pointer[map[uint32]bool]
}

// maxLostLives bounds both, beyond the instances that are known. Sockets that have left a process that was forgotten are not
// introduced again when it comes anew.
const maxLostLives = 1024

// begun notes that an instance has a new life. The caller holds pool.mu.
func (g *Group) begun(id string, life uint32) {
	for other := range g.losses.last {
		if len(g.losses.last) < maxLostLives {
			break
		}
		if g.members[other] == nil {
			delete(g.losses.last, other)
		}
	}
	g.losses.last[id] = life
}

// add notes that a life was lost, and forgets the oldest where there are too many.
func (l *losses) add(life uint32) {
	next := map[uint32]bool{life: true}
	if before := l.lost.Load(); before != nil {
		maps.Copy(next, *before)
	}
	if len(next) > maxLostLives {
		delete(next, slices.Min(slices.Collect(maps.Keys(next))))
	}
	l.lost.Store(&next)
}

// has reports whether a life was lost.
func (l *losses) has(life uint32) bool {
	lost := l.lost.Load()
	return lost != nil && (*lost)[life]
}

// forgetTold lets the sockets of an instance be introduced anew, as facts of their own:
// its process has told its program that they are lost. That holds for those too that have
// left it without being told to another one, and for all of the group when no other instance
// is attached. The caller holds pool.mu and i.mu.
func (g *Group) forgetTold(i *Instance, alone bool) {
	if life := g.losses.last[i.id]; life != 0 {
		g.losses.add(life)
	}
	if alone {
		g.renewEpoch.Add(1)
		g.lostEpoch.Add(1)
		return
	}
	for n := i.lanes.front; n != nil; n = n.next {
		l := n.value
		l.intro, l.introTry, l.epoch, l.told = 0, 0, epoch{}, 0
	}
}

// left marks introduction.told of a lane that has left the instance.
const left = 1 << 31

// leave notes that the lane leaves an instance of that life.
func (n *introduction) leave(life uint32) {
	switch {
	case n.told == life:
		n.told |= left
	case n.told&left == 0:
		n.told = 0
	}
}

// disowned reports whether the process that was told of the socket last, and does not have it any more, has told its program
// since that it is lost.
func (n *introduction) disowned(g *Group) bool { return n.told&left != 0 && g.losses.has(n.told&^left) }

// renewed forgets the introduction of before, if the group was told to. The caller holds
// the lock of the lane's holder.
func (l *Lane) renewed() {
	if l.disowned(l.group) {
		l.intro, l.introTry, l.epoch, l.told = 0, 0, epoch{}, 0
	}
	if now := l.group.renewEpoch.Load(); l.renewals != now {
		l.renewals = now
		l.intro, l.introTry = 0, 0
	}
}
