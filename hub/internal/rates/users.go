package rates

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// screens is how many buckets there are that users share before they have one of their own.
	screens = 4096
	// sweptWhenFull is how many users are looked at when there is no room, whether they can be forgotten.
	sweptWhenFull = 16
)

// Users has a bucket for each user, which all sessions of theirs share. It costs next to nothing for those who send
// little: at first users share buckets by their hash, and only while one of those is empty its users have their own,
// so that a user may be ahead of the rate twice. All methods may be called at the same time.
type Users struct {
	pace    Pace
	most    int // of a shard
	seed    maphash.Seed
	screens [screens]atomic.Int64 // Meters
	shards  [shardCount]userShard
}

type userShard struct {
	mu    sync.Mutex // a leaf
	known map[string]account
}

// account is the bucket of one user.
type account struct {
	meter   Meter
	owed    time.Duration // what the sessions have sent that wait
	waiting int32         // how many these are
}

// Debt is what a session of a user owes: it is not to be read for so long. Its zero value is nothing.
type Debt struct {
	Wait       time.Duration
	OfMessages bool // for their number, and not for their size
	User       string
	cost       time.Duration
}

// NewUsers returns buckets of this pace for so many users at a time. It is nil where the pace has no limit.
func NewUsers(p Pace, most int) *Users {
	if p.Messages <= 0 && p.Bytes <= 0 {
		return nil
	}
	u := &Users{pace: p, most: max(most/shardCount, 1), seed: maphash.MakeSeed()}
	for i := range u.shards {
		u.shards[i].known = make(map[string]account)
	}
	return u
}

// Charge counts what has come from one session of a user at the time now, on the clock of the caller. Where there is
// something to wait for, Paid has to be called after it.
//
// The bucket is shared fairly: while it is empty each session pays for what it has sent itself, at the rate divided by
// the number of those that wait. So all of them get the same, and who sends little hardly waits. Should they come
// to more than the rate together all the same, it gets dearer. Nobody waits for longer than until the user owes nothing.
//
// Users for whom there is no room are not limited.
func (u *Users) Charge(user string, messages, bytes int64, now time.Duration) Debt {
	cost, byNumber := u.pace.Cost(messages, bytes)
	hash := maphash.String(u.seed, user)
	if cost == 0 || !u.screened(hash, cost, now) {
		return Debt{}
	}
	s := &u.shards[hash%shardCount]
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.known[user]
	if !known && !s.makeRoomLocked(u.most, now) {
		return Debt{}
	}
	debt := one.meter.Add(cost, now, u.pace.Ahead)
	if debt == 0 {
		s.known[user] = one
		return Debt{} // not one that waits, for Paid
	}
	dearer := 1 + max(0, float64(debt-one.owed)/float64(u.pace.Ahead))
	one.waiting++
	one.owed += cost
	debt = max(1, time.Duration(min(float64(debt), float64(cost)*float64(one.waiting)*dearer)))
	s.known[user] = one
	return Debt{Wait: debt, OfMessages: byNumber == cost, User: user, cost: cost}
}

// screened reports whether the shared bucket of a user is empty.
func (u *Users) screened(hash uint64, cost, now time.Duration) bool {
	screen := &u.screens[hash/shardCount%screens]
	for {
		old := screen.Load()
		m := Meter(old)
		debt := m.Add(cost, now, u.pace.Ahead)
		if screen.CompareAndSwap(old, int64(m)) {
			return debt > 0
		}
	}
}

// Paid ends a wait.
func (u *Users) Paid(d Debt) {
	s := &u.shards[maphash.String(u.seed, d.User)%shardCount]
	s.mu.Lock()
	defer s.mu.Unlock()
	if one, known := s.known[d.User]; known && one.waiting > 0 {
		one.waiting--
		one.owed -= d.cost
		s.known[d.User] = one
	}
}

// Known is how many users have a bucket of their own.
func (u *Users) Known() (n int) {
	for i := range u.shards {
		s := &u.shards[i]
		s.mu.Lock()
		n += len(s.known)
		s.mu.Unlock()
	}
	return n
}

// makeRoomLocked forgets some of those whose buckets are full, and reports whether there is room for one more.
func (s *userShard) makeRoomLocked(most int, now time.Duration) bool {
	look := swept
	if len(s.known) >= most {
		look = sweptWhenFull
	}
	for user, one := range s.known { // in no order
		if look--; look < 0 {
			break
		}
		if one.waiting == 0 && time.Duration(one.meter) <= now {
			delete(s.known, user)
		}
	}
	return len(s.known) < most
}
