package dispatch

import "sync/atomic"

// process is what the sockets that an instance was told of keep of it when they have left it. It outlives the instance.
type process struct {
	// losses counts how often it came with AttachOptions.Anew.
	losses atomic.Uint32
}

// maxProcesses bounds those of instances that are not known any more. Sockets that have left one that was forgotten are not
// introduced again when it comes anew.
const maxProcesses = 1024

// processOf is that of an instance id. The caller holds pool.mu.
func (g *Group) processOf(id string) *process {
	if g.processes[id] == nil {
		for other := range g.processes {
			if len(g.processes) < maxProcesses {
				break
			}
			if g.members[other] == nil {
				delete(g.processes, other)
			}
		}
		g.processes[id] = new(process)
	}
	return g.processes[id]
}

// forgetTold lets the sockets of an instance be introduced anew, as facts of their own:
// its process has told its program that they are lost. That holds for those too that have
// left it without being told to another one, and for all of the group when no other instance
// is attached. The caller holds pool.mu and i.mu.
func (g *Group) forgetTold(i *Instance, alone bool) {
	i.process.losses.Add(1)
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

// teller is the process that was told of a socket last, once the socket has left it.
type teller struct {
	process *process // nil: there is none
	losses  uint32   // of it, when the socket left
}

// lost reports whether the process has told its program since that the socket is lost.
func (t *teller) lost() bool { return t.process != nil && t.process.losses.Load() != t.losses }

// renewed forgets the introduction of before, if the group was told to. The caller holds
// the lock of the lane's holder.
func (l *Lane) renewed() {
	if l.teller.lost() {
		l.teller = teller{}
		l.intro, l.introTry, l.epoch = 0, 0, epoch{}
	}
	if now := l.group.renewEpoch.Load(); l.renewals != now {
		l.renewals = now
		l.intro, l.introTry = 0, 0
	}
}
