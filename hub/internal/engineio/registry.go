package engineio

import (
	"crypto/rand"
	"encoding/base64"
	"hash/maphash"
	"io"
	"sync"
	"sync/atomic"
)

const (
	// idBytes are drawn for a session id: 120 random bits, 20 characters. The length is part of what
	// other programs know about Engine.IO; only OthersConfig.IDSuffix makes it longer.
	idBytes = 15
	// shardCount spreads the sessions over as many locks.
	shardCount = 64
)

// registry knows the sessions by their id.
type registry struct {
	random io.Reader
	suffix string // of every id
	max    int64  // 0: no limit
	seed   maphash.Seed
	count  atomic.Int64
	closed atomic.Bool
	shards [shardCount]shard
}

type shard struct {
	mu       sync.Mutex // a leaf
	sessions map[string]*Session
}

func newRegistry(max int, suffix string) *registry {
	r := &registry{random: rand.Reader, suffix: suffix, max: int64(max), seed: maphash.MakeSeed()}
	for i := range r.shards {
		r.shards[i].sessions = make(map[string]*Session)
	}
	return r
}

func (r *registry) shard(id string) *shard {
	return &r.shards[maphash.String(r.seed, id)%shardCount]
}

// add gives the session an id of its own; one that exists is drawn again. False means that there is no
// room.
func (r *registry) add(s *Session) bool {
	if n := r.count.Add(1); r.max > 0 && n > r.max {
		r.count.Add(-1)
		return false
	}
	for !r.closed.Load() {
		var raw [idBytes]byte
		if _, err := io.ReadFull(r.random, raw[:]); err != nil {
			break // crypto/rand does not fail
		}
		id := base64.RawURLEncoding.EncodeToString(raw[:]) + r.suffix
		// In revision 3 it is a socket id too, and no flag on a command line: `hub kick --socket ID`.
		if id[0] != '-' && r.addAs(s, id) {
			return true
		}
	}
	r.count.Add(-1)
	return false
}

func (r *registry) addAs(s *Session, id string) bool {
	sh := r.shard(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	// Looked at under the lock: whoever comes in now is seen by the all of Server.Close.
	if sh.sessions[id] != nil || r.closed.Load() {
		return false
	}
	s.id = id
	sh.sessions[id] = s
	return true
}

// remove forgets a session. It may be called more than once; true says that it was there.
func (r *registry) remove(s *Session) bool {
	sh := r.shard(s.id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.sessions[s.id] != s {
		return false
	}
	delete(sh.sessions, s.id)
	r.count.Add(-1)
	return true
}

// find returns the session that a browser may still talk to, or nil.
func (r *registry) find(id string) *Session {
	sh := r.shard(id)
	sh.mu.Lock()
	s := sh.sessions[id]
	sh.mu.Unlock()
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == closed {
		return nil
	}
	return s
}

// all returns the sessions of this moment.
func (r *registry) all() []*Session {
	var list []*Session
	for i := range r.shards {
		sh := &r.shards[i]
		sh.mu.Lock()
		for _, s := range sh.sessions {
			list = append(list, s)
		}
		sh.mu.Unlock()
	}
	return list
}
