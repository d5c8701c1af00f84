package controlplane

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// listeners are the attachments that ask for facts of rooms or users. While nobody does, a
// fact costs one look at them.
type listeners struct {
	all atomic.Pointer[[]*attachment]

	mu sync.Mutex // guards changes of all; a leaf
}

// load are those that listen by now; some may be over.
func (l *listeners) load() []*attachment {
	if all := l.all.Load(); all != nil {
		return *all
	}
	return nil
}

// set adds an attachment, or takes it out.
func (l *listeners) set(a *attachment, listens bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(l.load()), func(other *attachment) bool { return other == a || other.isClosed() })
	if listens {
		all = append(all, a)
	}
	l.all.Store(&all)
}

// tend tells of users whose grace is over, and forgets attachments that are. The janitor
// calls it.
func (l *listeners) tend(now time.Time) {
	for _, a := range l.load() {
		if a.isClosed() {
			l.set(a, false)
			continue
		}
		a.facts.tend(a, now)
	}
}

// learn passes a fact on.
func (l *listeners) learn(f fact, present bool) {
	for _, a := range l.load() {
		a.facts.learn(a, f, present)
	}
}

// RoomOccupied implements hub.Watcher.
func (w *watching) RoomOccupied(namespace, room string) {
	w.srv.listeners.learn(fact{hubv1.Kind_KIND_OCCUPANCY, namespace, room}, true)
}

// RoomVacated implements hub.Watcher.
func (w *watching) RoomVacated(namespace, room string) {
	w.srv.listeners.learn(fact{hubv1.Kind_KIND_OCCUPANCY, namespace, room}, false)
}

// UserPresent implements hub.Watcher.
func (w *watching) UserPresent(namespace, user string) {
	w.srv.listeners.learn(fact{hubv1.Kind_KIND_USERS, namespace, user}, true)
}

// UserAbsent implements hub.Watcher.
func (w *watching) UserAbsent(namespace, user string) {
	w.srv.listeners.learn(fact{hubv1.Kind_KIND_USERS, namespace, user}, false)
}
