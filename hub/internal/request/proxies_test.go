package request

import (
	"net/http"
	"testing"
)

func TestProxies_WhoIsTheClient(t *testing.T) {
	trusted := NewProxies([]string{"10.0.0.0/8", "192.0.2.1", "2001:db8:1::/48"})
	for _, row := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"203.0.113.9:1", nil, "203.0.113.9"},
		{"203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9"}, // anybody may say so
		{"10.1.2.3:1", nil, "10.1.2.3"},
		{"10.1.2.3:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"[::ffff:10.1.2.3]:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"[2001:db8:1::7]:1", []string{"2001:db8:2::1"}, "2001:db8:2::1"},
		{"10.1.2.3:1", []string{"1.2.3.4, 198.51.100.1"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{"1.2.3.4, 198.51.100.1, 192.0.2.1"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{"198.51.100.1", "10.9.9.9,192.0.2.1"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{"[2001:db8:2::1]:4711"}, "2001:db8:2::1"},
		{"10.1.2.3:1", []string{"198.51.100.1, unknown"}, "10.1.2.3"},
		{"10.1.2.3:1", []string{"198.51.100.1, unknown, 10.9.9.9"}, "10.9.9.9"},
		{"10.1.2.3:1", []string{"10.9.9.9, 10.8.8.8"}, "10.9.9.9"},
		{"10.1.2.3:1", []string{""}, "10.1.2.3"},
		{"10.1.2.3:1", []string{","}, "10.1.2.3"},
		{"@", []string{"198.51.100.1"}, ""},
	} {
		r := &http.Request{RemoteAddr: row.peer, Header: http.Header{}}
		if row.forwarded != nil {
			r.Header["X-Forwarded-For"] = row.forwarded
		}
		if got := trusted.Client(r); got != row.want {
			t.Errorf("%s %q: %q, want %q", row.peer, row.forwarded, got, row.want)
		}
	}
	direct := &http.Request{RemoteAddr: "10.1.2.3:1", Header: http.Header{"X-Forwarded-For": {"198.51.100.1"}}}
	if got := Proxies(nil).Client(direct); got != "10.1.2.3" {
		t.Errorf("without trusted proxies: %q", got)
	}
	if n := testing.AllocsPerRun(100, func() { Proxies(nil).Client(direct) }); n != 0 {
		t.Errorf("%v allocations where nobody is trusted", n)
	}
}
