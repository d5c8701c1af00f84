package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/loadgen"
)

// series puts a workload on each server in turn, some rounds long: A B C A B C.
func series(ctx context.Context, w workload, peers []peer, rounds int) ([]sample, error) {
	var samples []sample
	began := time.Now().UTC().Truncate(time.Second)
	for round := range rounds {
		for _, p := range peers {
			s, err := measure(ctx, p, w)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", w.id, p.name, err)
			}
			s.Series, s.Workload, s.Peer, s.Round = began, w.id, p.name, round+1
			samples = append(samples, s)
			fmt.Fprintln(os.Stderr, s)
		}
	}
	return samples, nil
}

// measure puts one fresh server under one workload.
func measure(ctx context.Context, p peer, w workload) (sample, error) {
	s, err := p.up()
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	done, err := load(ctx, s, w.config)
	if err != nil {
		s.stop()
		return sample{}, fmt.Errorf("%w\n%s", err, &s.log)
	}
	return done, nil
}

// load runs a workload against a server that is up.
func load(ctx context.Context, s *stack, config loadgen.Config) (sample, error) {
	// A few connections first: the memory of the first ones is not that of the many.
	warm := loadgen.Config{
		URL: s.url, Scenario: loadgen.Idle, Connections: 10, Warmup: time.Millisecond, Duration: time.Second / 2,
	}
	if _, err := loadgen.Run(ctx, warm); err != nil {
		return sample{}, err
	}
	config.URL, config.PIDs = s.url, s.pids()
	var rested resting
	if config.Scenario == loadgen.Idle {
		rested = resting{pid: config.PIDs[0], connections: config.Connections, before: resident(config.PIDs[0])}
		config.Progress = rested.progress
	}
	result, err := loadgen.Run(ctx, config)
	if err != nil {
		return sample{}, err
	}
	return sample{Result: result, RestedBytes: rested.bytes()}, nil
}

// resting reads a server's memory once its connections have been at rest for a
// while.
type resting struct {
	pid, connections int
	before           int64
	all              sync.Once
	after            atomic.Int64
}

// progress is told once a second how many connections there are.
func (r *resting) progress(p loadgen.Progress) {
	if p.Connected >= r.connections {
		r.all.Do(func() { time.AfterFunc(rest, func() { r.after.Store(resident(r.pid)) }) })
	}
}

// bytes are those of one connection; zero where nobody looked.
func (r *resting) bytes() float64 {
	if after := r.after.Load(); after > 0 {
		return float64(after-r.before) / float64(r.connections)
	}
	return 0
}

// resident is a process's memory in bytes.
func resident(pid int) int64 {
	statm, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm") // zero where there is none
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
