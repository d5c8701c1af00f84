package hostile_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siohub/siohub/test/hostile"
	"github.com/siohub/siohub/test/hostile/services"
)

// workers is how many inputs run at the same time.
const workers = 10

// suite is one run over all inputs.
type suite struct {
	target     *hostile.Target
	bystanders []*hostile.Bystander
	tokens     atomic.Int64

	mu      sync.Mutex // guards the fields below
	running map[string]bool
	counts  map[string]*count
	worst   time.Duration
	highest int64
}

type count struct{ passed, failed int }

func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand inputs are not short")
	}
	t.Parallel()
	target, err := hostile.FindTarget()
	s := newSuite(t, target, err)
	s.judge(t, inputs(target))
}

func TestHostileServe(t *testing.T) {
	if testing.Short() || os.Getenv("HOSTILE_TARGET")+os.Getenv("HOSTILE_REFERENCE")+os.Getenv("HOSTILE_PROGRAM") != "" {
		t.Skip("needs the hub's own program")
	}
	t.Parallel()
	target, err := hostile.StartServe(t.TempDir(), hostile.SuiteServe)
	s := newSuite(t, target, err)
	s.judge(t, inputsOfServe())
	for _, token := range append(services.BadTokens, hostile.GoodToken) {
		if token != "" && strings.Contains(target.Log.String(), token) {
			t.Errorf("the server's log has the token %q", token)
		}
	}
}

// judge runs the inputs and looks at everything afterwards.
func (s *suite) judge(t *testing.T, all []hostile.Input) {
	// The sessions of the warming up have been closed; only the bystanders' stay.
	start := s.target.Settle(hostile.Usage{Goroutines: 1 << 20, Descriptors: 1 << 20, Resident: 1 << 40, Sessions: len(s.bystanders)}, 20*time.Second)
	t.Logf("at the start: %v", start)
	s.runAll(t, all)
	for _, b := range s.bystanders {
		if err := b.Probe.Inspect(); err != nil {
			t.Errorf("bystander on %s: %v", b.Name, err)
		}
	}
	s.report(t)
	s.settled(t, start)
}

func newSuite(t *testing.T, target *hostile.Target, err error) *suite {
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.Stop(); err != nil {
			t.Error(err)
		}
		if bad := hostile.Stacks.FindAllString(target.Log.String(), 3); bad != nil {
			t.Errorf("the server's log has %q", bad)
		}
		if t.Failed() {
			t.Logf("the end of the server's log:\n%s", tail(target.Log.String(), 4000))
		}
	})
	s := &suite{target: target, running: map[string]bool{}, counts: map[string]*count{}}
	t.Cleanup(func() {
		for _, b := range s.bystanders {
			b.Close()
		}
	})
	if target.Token != "" { // a bare hub: the main namespace is ours to serve
		t.Cleanup(services.Serve(target, "/", t.Errorf))
	}
	s.add(t, false, "")
	s.add(t, true, "")
	if target.Control != "" {
		t.Cleanup(services.Serve(target, "/bystander", t.Errorf))
		s.add(t, false, services.BystanderPrefix)
	}
	for i := range 100 { // warm: buffers and pools are there before the start is measured
		if _, err := hostile.Fresh(target, i%2 == 0); err != nil {
			t.Fatalf("warming up: %v", err)
		}
	}
	return s
}

// add connects a bystander.
func (s *suite) add(t *testing.T, overPolling bool, prefix string) {
	b, err := hostile.NewBystander(s.target, overPolling, prefix)
	if err != nil {
		t.Fatalf("bystander: %v", err)
	}
	s.bystanders = append(s.bystanders, b)
}

