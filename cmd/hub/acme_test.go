package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/internal/certstest"
)

// pebbleRequired is read before TestMain forgets the variable.
var pebbleRequired = os.Getenv("CI") == "true" || os.Getenv("HUB_E2E") == "require"

// pebble is a running certificate authority: the one with which authors of ACME clients test.
type pebble struct {
	*exec.Cmd
	t          *testing.T
	ca         string // file with the authority of its own certificate
	directory  string // URL
	management string // URL
	client     *http.Client
}

// startPebble runs one that finds every host on this machine and comes to the given ports. Its certificates are good for a few seconds.
func startPebble(t *testing.T, tlsAddress, httpAddress string, life time.Duration) *pebble {
	t.Helper()
	found, _ := filepath.Glob("../../.cache/pebble/*/pebble")
	if len(found) == 0 {
		if pebbleRequired {
			t.Fatal("pebble is missing: make e2e-tools")
		}
		t.Skip("pebble is missing: make e2e-tools")
	}
	authority, dir, ports := certstest.NewAuthority(t), t.TempDir(), freePorts(t, 4)
	pair := authority.Server(t)
	p := &pebble{
		t: t, ca: writeFile(t, dir, "ca.pem", string(authority.PEM)), directory: "https://" + ports[0] + "/dir", management: "https://" + ports[1],
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: authority.Pool()}}, Timeout: patience},
	}
	settings, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": ports[0], "managementListenAddress": ports[1],
		"certificate": writeFile(t, dir, "pebble.crt", string(pair.CertPEM)), "privateKey": writeFile(t, dir, "pebble.key", string(pair.KeyPEM)),
		"tlsPort": portOf(t, tlsAddress), "httpPort": portOf(t, httpAddress),
		"profiles": map[string]any{"default": map[string]any{"description": "short", "validityPeriod": int(life / time.Second)}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	config := writeFile(t, dir, "pebble.json", string(settings))
	runBeside(t, found[0]+"-challtestsrv", "-dnsserver", ports[2], "-management", ports[3], "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "")
	p.Cmd = runBeside(t, found[0], "-config", config, "-dnsserver", ports[2], "-strict")
	waitFor(t, func() bool { return listens(ports[0]) && listens(ports[1]) && listens(ports[3]) })
	return p
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	a, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return a.Port
}

// runBeside runs another program; the test ends it.
func runBeside(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	cmd, output := exec.Command(program, args...), newLines()
	// Who is told four times in a row that a nonce is used up has failed, and asks again in a minute: of 20 in a hundred that were now and then.
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_AUTHZREUSE=0", "PEBBLE_WFE_NONCEREJECT=5")
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", program, output.text())
		}
	})
	return cmd
}

// roots are those of the certificates that it issues.
func (p *pebble) roots() *x509.CertPool {
	p.t.Helper()
	res, err := p.client.Get(p.management + "/roots/0")
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(content) {
		p.t.Fatal(err, string(content))
	}
	return pool
}

// startIssued runs a hub whose certificates come from an authority.
func startIssued(t *testing.T, tlsAddress, directory, ca string, args ...string) (p *process, at addresses, cache string) {
	t.Helper()
	cache = filepath.Join(t.TempDir(), "cache")
	p = start(t, with("serve", append([]string{
		"--listen-tls", tlsAddress, "--tls-acme-hosts", "hub.test,Chat.Hub.test", "--tls-acme-cache", cache, "--tls-acme-directory", directory, "--tls-acme-ca", ca,
		"--tls-acme-email", "admin@hub.test",
	}, args...)...)...)
	return p, p.ready(), cache
}

