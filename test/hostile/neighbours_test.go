package hostile

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A round is some windows of quiet and some of attack. What is compared is the lower
// quartile of all windows of a kind: the machine's other work lifts some of them, what the
// hub does to bystanders all.
const (
	window  = 300 * time.Millisecond // of some hundred echoes
	windows = 3                      // in a round, of each kind
)

// TestNeighbours measures what the echo of a bystander costs beside services that take
// as much as they can, in relation to the quiet time between. The attackers are another
// process and leave the processors to everybody else, so that what is measured is the
// hub and not the system's scheduler.
func TestNeighbours(t *testing.T) {
	rounds, _ := strconv.Atoi(os.Getenv("HOSTILE_NEIGHBOURS"))
	if rounds == 0 {
		t.Skip("HOSTILE_NEIGHBOURS says how many rounds to run: `make neighbours`")
	}
	target, err := findTarget()
	s := newSuite(t, target, err)
	b := s.bystanders[len(s.bystanders)-1]
	t.Logf("| %-38s | %8s | %8s | %5s | %8s | %8s | %5s |", "attack", "p50", "beside", "ratio", "p99", "beside", "ratio")
	for _, n := range neighbours() {
		if only := os.Getenv("HOSTILE_ONLY"); only != "" && !strings.Contains(n.name, only) {
			continue
		}
		var quiet, busy [2][]time.Duration
		var share []float64
		for range rounds {
			for range windows {
				add(&quiet, echoes(t, b, window))
			}
			stop := start(t, target, n.name)
			_ = echoes(t, b, window) // they come
			before, begin := target.processor(), time.Now()
			for range windows {
				add(&busy, echoes(t, b, window))
			}
			share = append(share, ratio(target.processor()-before, time.Since(begin)))
			stop()
			_ = echoes(t, b, window) // they leave
		}
		q50, b50, q99, b99 := quartile(quiet[0]), quartile(busy[0]), quartile(quiet[1]), quartile(busy[1])
		t.Logf("| %-38s | %8v | %8v | %5.2f | %8v | %8v | %5.2f | %4.0f%% |", n.name, micros(q50), micros(b50), ratio(b50, q50), micros(q99), micros(b99), ratio(b99, q99), 100*quartile(share))
	}
}

// add notes the p50 and the p99 of a window.
func add(to *[2][]time.Duration, delays []time.Duration) {
	slices.Sort(delays)
	to[0] = append(to[0], delays[len(delays)/2])
	to[1] = append(to[1], delays[len(delays)*99/100])
}

// quartile is the lower one.
func quartile[T cmp.Ordered](list []T) T {
	slices.Sort(list)
	return list[len(list)/4]
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func micros(d time.Duration) time.Duration { return d.Round(time.Microsecond) }

// echoes measures one echo after the other.
func echoes(t *testing.T, b *bystander, window time.Duration) (delays []time.Duration) {
	t.Helper()
	for until := time.Now().Add(window); time.Now().Before(until); {
		begin := time.Now()
		if err := b.check(fmt.Sprint("echo-", begin.UnixNano())); err != nil {
			t.Fatalf("bystander: %v", err)
		}
		delays = append(delays, time.Since(begin))
	}
	return delays
}

// processor is the time that the server has had of a processor.
func (t *target) processor() time.Duration {
	stat, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(t.pid), "stat"))
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := append(strings.Fields(rest), make([]string, 13)...)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// start runs the attackers until the function that comes back is called.
func start(t *testing.T, target *target, kind string) (stop func()) {
	t.Helper()
	cmd := exec.Command("nice", "-n", "5", os.Args[0])
	cmd.Env = append(os.Environ(), "HOSTILE_ATTACK="+kind, "HOSTILE_TARGET="+target.addr, "HOSTILE_CONTROL="+target.control, "HOSTILE_TOKEN="+target.token)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	return stop
}
