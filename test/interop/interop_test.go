package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/siohub/siohub/test/machine"
)

func TestMain(m *testing.M) {
	root = "../.."
	goleak.VerifyTestMain(m)
}

// TestInterop runs the cells that every change is tested with.
func TestInterop(t *testing.T) {
	var flags []string
	if machine.Raced() {
		flags = append(flags, "-race")
	}
	dir := t.TempDir()
	if err := buildHub(t.Context(), dir, flags...); err != nil {
		t.Fatal(err)
	}
	chosen := slices.DeleteFunc(cells(true), func(c cell) bool { return lacks(t, c) })
	b, err := newBench(dir)
	if err != nil {
		t.Fatal(err)
	}
	results := b.runAll(t.Context(), chosen, 6, func(result) {})
	said := b.stop()
	for _, r := range results {
		t.Run(r.name+" over "+r.transport, func(t *testing.T) {
			for _, s := range steps {
				if why := r.failed[s]; why != "" {
					t.Errorf("%s: %s", s, why)
				}
			}
		})
	}
	if t.Failed() {
		t.Log(lastLines(said, 200))
	}
}

// lacks reports whether the machine lacks what a cell needs: its test is skipped then, or fails.
func lacks(t *testing.T, c cell) bool {
	names := missing([]cell{c})
	if len(names) > 0 {
		t.Run(c.name+" over "+c.transport, func(t *testing.T) {
			report := t.Skipf
			if machine.Required() {
				report = t.Fatalf
			}
			report("make e2e-tools installs what is missing: %s", strings.Join(names, ", "))
		})
	}
	return len(names) > 0
}

// TestTable_IsOfTheseCells keeps the table in step with the cells: make interop writes it.
func TestTable_IsOfTheseCells(t *testing.T) {
	text, err := os.ReadFile(inRoot(document))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), tableStart)
	written, _, _ := strings.Cut(rest, tableEnd)
	rows := map[string]bool{}
	for line := range strings.Lines(written) {
		if columns := strings.SplitN(line, " | ", 5); len(columns) == 5 && strings.HasPrefix(line, "| ") {
			rows[strings.Join(append(columns[:1], columns[2:4]...), " | ")] = true
		}
	}
	for _, c := range cells(false) {
		columns := strings.Split(strings.TrimSuffix(rowStart(c, ""), " |"), " | ")
		name := strings.Join(append(columns[:1], columns[2:]...), " | ")
		if !rows[name] {
			t.Errorf("%s has no row %q: make interop", document, name)
		}
		delete(rows, name)
	}
	delete(rows, "| client | over | the hub has")
	for name := range rows {
		if !strings.Contains(name, "---") {
			t.Errorf("%s has a row %q that nothing stands for: make interop", document, name)
		}
	}
	if strings.Contains(written, "FAILED") {
		t.Errorf("%s tells of failures", document)
	}
}
