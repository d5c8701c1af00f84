package main

import (
	"os"
	"strings"
	"testing"

	"github.com/siohub/siohub/cmd/hub/internal/config"
)

// The examples of docs/security.md are taken as they stand.
func TestDocs_ExamplesOfSecurityAreTaken(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```yaml\n")[1:]
	if len(blocks) < 4 {
		t.Fatalf("%d examples", len(blocks))
	}
	for i, block := range blocks {
		example, _, _ := strings.Cut(block, "```")
		loaded, err := config.Load(config.Sources{File: writeFile(t, t.TempDir(), "hub.yaml", example)})
		if err == nil {
			_, err = permissionsOf(loaded.Config)
		}
		if err != nil {
			t.Errorf("example %d: %v", i+1, err)
		}
	}
}
