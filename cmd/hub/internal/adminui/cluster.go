package adminui

import (
	"encoding/json"
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

// lookFor takes it that somebody looks at another server until then.
func (u *UI) lookFor(until time.Time) {
	u.mu.Lock()
	if until.After(u.elsewhere) {
		u.elsewhere = until
	}
	u.mu.Unlock()
	u.awake()
}

// askWhoLooks asks the other servers for their pages.
func (u *UI) askWhoLooks() {
	u.hub.Cluster().Ask(&cluster.Question{
		Kind: cluster.Fetch, Namespace: u.options.Namespace, Target: cluster.Target{All: true}, Timeout: askTime,
	}, cluster.Asking{
		Answer: func(a *cluster.Answer) {
			if len(a.Sockets) > 0 {
				u.lookFor(time.Now().Add(lookTime))
			}
		},
		Done: func([]string) {},
	})
}

// tellOthers tells the other hubs that somebody looks here, and then gets the pages that have come their list: what happens in
// between they tell by themselves.
func (u *UI) tellOthers(fresh []string) {
	list := func(time.Time) { u.lists.want = append(u.lists.want, fresh...) }
	if u.hub.Cluster().Alone() {
		list(time.Now())
		return
	}
	u.hub.Cluster().Ask(&cluster.Question{
		Kind: cluster.ServerSideEmit, Namespace: u.options.Namespace, Message: &cluster.Message{Event: lookEvent, Args: []byte("[]")}, Timeout: tellTime,
	}, cluster.Asking{Done: func([]string) { u.post(list) }})
}

// hear learns from what another server tells the pages here which namespaces it has.
func (u *UI) hear(m hub.Message) {
	if m.Event != "server_stats" || len(m.Args) > maxHeard || u.hub.Cluster().Alone() {
		return
	}
	var told []serverStats
	if json.Unmarshal(m.Args, &told) != nil || len(told) == 0 || told[0].ServerID == u.options.ServerID {
		return
	}
	learned := false
	u.mu.Lock()
	for _, n := range told[0].Namespaces {
		if _, known := u.known[n.Name]; !known && n.Sockets > 0 && len(u.known) < maxKnown && len(n.Name) > 0 && n.Name[0] == '/' {
			u.known[n.Name] = struct{}{}
			learned = true
		}
	}
	u.mu.Unlock()
	if learned {
		u.post(func(time.Time) { u.lists.wantAgain(listSooner) })
	}
}
