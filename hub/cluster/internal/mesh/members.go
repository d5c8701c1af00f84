package mesh

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// Members holds the other servers. Time is an argument. It is safe for concurrent use.
type Members struct {
	expiry time.Duration

	mu        sync.Mutex // guards the fields below
	byID      map[string]*member
	bytes     int       // of all descriptions
	connected bool      // to the engine
	since     time.Time // that it is so
	proved    time.Time // when the engine has last shown that it is there
	certain   time.Time // since when it has shown so without a pause
}

// member is one of them.
type member struct {
	cluster.Member
	epoch     uint64
	heard     time.Time
	described uint64    // the number of its latest description, as it says
	held      uint64    // the number of the one in Member
	wanted    time.Time // when it was asked for
}

// NewMembers returns an empty table.
func NewMembers(expiry time.Duration) *Members {
	return &Members{expiry: expiry, byID: map[string]*member{}}
}

// Begin says since when the engine has not been reached.
func (m *Members) Begin(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.since = now
}

// Connected says whether the engine can be reached, and reports whether that is news.
func (m *Members) Connected(yes bool, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.connected == yes {
		return false
	}
	m.connected, m.since = yes, now
	m.proved, m.certain = now, now
	return true
}

// Proved says that something has come from the engine. Where nothing had for a while, a connection that seems to be whole may not
// have been, or this process has stood still: whom it has not heard of meanwhile may have spoken.
func (m *Members) Proved(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now.Sub(m.proved) > doubtAfter {
		m.certain = now
	}
	m.proved = now
}

// State is whether the engine can be reached, since when, and whether that has been so for one expiry.
func (m *Members) State(now time.Time) (connected bool, since time.Time, settled bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	settled = m.connected && now.Sub(m.certain) >= m.expiry && now.Sub(m.proved) <= doubtAfter
	return m.connected, m.since, settled
}

// Present takes a hub's Hello or Heartbeat: changed says that Members has, renewed that it is another life of a known hub,
// want that its description should be asked for. It reports false where too many are known.
func (m *Members) Present(id string, epoch uint64, p *wire.Presence, now time.Time) (changed, renewed, want, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, known := m.byID[id]
	renewed = known && e.epoch != epoch
	if !known || renewed {
		if !known && len(m.byID) >= maxMembers {
			return false, false, false, false
		}
		m.dropLocked(id)
		e = &member{epoch: epoch}
		e.Since, e.ID = now, id
		m.byID[id] = e
		changed = true
	}
	changed = e.soundLocked(now) || changed
	self := cluster.Self{ID: id, Control: p.Control, Peer: p.Peer}
	changed = changed || e.Self != self
	e.Self, e.described = self, p.Described
	if e.described != e.held && now.Sub(e.wanted) >= 2*describeEvery {
		e.wanted, want = now, true
	}
	return changed, renewed, want, true
}

// Foreign takes a sign of a server that is no hub.
func (m *Members) Foreign(id string, now time.Time) (changed, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, known := m.byID[id]
	if !known {
		if len(m.byID) >= maxMembers {
			return false, false
		}
		e = &member{}
		e.ID, e.Foreign, e.Since = id, true, now
		m.byID[id] = e
	}
	return e.soundLocked(now) || !known, true
}

// Heard takes any other sign of life of a server that is known.
func (m *Members) Heard(id string, now time.Time) (changed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, known := m.byID[id]
	return known && e.soundLocked(now)
}

func (e *member) soundLocked(now time.Time) (changed bool) {
	e.heard = now
	changed, e.Silent = e.Silent, false
	return changed
}

// Described takes what a hub says of itself.
func (m *Members) Described(id string, number uint64, description []byte) (changed, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, known := m.byID[id]
	if !known || e.Foreign {
		return false, true // its heartbeat comes, and then it is asked for
	}
	if len(description) > cluster.MaxDescription || m.bytes-len(e.Description)+len(description) > maxDescriptionBytes {
		e.held = number // it is not asked for again
		return false, false
	}
	m.bytes += len(description) - len(e.Description)
	e.Description, e.held = description, number
	return true, true
}

// Left takes a server out, and reports whether it was there.
func (m *Members) Left(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dropLocked(id)
}

func (m *Members) dropLocked(id string) bool {
	e, known := m.byID[id]
	if known {
		m.bytes -= len(e.Description)
		delete(m.byID, id)
	}
	return known
}

// Forgive says that this process has stood still for so long: what came meanwhile is not read yet, so that the time counts for
// nobody's silence.
func (m *Members) Forgive(pause time.Duration, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.byID {
		if e.heard = e.heard.Add(pause); e.heard.After(now) {
			e.heard = now
		}
	}
}

// Sweep finds those of whom nothing was heard: who is silent since the last call, and who is lost. For the loss of somebody time
// passes only as far as the engine has shown that it is there.
func (m *Members) Sweep(now time.Time) (silent, lost []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	settled := m.connected && m.proved.Sub(m.certain) >= m.expiry
	for id, e := range m.byID {
		quiet := now.Sub(e.heard)
		limit := silentAfter
		if e.Foreign { // Node servers speak every 5 s, and are lost after 10
			limit = m.expiry * 3 / 5
		}
		switch {
		case settled && m.proved.Sub(e.heard) >= m.expiry:
			lost = append(lost, id)
			m.dropLocked(id)
		case !e.Silent && quiet >= limit:
			e.Silent = true
			silent = append(silent, id)
		}
	}
	return silent, lost
}

// List returns all, sorted by id.
func (m *Members) List() []cluster.Member {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]cluster.Member, 0, len(m.byID))
	for _, e := range m.byID {
		list = append(list, e.Member)
	}
	slices.SortFunc(list, func(a, b cluster.Member) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// Hubs returns the ids of the hubs that are not silent, and of those that are.
func (m *Members) Hubs() (live, silent []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, e := range m.byID {
		switch {
		case e.Foreign:
		case e.Silent:
			silent = append(silent, id)
		default:
			live = append(live, id)
		}
	}
	return live, silent
}

// IsHub reports whether a server is known as a hub.
func (m *Members) IsHub(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, known := m.byID[id]
	return known && !e.Foreign
}

// Len is how many are known.
func (m *Members) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.byID)
}
