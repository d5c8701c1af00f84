package relay

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
)

// Whatever stands in the header, the browser's address is one, or none, and no header of the hubs' goes on to the handler.
func FuzzBrowser(f *testing.F) {
	for _, s := range []string{"http 198.51.100.1", "https 2001:db8::7", "http -", "", "http", "http  ", "https 1.2.3.4:80", "http fe80::1%eth0", "HTTP 1.2.3.4", "http 1.2.3.4 5.6.7.8", "ftp -", "http \x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := &http.Request{RemoteAddr: "10.0.0.1:1", TLS: new(tls.ConnectionState), URL: new(url.URL), Header: http.Header{browserHeader: {value}}}
		n, err := asBrowser(r)
		if err != nil {
			return
		}
		if n.RemoteAddr != "" {
			if _, err := netip.ParseAddrPort(n.RemoteAddr); err != nil {
				t.Errorf("%q: %q", value, n.RemoteAddr)
			}
		}
		if n.Header[browserHeader] != nil || r.Header[browserHeader] == nil {
			t.Errorf("%q: %v", value, n.Header)
		}
	})
}

// Whatever stands in an Authorization header, nobody is let in by it who does not know the secret.
func FuzzCredentials(f *testing.F) {
	for _, s := range []string{
		`Hub from="a" to="b" do="pass" nonce="n" proof="p"`, `Hub proof=""`, "Hub ", "Hub", "Bearer x", `Hub a`, `Hub a=`, `Hub a="`, `Hub =""`, `Hub a="b""`, "Hub a=\"\x00\"",
	} {
		f.Add(s)
	}
	rc := &Receiver{config: ReceiverConfig{HubID: "b", Secrets: func() [][]byte { return [][]byte{[]byte("secret")} }}}
	f.Fuzz(func(t *testing.T, header string) {
		said, ok := parseCredentials(header)
		if !ok {
			return
		}
		h := hello{from: said["from"], to: said["to"], do: said["do"], challenge: "c", nonce: said["nonce"]}
		if _, ok := rc.prove(h, said["proof"]); ok {
			t.Errorf("%q is let in", header)
		}
	})
}
