package adminui

import (
	"maps"
	"slices"
	"time"

	"github.com/siohub/siohub/hub"
)

// counter counts what happens, and tells the pages. Owned by Run.
type counter struct {
	*site
	pages *pages
	stats stats
}

// stats is what has been counted since pages heard of it.
type stats struct {
	// before is what there was a second ago; known, that there is such a thing.
	before Traffic
	known  bool
	counts []count
	odd    bool // every other second is told
}

// count is what has happened in one second.
type count struct {
	Timestamp int64  `json:"timestamp"`
	Type      string `json:"type"`
	SubType   string `json:"subType,omitempty"`
	Count     uint64 `json:"count"`
}

// serverStats is what pages hear every two seconds.
type serverStats struct {
	ServerID       string           `json:"serverId"`
	Hostname       string           `json:"hostname"`
	PID            int              `json:"pid"`
	Uptime         float64          `json:"uptime"`
	Clients        int              `json:"clientsCount"`
	PollingClients int              `json:"pollingClientsCount"`
	Counts         []count          `json:"aggregatedEvents"`
	Namespaces     []namespaceStats `json:"namespaces"`
}

type namespaceStats struct {
	Name    string `json:"name"`
	Sockets int    `json:"socketsCount"`
}

// maxNamespaces is of how many namespaces is told: those with the most sockets.
const maxNamespaces = 500

// count notes what has happened in the last second, and tells it every other second.
func (c *counter) count(now time.Time) {
	s := &c.stats
	current := c.options.Traffic()
	if s.known {
		s.add(now, current)
	}
	s.before, s.known = current, true
	if s.odd = !s.odd; s.odd {
		c.emit(now, nil)
	}
}

// forget forgets what was counted: nobody looks.
func (c *counter) forget() { c.stats = stats{} }

func (s *stats) add(now time.Time, current Traffic) {
	at := now.Truncate(time.Second).UnixMilli()
	add := func(kind, sub string, before, current uint64) {
		if current > before {
			s.counts = append(s.counts, count{at, kind, sub, current - before})
		}
	}
	b := &s.before
	add("rawConnection", "", b.Opened, current.Opened)
	for _, reason := range slices.Sorted(maps.Keys(current.Closed)) {
		add("rawDisconnection", reason, b.Closed[reason], current.Closed[reason])
	}
	add("packetsIn", "", b.PacketsIn, current.PacketsIn)
	add("packetsOut", "", b.PacketsOut, current.PacketsOut)
	add("bytesIn", "", b.BytesIn, current.BytesIn)
	add("bytesOut", "", b.BytesOut, current.BytesOut)
}

// emit tells all pages what there is, here and elsewhere, or those here that have just come, which hear no counts: they are told to
// all together.
func (c *counter) emit(now time.Time, fresh []string) {
	held := c.hub.Stats()
	out := serverStats{
		ServerID: c.options.ServerID, Hostname: c.options.Hostname, PID: c.options.PID, Uptime: now.Sub(c.options.Started).Seconds(),
		Clients: held.Sessions, PollingClients: c.hub.PollingSessions(), Counts: []count{}, Namespaces: namespacesShown(held.Sockets),
	}
	if fresh != nil {
		c.pages.emitTo(nil, fresh, "server_stats", arguments(out))
		return
	}
	out.Counts = append(out.Counts, c.stats.counts...)
	c.stats.counts = nil
	c.pages.emitToAll(nil, now, hub.Message{Event: "server_stats", Args: arguments(out)})
}

func namespacesShown(sockets map[string]int) []namespaceStats {
	all := make([]namespaceStats, 0, len(sockets))
	for name, n := range sockets {
		all = append(all, namespaceStats{name, n})
	}
	slices.SortFunc(all, func(a, b namespaceStats) int {
		if a.Sockets != b.Sockets {
			return b.Sockets - a.Sockets
		}
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return all[:min(len(all), maxNamespaces)]
}
