package command

import (
	"sync"
	"time"

	"github.com/siohub/siohub/controlplane/internal/park"
)

const (
	// maxCursors is how many lists are kept for their next page.
	maxCursors = 64
	// cursorLife is how long one is kept, from when it was made: what comes meanwhile is not in it.
	cursorLife = time.Minute
)

// cursors keep what is left of lists whose pages are asked for one by one, each by a call of its own: the next page
// costs as much as it has, and no look at all names. A page that finds none looks anew. They are bounded in
// number, bytes and time; the oldest go first. A page says nothing about who asks: whoever may see the list may go on
// with it.
type cursors struct {
	budget *park.Budget

	mu    sync.Mutex // guards the fields below; a leaf
	byKey map[cursorKey]*cursor
	order []*cursor // the one made first comes first
	timer *time.Timer
}

// cursorKey is what the call for the next page says.
type cursorKey struct {
	list                     byte
	namespace, prefix, after string
}

// cursor is what is left of a list.
type cursor struct {
	key   cursorKey
	rest  any   // []T
	bytes int64 // of all that the list had
	made  time.Time
}

func newCursors(bytes int64) *cursors {
	return &cursors{budget: park.NewBudget(bytes), byKey: make(map[cursorKey]*cursor)}
}

// keep keeps a cursor, if there is room for it when those that are older have gone.
func (c *cursors) keep(one *cursor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.byKey[one.key]; old != nil {
		c.removeLocked(old)
	}
	for len(c.order) >= maxCursors || !c.budget.Take(one.bytes) {
		if len(c.order) == 0 {
			return
		}
		c.removeLocked(c.order[0])
	}
	c.byKey[one.key] = one
	at := len(c.order)
	for at > 0 && c.order[at-1].made.After(one.made) {
		at--
	}
	c.order = append(c.order, nil)
	copy(c.order[at+1:], c.order[at:])
	c.order[at] = one
	if c.timer == nil {
		c.timer = time.AfterFunc(cursorLife, c.expire)
	}
}

// take takes a cursor away, or returns nil.
func (c *cursors) take(key cursorKey) *cursor {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.byKey[key]
	if one != nil {
		c.removeLocked(one)
	}
	return one
}

func (c *cursors) removeLocked(one *cursor) {
	delete(c.byKey, one.key)
	for i := range c.order {
		if c.order[i] == one {
			copy(c.order[i:], c.order[i+1:])
			c.order[len(c.order)-1] = nil
			c.order = c.order[:len(c.order)-1]
			break
		}
	}
	c.budget.Give(one.bytes)
}

// expire is the timer's function.
func (c *cursors) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.order) > 0 && time.Since(c.order[0].made) >= cursorLife {
		c.removeLocked(c.order[0])
	}
	c.timer = nil
	if len(c.order) > 0 {
		c.timer = time.AfterFunc(cursorLife-time.Since(c.order[0].made), c.expire)
	}
}
