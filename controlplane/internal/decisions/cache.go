package decisions

import (
	"slices"
	"sync"
	"time"
)

// Limits bound a cache.
type Limits struct {
	// Entries and Bytes are the most that it keeps; the oldest make room.
	Entries int
	Bytes   int64
}

// Bounds of the lists of headers.
const (
	// maxLists is how many lists a namespace may have in use.
	maxLists = 16
	// maxNamespaces is how many namespaces have lists.
	maxNamespaces = 4096
)

// entryBytes is about what an entry takes beside what it says.
const entryBytes = 512

// Event is something that happens to entries.
type Event uint8

// The events.
const (
	// Kept: an accept was kept.
	Kept Event = iota
	// Hit: an attempt was decided by it.
	Hit
	// Expired, Revoked, Left, Replaced, Evicted: it ended, with its time, by a
	// revocation, with the last instance of its group, by a newer accept, to make room.
	Expired
	Revoked
	Left
	Replaced
	Evicted
	// Refused: an accept was not kept, because of a revocation or of a bound.
	Refused
)

// Entry is an accept that may be used again. What its maker sets does not change.
type Entry struct {
	// Namespace, Headers and Key say which attempts it is for.
	Namespace string
	Headers   Headers
	Key       Key
	// User is the user who is let in. Empty means none.
	User string
	// Group is the group that decided.
	Group string
	// End is until when it may be used.
	End time.Time
	// Bytes is about what Value takes.
	Bytes int
	// Value is the caller's.
	Value any

	// Guarded by the cache.
	list  *list
	age   place  // among all, the oldest first
	seats [2]int // in byUser and byGroup
	ended bool
}

// size is about what the entry takes.
func (e *Entry) size() int64 { return int64(entryBytes + len(e.User) + e.Bytes) }

// Cache keeps entries. It is safe for concurrent use.
type Cache struct {
	// Set by New.
	limits Limits
	trace  func(Event)

	mu      sync.Mutex // guards the fields below, and entries; a leaf
	entries map[Key]*Entry
	ages    ages
	byUser  index
	byGroup index
	lists   map[string][]*list // by namespace; the slices are replaced, never changed
	bytes   int64
	revoked revocations
}

// list is a list of headers that entries of a namespace depend on.
type list struct {
	namespace string
	headers   Headers
	entries   int
}

// New returns a cache. The trace is called without a lock; nil means nobody looks.
func New(limits Limits, trace func(Event)) *Cache {
	if trace == nil {
		trace = func(Event) {}
	}
	return &Cache{
		limits: limits, trace: trace, entries: make(map[Key]*Entry), byUser: index{which: 0, entries: map[string][]*Entry{}},
		byGroup: index{which: 1, entries: map[string][]*Entry{}}, lists: make(map[string][]*list),
	}
}

// Find returns the entry for an attempt that the group decides, or nil.
func (c *Cache) Find(f Facts, group string, now time.Time) *Entry {
	c.mu.Lock()
	lists := c.lists[f.Namespace]
	c.mu.Unlock()
	if len(lists) == 0 {
		return nil
	}
	base := f.base()
	for _, l := range lists {
		key := f.with(base, l.headers)
		if e := c.find(key, group, now); e != nil {
			c.trace(Hit)
			return e
		}
	}
	return nil
}

func (c *Cache) find(key Key, group string, now time.Time) *Entry {
	c.mu.Lock()
	e := c.entries[key]
	if e == nil || e.Group != group {
		c.mu.Unlock()
		return nil
	}
	expired := !now.Before(e.End)
	if expired {
		c.endLocked(e)
	}
	c.mu.Unlock()
	if expired {
		c.trace(Expired)
		return nil
	}
	return e
}

// Keep keeps an entry for attempts in its namespace that have its key for the list of
// headers. The attempt that it was made for has been open since a generation. It reports
// false when it was not kept: a revocation has come since, or the namespace has too many
// lists of headers, or it is larger than all may be.
func (c *Cache) Keep(e *Entry, since uint64) bool {
	c.mu.Lock()
	events := c.keepLocked(e, since)
	c.mu.Unlock()
	for _, event := range events {
		c.trace(event)
	}
	return events[len(events)-1] == Kept
}

func (c *Cache) keepLocked(e *Entry, since uint64) (events []Event) {
	switch {
	case e.size() > c.limits.Bytes, c.revoked.since(userMark(e.User), since), c.revoked.since(keyMark(e.Key), since):
		return []Event{Refused}
	}
	if e.list = c.listLocked(e.Namespace, e.Headers); e.list == nil {
		return []Event{Refused}
	}
	e.list.entries++ // what makes room below must not end the list
	if old := c.entries[e.Key]; old != nil {
		c.endLocked(old)
		events = append(events, Replaced)
	}
	for len(c.entries) >= c.limits.Entries || c.bytes+e.size() > c.limits.Bytes {
		c.endLocked(c.ages.oldest())
		events = append(events, Evicted)
	}
	c.entries[e.Key] = e
	c.ages.add(e)
	c.byUser.add(e.User, e)
	c.byGroup.add(e.Group, e)
	c.bytes += e.size()
	return append(events, Kept)
}

// listLocked returns the list of headers of a namespace, a new one if there is none yet;
// nil if there is no room for it.
func (c *Cache) listLocked(namespace string, headers Headers) *list {
	lists, known := c.lists[namespace]
	for _, l := range lists {
		if slices.Equal(l.headers, headers) {
			return l
		}
	}
	if len(lists) >= maxLists || (!known && len(c.lists) >= maxNamespaces) {
		return nil
	}
	l := &list{namespace: namespace, headers: headers}
	c.lists[namespace] = append(slices.Clone(lists), l)
	return l
}

// endLocked takes an entry out.
func (c *Cache) endLocked(e *Entry) {
	e.ended = true
	delete(c.entries, e.Key)
	c.ages.remove(e)
	c.byUser.remove(e.User, e)
	c.byGroup.remove(e.Group, e)
	c.bytes -= e.size()
	l := e.list
	if l.entries--; l.entries > 0 {
		return
	}
	left := slices.DeleteFunc(slices.Clone(c.lists[l.namespace]), func(other *list) bool { return other == l })
	if len(left) == 0 {
		delete(c.lists, l.namespace)
		return
	}
	c.lists[l.namespace] = left
}

// Live reports whether an entry may still be used: whoever has let somebody in by it
// looks again afterwards.
func (c *Cache) Live(e *Entry) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !e.ended
}
