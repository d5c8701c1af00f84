package reach_test

import (
	"testing"

	"github.com/siohub/siohub/internal/reach"
)

func TestWithPort(t *testing.T) {
	for address, want := range map[string]string{
		"localhost": "localhost:7420", "10.0.0.1": "10.0.0.1:7420", "[::1]": "[::1]:7420",
		"localhost:1": "localhost:1", "[::1]:1": "[::1]:1", "::1": "::1", "unix:run": "unix:run", "localhost:": "localhost:", "": "",
	} {
		if got := reach.WithPort(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
