package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// What make bench-cluster compares: several servers that share an engine, each of which
// is there with 200 browsers in all.

// engineNames are the engines, by the names that `cluster.engine` has for them.
var engineNames = []string{"redis", "redis-sharded", "redis-streams", "nats"}

// system is how many servers of which kind share the engine.
type system struct {
	id, title string
	servers   int
	node      bool
	program   string   // of the hubs; empty is this tree's
	settings  []string // their flags beside those that all have
}

var systems = []system{
	{id: "hubs-2", title: "2 hubs", servers: 2},
	{id: "hubs-4", title: "4 hubs", servers: 4},
	{id: "node-2", title: "2 Node", servers: 2, node: true},
}

// systemsOf are those that were chosen. A comparison is of two hubs of each program, and of what --peer adds.
func systemsOf(o options) (all []system) {
	for _, p := range o.hubs {
		s := system{id: p.label, title: "2 hubs, " + p.label, servers: 2}
		if words := strings.Fields(p.path); len(words) > 0 {
			s.program, s.settings = words[0], words[1:]
		}
		all = append(all, s)
	}
	for _, s := range systems {
		if len(o.peers) == 0 && len(o.hubs) > 0 || !chosenName(o.peers, s.id) {
			continue
		}
		all = append(all, s)
	}
	return all
}

// speaks reports whether a system's servers know an engine.
func (s system) speaks(engine string) bool { return !s.node || engine != "nats" }

const (
	// browsers is how many there are, spread over the servers in turn; roomSize is how many
	// are in a room.
	browserCount = 200
	roomSize     = 10
	// settling is how long a system is left alone before its idle processes are measured,
	// which idling is for.
	settling = time.Second
	idling   = 2 * time.Second
	// warmUp is for how long an operation is done before it is measured.
	warmUp = 300 * time.Millisecond
	// patience is for what should be there at once.
	patience = 30 * time.Second
)

// operation is what is asked of the first server, or of the service through it.
type operation struct {
	id, title string
	// op is its name in an order.
	op   string
	rate float64
	// targets are what it goes to in turn, and deliveries what each is to bring.
	targets    func(*population) []string
	deliveries int
	// browsers is set for one that browsers begin, and returns how many failed.
	browsers func(p *population, o order) (failed int64)
}

var operations = []operation{
	{"room", "emit to a room of ten, spread over all", "rooms", 1000, func(p *population) []string { return p.spread }, roomSize, nil},
	{"here", "emit to a room of ten, all at the first", "rooms", 1000, func(p *population) []string { return p.here }, roomSize, nil},
	{"all", "emit to everybody, 200", "all", 25, nil, browserCount, nil},
	{"socket", "emit to a socket by its id, at another", "sockets", 2000, func(p *population) []string { return p.sockets }, 1, nil},
	{"fetch", "fetch of a room of ten, spread over all", "fetch", 200, func(p *population) []string { return p.spread }, 0, nil},
	{"nobody", "emit to a room that is empty", "rooms", 20000, func(*population) []string { return []string{"empty-1", "empty-2", "empty-3"} }, 0, nil},
}

// everywhere is a room with one browser at each server, and last an emit to it.
const everywhere = "everywhere"

var last = order{Op: "rooms", Targets: []string{everywhere}, Rate: 1000, Count: 1}

// idle stands in the samples for what processes cost that do nothing.
const idle = "idle"

