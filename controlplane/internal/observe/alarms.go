package observe

import (
	"container/heap"
	"time"
)

// Alarms are times at which something is due, one for each key. The zero value is ready.
// It is not safe for concurrent use.
type Alarms[K comparable] struct {
	queue alarmQueue[K]
	byKey map[K]*alarm[K]
}

type alarm[K comparable] struct {
	key   K
	due   time.Time
	place int // in the queue
}

// Set sets the time of a key, or changes it.
func (a *Alarms[K]) Set(key K, due time.Time) {
	a.Remove(key)
	if a.byKey == nil {
		a.byKey = make(map[K]*alarm[K])
	}
	e := &alarm[K]{key: key, due: due}
	a.byKey[key] = e
	heap.Push(&a.queue, e)
}

// Remove forgets a key.
func (a *Alarms[K]) Remove(key K) {
	if e := a.byKey[key]; e != nil {
		delete(a.byKey, key)
		heap.Remove(&a.queue, e.place)
	}
}

// Due takes out a key whose time has come, the oldest first. It returns false when there
// is none.
func (a *Alarms[K]) Due(now time.Time) (key K, ok bool) {
	if len(a.queue) == 0 || a.queue[0].due.After(now) {
		return key, false
	}
	key = a.queue[0].key
	a.Remove(key)
	return key, true
}

// alarmQueue is a heap by due.
type alarmQueue[K comparable] []*alarm[K]

func (q alarmQueue[K]) Len() int           { return len(q) }
func (q alarmQueue[K]) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q alarmQueue[K]) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push implements heap.Interface.
func (q *alarmQueue[K]) Push(e any) {
	e.(*alarm[K]).place = len(*q)
	*q = append(*q, e.(*alarm[K]))
}

// Pop implements heap.Interface.
func (q *alarmQueue[K]) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return e
}
