package house

import (
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadme_ProgramCompiles builds the README's Go program as it stands there. An
// overlay gives the compiler a package that exists nowhere else.
func TestReadme_ProgramCompiles(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) == 0 {
		t.Fatal("the README shows no Go program")
	}
	for _, block := range blocks {
		source := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(source, []byte(block[1]), 0o644); err != nil {
			t.Fatal(err)
		}
		pkg := "internal/house/readme"
		overlay, err := json.Marshal(map[string]map[string]string{
			"Replace": {filepath.Join(root(t), pkg, "main.go"): source},
		})
		if err != nil {
			t.Fatal(err)
		}
		overlayFile := filepath.Join(t.TempDir(), "overlay.json")
		if err := os.WriteFile(overlayFile, overlay, 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "build", "-overlay", overlayFile, "-o", os.DevNull, "./"+pkg)
		cmd.Dir = root(t)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, strings.TrimSpace(string(out)))
		}
	}
}

// TestReadme_NamesEveryTarget keeps the commands that the README shows in step with
// the Makefile.
func TestReadme_NamesEveryTarget(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile(filepath.Join(root(t), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("make ([a-z-]+)").FindAllStringSubmatch(string(readme), -1) {
		if !strings.Contains(string(makefile), "\n"+m[1]+":") {
			t.Errorf("the README says `make %s`; the Makefile has no such target", m[1])
		}
	}
}

// TestReadme_ArrowsPointDown holds the imports against the order of the README's
// table of packages: nobody imports from a row above its own. A package without a row
// belongs to the nearest folder that has one.
func TestReadme_ArrowsPointDown(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for i, line := range strings.Split(string(readme), "\n") {
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| [") && len(cells) == 2 {
			for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(line, -1) {
				rows[m[1]] = i
			}
		}
	}
	row := func(pkg string) (int, bool) {
		for ; pkg != "."; pkg = path.Dir(pkg) {
			if i, ok := rows[pkg]; ok {
				return i, true
			}
		}
		return 0, false
	}
	for _, p := range goList(t, "./...") {
		from, ok := row(short(p.ImportPath))
		if !ok {
			t.Errorf("%s stands in no row of the README's table", short(p.ImportPath))
		}
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, module+"/") {
				continue
			}
			if to, ok := row(short(imported)); ok && to < from {
				t.Errorf("%s imports %s, which stands above it in the README's table", short(p.ImportPath), short(imported))
			}
		}
	}
}