// runAll runs the inputs in a random order, slow ones beside the others.
func (s *suite) runAll(t *testing.T, all []hostile.Input) {
	seed, err := strconv.ParseUint(os.Getenv("HOSTILE_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("HOSTILE_SEED=%d, %d inputs", seed, len(all))
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	// What a service leaves behind is kept for 30 s: services first, so that the end
	// need not wait for it.
	slices.SortStableFunc(all, func(a, b hostile.Input) int {
		return strings.Compare(fmt.Sprint(!strings.HasPrefix(a.Kind, "grpc")), fmt.Sprint(!strings.HasPrefix(b.Kind, "grpc")))
	})
	quick := make(chan hostile.Input)
	var wg sync.WaitGroup
	for _, in := range all {
		if in.Slow {
			wg.Go(func() { s.run(t, in) })
		}
	}
	for range workers {
		wg.Go(func() {
			for in := range quick {
				s.run(t, in)
			}
		})
	}
	for _, in := range all {
		if !in.Slow {
			quick <- in
		}
	}
	close(quick)
	wg.Wait()
}

func (s *suite) run(t *testing.T, in hostile.Input) {
	t.Run(in.Kind+"/"+in.Name, func(t *testing.T) {
		if s.target.Ended() {
			t.Skip("the server has ended")
		}
		s.mark(in, true)
		defer s.mark(in, false)
		defer func() { s.note(in, t.Failed()) }()
		limit := hostile.InputLimit
		if in.Slow {
			limit = hostile.SlowLimit
		}
		p := hostile.NewProbe(s.target, limit)
		got := attack(p, in)
		if !in.Allowed(got, s.target.Reference) {
			t.Errorf("%s: %s: got %q, want one of %q", in.Kind, in.Name, got, in.Allow)
		}
		p.Close()
		if err := p.Inspect(); err != nil {
			t.Errorf("%s: %s: %v", in.Kind, in.Name, err)
		}
		s.aftermath(t)
	})
}

// attack runs the input; what it cannot do is an outcome too.
func attack(p *hostile.Probe, in hostile.Input) (got hostile.Outcome) {
	defer func() {
		if r := recover(); r != nil {
			got = hostile.Outcome(fmt.Sprintf("failed: %v", r))
		}
	}()
	return in.Attack(p)
}

// aftermath looks at everybody else.
func (s *suite) aftermath(t *testing.T) {
	n := s.tokens.Add(1)
	took, err := hostile.Fresh(s.target, n%2 == 0)
	if err != nil { // once more: the machine may be busy with something else
		t.Logf("a fresh client was not served at first: %v; at the same time ran %v", err, s.others())
		took, err = hostile.Fresh(s.target, n%2 == 0)
	}
	if err != nil {
		t.Errorf("a fresh client was not served: %v; at the same time ran %v", err, s.others())
	}
	if took > hostile.FreshLimit/4 {
		t.Logf("a fresh client took %v; at the same time ran %v", took, s.others())
	}
	for i := range s.bystanders {
		b := s.bystander(i)
		err := b.Check(fmt.Sprintf("bystander-%d", n))
		if errors.Is(err, hostile.ErrNoEcho) { // once more, as above
			t.Logf("the bystander on %s: %v; at the same time ran %v", b.Name, err, s.others())
			err = b.Check(fmt.Sprintf("bystander-%d-again", n))
		}
		if err != nil {
			t.Errorf("the bystander on %s was disturbed: %v; at the same time ran %v", b.Name, err, s.others())
			s.replace(t, i, b)
		}
	}
	resident := s.target.Resident()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.worst = max(s.worst, took)
	s.highest = max(s.highest, resident)
}

func (s *suite) bystander(i int) *hostile.Bystander {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bystanders[i]
}

// replace puts a new bystander in the place of one that was disturbed, so that
// each disturbance is told once.
func (s *suite) replace(t *testing.T, i int, old *hostile.Bystander) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bystanders[i] != old {
		return
	}
	b, err := hostile.NewBystander(s.target, i == 1, old.Prefix)
	if err != nil {
		t.Errorf("no new bystander: %v", err)
		return
	}
	old.Close()
	s.bystanders[i] = b
}

func (s *suite) mark(in hostile.Input, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if on {
		s.running[in.Kind+"/"+in.Name] = true
	} else {
		delete(s.running, in.Kind+"/"+in.Name)
	}
}

func (s *suite) others() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for name := range s.running {
		list = append(list, name)
	}
	return list
}

func (s *suite) note(in hostile.Input, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counts[in.Kind]
	if c == nil {
		c = &count{}
		s.counts[in.Kind] = c
	}
	if failed {
		c.failed++
	} else {
		c.passed++
	}
}

func (s *suite) report(t *testing.T) {
	var sum count
	for _, kind := range kinds {
		if c := s.counts[kind]; c != nil {
			t.Logf("%-9s %4d passed %4d failed", kind, c.passed, c.failed)
			sum.passed, sum.failed = sum.passed+c.passed, sum.failed+c.failed
		}
	}
	t.Logf("%-9s %4d passed %4d failed; worst fresh client %v; at most %d MiB", "all", sum.passed, sum.failed, s.worst, s.highest>>20)
}

// settled sees that the server gave back what it took.
func (s *suite) settled(t *testing.T, start hostile.Usage) {
	end := s.target.Settle(start, 60*time.Second)
	t.Logf("at the end: %v", end)
	if s.target.Reference {
		return
	}
	if !end.Within(start) {
		t.Errorf("the server holds %v, at the start it was %v\n%s", end, start, s.target.Busiest())
	}
	// An envelope of up to 16 MiB is read before it is refused (it was 4 MiB when this was
	// 256), several inputs run at a time, and the collector lets the heap double. Of 16 compressors
	// each has 1.5 MiB.
	if s.highest > start.Resident+480<<20 {
		t.Errorf("the server grew to %d MiB, from %d MiB", s.highest>>20, start.Resident>>20)
	}
	if bad := s.target.Panics(); bad != nil {
		t.Errorf("the server recovered from panics: %v", bad)
	}
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }
