package chaos_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	kitBrowsers = 24
	kitGuests   = 2
	// kitPace stretches the pauses of browsers, so that an hour of them fits into a ledger.
	kitPace = 3 * time.Millisecond
	// betweenKills is the mean time from one kill to the next in each language.
	betweenKills = 600 * time.Millisecond
)

// TestKits kills processes of the Python and of the Node kit, half of CHAOS_KILLS each and both at the same time, under
// browsers that talk: what TestChaos says of browsers and events holds for applications that only changed their import.
func TestKits(t *testing.T) {
	kills, err := strconv.Atoi(os.Getenv("CHAOS_KILLS"))
	if err != nil {
		t.Skip("kills CHAOS_KILLS processes, such as 1000: make chaos-kits")
	}
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("CHAOS_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("CHAOS_SEED=%d CHAOS_KILLS=%d", seed, kills)
	dir := t.TempDir()
	build(t, dir, "./cmd/hub")
	t.Run("kits", func(t *testing.T) {
		for _, language := range []string{"python", "node"} {
			t.Run(language, func(t *testing.T) {
				t.Parallel()
				killKits(t, dir, language, kills/2, seed)
			})
		}
	})
}

// killKits plays one language.
func killKits(t *testing.T, programs, language string, kills int, seed uint64) {
	hub, address, control := startHub(t, programs)
	defer func() {
		if t.Failed() {
			t.Logf("the hub's last words:\n%s", hub.log)
		}
	}()
	f := &fleet{hub: control, ledger: filepath.Join(t.TempDir(), "ledger"), killed: map[string]bool{}}
	crew := newCrew(t, language, f)
	all := connectAllAt(t, address, kitBrowsers, kitPace)
	v := &visitors{address: address, sent: map[string]int{}}

	begun := time.Now()
	talkWhile(t.Context(), t, all, v, kitGuests, seed, func(ctx context.Context) error {
		return crew.killInTurns(ctx, f, kills, rand.New(rand.NewPCG(seed, 0)))
	})
	t.Logf("%d kills in %v", crew.kills, time.Since(begun).Round(time.Second))
	sent := finish(t, f.has, all, v.sent)
	verdict := verify(t, f.ledger, sent, f.killed)
	report(t, f, all, len(v.sent), verdict)
	if err := hub.end(syscall.SIGTERM); err != nil {
		t.Errorf("hub after SIGTERM: %v", err)
	}
}

// kitProcess is a process of an application.
type kitProcess struct {
	pid    int
	exited <-chan struct{}
	log    *tail
}

// crew is the processes of a language.
type crew struct {
	start func() (kitProcess, error)
	all   []kitProcess
	kills int
	// seen are the processes that have written into the ledger, which news reads.
	seen map[int]bool
	news *os.File
}

// killInTurns kills one after the other, at moments that nobody knows before, and starts another in its place.
func (c *crew) killInTurns(ctx context.Context, f *fleet, kills int, random *rand.Rand) error {
	for n := range kills {
		if !wait(ctx, time.Duration(random.Int64N(int64(2*betweenKills)))) {
			return ctx.Err()
		}
		i := n % len(c.all)
		p := c.all[i]
		c.awaitAnother(ctx, p)
		select {
		case <-p.exited:
			return fmt.Errorf("process %d ended by itself:\n%s", p.pid, p.log)
		default:
		}
		if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil {
			return err
		}
		<-p.exited
		f.killed[strconv.Itoa(p.pid)] = true // a number that comes again counts once there
		c.kills++
		next, err := c.start()
		if err != nil {
			return err
		}
		c.all[i] = next
		delete(c.seen, next.pid)
	}
	return nil
}

// awaitAnother waits until another process than this one has handled something: on a machine that is busy one takes longer to
// start than it lives, and with nobody there for half a minute what is parked goes.
func (c *crew) awaitAnother(ctx context.Context, p kitProcess) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		c.look()
		for _, other := range c.all {
			if other.pid != p.pid && c.seen[other.pid] {
				return
			}
		}
		if !wait(ctx, 50*time.Millisecond) {
			return
		}
	}
}

var runOf = regexp.MustCompile(`"run": ?"(\d+)\.`)

// look reads what the ledger has more than at the last look.
func (c *crew) look() {
	more, _ := io.ReadAll(c.news)
	for _, run := range runOf.FindAllSubmatch(more, -1) {
		pid, _ := strconv.Atoi(string(run[1]))
		c.seen[pid] = true
	}
}

// newCrew starts the processes of a language; they end with the test.
func newCrew(t *testing.T, language string, f *fleet) *crew {
	t.Helper()
	sdk, err := filepath.Abs("../../sdk")
	if err != nil {
		t.Fatal(err)
	}
	c := &crew{seen: map[int]bool{}}
	if c.news, err = os.OpenFile(f.ledger, os.O_RDONLY|os.O_CREATE, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.news.Close() })
	switch language {
	case "python":
		interpreter := filepath.Join(sdk, "python/.venv/bin/python")
		needs(t, interpreter, "make sdk-python")
		c.start = forkServer(t, interpreter, filepath.Join(sdk, "python/src"), f)
	case "node":
		needs(t, filepath.Join(sdk, "node/dist/index.mjs"), "make sdk-node")
		c.start = func() (kitProcess, error) {
			p, err := start("node", "kits/instance.mjs", f.hub, f.ledger)
			if err != nil {
				return kitProcess{}, err
			}
			return kitProcess{p.cmd.Process.Pid, p.exited, p.log}, nil
		}
	}
	for range instances {
		p, err := c.start()
		if err != nil {
			t.Fatal(err)
		}
		c.all = append(c.all, p)
	}
	t.Cleanup(func() {
		for _, p := range c.all {
			if syscall.Kill(p.pid, syscall.SIGKILL) == nil {
				<-p.exited
			}
		}
	})
	return c
}

func needs(t *testing.T, path, target string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not there: %s", path, target)
	}
}

// forkServer runs kits/instance.py, which imports the kit once for all its processes.
func forkServer(t *testing.T, interpreter, source string, f *fleet) func() (kitProcess, error) {
	t.Helper()
	cmd := exec.Command(interpreter, "kits/instance.py", f.hub, f.ledger)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+source)
	log := &tail{}
	cmd.Stderr = log
	takeAlong(cmd)
	asks, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	says, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	forks := &forks{log: log, exits: map[int]chan struct{}{}, born: make(chan kitProcess)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		forks.read(says)
	}()
	t.Cleanup(func() {
		_ = asks.Close()
		<-read
		_ = cmd.Wait()
	})
	return func() (kitProcess, error) {
		if _, err := io.WriteString(asks, "start\n"); err != nil {
			return kitProcess{}, err
		}
		p, ok := <-forks.born
		if !ok {
			return p, errors.New("the fork server has ended: " + log.String())
		}
		return p, nil
	}
}

// forks is what a fork server says of its processes.
type forks struct {
	log   *tail
	exits map[int]chan struct{} // owned by read
	born  chan kitProcess
}

func (f *forks) read(says io.Reader) {
	defer close(f.born)
	for scanner := bufio.NewScanner(says); scanner.Scan(); {
		word, rest, _ := strings.Cut(scanner.Text(), " ")
		first, _, _ := strings.Cut(rest, " ")
		pid, err := strconv.Atoi(first)
		switch {
		case err != nil:
		case word == "pid":
			f.exits[pid] = make(chan struct{})
			f.born <- kitProcess{pid, f.exits[pid], f.log}
		case word == "exit":
			close(f.exits[pid])
			delete(f.exits, pid)
		}
	}
}
