package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/loadgen"
)

// taken is a sample whose server has spent so many µs for an operation.
func taken(workload, peer string, round int, micros int) sample {
	return sample{Workload: workload, Peer: peer, Round: round, Result: &loadgen.Result{
		Setup: loadgen.Setup{Scenario: loadgen.Echo}, Operations: 1000, Elapsed: time.Second,
		Processes: []loadgen.Process{{CPU: time.Duration(micros) * time.Millisecond}},
	}}
}

func TestMarked_SaysWhatIsReached(t *testing.T) {
	for hub, want := range map[int]string{30: "| **no** |", 22: "| mark |", 16: "| aim |"} {
		samples := []sample{
			taken("echo", siohub, 1, hub), taken("echo", floor, 1, 10),
			taken("echo", siohub, 2, hub+40), taken("echo", floor, 2, 11), // a disturbance
			taken("echo", siohub, 3, hub), taken("echo", floor, 3, 10),
		}
		got := strings.Split(marked(marks(0), samples), "\n")[2]
		if !strings.HasSuffix(got, want) {
			t.Errorf("%d µs: %s, want %s", hub, got, want)
		}
	}
}

func TestPaired_TakesRatiosWithinARound(t *testing.T) {
	// The machine is twice as slow in the second round.
	samples := []sample{
		taken("echo", "old", 1, 10), taken("echo", "new", 1, 8),
		taken("echo", "old", 2, 20), taken("echo", "new", 2, 16),
	}
	if r, ok := paired(serverCPU, samples, "old", "new"); !ok || r != (spread{0.8, 0.8, 0.8}) {
		t.Errorf("%v, %v", r, ok)
	}
}

func TestKeep_ReplacesOneWorkload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results", "marks.jsonl")
	for _, s := range []sample{taken("echo", floor, 1, 1), taken("connect", floor, 1, 2), taken("echo", floor, 1, 3)} {
		if err := keep(file, s.Workload, []sample{s}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := read(file)
	if err != nil || len(all) != 2 || all[0].cost(0) != 2 || all[1].cost(0) != 3 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestWorkloads_HaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range append(marks(0), growth(0)...) {
		if seen[w.id] {
			t.Errorf("%s is there twice", w.id)
		}
		seen[w.id] = true
	}
}
