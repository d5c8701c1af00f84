package relay

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// tableAge is how old what is known of the other hubs may be, and newAge how old where a key is not known.
	tableAge = time.Second
	newAge   = 20 * time.Millisecond
	// newcomerTime is how long a hub may take until it is heard of.
	newcomerTime = 500 * time.Millisecond
)

// Table is a Peers of hubs that somebody else knows.
type Table struct {
	list func() []Peer

	mu    sync.Mutex // guards the fields below; held across list
	byKey map[string]Peer
	all   []Peer
	at    time.Time
	gone  former

	waiting atomic.Int64 // calls of Find
}

// NewTable returns one. list tells of those that are there, and must not block.
func NewTable(list func() []Peer) *Table { return &Table{list: list} }

// Locate implements Peers.
func (t *Table) Locate(key string) (Peer, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lookLocked(tableAge)
	p, ok := t.byKey[key]
	if !ok {
		t.lookLocked(newAge)
		p, ok = t.byKey[key]
	}
	return p, ok
}

// Find implements Finder. For a key that it has never heard of it waits for a while: the hub may have just started.
func (t *Table) Find(ctx context.Context, key string) (Peer, bool) {
	if p, decided := t.decided(key); decided {
		return p, p.ID != ""
	}
	defer t.waiting.Add(-1)
	if t.waiting.Add(1) > maxWaiting {
		return Peer{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, newcomerTime)
	defer cancel()
	look := time.NewTicker(newAge)
	defer look.Stop()
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return t.Locate(key)
		}
		if p, decided := t.decided(key); decided {
			return p, p.ID != ""
		}
	}
}

// decided is Locate, and reports whether it is known whose key it is, or was.
func (t *Table) decided(key string) (p Peer, yes bool) {
	if p, ok := t.Locate(key); ok {
		return p, true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return Peer{}, t.gone.keys[key]
}

// All implements Peers.
func (t *Table) All() []Peer {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lookLocked(newAge)
	return t.all
}

// lookLocked asks again who is there, if it was asked longer ago.
func (t *Table) lookLocked(age time.Duration) {
	if !t.at.IsZero() && time.Since(t.at) < age {
		return
	}
	before := t.byKey
	t.all, t.at = t.list(), time.Now()
	t.byKey = make(map[string]Peer, len(t.all))
	for _, p := range t.all {
		t.byKey[Key(p.ID)] = p
	}
	for key := range before {
		if _, there := t.byKey[key]; !there {
			t.gone.add(key)
		}
	}
}
