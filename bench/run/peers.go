package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// The servers that are always there. A comparison has others, by their labels.
const (
	siohub = "siohub"
	node   = "node"
	floor  = "floor"
)

// hindered is the name of a hub that has a browser that reads nothing.
func hindered(name string) string { return name + " with a stuck reader" }

// peer is a server under test.
type peer struct {
	name string
	// start brings it up and adds its processes to the stack, the server first.
	start func(s *stack) error
	// stuck adds a browser that reads nothing.
	stuck bool
}

// lineup is who takes part.
type lineup struct {
	dir   string
	peers []peer
	// compared are the labels of a comparison, the base first.
	compared []string
	// packages are built from this tree.
	packages []string
}

// newLineup chooses the servers. A comparison is of the labels alone, unless --peer
// asks for others beside them.
func newLineup(dir string, o options) *lineup {
	l := &lineup{dir: dir}
	for _, p := range slices.Concat(o.hubs, o.services) {
		if !slices.Contains(l.compared, p.label) {
			l.compared = append(l.compared, p.label)
		}
	}
	wanted := o.peers
	if len(wanted) == 0 && len(l.compared) == 0 {
		wanted = []string{siohub, node, floor}
	}
	for _, label := range l.compared {
		l.addHub(label, o.hubs.find(label, ""), o.services.find(label, ""))
	}
	for _, name := range wanted {
		switch name {
		case siohub:
			l.addHub(name, "", "")
		case node:
			l.peers = append(l.peers, peer{name: name, start: func(s *stack) error {
				_, err := s.serve("node", "bench/node/server.mjs", "0")
				return err
			}})
		case floor:
			program := l.program("./bench/floor")
			l.peers = append(l.peers, peer{name: name, start: func(s *stack) error {
				_, err := s.serve(program)
				return err
			}})
		}
	}
	return l
}

// addHub adds a hub with a service behind it. An empty path is this tree's.
func (l *lineup) addHub(name, hub, app string) {
	if hub == "" {
		hub = l.program("./cmd/hub")
	}
	if app == "" {
		app = l.program("./bench/service")
	}
	l.peers = append(l.peers, peer{name: name, start: func(s *stack) error {
		ready, err := s.serve(hub, "serve", "--listen", "127.0.0.1:0",
			"--control-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")
		if err != nil {
			return err
		}
		return s.app(app, "--hub", find(ready, `services=(\S+)`))
	}})
}

// program is where a package of this tree will be built.
func (l *lineup) program(pkg string) string {
	if !slices.Contains(l.packages, pkg) {
		l.packages = append(l.packages, pkg)
	}
	return filepath.Join(l.dir, filepath.Base(pkg))
}

// build compiles the programs.
func (l *lineup) build() error {
	for _, pkg := range l.packages {
		cmd := exec.Command("go", "build", "-o", l.program(pkg), pkg)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("build %s: %w", pkg, err)
		}
	}
	return nil
}

// of are those that can do a workload.
func (l *lineup) of(w workload) []peer {
	var all []peer
	for _, p := range l.peers {
		if known := p.name == node || p.name == floor; known && w.peers != nil && !slices.Contains(w.peers, p.name) {
			continue
		}
		all = append(all, p)
		if w.stuck {
			all = append(all, peer{name: hindered(p.name), start: p.start, stuck: true})
		}
	}
	return all
}
