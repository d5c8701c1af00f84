package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/siohub/siohub/test/chaos"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	browsers  = 200
	guests    = 8
	instances = 3
	// patience bounds each wait for something that comes by itself: parked work
	// lives 30 s.
	patience = 45 * time.Second
)

// TestChaos is `make chaos`; the package comment says what it asserts.
func TestChaos(t *testing.T) {
	duration, err := time.ParseDuration(os.Getenv("CHAOS_TIME"))
	if err != nil {
		t.Skip("runs for CHAOS_TIME, such as 30s: make chaos")
	}
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("CHAOS_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("CHAOS_SEED=%d CHAOS_TIME=%v", seed, duration)

	dir := t.TempDir()
	build(t, dir, "./cmd/hub", "./test/chaos/instance")
	hub, address, control := startHub(t, dir)
	f := &fleet{
		program: filepath.Join(dir, "instance"), hub: control, ledger: filepath.Join(dir, "ledger"),
		random: rand.New(rand.NewPCG(seed, 0)), instances: make([]*process, instances), killed: map[string]bool{},
	}
	defer f.stop()
	for i := range f.instances {
		if err := f.start(i, ""); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		if t.Failed() {
			t.Logf("the hub's last words:\n%s", hub.log)
		}
	}()

	all := connectAll(t, address, browsers)
	v := &visitors{address: address, sent: map[string]int{}}
	storm(t, f, all, v, seed, duration)
	sent := finish(t, f.has, all, v.sent)
	verdict := verify(t, f.ledger, sent, f.killed)
	report(t, f, all, len(v.sent), verdict)

	if err := hub.end(syscall.SIGTERM); err != nil {
		t.Errorf("hub after SIGTERM: %v", err)
	}
}

// startHub starts the hub on ports of its own choice, and reads them from its ready
// line.
func startHub(t *testing.T, dir string, flags ...string) (hub *process, address, control string) {
	t.Helper()
	hub, err := start(filepath.Join(dir, "hub"), append([]string{
		"serve", "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
	}, flags...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hub.end(syscall.SIGKILL) })
	eventually(t, "the hub's ready line", func() error {
		select {
		case <-hub.exited:
			t.Fatalf("hub serve: %v\n%s", hub.err, hub.log)
		default:
		}
		address, control = addresses(hub.log.head())
		if address == "" || control == "" {
			return errors.New(hub.log.head())
		}
		return nil
	})
	return hub, address, control
}

var readyLine = regexp.MustCompile(`ready.*?(127\.0\.0\.1:\d+).*?(127\.0\.0\.1:\d+)`)

// addresses finds the first two addresses of the ready line: browsers, services.
func addresses(log string) (browsers, services string) {
	if m := readyLine.FindStringSubmatch(log); m != nil {
		return m[1], m[2]
	}
	return "", ""
}

// connectAll brings all browsers in, a few at a time.
func connectAll(t *testing.T, address string, n int) []*browser {
	t.Helper()
	return connectAllAt(t, address, n, time.Millisecond)
}

// connectAllAt is connectAll for browsers with that pace.
func connectAllAt(t *testing.T, address string, n int, pace time.Duration) []*browser {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	all := make([]*browser, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	gate := make(chan struct{}, 20)
	for i := range all {
		wg.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			all[i], errs[i] = dialFor(ctx, address, 0, pace)
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("connect: %v", err)
	}
	return all
}

// storm lets the browsers talk while instances are killed.
func storm(t *testing.T, f *fleet, all []*browser, v *visitors, seed uint64, duration time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), duration)
	defer cancel()
	talkWhile(ctx, t, all, v, guests, seed, f.killInTurns)
}

// talkWhile lets browsers talk and so many visitors come and go while something happens to the service.
func talkWhile(ctx context.Context, t *testing.T, all []*browser, v *visitors, guests int, seed uint64, happens func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	for i, b := range all {
		wg.Go(func() { b.run(ctx, rand.New(rand.NewPCG(seed, uint64(i)+1))) })
	}
	for i := range guests {
		wg.Go(func() { v.run(ctx, rand.New(rand.NewPCG(seed, uint64(len(all)+i)+1))) })
	}
	if err := happens(ctx); err != nil {
		t.Error(err)
	}
	cancel()
	wg.Wait()
	for _, err := range v.errs {
		t.Error(err)
	}
}

