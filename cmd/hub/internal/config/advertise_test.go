package config

import "testing"

func TestConfig_TellsWhereServicesReachThisHub(t *testing.T) {
	for _, row := range []struct{ listen, advertise, want string }{
		{"127.0.0.1:7420", "", "127.0.0.1:7420"},
		{"hub-0.hubs:7420", "", "hub-0.hubs:7420"},
		{"0.0.0.0:7420", "", ""},
		{"[::]:7420", "", ""},
		{":7420", "", ""},
		{"127.0.0.1:0", "", ""},
		{"0.0.0.0:7420", "hub-0.hubs:7420", "hub-0.hubs:7420"},
	} {
		c := Default()
		c.Control.Listen, c.Cluster.Advertise = row.listen, row.advertise
		if got := c.ControlPlane().ControlAddress; got != row.want {
			t.Errorf("%+v: %q", row, got)
		}
	}
}
