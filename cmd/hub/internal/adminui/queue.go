package adminui

import (
	"sync"
	"time"

	"github.com/siohub/siohub/internal/sampledlog"
)

// Bounds of what is told. They are those of this hub; a page hears all hubs.
const (
	// maxEvents is how many events of browsers and services are told in a second: more nobody could read. A broadcast counts for each
	// receiver that is told of.
	maxEvents = 200
	// maxChanges is how many changes of sockets and rooms are told in a second. After more the pages get the whole list again.
	maxChanges = 1000
	// maxQueued is how many wait, and maxQueuedBytes what they take.
	maxQueued      = 4096
	maxQueuedBytes = 4 << 20
	// maxShown is how many bytes of arguments, and of data, are shown.
	maxShown = 4 << 10
)

// kind is a kind of things to tell, each with its bound.
type kind int

const (
	ofEvent  kind = iota // event_received, event_sent
	ofChange             // all others
	kinds
)

var mostOf = [kinds]int{maxEvents, maxChanges}

// item is an event for the pages.
type item struct {
	event       string
	args        []byte
	attachments [][]byte
	// later says what stands in its place: who has got an emission, which whoever emits need not wait for.
	later func() []item
}

// queue is what the pages are to be told. What is more than it takes is dropped. Its methods are safe for concurrent use and never
// wait.
type queue struct {
	// set at construction
	dropped func(event string, n int)
	warning *sampledlog.Line
	wake    func()

	mu     sync.Mutex // guards the fields below
	items  []item
	bytes  int
	second time.Time // when the second began that told counts
	told   [kinds]int
	// stale says that a change was dropped.
	stale bool
}

func newQueue(dropped func(string, int), warning *sampledlog.Line, wake func()) *queue {
	return &queue{dropped: dropped, warning: warning, wake: wake}
}

// admits reports whether n more may be told now, of which it grants some: it is asked before anything is encoded.
func (q *queue) admits(k kind, event string, n int) (granted int) {
	q.mu.Lock()
	now := time.Now()
	if now.Sub(q.second) >= time.Second {
		q.second, q.told = now, [kinds]int{}
	}
	if q.bytes < maxQueuedBytes {
		granted = max(0, min(n, mostOf[k]-q.told[k], maxQueued-len(q.items)))
	}
	q.told[k] += granted
	if granted < n && k == ofChange {
		q.stale = true
	}
	q.mu.Unlock()
	if granted < n {
		q.dropped(event, n-granted)
		q.warning.Warn("the admin UI is not told of all that happens: it is more than it shows in a second", "event", event, "option", "admin_ui.mode")
	}
	return granted
}

// put puts something into the queue that was admitted.
func (q *queue) put(i item) {
	size := len(i.args)
	for _, a := range i.attachments {
		size += len(a)
	}
	q.mu.Lock()
	q.items = append(q.items, i)
	q.bytes += size
	q.mu.Unlock()
	q.wake()
}

// maxBatch is how many are taken at once.
const maxBatch = 256

// take takes what there is, oldest first.
func (q *queue) take() []item {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.items), maxBatch)
	if n == 0 {
		q.items, q.bytes = nil, 0
		return nil
	}
	taken := q.items[:n:n]
	q.items = q.items[n:]
	for _, i := range taken {
		q.bytes -= len(i.args)
		for _, a := range i.attachments {
			q.bytes -= len(a)
		}
	}
	return taken
}

// wasStale reports whether a change was dropped since it was last asked.
func (q *queue) wasStale() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	stale := q.stale
	q.stale = false
	return stale
}

// lose drops something that was admitted.
func (q *queue) lose(k kind, event string) {
	q.mu.Lock()
	q.stale = q.stale || k == ofChange
	q.mu.Unlock()
	q.dropped(event, 1)
}
