package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/siohub/siohub/test/machine"
)

// programs are those that were built for a test, for the others to use as well: linking takes seconds.
var programs struct {
	mu    sync.Mutex // held while one is built
	dir   string
	paths map[string]string // by package and flags
}

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(programs.dir)
	os.Exit(code)
}

// build compiles a command of this module once, race detector included where the tests
// have it.
func build(t *testing.T, pkg string, flags ...string) string {
	t.Helper()
	programs.mu.Lock()
	defer programs.mu.Unlock()
	key := strings.Join(append(flags, pkg), " ")
	if path := programs.paths[key]; path != "" {
		return path
	}
	if programs.paths == nil {
		dir, err := os.MkdirTemp("", "e2e")
		if err != nil {
			t.Fatal(err)
		}
		programs.dir, programs.paths = dir, make(map[string]string)
	}
	dir, err := os.MkdirTemp(programs.dir, "")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, filepath.Base(pkg))
	args := append([]string{"build", "-o", program}, flags...)
	if machine.Raced() {
		args = append(args, "-race")
	}
	cmd := exec.CommandContext(t.Context(), "go", append(args, pkg)...)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, output)
	}
	programs.paths[key] = program
	return program
}
