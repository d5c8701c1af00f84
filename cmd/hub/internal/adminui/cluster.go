package adminui

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/cluster"
)

const (
	// askPeriod is how often a hub asks the other servers whether anybody looks there, and lookTime how long it takes it for so.
	askPeriod = 5 * time.Second
	lookTime  = 12 * time.Second
	// lookEvent is what a hub tells the others when a page has come to it, so that they begin at once. Node servers do not know it.
	lookEvent = "siohub:look"
	// tellTime is how long a page waits until the others have heard that.
	tellTime = 500 * time.Millisecond
	// maxKnown is how many namespaces of others are remembered.
	maxKnown = 200
	// maxHeard is how long their stats may be.
	maxHeard = 64 << 10
)

// others are the other servers of the cluster: whether anybody looks there, and which namespaces they have. Its methods are safe for
// concurrent use, but for tick.
type others struct {
	*site
	pages *pages
	tasks *tasks
	// learned is called when there is a namespace that was not known.
	learned func()

	// changed says that a server, this one too, has told of sockets and rooms since the latest list was begun, which may not know
	// of it.
	changed atomic.Bool

	nextAsk time.Time // owned by Run

	mu    sync.Mutex // guards known
	known map[string]struct{}
}

func newOthers(s *site, p *pages, t *tasks) *others {
	o := &others{site: s, pages: p, tasks: t, known: make(map[string]struct{})}
	for _, name := range s.options.Namespaces {
		o.known[name] = struct{}{}
	}
	return o
}

// tick asks from time to time whether anybody looks at another server.
func (o *others) tick(now time.Time) {
	if !o.hub.Cluster().Alone() && !now.Before(o.nextAsk) {
		o.nextAsk = now.Add(askPeriod)
		o.askWhoLooks()
	}
}

// askWhoLooks asks the other servers for their pages.
func (o *others) askWhoLooks() {
	o.hub.Cluster().Ask(&cluster.Question{
		Kind: cluster.Fetch, Namespace: o.options.Namespace, Target: cluster.Target{All: true}, Timeout: askTime,
	}, cluster.Asking{
		Answer: func(a *cluster.Answer) {
			if len(a.Sockets) > 0 {
				o.pages.lookFor(time.Now().Add(lookTime))
			}
		},
		Done: func([]string) {},
	})
}

// tell tells the other hubs that somebody looks here, and has Run call then when they know.
func (o *others) tell(then func()) {
	if o.hub.Cluster().Alone() {
		then()
		return
	}
	o.hub.Cluster().Ask(&cluster.Question{
		Kind: cluster.ServerSideEmit, Namespace: o.options.Namespace, Message: &cluster.Message{Event: lookEvent, Args: []byte("[]")}, Timeout: tellTime,
	}, cluster.Asking{Done: func([]string) { o.tasks.post(func(time.Time) { then() }) }})
}

// hear learns from what another server tells the pages here which namespaces it has, and that something has changed there.
func (o *others) hear(m hub.Message) {
	switch m.Event {
	case "socket_connected", "socket_updated", "socket_disconnected", "room_joined", "room_left":
		o.changed.Store(true)
		return
	}
	if m.Event != "server_stats" || len(m.Args) > maxHeard || o.hub.Cluster().Alone() {
		return
	}
	var told []serverStats
	if json.Unmarshal(m.Args, &told) != nil || len(told) == 0 || told[0].ServerID == o.options.ServerID {
		return
	}
	learned := false
	o.mu.Lock()
	for _, n := range told[0].Namespaces {
		if _, known := o.known[n.Name]; !known && n.Sockets > 0 && len(o.known) < maxKnown && len(n.Name) > 0 && n.Name[0] == '/' {
			o.known[n.Name] = struct{}{}
			learned = true
		}
	}
	o.mu.Unlock()
	if learned {
		o.learned()
	}
}

// asked are the namespaces that other servers are asked about. Nil for a hub that is alone.
func (o *others) asked() []string {
	if o.hub.Cluster().Alone() {
		return nil
	}
	names := map[string]struct{}{o.options.Namespace: {}, "/": {}}
	for name := range o.hub.Stats().Sockets {
		names[name] = struct{}{}
	}
	o.mu.Lock()
	maps.Copy(names, o.known)
	o.mu.Unlock()
	all := slices.Sorted(maps.Keys(names))
	return all[:min(len(all), maxAsked)]
}
