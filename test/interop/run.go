package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// mostTime is what a client may take for all steps.
const mostTime = 3 * time.Minute

// result is what came of a cell.
type result struct {
	cell
	// version is what the driver says that it drives: "socket.io-client 2.5.0".
	version string
	// failed has the steps that were not passed, and why.
	failed map[step]string
}

// plan is what a driver gets.
type plan struct {
	Module    string `json:"module"`
	Msgpack   bool   `json:"msgpack"`
	Query     bool   `json:"query"` // auth is a query
	Transport string `json:"transport"`
	// URL is a hub without recovery, RecoveryURL one that has it.
	URL         string `json:"url"`
	RecoveryURL string `json:"recoveryUrl"`
	// Certificate is the hash of the hub's certificate, where it has one.
	Certificate []byte `json:"certificate,omitempty"`
	User        string `json:"user"`
	Steps       []step `json:"steps"`
}

// bench has the stations, one for each combination of settings.
type bench struct {
	hub         string // the program
	certificate *certificate

	mu       sync.Mutex // guards stations
	stations map[string]*station
}

// newBench is for a hub that was built into a directory, where the certificate is put as well.
func newBench(dir string) (*bench, error) {
	made, err := newCertificate(dir)
	return &bench{hub: filepath.Join(dir, "hub"), certificate: made, stations: map[string]*station{}}, err
}

// station starts the one with these settings, if it has not been started.
func (b *bench) station(ctx context.Context, settings []string) (*station, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := strings.Join(settings, ", ")
	if s := b.stations[name]; s != nil {
		return s, nil
	}
	s, err := startStation(ctx, b.hub, b.certificate, settings)
	if err == nil {
		b.stations[name] = s
	}
	return s, err
}

// stop ends all of them, and returns what their hubs said.
func (b *bench) stop() string {
	var said strings.Builder
	for name, s := range b.stations {
		fmt.Fprintf(&said, "hub with %q:\n%s", name, s.stop())
	}
	return said.String()
}

// runAll takes cells through their steps, a few at a time, and reports each when it is done.
func (b *bench) runAll(ctx context.Context, cells []cell, atOnce int, report func(result)) []result {
	results := make([]result, len(cells))
	turns := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	for i, c := range cells {
		turns <- struct{}{}
		running.Go(func() {
			results[i] = b.run(ctx, c, fmt.Sprint("client-", i))
			report(results[i])
			<-turns
		})
	}
	running.Wait()
	return results
}

// run takes one through its steps.
func (b *bench) run(ctx context.Context, c cell, user string) result {
	r := result{cell: c, failed: map[step]string{}}
	said, err := b.drive(ctx, c, user)
	passed := map[step]bool{}
	for line := range bytes.Lines(said) {
		text := strings.TrimSpace(string(line))
		if version, ok := strings.CutPrefix(text, "client "); ok {
			r.version = version
		} else if name, ok := strings.CutPrefix(text, "ok "); ok {
			passed[step(name)] = true
		} else if failure, ok := strings.CutPrefix(text, "not ok "); ok {
			name, why, _ := strings.Cut(failure, ": ")
			r.failed[step(name)] = why
		}
	}
	if _, version, _ := strings.Cut(r.version, " "); !strings.HasPrefix(version, c.version) {
		err = errors.Join(fmt.Errorf("%q is not version %s", r.version, c.version), err)
	}
	for _, s := range c.expected() {
		if r.failed[s] == "" && (!passed[s] || err != nil) {
			r.failed[s] = fmt.Sprint("not done: ", err)
		}
	}
	return r
}

// drive runs the program for a client, and returns what it printed.
func (b *bench) drive(ctx context.Context, c cell, user string) ([]byte, error) {
	p := plan{Module: c.module, Msgpack: c.msgpack, Query: c.revision3, Transport: c.transport, User: user, Steps: c.expected()}
	for settings, address := range map[string]*string{"": &p.URL, "recovery.enabled: true": &p.RecoveryURL} {
		wanted := c.settings
		if settings != "" {
			wanted = append([]string{settings}, wanted...)
		}
		s, err := b.station(ctx, wanted)
		if err != nil {
			return nil, err
		}
		w, err := newWire(s.browsers, s.secure)
		if err != nil {
			return nil, err
		}
		defer w.close()
		s.enter(user, w)
		*address = w.url()
		if s.secure {
			p.Certificate = b.certificate.hash
		}
	}
	argument, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, mostTime)
	defer cancel()
	command := c.driver.command(c.module)
	cmd := exec.CommandContext(ctx, command[0], append(command[1:], string(argument))...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it ends its browser
	cmd.WaitDelay = 10 * time.Second
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	said, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, lastLines(complaints.String(), 20))
	}
	return said, err
}

// lastLines are the last few lines of a text.
func lastLines(text string, count int) string {
	lines := bufio.NewScanner(strings.NewReader(text))
	var kept []string
	for lines.Scan() {
		kept = append(kept, lines.Text())
	}
	return strings.Join(kept[max(0, len(kept)-count):], "\n")
}