// shown is the certificate that a handshake is shown.
func shown(t *testing.T, address, host string, roots *x509.CertPool) (*x509.Certificate, error) {
	t.Helper()
	config := &tls.Config{ServerName: host, RootCAs: roots}
	if roots == nil {
		config.InsecureSkipVerify = true
	}
	conn, err := (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

// The hub proves by TLS-ALPN-01, on the listener itself, that the hosts are its own. When the authority is gone the certificates that it
// has issued stay, and somebody hears of it.
func TestACME_CertificatesOfTheListener(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	authority := startPebble(t, ports[0], ports[1], 30*time.Second)
	p, at, cache := startIssued(t, ports[0], authority.directory, authority.ca)
	p.find(`msg="certificate of the authority in force" .*host=hub\.test `)
	p.find(`msg="certificate of the authority in force" .*host=chat\.hub\.test `)
	roots := authority.roots()
	if _, err := shown(t, ports[0], "hub.test", roots); err != nil {
		t.Error(err)
	}
	if _, err := shown(t, ports[0], "chat.hub.test", roots); err != nil {
		t.Error(err)
	}
	if _, err := shown(t, ports[0], "other.hub.test", nil); err == nil {
		t.Error("a name that is not configured is shown a certificate")
	}
	if nameless, err := shown(t, ports[0], "", nil); err != nil || nameless.VerifyHostname("hub.test") != nil {
		t.Error("without a name", err)
	}
	onlyForItsOwner(t, cache)
	counted(t, at, `hub_acme_requests_total{result="answered"}`)
	counted(t, at, `hub_certificate_expiry_timestamp_seconds{host="hub.test"}`)

	if err := authority.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.find(`level=WARN msg="the certificate authority does not answer" .*option=tls.acme.directory`)
	counted(t, at, `hub_acme_requests_total{result="unreachable"}`)
	if _, err := shown(t, ports[0], "hub.test", roots); err != nil {
		t.Error("the old certificate", err)
	}
	p.find(`level=WARN msg="certificate is not renewed: the old one stays until it expires" `)
}

// onlyForItsOwner checks the directory with the private keys.
func onlyForItsOwner(t *testing.T, cache string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(cache, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a token of a challenge
		}
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", path, info.Mode())
		}
		files++
		return err
	})
	if err != nil || files < 4 { // itself, the account's key, two certificates
		t.Error(files, err)
	}
}

// Where the authority does not get through to the listener itself it comes to the other one (HTTP-01), and the operator reads why. A certificate is renewed
// before it expires, and kept for the next start.
func TestACME_ChallengesOverHTTP(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 3)
	authority := startPebble(t, ports[2], ports[1], 12*time.Second)
	p, at, _ := startIssued(t, ports[0], authority.directory, authority.ca, "--tls-acme-listen-http", ports[1])
	p.find(`level=WARN msg="the certificate authority refuses" .*problem=urn:ietf:params:acme:error:\S+ .*challenge=tls-alpn-01`)
	inForce := p.find(`msg="certificate of the authority in force" .*host=hub\.test expires=(\S+)`)
	counted(t, at, `hub_acme_requests_total{result="refused"}`)
	roots := authority.roots()
	first, err := time.Parse(time.RFC3339, inForce[1])
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		next, err := shown(t, ports[0], "hub.test", roots)
		return err == nil && next.NotAfter.After(first)
	})
	// The other host's may expire in the same second, and a line that tells of an old one says when as well.
	if _, rest, _ := strings.Cut(inForce[0], "msg="); strings.Count(p.output.text(), rest) != 1 {
		t.Error("a certificate is in force twice")
	}
	for _, row := range []struct {
		method, host, path string
		status             int
		location           string
	}{
		{"GET", "hub.test", "/socket.io/?EIO=4", 301, "https://hub.test/socket.io/?EIO=4"},
		{"GET", "HUB.test:80", "/", 301, "https://hub.test/"},
		{"POST", "hub.test", "/", 405, ""},
		{"GET", "other.test", "/", 421, ""},
		{"GET", "hub.test", "/.well-known/acme-challenge/nothing", 404, ""},
		{"GET", "hub.test", "/.well-known/acme-challenge/..%2f..%2facme_account+key", 404, ""},
		{"GET", "other.test", "/.well-known/acme-challenge/nothing", 421, ""},
	} {
		request, err := http.NewRequestWithContext(t.Context(), row.method, "http://"+ports[1]+row.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = row.host
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != row.status || res.Header.Get("Location") != row.location || bytes.Contains(body, []byte("PRIVATE")) {
			t.Errorf("%s %s %s: %s %s", row.method, row.host, row.path, res.Status, res.Header)
		}
	}
}