// clusters measures what was chosen.
func clusters(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "siohub-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l := &lineup{dir: dir}
	hub, app, nats := l.program("./cmd/hub"), l.program("./bench/service"), l.program(natsServer)
	if !chosenName(o.engines, "nats") {
		l.packages = l.packages[:2]
	}
	if err := l.build(); err != nil {
		return err
	}
	began := time.Now().UTC().Truncate(time.Second)
	for _, engine := range engineNames {
		if !chosenName(o.engines, engine) {
			continue
		}
		var samples []clusterSample
		for round := range o.rounds {
			for _, s := range systemsOf(o) {
				if !s.speaks(engine) {
					continue
				}
				f := &fleet{system: s, engineName: engine, hub: cmp.Or(s.program, hub), app: app, nats: nats, cores: o.serverCores(), dir: filepath.Join(dir, fmt.Sprintf("%s-%s-%d", engine, s.id, round))}
				taken, err := f.measure(ctx, o)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", engine, s.id, err)
				}
				for i := range taken {
					taken[i].Series, taken[i].Round = began, round+1
					fmt.Fprintln(os.Stderr, taken[i])
				}
				samples = append(samples, taken...)
			}
		}
		fmt.Print(clusterTable(engine, systemsOf(o), samples))
		if o.write {
			if err := keepClusters(engine, samples); err != nil {
				return err
			}
		}
	}
	if o.write {
		return writeDocuments()
	}
	return nil
}

// chosenName reports whether a name is on a list; an empty one has all.
func chosenName(list []string, name string) bool {
	return len(list) == 0 || slices.Contains(list, name)
}

// serverCores are the cores of servers.
func (o options) serverCores() string {
	if o.spread {
		return fmt.Sprintf("0-%d", machineCores()-1)
	}
	return serverCore
}

// measure starts a fleet, and has it carry out the operations.
func (f *fleet) measure(ctx context.Context, o options) ([]clusterSample, error) {
	defer f.stop()
	if err := f.start(); err != nil {
		return nil, err
	}
	p, err := populate(f.urls)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if err := sleep(ctx, settling); err != nil {
		return nil, err
	}
	rest, err := f.during(func() error { return sleep(ctx, idling) })
	if err != nil {
		return nil, err
	}
	samples := []clusterSample{f.sample(idle, rest, spent{})}
	for _, op := range operationsOf(o) {
		if !chosenName(o.only, op.id) {
			continue
		}
		for _, d := range []time.Duration{warmUp, o.duration} {
			s, err := f.carryOut(ctx, op, d, p, rest)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", op.id, err)
			}
			if d == o.duration {
				samples = append(samples, s)
			}
		}
	}
	return samples, nil
}

// carryOut measures an operation that goes on for so long.
func (f *fleet) carryOut(ctx context.Context, op operation, d time.Duration, p *population, rest spent) (clusterSample, error) {
	order := order{Op: op.op, Rate: op.rate, Count: int(op.rate * d.Seconds()), Data: "0123456789abcdef0123456789abcdef"}
	if op.targets != nil {
		order.Targets = op.targets(p)
	}
	var done outcome
	used, err := f.during(func() (err error) {
		want := p.received.Load() + int64(order.Count*op.deliveries+f.system.servers)
		if op.browsers != nil {
			done.Failed = op.browsers(p, order)
		} else if done, err = f.driver.carryOut(order); err != nil {
			return err
		}
		// One more, that comes after all others: so has been read what nobody receives.
		if _, err = f.driver.carryOut(last); err != nil {
			return err
		}
		if err := p.await(ctx, want); err != nil || op.browsers == nil {
			return err
		}
		return sleep(ctx, lagging)
	})
	switch {
	case err != nil:
	case done.Failed > 0:
		err = fmt.Errorf("%d of %d failed", done.Failed, order.Count)
	case op.op == "fetch" && done.Sockets != int64(order.Count*roomSize):
		err = fmt.Errorf("%d sockets were fetched, not %d", done.Sockets, order.Count*roomSize)
	}
	if err != nil {
		return clusterSample{}, err
	}
	s := f.sample(op.id, used, rest)
	s.Count = order.Count
	return s, nil
}

// sleep waits, unless the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// until asks again and again whether something is so.
func until(ctx context.Context, what string, is func() bool) error {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); !is(); {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if time.Now().After(deadline) {
			return errors.New("not in time: " + what)
		}
	}
	return nil
}
