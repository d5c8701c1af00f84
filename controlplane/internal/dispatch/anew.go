package dispatch

// forgetTold lets the sockets of an instance be introduced anew, as facts of their own:
// its process has told its program that they are lost. When no other instance is attached
// that holds for all sockets of the group. The caller holds pool.mu and i.mu.
func (g *Group) forgetTold(i *Instance, alone bool) {
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

// renewed forgets the introduction of before, if the group was told to. The caller holds
// the lock of the lane's holder.
func (l *Lane) renewed() {
	if now := l.group.renewEpoch.Load(); l.renewals != now {
		l.renewals = now
		l.intro, l.introTry = 0, 0
	}
}
