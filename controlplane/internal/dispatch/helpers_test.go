package dispatch

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/controlplane/internal/park"
	"github.com/siohub/siohub/controlplane/internal/window"
	"github.com/siohub/siohub/internal/virtualtime"
)

var testConfig = Config{
	Socket: park.SocketLimit{Items: 4, Bytes: 1 << 20}, GroupBytes: 1 << 20, NodeBytes: 1 << 30,
	Age: 30 * time.Second, FailoverDelay: 800 * time.Millisecond, Suspend: 30 * time.Second, Lifecycle: 100,
	Random: func() float64 { return 0 },
}

// counter is an Observer that counts.
type counter struct {
	mu      sync.Mutex
	dropped map[Drop]int
	events  int
	bytes   int64
	moved   map[Reason]int
	revoked map[Reason]int
	stalled int
}

func (c *counter) Delivered(Kind, uint32) {}

func (c *counter) Dropped(_ *Delivery, why Drop) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped[why]++
}

func (c *counter) Parked(events int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events += events
	c.bytes += bytes
}

func (c *counter) Stalled() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stalled++
}

func (c *counter) Moved(n int, why Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved[why] += n
}

func (c *counter) Revoked(_ Kind, why Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.revoked[why]++
}

func newCounter() *counter {
	return &counter{dropped: make(map[Drop]int), moved: make(map[Reason]int), revoked: make(map[Reason]int)}
}

// book is a Sink that writes down what comes: "socket:name/attempt".
type book struct {
	mu    sync.Mutex
	tries []Try
	// terms are those of each delivery; accepts, if it is there, decides by itself.
	terms    Terms
	accepts  func(*Delivery) (Terms, bool)
	revoked  map[uint64]Reason
	released []string
}

func (b *book) Accepts(d *Delivery) (Terms, bool) {
	if b.accepts != nil {
		return b.accepts(d)
	}
	terms := b.terms
	if hint, ok := d.Hint.(Terms); ok {
		terms.Strict = terms.Strict || hint.Strict
		terms.AtMostOnce = terms.AtMostOnce || hint.AtMostOnce
	}
	return terms, true
}

func (b *book) Revoked(seqs []uint64, why Reason) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.revoked == nil {
		b.revoked = make(map[uint64]Reason)
	}
	for _, seq := range seqs {
		b.revoked[seq] = why
	}
}

func (b *book) Released(owners []Owner, why Reason) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range owners {
		b.released = append(b.released, fmt.Sprintf("%s/%d", o.(*person).name, why))
	}
}

func (b *book) Deliver(t Try) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tries = append(b.tries, t)
}

// take returns what has come since the last call.
func (b *book) take() []Try {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tries
	b.tries = nil
	return t
}

func (b *book) text() []string {
	var out []string
	for _, t := range b.take() {
		out = append(out, fmt.Sprintf("%v/%d", t.Body, t.Attempt))
	}
	return out
}

// person is a lane's owner.
type person struct {
	name  string
	meter park.Meter
	lane  *Lane

	overflows, starved int
	holds              []Hold
	laneEnded          bool
}

func (p *person) Starved() { p.starved++ }

func (p *person) LaneEnded() {
	if p.laneEnded {
		panic("a lane ended twice")
	}
	p.laneEnded = true
}

func (p *person) Hold(from, to Hold) {
	if n := len(p.holds); (n == 0 && from != HoldNone) || (n > 0 && p.holds[n-1] != from) {
		panic(fmt.Sprint("held ", p.holds, ", and now from ", from))
	}
	p.holds = append(p.holds, to)
}

func (p *person) Overflow() { p.overflows++ }

func (p *person) Introduction(late, moved bool) *Delivery {
	body := p.name + ":connected"
	switch {
	case moved:
		body += ":moved"
	case late:
		body += ":late"
	}
	return &Delivery{Kind: Connected, Body: body}
}

// bench is a group with its counters.
type bench struct {
	*Group
	t     *testing.T
	count *counter
}

func newBench(t *testing.T, change func(*Config)) *bench {
	config := testConfig
	if change != nil {
		change(&config)
	}
	b := &bench{t: t, count: newCounter()}
	b.Group = New(config).NewGroup("g", b.count)
	t.Cleanup(b.Group.Close)
	return b
}

// person makes a socket that is not introduced yet.
func (b *bench) person(name string) *person {
	p := &person{name: name}
	p.lane = b.NewLane(p, &p.meter)
	return p
}

func (p *person) say(text string) bool {
	return p.sayWith(text, Reject)
}

func (p *person) sayStrict(text string) bool {
	return p.lane.Push(&Delivery{Kind: Event, Body: p.name + ":" + text, Hint: Terms{Strict: true}})
}

func (p *person) leave() {
	p.lane.Leave(&Delivery{Kind: Disconnected, Body: p.name + ":disconnected"}, 0)
}

// attach attaches an instance with a window.
func (b *bench) attach(id string, deliveries uint32) (*Attachment, *book) {
	b.t.Helper()
	sink := &book{}
	return b.join(id, sink, deliveries, AttachOptions{}), sink
}

// join attaches a sink.
func (b *bench) join(id string, sink Sink, deliveries uint32, o AttachOptions) *Attachment {
	a, _, _, _ := b.Attach(id, sink, o)
	a.Start(some(deliveries), false)
	return a
}

// some are windows of that many deliveries.
func some(deliveries uint32) Windows {
	size := window.Size{Deliveries: deliveries, Bytes: 1 << 20}
	return Windows{Events: size, Attempts: size}
}

// paused is a pause.
var paused = Windows{Paused: true}

// settle settles tries in their order.
func settle(t *testing.T, a *Attachment, tries ...Try) {
	t.Helper()
	for _, try := range tries {
		d, err := a.Begin(try.Seq)
		if err != nil {
			t.Fatalf("%v: %v", try.Body, err)
		}
		a.Finish(d)
	}
}

// expect compares what a sink got.
func expect(t *testing.T, b *book, want ...string) {
	t.Helper()
	if got := b.text(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got  %v\nwant %v", got, want)
	}
}

// empty fails the test unless nothing is parked or counted any more.
func (b *bench) empty() {
	b.t.Helper()
	s := b.Status()
	if s.Events != 0 || s.Bytes != 0 || s.Lifecycle != 0 || s.Waiting != 0 ||
		b.node.bytes.Used() != 0 || b.count.events != 0 || b.count.bytes != 0 {
		b.t.Errorf("left over: %+v, node %d bytes, observed %d events %d bytes",
			s, b.node.bytes.Used(), b.count.events, b.count.bytes)
	}
	for _, i := range s.Instances {
		if i.Held != (window.Size{}) || i.AttemptsHeld != (window.Size{}) {
			b.t.Errorf("%s still holds %+v", i.ID, i.Held)
		}
	}
}

// pass lets virtual time pass, and everything that it leads to.
func pass(d time.Duration) {
	virtualtime.Pass(d)
}

// greetings counts the idle sockets that the instance is still to be told of because they
// came to it.
func (a *Attachment) greetings() int {
	i := a.inst
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.life != a.life {
		return 0
	}
	return i.greetings.len
}
