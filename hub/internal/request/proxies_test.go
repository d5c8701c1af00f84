package request

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/option"
)

var someProxies = []string{"10.0.0.0/8", "192.0.2.1", "2001:db8:1::/48"}

func TestProxies_WhoIsTheSender(t *testing.T) {
	trusted := NewProxies(someProxies, option.ForwardedX)
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
		r := &http.Request{RemoteAddr: row.peer, Header: http.Header{"Forwarded": {"for=1.1.1.1"}}}
		if row.forwarded != nil {
			r.Header["X-Forwarded-For"] = row.forwarded
		}
		if got := trusted.Sender(r).Address; got != row.want {
			t.Errorf("%s %q: %q, want %q", row.peer, row.forwarded, got, row.want)
		}
	}
	direct := &http.Request{RemoteAddr: "10.1.2.3:1", Header: http.Header{"X-Forwarded-For": {"198.51.100.1"}}}
	if got := (Proxies{}).Sender(direct).Address; got != "10.1.2.3" {
		t.Errorf("without trusted proxies: %q", got)
	}
	if n := testing.AllocsPerRun(100, func() { Proxies{}.Sender(direct) }); n != 0 {
		t.Errorf("%v allocations where nobody is trusted", n)
	}
}

func TestProxies_WhatTheBrowserHasAskedFor(t *testing.T) {
	trusted := NewProxies(someProxies, option.ForwardedX)
	for _, row := range []struct {
		addresses, host, proto string
		want                   Sender
	}{
		{"198.51.100.1", "hub.test", "https", Sender{"198.51.100.1", "hub.test", true}},
		{"198.51.100.1", "hub.test:8080", "http", Sender{"198.51.100.1", "hub.test:8080", false}},
		{"", "hub.test", "HTTPS", Sender{"10.1.2.3", "hub.test", true}},
		// As many items as addresses: each proxy has added its own, and the browser asked the one that saw its address.
		{"1.2.3.4, 198.51.100.1, 192.0.2.1", "forged.test, hub.test, inside.test", "http, https, http", Sender{"198.51.100.1", "hub.test", true}},
		// Otherwise the last proxy alone is known to have written.
		{"198.51.100.1, 192.0.2.1", "forged.test, hub.test, inside.test", "https", Sender{"198.51.100.1", "inside.test", true}},
		{"198.51.100.1", "", "ftp", Sender{"198.51.100.1", "", false}},
	} {
		r := &http.Request{RemoteAddr: "10.1.2.3:1", Header: http.Header{}}
		for name, value := range map[string]string{"X-Forwarded-For": row.addresses, "X-Forwarded-Host": row.host, "X-Forwarded-Proto": row.proto} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		if got := trusted.Sender(r); got != row.want {
			t.Errorf("%+v: %+v", row, got)
		}
		r.RemoteAddr = "203.0.113.9:1"
		if got := trusted.Sender(r); got != (Sender{Address: "203.0.113.9"}) {
			t.Errorf("of nobody that is trusted, %+v: %+v", row, got)
		}
	}
	r := &http.Request{RemoteAddr: "203.0.113.9:1", TLS: &tls.ConnectionState{}}
	if !trusted.Sender(r).Secure {
		t.Error("TLS is not secure")
	}
}

