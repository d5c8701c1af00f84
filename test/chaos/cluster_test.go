package chaos_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/siohub/siohub/test/chaos"
)

// scale is how large and how long the tests of clusters are.
type scale struct {
	browsers int
	rounds   int           // of an engine that is killed
	away     time.Duration // how long it is then
	cut      time.Duration // how long a hub or an engine is cut off
	quiet    time.Duration // before a fault and after it
	expiry   time.Duration // cluster.expiry
	back     time.Duration // until all is as before
	answer   time.Duration // until a question is answered
}

// full is `make cluster-faults`. The short form runs with all tests, on machines that do much else.
func full() bool { return os.Getenv("CHAOS_CLUSTER") == "full" }

func scaled(t *testing.T) scale {
	t.Helper()
	switch {
	case full():
		return scale{
			browsers: 300, rounds: 10, away: 5 * time.Second, cut: 30 * time.Second, quiet: 5 * time.Second,
			expiry: 10 * time.Second, back: 5 * time.Second, answer: 1500 * time.Millisecond,
		}
	case testing.Short():
		t.Skip("hubs that are killed are not short")
	}
	return scale{
		browsers: 40, rounds: 2, away: time.Second, cut: 6 * time.Second, quiet: time.Second,
		expiry: 3 * time.Second, back: patience, answer: 4 * time.Second,
	}
}

// cluster is hubs that share an engine, and a service that is attached to all of them. Every way between two parties leads
// through a proxy of its own, so that it can be cut.
type cluster struct {
	t      *testing.T
	dir    string
	scale  scale
	engine *engine
	hubs   []*node
	// instances of the service; each says whether it is introduced to the sockets that it holds.
	instances []*process
	each      bool
	direct    map[int]*node // instances that reach a hub by a way of their own, which is never cut
	ledger    string
	roamers   []*roamer
	askers    []*asker
	stalls    *stalls
}

// node is a hub.
type node struct {
	*process
	address, control             string // of its own listeners
	toEngine, services, browsers *proxy
}

const (
	pingInterval = 3 * time.Second
	pingTimeout  = 7 * time.Second
)

func newCluster(t *testing.T, kind string, each bool, hubs int) *cluster {
	t.Helper()
	c := &cluster{t: t, dir: t.TempDir(), scale: scaled(t), each: each, stalls: watchStalls(t)}
	c.ledger = filepath.Join(c.dir, "ledger")
	build(t, c.dir, "./cmd/hub", "./test/chaos/instance")
	c.engine = startEngine(t, c.dir, kind)
	t.Cleanup(c.lastWords)
	for range hubs {
		n := &node{toEngine: newProxy(t, c.engine.address), services: newProxy(t, ""), browsers: newProxy(t, "")}
		c.start(n)
		c.hubs = append(c.hubs, n)
	}
	return c
}

// start starts a hub, which is reached by the proxies of the one that may have been there before.
func (c *cluster) start(n *node) {
	n.process, n.address, n.control = startHub(c.t, c.dir,
		"--cluster-engine", c.engine.kind, "--cluster-url", c.engine.url(n.toEngine.address()), "--cluster-advertise", n.services.address(),
		"--cluster-expiry", c.scale.expiry.String(), "--ping-interval", pingInterval.String(), "--ping-timeout", pingTimeout.String())
	n.services.leadTo(n.control)
	n.browsers.leadTo(n.address)
}

func (c *cluster) lastWords() {
	if !c.t.Failed() {
		return
	}
	for i, n := range c.hubs {
		c.t.Logf("hub %d's last words:\n%s", i, n.log)
	}
	for i, p := range c.instances {
		c.t.Logf("instance %d's last words:\n%s", i, p.log)
	}
	kept := filepath.Join(os.TempDir(), fmt.Sprintf("chaos-ledger-%d", os.Getpid()))
	if data, err := os.ReadFile(c.ledger); err == nil && os.WriteFile(kept, data, 0o644) == nil {
		c.t.Logf("the ledger is kept in %s", kept)
	}
}

