package redis

import (
	"context"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
)

// census counts the Node servers of a namespace when somebody asks, as they tell nobody that they are there.
type census struct {
	life *life
	mesh *mesh.Mesh
	road road

	mu    sync.Mutex           // guards the fields below
	under map[string]*counting // those under way, by namespace
	last  map[string]int       // how many there were of those without a name, by namespace
}

// counting is a count of Node servers that is under way. The fields are set before done is closed.
type counting struct {
	done     chan struct{}
	nameless int
	named    []string
	err      error
}

// countPatience is how long a question waits until Node servers are counted: with the answers of hubs, of which none is waited
// for any longer than 1.4 s, it is done within that. Redis answers in less than a millisecond, unless it, or the way to it, is
// in trouble.
const countPatience = time.Second

// count is how many Node servers answer in a namespace; with an error it is how many did last. Who asks while somebody counts
// waits for the same count, so that questions do not take all connections while Redis says nothing.
func (c *census) count(ctx context.Context, namespace string) (nameless int, named []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, countPatience)
	defer cancel()
	c.mu.Lock()
	now := c.under[namespace]
	if now == nil && c.mesh.Status().Connected {
		now = &counting{done: make(chan struct{})}
		c.under[namespace] = now
		c.life.running.Go(func() { c.recount(now, namespace) })
	}
	c.mu.Unlock()
	if now == nil {
		err = cluster.ErrAway
	} else {
		select {
		case <-now.done:
			nameless, named, err = now.nameless, now.named, now.err
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		return c.last[namespace], nil, err
	}
	return nameless, named, nil
}

// recount counts, and forgets that somebody does.
func (c *census) recount(now *counting, namespace string) {
	now.nameless, now.named, now.err = c.road.count(c.life.ctx, namespace)
	c.mu.Lock()
	delete(c.under, namespace)
	switch {
	case now.err != nil:
	case now.nameless == 0:
		delete(c.last, namespace)
	default:
		c.last[namespace] = now.nameless
	}
	c.mu.Unlock()
	close(now.done)
}
