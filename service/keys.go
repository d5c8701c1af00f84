package service

import (
	"sync"
	"time"
)

// keys remember at which hub a command with an idempotency key was made: only that hub
// knows what came of it, so that another one under the key goes there.
type keys struct {
	mu     sync.Mutex // guards the fields below
	fresh  map[string]keyed
	old    map[string]keyed
	turned time.Time // when fresh began
}

type keyed struct {
	hub   string
	until time.Time
}

const (
	// keyLife is for how long hubs remember a key.
	keyLife = 5 * time.Minute
	// maxKeys bounds each half of keys. Beyond it the older half is forgotten early.
	maxKeys = 32 << 10
)

// put notes a command. No key is none.
func (k *keys) put(key, hub string) {
	if key == "" {
		return
	}
	now := time.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fresh == nil || len(k.fresh) >= maxKeys || now.Sub(k.turned) > keyLife {
		k.old, k.fresh, k.turned = k.fresh, map[string]keyed{}, now
	}
	k.fresh[key] = keyed{hub, now.Add(keyLife)}
}

// at is the hub where a command with the key was made; empty when there was none.
func (k *keys) at(key string) string {
	if key == "" {
		return ""
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	found, ok := k.fresh[key]
	if !ok {
		found = k.old[key]
	}
	if !time.Now().Before(found.until) {
		return ""
	}
	return found.hub
}
