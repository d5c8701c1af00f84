package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fleet is servers that share an engine, and who makes them do something.
type fleet struct {
	system
	engineName     string
	hub, app, nats string // programs
	cores          string // of the servers
	dir            string

	engine  *engine
	servers []*exec.Cmd
	urls    []string // of the servers
	driver  *driver
}

// start brings up everything.
func (f *fleet) start() (err error) {
	if err := os.Mkdir(f.dir, 0o755); err != nil {
		return err
	}
	if f.engine, err = startEngine(f.engineName, f.nats, f.dir); err != nil {
		return err
	}
	for range f.system.servers {
		start := f.startHub
		if f.node {
			start = f.startNode
		}
		if err := start(); err != nil {
			return err
		}
	}
	_, err = f.driver.carryOut(order{Op: "ready", Servers: f.system.servers})
	return err
}

// startHub starts a hub, and the service behind the first one. The service attaches to the
// others by itself; what it emits goes through the first.
func (f *fleet) startHub() error {
	control, err := freeAddress() // a port that is not known before is not told to services
	if err != nil {
		return err
	}
	args := []string{"serve", "--listen", "127.0.0.1:0", "--control-listen", control, "--admin-listen", "127.0.0.1:0",
		"--cluster-engine", f.engineName, "--cluster-url", f.engine.url}
	cmd := onCore(f.cores, f.hub, append(args, f.settings...)...)
	if err := f.add(cmd); err != nil || f.driver != nil {
		return err
	}
	f.driver, err = startDriver(exec.Command(f.app, "--drive", "--hub", control))
	return err
}

// startNode starts a Node server. The first one emits by itself.
func (f *fleet) startNode() error {
	cmd := onCore(f.cores, "node", "bench/node/cluster.mjs", f.engineName, f.engine.url)
	d, err := pipes(cmd) // the end of its input ends it
	if err != nil {
		return err
	}
	if f.driver == nil {
		f.driver = d
	}
	return f.add(cmd)
}

func (f *fleet) add(cmd *exec.Cmd) error {
	line, err := ready(cmd)
	if cmd.Process != nil {
		f.servers = append(f.servers, cmd)
	}
	f.urls = append(f.urls, find(line, readyURL))
	return err
}

// stop ends all processes. They have shown what they could.
func (f *fleet) stop() {
	var all []*exec.Cmd
	if f.driver != nil && !f.node {
		all = append(all, f.driver.cmd)
	}
	all = append(all, f.servers...)
	if f.engine != nil {
		all = append(all, f.engine.cmd)
	}
	for _, cmd := range all {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// driver is a process that takes orders.
type driver struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

// order and outcome are what bench/service/drive.go has by the same names.
type order struct {
	Op      string   `json:"op"`
	Targets []string `json:"targets,omitempty"`
	Rate    float64  `json:"rate,omitempty"`
	Count   int      `json:"count,omitempty"`
	Servers int      `json:"servers,omitempty"`
	Data    string   `json:"data,omitempty"`
}

type outcome struct {
	Failed  int64  `json:"failed"`
	Sockets int64  `json:"sockets"`
	Error   string `json:"error"`
}

// pipes makes a driver of a process that has not begun yet.
func pipes(cmd *exec.Cmd) (*driver, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &driver{cmd, in, bufio.NewReader(out)}, nil
}

func startDriver(cmd *exec.Cmd) (*driver, error) {
	d, err := pipes(cmd)
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	return d, cmd.Start()
}

// carryOut returns once all of an order is over.
func (d *driver) carryOut(o order) (done outcome, err error) {
	line, err := json.Marshal(o)
	if err != nil {
		return done, err
	}
	if _, err := d.in.Write(append(line, '\n')); err != nil {
		return done, err
	}
	stuck := time.AfterFunc(2*patience, func() { _ = d.cmd.Process.Kill() })
	defer stuck.Stop()
	if line, err = d.out.ReadBytes('\n'); err != nil {
		return done, fmt.Errorf("an order was not answered: %w", err)
	}
	if err = json.Unmarshal(line, &done); err == nil && done.Error != "" {
		err = errors.New(done.Error)
	}
	return done, err
}

// spent is what processes have used while something went on.
type spent struct {
	elapsed time.Duration
	// cpu is that of each server, of the service (zero with Node) and of the engine; in and
	// out are bytes on the engine's connections.
	servers         []time.Duration
	service, engine time.Duration
	in, out         int64
}

// during measures what a function makes the processes spend.
func (f *fleet) during(do func() error) (spent, error) {
	before, err := f.read()
	if err != nil {
		return spent{}, err
	}
	began := time.Now()
	if err := do(); err != nil {
		return spent{}, err
	}
	elapsed := time.Since(began)
	after, err := f.read()
	for i := range after.servers {
		after.servers[i] -= before.servers[i]
	}
	after.service -= before.service
	after.engine -= before.engine
	after.in -= before.in
	after.out -= before.out
	after.elapsed = elapsed
	return after, err
}

// read reads what has been used so far.
func (f *fleet) read() (s spent, err error) {
	if s.in, s.out, err = f.engine.traffic(); err != nil {
		return s, err
	}
	for _, cmd := range f.servers {
		used, err := cpuTime(cmd.Process.Pid)
		if err != nil {
			return s, err
		}
		s.servers = append(s.servers, used)
	}
	if !f.node {
		if s.service, err = cpuTime(f.driver.cmd.Process.Pid); err != nil {
			return s, err
		}
	}
	s.engine, err = cpuTime(f.engine.cmd.Process.Pid)
	return s, err
}

// cpuTime is what the threads of a process have run, which /proc tells in nanoseconds. A
// thread that has ended is not counted; the threads of servers do not end.
func cpuTime(pid int) (all time.Duration, err error) {
	files, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/schedstat")
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("process %d: no schedstat in /proc: %w", pid, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		nanos, _, _ := strings.Cut(string(text), " ")
		n, err := strconv.ParseInt(nanos, 10, 64)
		if err != nil {
			return 0, err
		}
		all += time.Duration(n)
	}
	return all, nil
}

// sample is what was spent beyond what the same processes spend at rest.
func (f *fleet) sample(op string, s, rest spent) clusterSample {
	part := 0.0
	if rest.elapsed > 0 {
		part = s.elapsed.Seconds() / rest.elapsed.Seconds()
	}
	beyond := func(used, atRest time.Duration) time.Duration { return used - time.Duration(float64(atRest)*part) }
	c := clusterSample{
		Engine: f.engineName, System: f.system.id, Operation: op, Elapsed: s.elapsed,
		Service: beyond(s.service, rest.service), EngineCPU: beyond(s.engine, rest.engine),
		In: s.in - int64(float64(rest.in)*part), Out: s.out - int64(float64(rest.out)*part),
		Servers: slices.Clone(s.servers),
	}
	for i := range rest.servers {
		c.Servers[i] = beyond(s.servers[i], rest.servers[i])
	}
	return c
}
