package machine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/siohub/siohub/test/machine"
)

func TestHas_ProgramsAndFiles(t *testing.T) {
	for name, want := range map[string]bool{"go": true, "no-such-program": false, "./doc.go": true, "./no-such-file": false} {
		if got := machine.Has(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestEnvironment_HasNothingForAHub(t *testing.T) {
	t.Setenv("HUB_LISTEN", "nowhere")
	t.Setenv("OTHER", "kept")
	env := machine.Environment()
	if slices.ContainsFunc(env, func(pair string) bool { return strings.HasPrefix(pair, "HUB_") }) || !slices.Contains(env, "OTHER=kept") {
		t.Error(env)
	}
}

func TestRequired_SaysTheEnvironment(t *testing.T) {
	for _, c := range []struct {
		e2e, ci string
		want    bool
	}{{"", "", false}, {"require", "", true}, {"", "true", true}, {"yes", "false", false}} {
		t.Setenv("HUB_E2E", c.e2e)
		t.Setenv("CI", c.ci)
		if got := machine.Required(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
