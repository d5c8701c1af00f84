package hostile_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/test/hostile"
)

// window is the time of five hundred echoes, and pace the time from one to the next: a bystander that
// asked without a pause would leave attackers that only have what others leave no processor to attack with.
const (
	window = time.Second
	pace   = 2 * time.Millisecond
)

// quietWindows is how many of them are quiet in a round.
const quietWindows = 3

// trial is what was measured of one kind of attack. What is compared is the lower
// quartile of all windows: the machine's other work lifts some of them, what the hub
// does to bystanders all.
type trial struct {
	name        string
	quiet, busy []delays // one for each bystander
	share       []float64
	start, peak int64         // of the server's memory
	worst       time.Duration // echo while they came, attacked or left; not longer than freshLimit
	said        string
}

// delays has the p50 and the p99 of each window.
type delays struct{ p50, p99 []time.Duration }

// measure takes turns between quiet windows and some of attack.
func measure(t *testing.T, target *hostile.Target, n neighbour, rounds, windows int, bystanders ...*hostile.Bystander) *trial {
	t.Helper()
	tr := &trial{name: n.name, quiet: make([]delays, len(bystanders)), busy: make([]delays, len(bystanders)), start: target.Resident()}
	for range rounds {
		for range quietWindows {
			add(tr.quiet, tr.echoes(t, bystanders))
		}
		memory := watchMemory(target)
		stop := attacking(t, target, n.name)
		tr.note(tr.echoes(t, bystanders)) // they come
		before, begin := processor(target), time.Now()
		for range windows {
			took := tr.echoes(t, bystanders)
			tr.note(took)
			add(tr.busy, took)
		}
		tr.share = append(tr.share, ratio(processor(target)-before, time.Since(begin)))
		tr.said = stop()
		tr.note(tr.echoes(t, bystanders)) // they leave
		tr.peak = max(tr.peak, memory())
	}
	return tr
}

// echoes measures one echo of each bystander after the other, at their pace, for a window.
func (tr *trial) echoes(t *testing.T, bystanders []*hostile.Bystander) [][]time.Duration {
	t.Helper()
	took := make([][]time.Duration, len(bystanders))
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for until := time.Now().Add(window); time.Now().Before(until); <-tick.C {
		for i, b := range bystanders {
			begin := time.Now()
			err := b.Check(fmt.Sprint("echo-", begin.UnixNano()))
			if err != nil && !errors.Is(err, hostile.ErrNoEcho) {
				t.Fatalf("%s: the bystander on %s: %v", tr.name, b.Name, err)
			}
			took[i] = append(took[i], time.Since(begin))
		}
	}
	return took
}

// note looks for the worst.
func (tr *trial) note(took [][]time.Duration) {
	for _, list := range took {
		tr.worst = max(tr.worst, slices.Max(list))
	}
}

// add adds a window.
func add(to []delays, took [][]time.Duration) {
	for i, list := range took {
		slices.Sort(list)
		to[i].p50 = append(to[i].p50, list[len(list)/2])
		to[i].p99 = append(to[i].p99, list[len(list)*99/100])
	}
}

// trialHead is the head of a table of trials.
func trialHead(bystanders int) string {
	echo := strings.Repeat(" p50 | beside | ratio | p99 | beside | ratio |", bystanders)
	return "| attack |" + echo + " worst | hub CPU | MiB, peak | attacks\n|" + strings.Repeat(" --- |", strings.Count(echo, "|")+4) + " ---"
}

// String is a line of the table.
func (tr *trial) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |", tr.name)
	for i := range tr.quiet {
		for _, pair := range [][2][]time.Duration{{tr.quiet[i].p50, tr.busy[i].p50}, {tr.quiet[i].p99, tr.busy[i].p99}} {
			quiet, busy := quartile(pair[0]), quartile(pair[1])
			fmt.Fprintf(&b, " %v | %v | %.2f |", micros(quiet), micros(busy), ratio(busy, quiet))
		}
	}
	fmt.Fprintf(&b, " %v | %.0f%% | %d, %d | %s", micros(tr.worst), 100*quartile(tr.share), tr.start>>20, tr.peak>>20, tr.said)
	return b.String()
}

// quartile is the lower one.
func quartile[T cmp.Ordered](list []T) T {
	slices.Sort(list)
	return list[len(list)/4]
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func micros(d time.Duration) time.Duration { return d.Round(time.Microsecond) }

// processor is the time that the server has had of a processor.
func processor(t *hostile.Target) time.Duration {
	stat, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(t.PID), "stat"))
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := append(strings.Fields(rest), make([]string, 13)...)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}