// serve starts instances, each of which knows one hub's address and learns the others'.
func (c *cluster) serve(n int) {
	c.t.Helper()
	for i := range n {
		c.instances = append(c.instances, c.instance(i))
	}
	c.attached()
	for _, n := range c.hubs {
		c.askers = append(c.askers, newAsker(c.t, n.control))
	}
}

func (c *cluster) instance(i int) *process {
	c.t.Helper()
	args := []string{"--hub", c.addressFor(i, c.hubs[i%len(c.hubs)]), "--ledger", c.ledger, "--asks", c.asksOf(i)}
	if c.each {
		args = append(args, "--each")
	}
	p, err := start(filepath.Join(c.dir, "instance"), args...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = p.end(syscall.SIGKILL) })
	return p
}

// deploy puts another process in the place of each instance, one after the other: each socket has moved then.
func (c *cluster) deploy() {
	c.t.Helper()
	for i, p := range c.instances {
		if err := p.end(syscall.SIGTERM); err != nil {
			c.t.Errorf("instance %d: %v", i, err)
		}
		c.instances[i] = c.instance(i)
		c.attached()
	}
}

// attached waits until each instance is at each hub.
func (c *cluster) attached() {
	c.t.Helper()
	for i, p := range c.instances {
		eventually(c.t, fmt.Sprintf("instance %d at each hub", i), func() error {
			for k, hub := range c.hubs {
				if !strings.Contains(p.log.head(), "address="+c.addressFor(i, hub)+" ") {
					return fmt.Errorf("not at hub %d", k)
				}
			}
			return nil
		})
	}
}

// addressFor is where an instance reaches a hub.
func (c *cluster) addressFor(i int, hub *node) string {
	if c.direct[i] == hub {
		return hub.control
	}
	return hub.services.address()
}

func (c *cluster) asksOf(i int) string { return filepath.Join(c.dir, fmt.Sprintf("answers-%d", i)) }

// come brings browsers in, as many at each hub. Which of them may go to which hubs later is for the caller.
func (c *cluster) come(seed uint64, addresses func(i int) []string) (leave func()) {
	c.t.Helper()
	for i := range c.scale.browsers {
		c.roamers = append(c.roamers, &roamer{
			addresses: addresses(i), alive: pingInterval + pingTimeout, pace: 8 * time.Millisecond, lives: map[string]int{},
		})
	}
	leave = talk(c.roamers, seed)
	c.allPresent("at the beginning")
	return leave
}

// allPresent waits until every browser is connected, and every hub that is up counts all of them.
func (c *cluster) allPresent(when string) {
	c.t.Helper()
	eventually(c.t, "all browsers, "+when, func() error {
		if n := len(present(c.roamers)); n < len(c.roamers) {
			return fmt.Errorf("%d of %d", n, len(c.roamers))
		}
		return nil
	})
}

// whole waits until each hub that is asked knows of all sockets, and misses nobody.
func (c *cluster) whole(when string, hubs ...int) (took time.Duration) {
	c.t.Helper()
	begun := time.Now()
	for _, i := range hubs {
		eventually(c.t, fmt.Sprintf("a whole answer of hub %d, %s", i, when), func() error {
			answers := c.askers[i].all()
			if len(answers) == 0 {
				return errors.New("no answer")
			}
			last := answers[len(answers)-1]
			if last.Error != "" || len(last.Missing) > 0 || last.Sockets != len(c.roamers) {
				return fmt.Errorf("%+v", last)
			}
			return nil
		})
	}
	return time.Since(begun)
}

// settled waits until the newest answers of all instances are whole.
func (c *cluster) settled() {
	c.t.Helper()
	for i := range c.instances {
		eventually(c.t, fmt.Sprintf("a whole answer of instance %d", i), func() error {
			answers, err := chaos.ReadAnswers(c.asksOf(i))
			if err != nil || len(answers) == 0 {
				return fmt.Errorf("%d answers, %w", len(answers), err)
			}
			if last := answers[len(answers)-1]; last.Error != "" || len(last.Missing) > 0 || last.Sockets != len(c.roamers) {
				return fmt.Errorf("%+v", last)
			}
			return nil
		})
	}
}