// A hub whose authority does not answer starts all the same, says so, turns browsers away on that listener, and ends in order.
func TestACME_AuthorityIsAwayAtTheStart(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	authority := certstest.NewAuthority(t)
	ca := writeFile(t, t.TempDir(), "ca.pem", string(authority.PEM))
	p, at, _ := startIssued(t, ports[0], fmt.Sprintf("https://%s/dir", ports[1]), ca)
	p.find(`level=WARN msg="the certificate authority does not answer" .*option=tls.acme.directory`)
	p.find(`level=WARN msg="no certificate from the authority: browsers that ask for this host are turned away" .*host=hub\.test .*option=tls.acme.hosts again_in=1m10s`)
	if _, err := shown(t, ports[0], "hub.test", nil); err == nil {
		t.Error("a certificate from nowhere")
	}
	if status, _ := get(t, at.browsers+"?EIO=4&transport=polling"); status != 200 {
		t.Errorf("the plain listener: %d", status)
	}
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := p.code(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Port 80 is open to strangers. Who sends no whole request is closed in time, and counted where no header came; who has got an answer is
// closed, whatever he has announced.
func TestACME_StrangersWhereChallengesAreAnswered(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 3)
	ca := writeFile(t, t.TempDir(), "ca.pem", string(certstest.NewAuthority(t).PEM))
	_, at, _ := startIssued(t, ports[0], "https://"+ports[1]+"/dir", ca, "--tls-acme-listen-http", ports[2],
		"--http-header-timeout=300ms")
	for _, row := range []struct{ said, answer string }{
		{"", ""},
		{"GET / HTTP/1.1\r\nHost: hub.test\r\n", ""},
		{"GET / HTTP/1.1\r\nHos", "HTTP/1.1 400 "},
		{"POST / HTTP/1.1\r\nHost: hub.test\r\nContent-Length: 200000\r\n\r\n", "HTTP/1.1 405 "},
		{"POST / HTTP/1.1\r\nHost: other.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "HTTP/1.1 421 "},
		{"OPTIONS * HTTP/1.1\r\nHost: hub.test\r\nContent-Length: 2000\r\n\r\n", "HTTP/1.1 405 "},
		{"GET / HTTP/1.1\r\nHost: other.test\r\n\r\n", "HTTP/1.1 421 "},
		{"GET /chat HTTP/1.1\r\nHost: hub.test\r\n\r\n", "HTTP/1.1 301 "},
		{"GET /" + strings.Repeat("a", 17<<10) + " HTTP/1.1\r\nHost: hub.test\r\n\r\n", "HTTP/1.1 431 "},
	} {
		conn := dialFrom(t, "127.0.0.1", ports[2])
		_, _ = io.WriteString(conn, row.said)
		answer, err := io.ReadAll(conn)
		if errors.Is(err, os.ErrDeadlineExceeded) || !strings.HasPrefix(string(answer), row.answer) || (row.answer == "") != (len(answer) == 0) {
			t.Errorf("%.60q: %.60q, %v", row.said, answer, err)
		}
	}
	counted(t, at, `hub_connections_without_request_total{kind="silent"}`)
	counted(t, at, `hub_connections_without_request_total{kind="header"}`)
}

// Nobody takes all connections of port 80, or the authority would not come through.
func TestACME_ShareOfAnAddressWhereChallengesAreAnswered(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 3)
	ca := writeFile(t, t.TempDir(), "ca.pem", string(certstest.NewAuthority(t).PEM))
	_, at, _ := startIssued(t, ports[0], "https://"+ports[1]+"/dir", ca, "--tls-acme-listen-http", ports[2],
		"--rates-private-addresses", "--rates-open-connections=5")
	for range 5 {
		dialFrom(t, "127.0.0.2", ports[2])
	}
	if status := answered(dialFrom(t, "127.0.0.2", ports[2])); status != 429 {
		t.Errorf("one too many: %d", status)
	}
	if status := answered(dialFrom(t, "127.0.0.3", ports[2])); status != 421 {
		t.Errorf("another address: %d", status)
	}
	counted(t, at, `hub_limits_reached_total{limit="rates.open_connections"}`)
}
