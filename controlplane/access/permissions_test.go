package access_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/siohub/siohub/controlplane/access"
)

func ExampleNewPermissions() {
	_, err := access.NewPermissions(access.Rules{Groups: []string{"chat"}, Verbs: []string{"attach", "shout"}})
	var wrong *access.RuleError
	fmt.Println(errors.As(err, &wrong))
	// Output: true
}

func TestPermissions_CountInstancesAndCommands(t *testing.T) {
	p, err := access.NewPermissions(access.Rules{MaxInstances: 1, CommandsPerSecond: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !p.Attach() || p.Attach() {
		t.Error("the limit of instances is another one")
	}
	p.Detach()
	if !p.Attach() {
		t.Error("an instance that has left counts")
	}
	if p.Spend(1) != 0 || p.Spend(1) == 0 {
		t.Error("the limit of commands is another one")
	}
}

func TestPermissions_NilPermitAllAndZeroNothing(t *testing.T) {
	var all *access.Permissions
	if all.Set() != nil || !all.Attach() || all.Spend(1_000_000) != 0 {
		t.Error("nil permissions have a limit")
	}
	all.Detach()
	if none := new(access.Permissions); none.Set() == nil || none.Set().Attach("chat") == nil {
		t.Error("zero permissions permit something")
	}
}
