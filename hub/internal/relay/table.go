package relay

import (
	"sync"
	"time"
)

const (
	// tableAge is how old what is known of the other hubs may be, and newAge how old where a key is not known.
	tableAge = time.Second
	newAge   = 20 * time.Millisecond
)

// Table is a Peers of hubs that somebody else knows.
type Table struct {
	list func() []Peer

	mu    sync.Mutex // guards the fields below; held across list
	byKey map[string]Peer
	all   []Peer
	at    time.Time
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
	t.all, t.at = t.list(), time.Now()
	t.byKey = make(map[string]Peer, len(t.all))
	for _, p := range t.all {
		t.byKey[Key(p.ID)] = p
	}
}