// forwardedRows are examples of RFC 7239, and what is none.
var forwardedRows = []struct {
	lines []string
	want  Sender
}{
	{[]string{`for=198.51.100.1`}, Sender{"198.51.100.1", "", false}},
	{[]string{`For="[2001:db8:cafe::17]:4711"`}, Sender{"2001:db8:cafe::17", "", false}},
	{[]string{`for=198.51.100.1;proto=https;by=203.0.113.43;host=hub.test`}, Sender{"198.51.100.1", "hub.test", true}},
	{[]string{`for=1.2.3.4;host=forged.test, for=198.51.100.1;host="hub.test:8443";proto=https, for=192.0.2.1;host=inside.test;proto=http`}, Sender{"198.51.100.1", "hub.test:8443", true}},
	{[]string{`for=1.2.3.4`, `for=198.51.100.1`, `for=10.0.0.1, for=192.0.2.1`}, Sender{"198.51.100.1", "", false}},
	{[]string{`for=1.2.3.4, for=unknown`}, Sender{"10.1.2.3", "", false}},
	{[]string{`for=1.2.3.4, for=_hidden, for=10.0.0.1;host=hub.test`}, Sender{"10.0.0.1", "hub.test", false}},
	{[]string{` for=198.51.100.1 ; proto=https ,, `}, Sender{"198.51.100.1", "", true}},
	{[]string{`for="198.51.100.1\:4711"`}, Sender{"198.51.100.1", "", false}},
	{[]string{`for=6.6.6.6;x="a,b;c", for=198.51.100.1`}, Sender{"198.51.100.1", "", false}},
	// What somebody has written before does not change what a proxy has added.
	{[]string{`for=6.6.6.6;x=", for="[2001:db8:2::1]"`}, Sender{"2001:db8:2::1", "", false}},
	{[]string{`for=6.6.6.6, x=", for=198.51.100.1`}, Sender{"198.51.100.1", "", false}},
	{[]string{`for="6.6.6.6\`, `for=198.51.100.1`}, Sender{"198.51.100.1", "", false}},
	// Faults of the last proxy.
	{[]string{`for=1.2.3.4, for="198.51.100.1`}, Sender{"10.1.2.3", "", false}},
	{[]string{`for=1.2.3.4, for=198.51.100.1;for=6.6.6.6`}, Sender{"10.1.2.3", "", false}},
	{[]string{`for=1.2.3.4, nonsense`}, Sender{"10.1.2.3", "", false}},
	{[]string{`for=1.2.3.4, for=a b`}, Sender{"10.1.2.3", "", false}},
	{[]string{``}, Sender{"10.1.2.3", "", false}},
	{nil, Sender{"10.1.2.3", "", false}},
}

func TestProxies_Forwarded(t *testing.T) {
	trusted := NewProxies(someProxies, option.ForwardedStandard)
	for _, row := range forwardedRows {
		r := &http.Request{RemoteAddr: "10.1.2.3:1", Header: http.Header{"X-Forwarded-For": {"1.1.1.1"}, "X-Forwarded-Proto": {"https"}}}
		r.Header["Forwarded"] = row.lines
		if got := trusted.Sender(r); got != row.want {
			t.Errorf("%q: %+v, want %+v", row.lines, got, row.want)
		}
	}
}

func TestProxies_Believed(t *testing.T) {
	trusted := NewProxies(someProxies, option.ForwardedX)
	header := http.Header{"Forwarded": {"for=1.2.3.4"}, "X-Forwarded-For": {"1.2.3.4"}, "X-Real-Ip": {"1.2.3.4"}, "User-Agent": {"x"}}
	for peer, ignored := range map[string]bool{"10.1.2.3:1": false, "203.0.113.9:1": true, "@": true} {
		r := &http.Request{RemoteAddr: peer, Header: header}
		believed, got := trusted.Believed(r)
		if got != ignored || len(r.Header) != 4 || (len(believed.Header) == 1) != ignored || believed.Header.Get("User-Agent") != "x" {
			t.Errorf("%s: %v %q", peer, got, believed.Header)
		}
	}
	r := &http.Request{RemoteAddr: "203.0.113.9:1", Header: http.Header{"User-Agent": {"x"}}}
	if believed, ignored := trusted.Believed(r); ignored || believed != r {
		t.Error("a request that says nothing is another one")
	}
	if n := testing.AllocsPerRun(100, func() { trusted.Believed(r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever stands in the headers, the address is the peer's, or one of them; nobody before an address that is not
// trusted is believed; and the last thing that a trusted proxy has added counts whatever stands before it.
func FuzzForwarded(f *testing.F) {
	for _, row := range forwardedRows {
		f.Add(strings.Join(row.lines, ","))
	}
	for _, s := range []string{
		"1.2.3.4, 198.51.100.1", strings.Repeat("10.0.0.1,", 2000), `for="\`, `"""""`, strings.Repeat(`\`, 999) + `"`, "for=\x00;host=\xff",
		strings.Repeat(`for=10.0.0.1;`, 500), strings.Repeat(`for="10.0.0.1",`, 500), "::1%eth0", "[::ffff:10.0.0.1]:1", "for==", ";;;,,,", "x=\"\\\",for=1.2.3.4",
	} {
		f.Add(s)
	}
	standard, x := NewProxies(someProxies, option.ForwardedStandard), NewProxies(someProxies, option.ForwardedX)
	f.Fuzz(func(t *testing.T, header string) {
		r := &http.Request{RemoteAddr: "10.1.2.3:1", Header: http.Header{
			"Forwarded": {header}, "X-Forwarded-For": {header}, "X-Forwarded-Host": {header}, "X-Forwarded-Proto": {header},
		}}
		for _, p := range []Proxies{standard, x} {
			if s := p.Sender(r); s.Address != "10.1.2.3" {
				if _, err := netip.ParseAddr(s.Address); err != nil {
					t.Errorf("%q: address %q", header, s.Address)
				}
			}
			r.RemoteAddr = "203.0.113.9:1"
			if s := p.Sender(r); s != (Sender{Address: "203.0.113.9"}) {
				t.Errorf("%q is believed of anybody: %+v", header, s)
			}
			r.RemoteAddr = "10.1.2.3:1"
		}
		r.Header["Forwarded"] = []string{header + `, for="198.51.100.1:99";host="hub.test";proto=https`}
		r.Header["X-Forwarded-For"] = []string{header + ", 198.51.100.1"}
		if s := standard.Sender(r); s != (Sender{"198.51.100.1", "hub.test", true}) {
			t.Errorf("%q: what the proxy has added is lost: %+v", header, s)
		}
		if s := x.Sender(r); s.Address != "198.51.100.1" {
			t.Errorf("%q: what the proxy has added is lost: %+v", header, s)
		}
	})
}
