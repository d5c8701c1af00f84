package hostile_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/siohub/siohub/test/hostile"
)

// What a hub with little memory may take: what the limit says, and half of it for what the limit
// does not count or notices late.
const (
	memoryLimit  = 128 << 20
	mostResident = memoryLimit + memoryLimit/2
	squeezeTime  = 8 * time.Second
)

// TestMemoryLimit lets browsers do what takes memory, far more than the hub has.
func TestMemoryLimit(t *testing.T) {
	if testing.Short() || os.Getenv("HOSTILE_TARGET")+os.Getenv("HOSTILE_REFERENCE")+os.Getenv("HOSTILE_PROGRAM") != "" {
		t.Skip("needs the hub's own program, and some seconds")
	}
	for name, kinds := range map[string][]string{
		"begun and not ended":     {"attachments held back", "messages that lack a byte"},
		"not taken by the others": {"events of 3 MB to a slow handler", "pushed to and reading nothing"},
	} {
		t.Run(name, func(t *testing.T) { squeeze(t, kinds) })
	}
}

// squeeze looks whether the hub stays within its memory, serves a bystander meanwhile, and ends in
// order while they are there.
func squeeze(t *testing.T, kinds []string) {
	target, err := hostile.StartServe(t.TempDir(), browsersServe, "GOMEMLIMIT=128MiB")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = target.Stop() // looked at below
		if t.Failed() {
			t.Logf("the end of the server's log:\n%s", tail(target.Log.String(), 4000))
		}
	})
	line, stop := child(t, target, "HOSTILE_SERVICE=yes")
	if line() != "ready" {
		t.Fatalf("the service: %s", stop())
	}
	b, err := hostile.NewBystander(target, false, "/kit,")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	memory := watchMemory(target)
	for _, kind := range kinds {
		stop := attacking(t, target, kind)
		defer func() { t.Logf("%s: %s", kind, stop()) }()
	}
	echoes, worst := 0, time.Duration(0)
	for until := time.Now().Add(squeezeTime); time.Now().Before(until); echoes++ {
		begin := time.Now()
		err := b.Check("squeezed")
		if errors.Is(err, hostile.ErrNoEcho) { // once more: the machine may be busy with something else
			t.Log("the bystander:", err)
			err = b.Check("squeezed-again")
		}
		if err != nil {
			t.Fatal("the bystander:", err)
		}
		worst = max(worst, time.Since(begin))
	}
	peak := memory()
	if !hostile.Raced && peak > mostResident {
		t.Errorf("the hub took %d MiB", peak>>20)
	}
	begin := time.Now()
	if err := target.Stop(); err != nil {
		t.Error(err)
	}
	t.Logf("%d MiB at most, %d echoes of a bystander, the worst %v; ended %v after SIGTERM", peak>>20, echoes, worst, time.Since(begin))
}
