package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/siohub/siohub/test/chaos"
)

const (
	// defaultCuts is how many cuts the tests of every day have; CHAOS_CUTS asks for
	// others (`make chaos-cuts`).
	defaultCuts = 200
	cutBrowsers = 40
	// kitCuts are few, because the kit waits up to twice as long after each of them.
	kitCuts = 6
	// betweenCuts is the longest time from one cut of the bare service to the next.
	betweenCuts = 50 * time.Millisecond
)

// TestCuts cuts the TCP connection of a service that resumes, again and again, while
// browsers talk. Nothing is delivered twice, nothing is lost, and the order holds.
func TestCuts(t *testing.T) {
	if testing.Short() {
		t.Skip("some hundred cuts are not short")
	}
	cuts := defaultCuts
	if n, err := strconv.Atoi(os.Getenv("CHAOS_CUTS")); err == nil {
		cuts = n
	}
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("CHAOS_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("CHAOS_SEED=%d CHAOS_CUTS=%d", seed, cuts)

	dir := t.TempDir()
	build(t, dir, "./cmd/hub")
	hub, address, control := startHub(t, dir)
	defer func() {
		if t.Failed() {
			t.Logf("the hub's last words:\n%s", hub.log)
		}
	}()
	through := newProxy(t, control)
	s, err := newSurvivor(through.address())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.run(ctx) })
	defer running.Wait()
	defer cancel()

	all := connectAll(t, address, cutBrowsers)
	v := &visitors{address: address, sent: map[string]int{}}
	snip(t, through, all, v, seed, cuts, betweenCuts)
	sent := finish(t, s.has, all, v.sent)
	cancel()
	running.Wait()
	s.judge(t, sent, cuts)
	if err := hub.end(syscall.SIGTERM); err != nil {
		t.Errorf("hub after SIGTERM: %v", err)
	}
}

// TestCuts_Kit does the same to the Go kit, which waits longer after each cut.
func TestCuts_Kit(t *testing.T) {
	if testing.Short() {
		t.Skip("cuts are not short")
	}
	dir := t.TempDir()
	build(t, dir, "./cmd/hub", "./test/chaos/instance")
	hub, address, control := startHub(t, dir)
	through := newProxy(t, control)
	ledger := filepath.Join(dir, "ledger")
	f := &fleet{program: filepath.Join(dir, "instance"), hub: through.address(), ledger: ledger, instances: make([]*process, 1)}
	if err := f.start(0, ""); err != nil {
		t.Fatal(err)
	}
	defer f.stop()
	defer func() {
		if t.Failed() {
			t.Logf("the hub's last words:\n%s\nthe service's:\n%s", hub.log, f.instances[0].log)
		}
	}()
	all := connectAll(t, address, cutBrowsers)
	v := &visitors{address: address, sent: map[string]int{}}
	snip(t, through, all, v, 1, kitCuts, 20*betweenCuts)
	verdict := verify(t, ledger, finish(t, f.has, all, v.sent), nil)
	if verdict.Repeated > 0 || verdict.Redelivered > 0 || verdict.Moves > 0 {
		t.Errorf("%d deliveries came twice, %d with a higher attempt, %d sockets moved", verdict.Repeated, verdict.Redelivered, verdict.Moves)
	}
	t.Logf("%d cuts, %d deliveries", through.count(), verdict.Handled)
}

// snip lets the browsers talk while connections are cut.
func snip(t *testing.T, p *proxy, all []*browser, v *visitors, seed uint64, cuts int, between time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i, b := range all {
		wg.Go(func() { b.run(ctx, rand.New(rand.NewPCG(seed, uint64(i)+1))) })
	}
	for i := range guests {
		wg.Go(func() { v.run(ctx, rand.New(rand.NewPCG(seed, uint64(len(all)+i)+1))) })
	}
	random := rand.New(rand.NewPCG(seed, 0))
	for p.count() < cuts && wait(ctx, time.Duration(random.Int64N(int64(between)))) {
		p.cut(anyManner(random))
	}
	cancel()
	wg.Wait()
	for _, err := range v.errs {
		t.Error(err)
	}
}

// has reports whether so many deliveries of a kind were handled.
func (s *survivor) has(kind string, want int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.records {
		if r.Kind == kind {
			n++
		}
	}
	if n < want {
		return fmt.Errorf("%d of %d", n, want)
	}
	return nil
}

// judge holds what was handled against what was sent.
func (s *survivor) judge(t *testing.T, sent map[string]int, cuts int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	verdict := chaos.Verify(s.records, sent, nil)
	for _, problem := range append(verdict.Problems, s.problems...) {
		t.Error(problem)
	}
	if verdict.Repeated > 0 || verdict.Redelivered > 0 || verdict.Moves > 0 {
		t.Errorf("%d deliveries came twice, %d with a higher attempt, %d sockets moved", verdict.Repeated, verdict.Redelivered, verdict.Moves)
	}
	if len(s.commands) > 0 {
		t.Errorf("%d commands have no result", len(s.commands))
	}
	t.Logf("%d cuts, resumed %d times; %d deliveries, %d commands, %d envelopes there and %d back",
		cuts, s.resumes, verdict.Handled, s.command, s.number, s.received)
}
