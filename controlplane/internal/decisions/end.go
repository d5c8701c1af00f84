package decisions

import "time"

// RevokeUser ends all entries of a user. An accept for an attempt that is open already
// is not kept.
func (c *Cache) RevokeUser(user string) {
	if user == "" {
		return // nobody's name
	}
	c.mu.Lock()
	c.revoked.add(userMark(user))
	n := c.endAllLocked(&c.byUser, user)
	c.mu.Unlock()
	c.traceAll(Revoked, n)
}

// RevokeKey ends the entry of a key, as RevokeUser does.
func (c *Cache) RevokeKey(key Key) {
	c.mu.Lock()
	c.revoked.add(keyMark(key))
	e := c.entries[key]
	if e != nil {
		c.endLocked(e)
	}
	c.mu.Unlock()
	if e != nil {
		c.trace(Revoked)
	}
}

// Leave ends all entries of a group whose last instance has left.
func (c *Cache) Leave(group string) {
	c.mu.Lock()
	n := c.endAllLocked(&c.byGroup, group)
	c.mu.Unlock()
	c.traceAll(Left, n)
}

func (c *Cache) endAllLocked(i *index, name string) (n int) {
	for all := i.entries[name]; len(all) > 0; all = i.entries[name] {
		c.endLocked(all[len(all)-1])
		n++
	}
	return n
}

// Sweep takes out the oldest entries whose time is over, a bounded number of them. What
// stands behind one that lives longer is taken out when it is looked up, or after that.
func (c *Cache) Sweep(now time.Time) {
	const most = 4096
	n := 0
	c.mu.Lock()
	for e := c.ages.oldest(); e != nil && n < most && !now.Before(e.End); e = c.ages.oldest() {
		c.endLocked(e)
		n++
	}
	c.mu.Unlock()
	c.traceAll(Expired, n)
}

func (c *Cache) traceAll(event Event, n int) {
	for range n {
		c.trace(event)
	}
}

// Generation grows with each revocation. An attempt takes it before anybody is asked,
// and shows it to Keep.
func (c *Cache) Generation() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.revoked.generation
}

// maxRevocations is how many revocations are remembered one by one.
const maxRevocations = 8192

// revocations remember when users and keys were revoked. Beyond its bound all that was
// open before counts as revoked: then decisions are made anew, which is always right.
type revocations struct {
	generation uint64
	floor      uint64
	last       map[mark]uint64
}

// mark is a user or a key.
type mark struct {
	user string
	key  Key
}

func userMark(user string) mark { return mark{user: user} }
func keyMark(key Key) mark      { return mark{key: key} }

func (r *revocations) add(m mark) {
	r.generation++
	if len(r.last) >= maxRevocations {
		r.floor, r.last = r.generation, nil
	}
	if r.last == nil {
		r.last = make(map[mark]uint64)
	}
	r.last[m] = r.generation
}

// since reports whether it was, or may have been, revoked after a generation.
func (r *revocations) since(m mark, generation uint64) bool {
	return generation < r.floor || r.last[m] > generation
}
