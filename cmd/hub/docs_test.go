package main

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

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

// The manifest of docs/kubernetes.md is YAML, and the hub takes its configuration, its variables and its arguments; what refers to
// each other in it has the same names.
func TestDocs_Kubernetes(t *testing.T) {
	page, err := os.ReadFile("../../docs/kubernetes.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	manifest, _, _ := strings.Cut(rest, "```")
	kinds := map[string]map[string]any{}
	file := ""
	for i, text := range strings.Split(manifest, "---\n") {
		var parsed map[string]any
		if err := yaml.Unmarshal([]byte(text), &parsed); err != nil {
			t.Fatalf("part %d: %v", i+1, err)
		}
		kind, _ := parsed["kind"].(string)
		kinds[kind] = parsed
		if kind == "ConfigMap" {
			file, _ = parsed["data"].(map[string]any)["hub.yaml"].(string)
		}
	}
	if len(kinds) != 5 || kinds["StatefulSet"] == nil || file == "" {
		t.Fatalf("kinds %v", kinds)
	}
	var variables []string
	pod := kinds["StatefulSet"]["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	container := pod["containers"].([]any)[0].(map[string]any)
	for _, one := range container["env"].([]any) {
		variable := one.(map[string]any)
		if name := variable["name"].(string); strings.HasPrefix(name, "HUB_") {
			value := strings.NewReplacer("$(POD_NAME)", "hub-0", "$(POD_NAMESPACE)", "chat").Replace(variable["value"].(string))
			variables = append(variables, name+"="+value)
		}
	}
	loaded, err := config.Load(config.Sources{File: writeFile(t, t.TempDir(), "hub.yaml", file), Environ: variables})
	if err != nil {
		t.Fatal(err)
	}
	if got := loaded.Config.Cluster.Advertise; len(variables) != 2 || got != "hub-0.hubs.chat.svc.cluster.local:7420" {
		t.Errorf("%q advertises %q", variables, got)
	}
	c := loaded.Config
	if grace, ok := pod["terminationGracePeriodSeconds"].(int); !ok || float64(grace) <= c.Shutdown.Timeout.Seconds() {
		t.Errorf("the pod has %v s to end, the hub %v", grace, c.Shutdown.Timeout)
	}
	if args := container["args"].([]any); args[0] != "serve" || args[1] != "--config" {
		t.Errorf("arguments %v", args)
	}
}
