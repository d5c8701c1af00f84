package main

import (
	"sync"
	"time"
)

// floor has the rooms. A namespace is the room of its name, and what leads the names
// of its rooms; that of the main one is empty.
type floor struct {
	mu    sync.RWMutex
	rooms map[string]map[*conn]struct{}

	// slots are those who get a heartbeat together; now is the slot whose turn it is.
	beats sync.Mutex
	slots [100]map[*conn]struct{}
	now   int
}

func (f *floor) join(room string, c *conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rooms[room] == nil {
		f.rooms[room] = map[*conn]struct{}{}
	}
	f.rooms[room][c] = struct{}{}
}

func (f *floor) leave(c *conn) {
	f.mu.Lock()
	for _, members := range f.rooms {
		delete(members, c)
	}
	f.mu.Unlock()
	f.beats.Lock()
	defer f.beats.Unlock()
	delete(f.slots[c.slot], c)
}

// arrive gives a connection a heartbeat every 25 seconds from now on.
func (f *floor) arrive(c *conn) {
	f.beats.Lock()
	defer f.beats.Unlock()
	c.slot = f.now
	if f.slots[c.slot] == nil {
		f.slots[c.slot] = map[*conn]struct{}{}
	}
	f.slots[c.slot][c] = struct{}{}
}

// beat writes the heartbeats of a slot every quarter of a second.
func (f *floor) beat() {
	for range time.Tick(25 * time.Second / time.Duration(len(f.slots))) {
		f.beats.Lock()
		f.now = (f.now + 1) % len(f.slots)
		for c := range f.slots[f.now] {
			c.write([]byte{'2'})
		}
		f.beats.Unlock()
	}
}
