package socketio

import "testing"

// One id in 64 would begin with a hyphen.
func TestNewID_IsNoFlagOfACommandLine(t *testing.T) {
	for range 2000 {
		if id := newID(); len(id) != 20 || id[0] == '-' {
			t.Fatal(id)
		}
	}
}
