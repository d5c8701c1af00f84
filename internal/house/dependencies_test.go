package house

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write cmd/hub/depaware.txt anew")

// TestDependencies_OfTheBinary keeps the list of modules that end up in the binary
// under review. A line says which packages of ours bring a module in; `(others)`
// means that another module does.
func TestDependencies_OfTheBinary(t *testing.T) {
	file := filepath.Join(root(t), "cmd/hub/depaware.txt")
	got := dependencies(t, "./cmd/hub")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the dependencies of cmd/hub have changed; `make depaware` accepts that\n%s", diff(string(want), got))
	}
}

// dependencies lists the modules that a program is built from.
func dependencies(t *testing.T, program string) string {
	t.Helper()
	packages := goList(t, "-deps", program)
	moduleOf := map[string]string{}
	for _, p := range packages {
		if p.Module != nil {
			moduleOf[p.ImportPath] = p.Module.Path
		}
	}
	users := map[string][]string{}
	for _, p := range packages {
		if p.Module == nil {
			continue
		}
		if p.Module.Path != module {
			users[p.Module.Path] = append(users[p.Module.Path], "")
			continue
		}
		for _, imported := range p.Imports {
			if m := moduleOf[imported]; m != "" && m != module {
				users[m] = append(users[m], short(p.ImportPath))
			}
		}
	}
	var lines []string
	for m, by := range users {
		slices.Sort(by)
		by = slices.DeleteFunc(slices.Compact(by), func(s string) bool { return s == "" })
		if len(by) == 0 {
			by = []string{"(others)"}
		}
		lines = append(lines, fmt.Sprintf("%-66s %s\n", m, strings.Join(by, ", ")))
	}
	slices.Sort(lines)
	return "# Modules in the hub binary, and the packages of this module that import them.\n" +
		"# Written by `make depaware`, compared by `make lint` and `make test`.\n\n" + strings.Join(lines, "")
}

// diff shows the lines that are in one text alone.
func diff(want, got string) string {
	wants, gots := strings.Split(want, "\n"), strings.Split(got, "\n")
	var b strings.Builder
	for _, line := range wants {
		if !slices.Contains(gots, line) {
			fmt.Fprintf(&b, "- %s\n", line)
		}
	}
	for _, line := range gots {
		if !slices.Contains(wants, line) {
			fmt.Fprintf(&b, "+ %s\n", line)
		}
	}
	return b.String()
}
