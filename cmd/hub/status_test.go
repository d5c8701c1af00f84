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

// A hub with ports of its own has its admin listener elsewhere, and another hub may answer
// at the default one.
func TestStatus_SaysWhichAdminListenerItTakes(t *testing.T) {
	for hub, want := range map[string]bool{
		"127.0.0.1:7420": false, "localhost": false, "dns:///hub.test:7420": false, "10.0.0.1:7420,10.0.0.2:7520": false,
		"127.0.0.1:7520": true, "dns:///hub.test:7520": true,
	} {
		if got := (&statusCmd{Hub: hub}).guessed(); got != want {
			t.Errorf("--hub %s: %v, want %v", hub, got, want)
		}
		if (&statusCmd{Hub: hub, Admin: "127.0.0.1:7521"}).guessed() {
			t.Errorf("--hub %s with --admin: it takes what it was told", hub)
		}
	}
}

// A command takes the variable of services: of a list the first, and of a name that stands for many hubs one that answers.
func TestOneHub_IsOneOfThose(t *testing.T) {
	for list, want := range map[string]string{
		"127.0.0.1:7420": "127.0.0.1:7420", " a:1 ,b:2": "a:1", "dns:///hubs.test:7420": "hubs.test:7420", "dns:///hubs.test,b:2": "hubs.test",
	} {
		if got := oneHub(list); got != want {
			t.Errorf("%q: %q", list, got)
		}
	}
}
