package house

import (
	"encoding/json"
	"os"
	"os/exec"
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
