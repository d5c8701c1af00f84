// Command run is `make bench`: it starts each server fresh for each workload, in
// turns, puts it under the load of hub/loadgen, and prints what an operation has
// cost. With --write it keeps every round in bench/results and writes the medians
// into bench/README.md. With --hub or --service it compares programs instead.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

type options struct {
	rounds   int
	duration time.Duration
	// only and peers are what was chosen; nil means everything.
	only, peers []string
	// hubs and services are programs to compare, by their labels.
	hubs, services programs
	growth         bool
	// cluster is for make bench-cluster: with these engines, on all cores or not.
	cluster, spread bool
	engines         []string
	write           bool
	render          bool
}

func main() {
	log.SetFlags(0)
	var o options
	var only, peers, engines string
	var list bool
	flag.IntVar(&o.rounds, "rounds", 5, "how often each server meets each workload")
	flag.DurationVar(&o.duration, "duration", 4*time.Second, "measured time of a workload")
	flag.StringVar(&only, "only", "", "workloads, by commas; * stands for anything")
	flag.StringVar(&peers, "peer", "", "servers, by commas: siohub, node, floor; with --cluster hubs-2, hubs-4, node-2")
	flag.Var(&o.hubs, "hub", "LABEL=PROGRAM: compare this hub with the others given; may be repeated. With --cluster flags of the hub may follow the program")
	flag.Var(&o.services, "service", "LABEL=PROGRAM: the same for the service behind the hub of that label")
	flag.BoolVar(&o.growth, "growth", false, "the workloads of make bench-growth")
	flag.BoolVar(&o.cluster, "cluster", false, "several servers that share an engine: make bench-cluster")
	flag.StringVar(&engines, "engine", "", "with --cluster: redis, redis-sharded, redis-streams, nats, by commas")
	flag.BoolVar(&o.spread, "all-cores", false, "with --cluster: servers may use all cores, not one alone")
	flag.BoolVar(&o.write, "write", false, "keep the rounds in bench/results and write the documents")
	flag.BoolVar(&o.render, "render", false, "measure nothing: write the documents from bench/results")
	flag.BoolVar(&list, "list", false, "list the workloads")
	flag.Parse()
	o.only, o.peers, o.engines = split(only), split(peers), split(engines)

	if list {
		for _, w := range chosen(o) {
			fmt.Printf("%-16s %s\n", w.id, w.title)
		}
		return
	}
	if err := pin(); err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, o options) error {
	if o.render {
		return writeDocuments()
	}
	if o.cluster {
		return clusters(ctx, o)
	}
	dir, err := os.MkdirTemp("", "siohub-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	lineup := newLineup(dir, o)
	if err := lineup.build(); err != nil {
		return err
	}
	for _, w := range chosen(o) {
		samples, err := series(ctx, w, lineup.of(w), o.rounds)
		if err != nil {
			return err
		}
		if o.write {
			if err := keep(resultsFile(w), w.id, samples); err != nil {
				return err
			}
		}
		fmt.Print(summary(w, samples))
		if labels := lineup.compared; len(labels) > 1 {
			fmt.Print(comparison(w, samples, labels))
		}
	}
	if o.write {
		return writeDocuments()
	}
	return nil
}

// chosen are the workloads that were asked for.
func chosen(o options) []workload {
	all := marks(o.duration)
	if o.growth {
		all = growth(o.duration)
	}
	return slices.DeleteFunc(all, func(w workload) bool {
		return len(o.only) > 0 && !slices.ContainsFunc(o.only, func(pattern string) bool {
			ok, _ := path.Match(pattern, w.id)
			return ok
		})
	})
}

// pin starts this program anew on the generator's core, where that can be done.
func pin() error {
	const done = "SIOHUB_BENCH_PINNED"
	taskset, _ := exec.LookPath("taskset") // unpinned is still a measurement
	if taskset == "" || runtime.NumCPU() < 2 || os.Getenv(done) != "" {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := append([]string{"taskset", "-c", generatorCore, self}, os.Args[1:]...)
	return syscall.Exec(taskset, args, append(os.Environ(), done+"=1"))
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

// programs is a flag: paths by label, in their order.
type programs []program

type program struct{ label, path string }

func (p *programs) String() string { return "" }

func (p *programs) Set(value string) error {
	label, file, ok := strings.Cut(value, "=")
	if !ok {
		return fmt.Errorf("%q is not LABEL=PROGRAM", value)
	}
	*p = append(*p, program{label, file})
	return nil
}

// find is the path of a label, or what is used without one.
func (p programs) find(label, otherwise string) string {
	for _, one := range p {
		if one.label == label {
			return one.path
		}
	}
	return otherwise
}
