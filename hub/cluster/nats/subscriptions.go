package nats

import (
	"context"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/siohub/siohub/hub/cluster/internal/mesh"
)

// subscriptions is what this hub wants to hear.
type subscriptions struct {
	wake chan struct{} // holds one

	mu      sync.Mutex // guards the fields below
	rooms   rooms
	changed map[string]bool // subjects, by whether they are wanted

	// owned by Open, and by subscribe afterwards
	open map[string]*nats.Subscription

	lost     sync.Mutex // guards the field below
	overruns map[*nats.Subscription]int
}

func (s *subscriptions) init(subjects subjects, limit int) {
	s.wake = make(chan struct{}, 1)
	s.rooms = rooms{subjects: subjects, max: limit, spaces: map[string]*space{}}
	s.changed = map[string]bool{}
	s.open = map[string]*nats.Subscription{}
	s.overruns = map[*nats.Subscription]int{}
}

// want asks for a subject, or not any more.
func (s *subscriptions) want(subject string, wanted bool) {
	s.mu.Lock()
	s.changed[subject] = wanted
	s.mu.Unlock()
	s.kick()
}

func (s *subscriptions) kick() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Serve implements cluster.Cluster.
func (c *Cluster) Serve(namespace string, serves bool) {
	c.subs.want(c.subjects.namespace(namespace), serves)
	if !serves {
		c.Unheard(namespace)
	}
}

// Room implements cluster.RoomSubscriber.
func (c *Cluster) Room(namespace, room string, occupied bool) {
	if !mesh.SubscribesTo(room) {
		return // what is for it goes to the namespace
	}
	s := &c.subs
	s.mu.Lock()
	widened := s.rooms.set(namespace, room, occupied, func(subject string, wanted bool) { s.changed[subject] = wanted })
	s.mu.Unlock()
	s.kick()
	if widened {
		c.config.Logger.Warn("cluster: more rooms have members here than cluster.max_subscriptions: all messages to rooms of a namespace are received",
			"max_subscriptions", c.config.MaxSubscriptions)
	}
}

// subscribe carries out what is wanted, until ctx ends.
func (c *Cluster) subscribe(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.subs.wake:
			c.resubscribe()
		}
	}
}

// resubscribe carries out what has changed: first what is new, so that nothing is missed where a namespace takes the place
// of its rooms.
func (c *Cluster) resubscribe() {
	s := &c.subs
	s.mu.Lock()
	changed := s.changed
	s.changed = map[string]bool{}
	s.mu.Unlock()
	for subject, wanted := range changed {
		if !wanted || s.open[subject] != nil {
			continue
		}
		sub, err := c.conn.ChanSubscribe(subject, c.messages)
		if err != nil {
			c.line.Warn("cluster: a subject of NATS cannot be subscribed to", "subject", subject, "error", err)
			continue
		}
		s.open[subject] = sub
	}
	for subject, wanted := range changed {
		if sub := s.open[subject]; !wanted && sub != nil {
			delete(s.open, subject)
			_ = sub.Unsubscribe() // it is gone, or the connection is
			s.lost.Lock()
			delete(s.overruns, sub)
			s.lost.Unlock()
		}
	}
}

// dropped is how many messages the client has dropped of a subscription since the last call.
func (s *subscriptions) dropped(sub *nats.Subscription) int {
	n, err := sub.Dropped()
	if err != nil {
		return 1 // it is closed, and one was dropped before
	}
	s.lost.Lock()
	defer s.lost.Unlock()
	since := n - s.overruns[sub]
	s.overruns[sub] = n
	return max(since, 1)
}
