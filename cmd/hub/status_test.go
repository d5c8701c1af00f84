package main

import "testing"

// status takes the address that all other commands take.
func TestStatus_AsksTheAdminListenerOfTheSameHost(t *testing.T) {
	for _, c := range []struct{ hub, admin, want string }{
		{"127.0.0.1:7420", "", "127.0.0.1:7421"},
		{"10.0.0.5:9000", "", "10.0.0.5:7421"},
		{"hub.example", "", "hub.example:7421"},
		{"[::1]:7420", "", "[::1]:7421"},
		{"[::1]", "", "[::1]:7421"},
		{"10.0.0.5:7420, 10.0.0.6:7420", "", "10.0.0.5:7421"},
		{"dns:///hubs.example:7420", "", "hubs.example:7421"},
		{"10.0.0.5:9000", "127.0.0.1:81", "127.0.0.1:81"},
	} {
		if got := (&statusCmd{Hub: c.hub, Admin: c.admin}).address(); got != c.want {
			t.Errorf("--hub %s --admin %q: %s, want %s", c.hub, c.admin, got, c.want)
		}
	}
}
