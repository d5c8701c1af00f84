package adminui

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/cluster"
)

const (
	// maxListed is how many sockets are in the list that a page gets, and maxListedBytes what they take.
	maxListed      = 2000
	maxListedBytes = 1 << 20
	// listAgain is the time from one list to the next, where pages have one already; listSooner, where it lacks a namespace.
	listAgain  = 10 * time.Second
	listSooner = 2 * time.Second
	// listSeldom is the longest time from one list to the next where something changes during each of them.
	listSeldom = 5 * time.Minute
	// askTime is how long other servers are waited for.
	askTime = 2 * time.Second
	// maxAsked is how many namespaces other servers are asked about.
	maxAsked = 50
)

// lists makes the lists of sockets that pages get: all_sockets, in which the page finds all and forgets what it had. Owned by Run.
type lists struct {
	*site
	pages  *pages
	tasks  *tasks
	queue  *queue
	others *others

	// want are pages that want one; again, that all do, at that time.
	want  []string
	again bool
	due   time.Time
	last  time.Time
	// making says that one is being made.
	making bool
	// pause is the time to the next list if something changes while this one is made; it doubles each time that something
	// does, as all servers are asked for all their sockets. Zero means listAgain.
	pause time.Duration
}

// wantAgain has all pages here get the list again, after so long.
func (l *lists) wantAgain(after time.Duration) {
	due := l.last.Add(after)
	if !l.again || due.Before(l.due) {
		l.again, l.due = true, due
	}
}

// step begins with a list if one is wanted.
func (l *lists) step(now time.Time) {
	if l.queue.wasStale() {
		l.wantAgain(listAgain)
	}
	again := l.again && !now.Before(l.due)
	if l.making || len(l.want) == 0 && !again {
		return
	}
	to := l.want
	if again {
		l.again, to = false, l.pages.ids()
	}
	l.want = nil
	if len(to) == 0 || !l.options.Development {
		return
	}
	l.making = true
	l.others.changed.Store(false)
	l.gather(func(sockets []json.RawMessage) {
		l.making, l.last = false, time.Now()
		l.pages.emitTo(nil, to, "all_sockets", arguments(sockets))
		if !l.others.changed.Load() || l.hub.Cluster().Alone() {
			l.pause = 0
			return
		}
		// A server may have answered before what the pages have heard of it since: the list has taken that back.
		l.pause = max(l.pause, listAgain)
		l.wantAgain(l.pause)
		l.pause = min(2*l.pause, listSeldom)
	})
}

// listing gathers the sockets of other servers. Its methods are safe for concurrent use.
type listing struct {
	most, mostBytes int // of one server's answers and of all

	mu      sync.Mutex // guards the fields below
	sockets []json.RawMessage
	ids     map[string]struct{}
	bytes   int
	missed  bool
}

// add adds a socket unless it is there, or the list is full.
func (l *listing) add(id string, describe func() *shown) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, twice := l.ids[id]; twice {
		return
	}
	if len(l.sockets) >= l.most || l.bytes >= l.mostBytes {
		l.missed = true
		return
	}
	one := encode(describe())
	l.ids[id] = struct{}{}
	l.sockets = append(l.sockets, one)
	l.bytes += len(one)
}

// gather gathers all sockets, and has Run call done with them.
func (l *lists) gather(done func([]json.RawMessage)) {
	most := int(min(maxListedBytes, l.hub.MaxEventBytes()/2))
	theirs := &listing{most: maxListed / 2, mostBytes: most / 2, ids: map[string]struct{}{}}
	finish := func(time.Time) {
		all := &listing{most: maxListed, mostBytes: most - theirs.bytes, ids: map[string]struct{}{}}
		l.addOwn(all)
		all.sockets = append(all.sockets, theirs.sockets...)
		if all.missed || theirs.missed {
			l.options.Trace.Dropped("all_sockets", 1)
			l.refused.Warn("the admin UI shows some of the sockets alone: there are more than it shows", "option", "admin_ui.mode")
		}
		done(all.sockets[:min(len(all.sockets), maxListed)])
	}
	asked := l.others.asked()
	if len(asked) == 0 {
		finish(time.Now())
		return
	}
	var open sync.WaitGroup
	open.Add(len(asked))
	for _, namespace := range asked {
		l.hub.Cluster().Ask(&cluster.Question{
			Kind: cluster.Fetch, Namespace: namespace, Target: cluster.Target{All: true}, Handshakes: true, Timeout: askTime,
		}, cluster.Asking{
			Answer: func(a *cluster.Answer) {
				for i := range a.Sockets {
					s := &a.Sockets[i]
					theirs.add(s.ID, func() *shown { return shownElsewhere(namespace, s) })
				}
			},
			Done: func([]string) { open.Done() },
		})
	}
	go func() { // ends when all have answered, or askTime is over
		open.Wait()
		l.tasks.post(finish)
	}()
}

// addOwn adds the sockets of this hub. Where there are more than are shown, each namespace has its share.
func (l *lists) addOwn(to *listing) {
	held := l.hub.Stats().Sockets
	total := 0
	for _, n := range held {
		total += n
	}
	share := maxListed
	if total > maxListed {
		share = max(1, maxListed/len(held))
		to.missed = true
	}
	for _, name := range slices.Sorted(maps.Keys(held)) {
		sockets, err := l.hub.FetchSockets(hub.Target{Namespace: name, All: true})
		if err != nil {
			return // the hub is being shut down
		}
		for _, s := range sockets[:min(len(sockets), share)] {
			to.add(s.ID(), func() *shown { return shownOf(s) })
		}
	}
}
