package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestFleet_SampleIsBeyondRest(t *testing.T) {
	f := &fleet{system: systems[0], engineName: "redis"}
	rest := spent{elapsed: 2 * time.Second, servers: []time.Duration{20 * time.Millisecond, 40 * time.Millisecond}, engine: 10 * time.Millisecond, in: 200, out: 400}
	used := spent{
		elapsed: time.Second, servers: []time.Duration{110 * time.Millisecond, 21 * time.Millisecond}, service: 7 * time.Millisecond,
		engine: 15 * time.Millisecond, in: 1100, out: 2200,
	}
	s := f.sample("room", used, rest)
	s.Count = 1000
	for _, row := range []struct {
		what      string
		got, want float64
	}{
		{"the first", s.first(), 100}, {"another", s.other(), 1}, {"all", s.all(), 101}, {"service", s.service(), 7},
		{"engine", s.engineCPU(), 10}, {"in", s.in(), 1}, {"out", s.out(), 2}, {"rate", s.rate(), 1000},
	} {
		if row.got != row.want {
			t.Errorf("%s: %v, not %v", row.what, row.got, row.want)
		}
	}
}

func TestSystemsOf_AHubMayHaveSettings(t *testing.T) {
	all := systemsOf(options{hubs: programs{{"old", "/tmp/hub"}, {"new", "bin/hub --recovery-enabled  --recovery-persist on_change"}}})
	if len(all) != 2 || all[0].program != "/tmp/hub" || len(all[0].settings) > 0 ||
		all[1].program != "bin/hub" || strings.Join(all[1].settings, " ") != "--recovery-enabled --recovery-persist on_change" {
		t.Errorf("%+v", all)
	}
	if got := len(operationsOf(options{})); got != len(operations) {
		t.Errorf("%d operations without a comparison, want %d", got, len(operations))
	}
}

func TestCPUTime_OfThisProcess(t *testing.T) {
	before, err := cpuTime(os.Getpid())
	if err != nil {
		t.Skip(err)
	}
	for began := time.Now(); time.Since(began) < 30*time.Millisecond; {
	}
	after, err := cpuTime(os.Getpid())
	if err != nil || after <= before {
		t.Errorf("%v, then %v: %v", before, after, err)
	}
}

func TestClusterFigures_Marks(t *testing.T) {
	var samples []clusterSample
	for system, first := range map[string]time.Duration{"hubs-2": 7 * time.Millisecond, "node-2": 22 * time.Millisecond} {
		samples = append(samples, clusterSample{
			Engine: "redis", System: system, Operation: "nobody", Count: 1000, Elapsed: 50 * time.Millisecond,
			Servers: []time.Duration{first, 3 * time.Millisecond},
		}, clusterSample{ // it was not kept to its rate
			Engine: "redis", System: system, Operation: "nobody", Count: 1000, Elapsed: 60 * time.Millisecond,
			Servers: []time.Duration{first / 2, time.Millisecond},
		})
	}
	text := clusterFigures(samples)
	for _, want := range []string{
		"| a hub that has nobody of the room, at 20 000 a second, µs | `redis` | 3.00 (3.00–3.00) | 3.00 (3.00–3.00) | – | ≤ 2 | **no** |",
		"| emit to a room that is empty, µs of all servers | `redis` | 10.00 (10.00–10.00) | 25.00 (25.00–25.00) | 0.40 | of Node ≤ 0.5 | yes |",
		"| emit to a room that is empty | 2 hubs | 10.00 (10.00–10.00) | 0.40 | 7.00 | 3.00 | 0.00 | 0.00 | 0 / 0 | 20 000 |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}