// end lets all browsers have their acks, then go, and judges what the service was told.
func (c *cluster) end(leave func()) chaos.Lives {
	t := c.t
	t.Helper()
	c.allPresent("at the end")
	leave()
	last := present(c.roamers)
	eventually(t, "acks", func() error {
		for _, b := range last {
			if n := b.unanswered(); n > 0 && !hasEnded(b) {
				return fmt.Errorf("browser %s waits for %d acks", b.sid, n)
			}
		}
		return nil
	})
	sent := map[string]int{}
	for _, r := range c.roamers {
		r.mu.Lock()
		if b := r.now; b == nil || hasEnded(b) {
			t.Errorf("a browser is not there at the end: %v", r.ended)
		} else if err := b.leave(); err != nil {
			t.Errorf("browser %s: %v", b.sid, err)
		}
		if r.now != nil {
			sent[r.now.sid] = r.now.sent
			r.overLocked(nil)
		}
		r.mu.Unlock()
	}
	var lives chaos.Lives
	eventually(t, "the end of each life", func() error {
		records, err := chaos.ReadLedger(c.ledger)
		if err != nil {
			return err
		}
		lives = chaos.VerifyLives(records, c.each)
		for sid, n := range sent {
			if lives.Last[sid] != n {
				return fmt.Errorf("socket %s: %d of %d events were handled", sid, lives.Last[sid], n)
			}
		}
		for _, p := range lives.Problems {
			if strings.Contains(p, "no disconnected") {
				return errors.New(p)
			}
		}
		return nil
	})
	for _, p := range lives.Problems {
		t.Error(p)
	}
	return lives
}

// answered judges how long questions took since a time, at these hubs and at the instances.
func (c *cluster) answered(since time.Time, hubs ...int) {
	t := c.t
	t.Helper()
	t.Logf("the machine stood still for %v at the longest", c.stalls.longest(since))
	judge := func(who string, answers []chaos.Answer) {
		s, quiet := summarize(after(answers, since)), summarize(before(answers, since))
		most := c.scale.answer + max(quiet.longest, 2*c.stalls.longest(since)) // as on a machine that does nothing else
		t.Logf("%-12s %4d answers, %3d without a hub, median %8v, longest %8v (%v after the fault; %v before it)",
			who, s.count, s.lacking, s.median.Round(100*time.Microsecond), s.longest.Round(time.Millisecond), s.at.Sub(since).Round(time.Millisecond),
			quiet.longest.Round(time.Millisecond))
		if os.Getenv("CHAOS_ANSWERS") != "" {
			for _, a := range answers {
				t.Logf("%s: %v after: %v, %d sockets, missing %v %s", who, a.Begun.Sub(since), a.Took, a.Sockets, a.Missing, a.Error)
			}
		}
		if s.count == 0 || s.failed > 0 || s.longest > most {
			t.Errorf("%s: %d of %d questions failed (%s), the longest took %v, more than %v is not allowed", who, s.failed, s.count, s.error, s.longest, most)
		}
	}
	for _, i := range hubs {
		judge(fmt.Sprintf("hub %d", i), c.askers[i].all())
	}
	for i := range c.instances {
		answers, err := chaos.ReadAnswers(c.asksOf(i))
		if err != nil {
			t.Error(err)
		}
		judge(fmt.Sprintf("instance %d", i), answers)
	}
}

// before are the answers to what was asked before a fault, and had its answer before it.
func before(answers []chaos.Answer, fault time.Time) (early []chaos.Answer) {
	for _, a := range answers {
		if a.Begun.Add(a.Took).Before(fault) {
			early = append(early, a)
		}
	}
	return early
}

func after(answers []chaos.Answer, since time.Time) (late []chaos.Answer) {
	for _, a := range answers {
		if a.Begun.After(since.Add(-2 * chaos.AskEvery)) {
			late = append(late, a)
		}
	}
	return late
}

func newSeed(t *testing.T) uint64 {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return seed
}
