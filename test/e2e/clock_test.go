package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// stepped is what a program's time.Now gets: the wall clock is stepped as CLOCK_STEPS says, which is a list of
// `SECONDS=STEP` with the seconds since the program began; the monotonic clock is untouched, as it is when
// somebody sets the clock of a machine.
const stepped = `package time

import (
	"sync"
	"syscall"
)

type wallStep struct{ at, by int64 }

var wallSteps = sync.OnceValue(func() (steps []wallStep) {
	s, _ := syscall.Getenv("CLOCK_STEPS")
	var n, at, sign int64 = 0, 0, 1
	for _, c := range s + "," {
		switch {
		case '0' <= c && c <= '9':
			n = 10*n + int64(c-'0')
		case c == '-':
			sign = -1
		case c == '=':
			at, n = n, 0
		case c == ',' && s != "":
			steps = append(steps, wallStep{at * 1e9, sign * n})
			n, sign = 0, 1
		}
	}
	return steps
})

func stepWall(mono int64) (sec int64) {
	for _, s := range wallSteps() {
		if mono >= s.at {
			sec += s.by
		}
	}
	return sec
}
`

// TestClock steps the wall clock under a hub and a service, forwards and backwards, while a decision is made, events
// wait and heartbeats go on. It is built with a time package of its own, which takes a minute.
func TestClock(t *testing.T) {
	needs(t, "node", nodePath("socket.io-client"))
	if os.Getenv("E2E_CLOCK") == "" {
		t.Skip("make clock")
	}
	overlay := clockOverlay(t)
	runNode(t, "clock_test.mjs", "E2E_CLOCK_HUB="+build(t, "./cmd/hub", "-overlay="+overlay), "E2E_CRAWL="+build(t, "./test/e2e/crawl", "-overlay="+overlay))
}

// clockOverlay is for `go build -overlay`.
func clockOverlay(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(strings.TrimSpace(string(out)), "src/time")
	source, err := os.ReadFile(filepath.Join(folder, "time.go"))
	if err != nil {
		t.Fatal(err)
	}
	const line = "	sec += unixToInternal - minWall\n"
	if strings.Count(string(source), line) != 1 {
		t.Fatalf("time.Now of %s is another one: this test has to follow", runtime.Version())
	}
	dir := t.TempDir()
	replace := map[string]string{}
	for name, text := range map[string]string{
		"time.go": strings.Replace(string(source), line, line+"	sec += stepWall(mono)\n", 1), "zz_steps.go": stepped,
	} {
		to := filepath.Join(dir, name)
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(folder, name)] = to
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
