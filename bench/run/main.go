// Command run is `make bench`: it starts each server fresh for each workload, in
// turns, puts it under the load of hub/loadgen, and writes the medians into
// bench/README.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/siohub/siohub/hub/loadgen"
)

// workload is a row of the tables: what is asked of every server.
type workload struct {
	name string
	// unit is what an operation is called.
	unit   string
	config loadgen.Config
}

func workloads(duration time.Duration) []workload {
	return []workload{
		{"echo", "echo", loadgen.Config{Scenario: loadgen.Echo, Connections: 100, Duration: duration}},
		{"echo 1 KiB", "echo", loadgen.Config{Scenario: loadgen.Echo, Connections: 100, PayloadBytes: 1024, Duration: duration}},
		{"broadcast to 1 000", "delivery", loadgen.Config{Scenario: loadgen.Fanout, Connections: 1000, Duration: duration}},
		{"bursts of 8 to 1 000", "delivery", loadgen.Config{Scenario: loadgen.Fanout, Connections: 1000, Burst: 8, Duration: duration}},
		{"100 rooms of 10", "delivery", loadgen.Config{Scenario: loadgen.Room, Connections: 1000, Rooms: 100, Duration: duration}},
		{"connect", "connect", loadgen.Config{Scenario: loadgen.Connect, InFlight: 16, Duration: duration}},
		// A heartbeat for each connection falls into the measured time.
		{"5 000 idle", "", loadgen.Config{Scenario: loadgen.Idle, Connections: 5000, Warmup: 10 * time.Second, Duration: 25 * time.Second}},
	}
}

func main() {
	rounds := flag.Int("rounds", 3, "how often each server meets each workload")
	duration := flag.Duration("duration", 5*time.Second, "measured time of a workload")
	only := flag.String("only", "", "workloads whose name contains this")
	server := flag.String("server", "", "servers whose name contains this")
	out := flag.String("out", "bench/README.md", "file whose figures are replaced; empty prints alone")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, options{*rounds, *duration, *only, *server, *out}); err != nil {
		log.Fatal(err)
	}
}

type options struct {
	rounds       int
	duration     time.Duration
	only, server string
	out          string
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "siohub-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	servers := peers(dir, o.server)
	for _, p := range servers {
		if err := p.build(dir); err != nil {
			return err
		}
	}
	var rows []row
	for _, w := range workloads(o.duration) {
		if !strings.Contains(w.name, o.only) {
			continue
		}
		results := map[string][]*loadgen.Result{}
		for round := range o.rounds {
			for _, p := range servers {
				result, err := measure(ctx, p, w)
				if err != nil {
					return err
				}
				results[p.name] = append(results[p.name], result)
				fmt.Fprintf(os.Stderr, "-- %s, %s, round %d\n%s", w.name, p.name, round+1, result)
			}
		}
		rows = append(rows, newRows(w, servers, results)...)
	}
	figures := table(rows)
	fmt.Print(figures)
	if o.out == "" || o.only != "" || o.server != "" {
		return nil
	}
	return replaceFigures(o.out, figures)
}

// measure puts one fresh server under one workload.
func measure(ctx context.Context, p peer, w workload) (*loadgen.Result, error) {
	s, err := p.up()
	if err != nil {
		return nil, err
	}
	defer s.stop()
	config := w.config
	config.URL, config.PIDs = s.url, s.pids()
	// A few connections first: the memory of the first ones is not that of the many.
	warm := loadgen.Config{
		URL: s.url, Scenario: loadgen.Idle, Connections: 10, Warmup: time.Millisecond, Duration: time.Second / 2,
	}
	if _, err := loadgen.Run(ctx, warm); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	result, err := loadgen.Run(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	return result, nil
}
