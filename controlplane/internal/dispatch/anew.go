package dispatch

import (
	"maps"
	"slices"
	"sync/atomic"
)

// epochs say which introductions of a group's sockets still hold.
type epochs struct {
	// attach and lost move on when sockets are to be introduced anew: those that asked for it, and all. Both start at 1.
	attach, lost atomic.Uint32
	// renew moves on when introductions are to be facts of their own.
	renew  atomic.Uint32
	losses losses
}

// begin makes the epochs those of a new group.
func (e *epochs) begin() {
	e.losses.last = make(map[string]uint32)
	e.attach.Store(1)
	e.lost.Store(1)
}

// forgetTold lets the sockets of an instance be introduced anew, as facts of their own:
// its process has told its program that they are lost. That holds for those too that have
// left it without being told to another one, and for all of the group when no other instance
// is attached. The caller holds pool.mu and i.mu.
func (e *epochs) forgetTold(i *Instance, alone bool) {
	if life := e.losses.last[i.id]; life != 0 {
		e.losses.add(life)
	}
	if alone {
		e.renew.Add(1)
		e.lost.Add(1)
		return
	}
	for n := i.lanes.front; n != nil; n = n.next {
		n.value.forget()
	}
}

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
func (l *losses) begun(id string, life uint32, members map[string]*Instance) {
	for other := range l.last {
		if len(l.last) < maxLostLives {
			break
		}
		if members[other] == nil {
			delete(l.last, other)
		}
	}
	l.last[id] = life
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
func (n *introduction) disowned(e *epochs) bool {
	return n.told&left != 0 && e.losses.has(n.told&^left)
}

// forget lets it be as before the first one.
func (n *introduction) forget() { n.intro, n.introTry, n.epoch, n.told = 0, 0, epoch{}, 0 }

// renewed forgets the introduction of before, if the group was told to. The caller holds
// the lock of the lane's holder.
func (n *introduction) renewed(e *epochs) {
	if n.disowned(e) {
		n.forget()
	}
	if now := e.renew.Load(); n.renewals != now {
		n.renewals = now
		n.intro, n.introTry = 0, 0
	}
}
