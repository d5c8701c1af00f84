package main

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/siohub/siohub/internal/certstest"
)

// freeAddresses are addresses at which nobody listens.
func freeAddresses(t *testing.T, n int) (addresses []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addresses = append(addresses, l.Addr().String())
	}
	return addresses
}

// session opens a polling session at a hub, and returns the query of its requests.
func session(t *testing.T, url string) string {
	t.Helper()
	_, body := get(t, url+"?EIO=4&transport=polling")
	_, after, _ := strings.Cut(body, `"sid":"`)
	sid, _, ok := strings.Cut(after, `"`)
	if !ok {
		t.Fatalf("no session: %s", body)
	}
	return "?EIO=4&transport=polling&sid=" + sid
}

// Two hubs that have only addresses of each other, with a secret, and with certificates.
func TestPeers_ABrowserMeetsAnotherHub(t *testing.T) {
	dir := t.TempDir()
	ca := certstest.NewAuthority(t)
	pair, stranger := ca.Peer(t), certstest.NewAuthority(t).Peer(t)
	put := func(name string, content []byte) string { return writeFile(t, dir, name, string(content)) }
	secret := put("secret", []byte(strings.Repeat("s", 40)+"\n"))
	certificates := []string{"--cluster-tls-cert", put("tls.crt", pair.CertPEM), "--cluster-tls-key", put("tls.key", pair.KeyPEM), "--cluster-tls-ca", put("ca.crt", ca.PEM)}
	for name, flags := range map[string][]string{
		"secret": {"--cluster-secret-file", secret}, "certificates": certificates, "both": append([]string{"--cluster-secret-file", secret}, certificates...),
	} {
		t.Run(name, func(t *testing.T) {
			peers := freeAddresses(t, 2)
			var urls []string
			var hubs []*process
			for _, address := range peers {
				p := start(t, with("serve", append(flags, "--cluster-listen", address, "--ping-interval", "500ms", "--cluster-peers", strings.Join(peers, ","))...)...)
				urls, hubs = append(urls, p.ready().browsers), append(hubs, p)
			}
			hubs[0].find(`another hub is there.*` + peers[1])
			query := session(t, urls[1])
			if status, body := get(t, urls[0]+query); status != http.StatusOK || !strings.HasPrefix(body, "2") && body != "6" {
				t.Errorf("%d %q", status, body) // not a ping
			}
			strangers(t, peers[1], stranger, name != "secret")
		})
	}
}

// strangers come to the listener for other hubs.
func strangers(t *testing.T, address string, pair *certstest.Pair, secure bool) {
	t.Helper()
	scheme := "http://"
	transport := &http.Transport{DisableKeepAlives: true}
	if secure {
		scheme = "https://"
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	}
	a, err := transport.RoundTrip(newRequest(t, scheme+address+"/socket.io/?EIO=4&transport=polling"))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	if body, _ := io.ReadAll(a.Body); a.StatusCode != http.StatusUnauthorized || len(body) > 0 {
		t.Errorf("a stranger gets %d %q", a.StatusCode, body)
	}
	if !secure {
		return
	}
	transport.TLSClientConfig.Certificates = []tls.Certificate{*pair.TLS(t)}
	if a, err := transport.RoundTrip(newRequest(t, scheme+address+"/socket.io/?EIO=4&transport=polling")); err == nil {
		_ = a.Body.Close()
		t.Errorf("who shows the certificate of another authority gets %d", a.StatusCode)
	}
}

func newRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPeers_SettingsThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	short := writeFile(t, dir, "short", "secret\n")
	peers := "--cluster-peers=127.0.0.1:7422"
	for want, flags := range map[string][]string{
		`cluster.listen = ":7422".*cluster.secret_file`: {"--cluster-listen=:7422", peers},
		`cluster.listen = "10.0.0.1:7422"`:              {"--cluster-listen=10.0.0.1:7422", peers, "--insecure"},
		`cluster.peers`:                                 {"--cluster-listen=127.0.0.1:7422"},
		`cluster.listen`:                                {peers},
		`cluster.peers = .*host:port`:                   {"--cluster-listen=127.0.0.1:7422", "--cluster-peers=hub"},
		`cluster.secret_file = .*line 1.*32`:            {"--cluster-listen=127.0.0.1:7422", peers, "--cluster-secret-file=" + short},
		`cluster.tls.cert`:                              {"--cluster-listen=127.0.0.1:7422", peers, "--cluster-tls-ca=" + short},
		`cluster.relay.requests`:                        {"--cluster-relay-requests=0"},
	} {
		p := start(t, with("serve", flags...)...)
		if code := p.code(); code != 2 {
			t.Errorf("%v: exit %d", flags, code)
		}
		p.find(want)
	}
}