// finish waits until all that was sent is acked and handled, then closes the
// browsers and waits until that is in the ledger as well. It adds to what the
// visitors have sent.
func finish(t *testing.T, handled func(kind string, want int) error, all []*browser, sent map[string]int) map[string]int {
	t.Helper()
	eventually(t, "acks", func() error {
		for i, b := range all {
			if n := b.unanswered(); n > 0 && !hasEnded(b) {
				return fmt.Errorf("browser %d (%s) waits for %d acks", i, b.sid, n)
			}
		}
		return nil
	})
	total := 0
	for i, b := range all {
		if hasEnded(b) {
			t.Errorf("browser %d (%s) was disconnected: %v", i, b.sid, b.err)
		} else if n := b.unanswered(); n > 0 {
			t.Errorf("browser %d (%s): %d events without their ack", i, b.sid, n)
		}
		sent[b.sid] = b.sent
	}
	for _, count := range sent {
		total += count
	}
	eventually(t, "events in the ledger", func() error { return handled(chaos.Event, total) })
	for i, b := range all {
		if err := b.leave(); err != nil {
			t.Errorf("browser %d (%s): %v", i, b.sid, err)
		}
	}
	eventually(t, "disconnects in the ledger", func() error { return handled(chaos.Disconnected, len(sent)) })
	return sent
}

func hasEnded(b *browser) bool {
	select {
	case <-b.ended:
		return true
	default:
		return false
	}
}

// has reports whether so many deliveries of a kind were handled.
func (f *fleet) has(kind string, want int) error {
	records, err := chaos.ReadLedger(f.ledger)
	if err != nil {
		return err
	}
	handled := map[string]bool{}
	for _, r := range records {
		if r.Kind == kind {
			handled[r.DedupeID] = true
		}
	}
	if len(handled) < want {
		return fmt.Errorf("%d of %d", len(handled), want)
	}
	return nil
}

// eventually waits for a condition and complains when it does not come.
func eventually(t *testing.T, what string, condition func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("waited %v for %s: %v", patience, what, err)
			return
		}
		wait(t.Context(), 50*time.Millisecond)
	}
}

func verify(t *testing.T, path string, sent map[string]int, killed map[string]bool) chaos.Verdict {
	t.Helper()
	records, err := chaos.ReadLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	verdict := chaos.Verify(records, sent, killed)
	for _, problem := range verdict.Problems {
		t.Error(problem)
	}
	if t.Failed() {
		kept := filepath.Join(os.TempDir(), "chaos-ledger-"+strconv.Itoa(os.Getpid()))
		if data, err := os.ReadFile(path); err == nil && os.WriteFile(kept, data, 0o644) == nil {
			t.Logf("the ledger is kept in %s", kept)
		}
	}
	return verdict
}

// report prints what happened.
func report(t *testing.T, f *fleet, all []*browser, visits int, v chaos.Verdict) {
	t.Helper()
	var delays []time.Duration
	sent, ended := 0, 0
	for _, b := range all {
		delays = append(delays, b.delays...)
		sent += b.sent
		if b.err != nil {
			ended++
		}
	}
	slices.Sort(delays)
	at := func(q float64) time.Duration {
		if len(delays) == 0 {
			return 0
		}
		return delays[int(q*float64(len(delays)-1))].Round(100 * time.Microsecond)
	}
	rows := []struct {
		name  string
		value any
	}{
		{"browsers", len(all)},
		{"  disconnected", ended},
		{"visits by others", visits},
		{"instances killed", len(f.killed)},
		{"  back under the same id", f.same},
		{"their events", sent},
		{"  acked", len(delays)},
		{"deliveries handled", v.Handled},
		{"  redelivered", v.Redelivered},
		{"  of them seen before", v.Repeated},
		{"sockets moved", v.Moves},
		{"promises broken", len(v.Problems)},
		{"event to ack, median", at(0.5)},
		{"  99 %", at(0.99)},
		{"  longest", at(1)},
	}
	for _, row := range rows {
		t.Logf("%-26s %10v", row.name, row.value)
	}
}
