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

// A client's name is the same whenever it is asked for, and is no other's.
func TestNames_AreThoseOfOneServer(t *testing.T) {
	one, other := newNames(), newNames()
	seen := make(map[string]bool)
	for range 500 {
		id := newID()
		name := one.of(id)
		if len(name) != 20 || name[0] == '-' || name != one.of(id) || name == other.of(id) || seen[name] {
			t.Fatal(id, name)
		}
		seen[name] = true
	}
}
