package conform_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/conform"
)

// goapp builds the program of docs/kits.md with the Go kit, once.
var goapp = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "goapp")
	if err != nil {
		return "", err
	}
	goappDir = dir
	bin := filepath.Join(dir, "goapp")
	out, err := exec.Command("go", "build", "-o", bin, "../../../../test/conform/goapp").CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return bin, nil
})

// goappDir is where it was built.
var goappDir string

func buildGoapp(t *testing.T) string {
	t.Helper()
	bin, err := goapp()
	if err != nil {
		t.Fatal(err, bin)
	}
	return bin
}

// run runs cases against the Go kit's program, and returns what came of each.
func run(t *testing.T, environ []string, cases []*conform.Case) (outcomes []*conform.Outcome) {
	t.Helper()
	opts := conform.Options{Command: []string{buildGoapp(t)}, Environ: environ, Patience: 15 * time.Second}
	if err := conform.Run(t.Context(), opts, cases, func(o *conform.Outcome) { outcomes = append(outcomes, o) }); err != nil {
		t.Fatal(err)
	}
	return outcomes
}

func TestProgramCases_TheGoKitPasses(t *testing.T) {
	t.Parallel()
	cases := conform.ProgramCases()
	if len(cases) < 60 {
		t.Errorf("%d cases, want at least 60", len(cases))
	}
	for _, o := range run(t, nil, cases) {
		if o.Failure != nil {
			t.Errorf("%s: %v\n%s", o.Name, o.Failure, o.Stderr)
		}
	}
}

// Each rule of docs/kits.md is held by a case, or stands here with the reason.
func TestCases_HoldTheRulesOfTheDocument(t *testing.T) {
	t.Parallel()
	notHeld := map[string]string{
		"A3": "nothing is sent that could be seen",
		"E4": "it allows, and asks for nothing",
	}
	page, err := os.ReadFile("../../../../docs/kits.md")
	if err != nil {
		t.Fatal(err)
	}
	held, names := map[string]bool{}, map[string]bool{}
	for _, c := range slices.Concat(conform.ProgramCases(), conform.HubCases(true)) {
		if names[c.Name] {
			t.Errorf("two cases are called %s", c.Name)
		}
		if c.About == "" || len(c.Rules) == 0 {
			t.Errorf("%s says not what it is about", c.Name)
		}
		names[c.Name] = true
		for _, rule := range c.Rules {
			held[rule] = true
		}
	}
	for _, row := range regexp.MustCompile(`(?m)^\| ([A-Z]\d+) \|`).FindAllStringSubmatch(string(page), -1) {
		rule := row[1]
		if held[rule] == (notHeld[rule] != "") {
			t.Errorf("rule %s: held by a case %v, excused %q", rule, held[rule], notHeld[rule])
		}
		delete(held, rule)
	}
	for rule := range held {
		t.Errorf("rule %s stands in a case and not in docs/kits.md", rule)
	}
}

// Whoever ends a run does not wait for its cases, and leaves no program behind (goleak
// would find those who wait for it).
func TestRun_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	opts := conform.Options{Command: []string{"sleep", "3600"}, Parallel: 2, Patience: time.Hour}
	told := 0
	err := conform.Run(ctx, opts, conform.ProgramCases(), func(o *conform.Outcome) {
		if told++; o.Failure == nil {
			t.Errorf("%s passes", o.Name)
		}
	})
	if err == nil || told == 0 {
		t.Errorf("%d cases, %v", told, err)
	}
}

func TestRun_AProgramThatEndsAtOnceFailsWithItsCode(t *testing.T) {
	t.Parallel()
	cases := conform.Select(conform.ProgramCases(), regexp.MustCompile("^session/hello$"))
	opts := conform.Options{Command: []string{"sh", "-c", "echo no such module >&2; exit 3"}, Patience: 500 * time.Millisecond}
	err := conform.Run(t.Context(), opts, cases, func(o *conform.Outcome) {
		if o.Failure == nil || !strings.Contains(o.Failure.Seen, "code 3") || !strings.Contains(o.Stderr, "no such module") {
			t.Errorf("%v, stderr %q", o.Failure, o.Stderr)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// No case is passed by a program that does nothing.
func TestProgramCases_WantAProgram(t *testing.T) {
	t.Parallel()
	opts := conform.Options{Command: []string{"sh", "-c", "exit 1"}, Patience: 500 * time.Millisecond, Parallel: 16}
	err := conform.Run(t.Context(), opts, conform.ProgramCases(), func(o *conform.Outcome) {
		if o.Failure == nil {
			t.Errorf("%s passes", o.Name)
		}
	})
	if err != nil {
		t.Error(err)
	}
}
