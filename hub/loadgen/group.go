package loadgen

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// group is a set of connections that all receive what one of them triggers.
type group struct {
	// set before the first round
	message []byte
	burst   int
	// rounds are those under way, in a ring: the n-th is at n modulo its length.
	rounds []round

	mu      sync.Mutex // guards the fields below
	members []*membership
	// begun is how many rounds were started.
	begun int
	// suspended is set while no member triggers, after the one that did was lost; put off
	// is how many rounds may be started when that is over.
	suspended bool
	putOff    int
}

// round is one trigger, or a burst of them, and its deliveries.
type round struct {
	began stamp
	// left is how many deliveries are to come.
	left atomic.Int64
}

// membership is a connection in a group.
type membership struct {
	group  *group
	client *client
	// received counts deliveries. They arrive in the order of the rounds, so it tells
	// to which round one belongs.
	received atomic.Int64
}

func (g *group) add(c *client) *membership {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := &membership{group: g, client: c}
	g.members = append(g.members, m)
	return m
}

// next is the round that a delivery belongs to.
func (m *membership) next() *round {
	n := int(m.received.Add(1)-1) / m.group.burst
	return &m.group.rounds[n%len(m.group.rounds)]
}

// begin starts a round and returns who triggers; nil when no member does, now or ever.
func (g *group) begin(at time.Duration) *client {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.suspended {
		g.putOff++
	}
	if g.suspended || len(g.members) == 0 {
		return nil
	}
	r := &g.rounds[g.begun%len(g.rounds)]
	g.begun++
	r.began.set(at)
	r.left.Store(int64(len(g.members) * g.burst))
	return g.members[0].client
}

// remove takes out a connection whose reader has ended, and what was to come for it.
// It returns how many rounds ended by that. When it was to trigger, it is not known what
// is still on its way: all rounds are given up, and the group is suspended.
func (g *group) remove(c *client) (ended int, suspended bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.IndexFunc(g.members, func(m *membership) bool { return m.client == c })
	if i < 0 {
		return 0, false
	}
	m := g.members[i]
	g.members = slices.Delete(g.members, i, i+1)
	if i == 0 && g.busy() {
		g.suspended = true
		return g.abandon(), true
	}
	for m.received.Load() < int64(g.begun*g.burst) {
		if m.next().left.Add(-1) == 0 {
			ended++
		}
	}
	return ended, false
}

// abandon gives up what is under way, and returns how many rounds that were. What still
// arrives counts, and ends nothing.
func (g *group) abandon() (rounds int) {
	for i := range g.rounds {
		if g.rounds[i].left.Swap(0) > 0 {
			rounds++
		}
	}
	return rounds
}

// resume ends the suspension: the next one triggers, and all members count from here. It returns
// how many rounds were put off.
func (g *group) resume() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range g.members {
		m.received.Store(int64(g.begun * g.burst))
	}
	putOff := g.putOff
	g.suspended, g.putOff = false, 0
	return putOff
}

// busy reports whether a round is under way.
func (g *group) busy() bool {
	for i := range g.rounds {
		if g.rounds[i].left.Load() > 0 {
			return true
		}
	}
	return false
}

// newFanout has a group for each namespace.
func newFanout(r *run) *groups {
	gs := newGroups(r, "broadcast", r.config.Namespaces, func(c *client) []int { return []int{c.namespace} })
	for i, g := range gs.all {
		g.message = event(namespace(i, r.config.Namespaces), 0, "broadcast", data(r.config.PayloadBytes))
	}
	return gs
}

// newRooms has a group for each room.
func newRooms(r *run) *groups {
	per := r.config.roomsPerNamespace()
	gs := newGroups(r, "room", per*r.config.Namespaces, func(c *client) []int {
		rooms := r.config.roomsOf(c)
		for i := range rooms {
			rooms[i] += c.namespace * per
		}
		return rooms
	})
	for i, g := range gs.all {
		payload := data(r.config.PayloadBytes)
		number := fmt.Sprintf("%0*x", minPayload, i)
		g.message = event(namespace(i/per, r.config.Namespaces), 0, "room",
			`"`+roomName(i%per)+`","`+number+payload[1+len(number):])
	}
	return gs
}

// groupNumber reads the number that newRooms has put at the head of the data.
func groupNumber(data []byte) int {
	if len(data) < minPayload {
		return -1
	}
	n, err := strconv.ParseInt(string(data[:minPayload]), 16, 64)
	if err != nil {
		return -1
	}
	return int(n)
}

func roomName(i int) string { return "room-" + strconv.Itoa(i) }

// roomsPerNamespace is how many rooms a namespace has.
func (c Config) roomsPerNamespace() int { return max(1, c.Rooms/max(1, c.Namespaces)) }

// roomsOf are the numbers of a connection's rooms in its namespace. The connections
// of a namespace take turns, so that rooms have as many members as each other.
func (c Config) roomsOf(one *client) []int {
	rooms := make([]int, c.RoomsPerSocket)
	rank := one.index / c.Namespaces
	for i := range rooms {
		rooms[i] = (rank*c.RoomsPerSocket + i) % c.roomsPerNamespace()
	}
	return rooms
}

// joinRooms lets a connection into its rooms.
func (r *run) joinRooms(c *client) error {
	if r.config.RoomsPerSocket == 0 || r.config.Scenario == Fanout {
		return nil
	}
	var args []string
	for _, room := range r.config.roomsOf(c) {
		args = append(args, `"`+roomName(room)+`"`)
	}
	return c.call(namespace(c.namespace, r.config.Namespaces), "join", args)
}
