package e2e

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/test/machine"
)

const (
	root      = "../.."
	bareJava  = "examples/bare-java"
	kitPython = "sdk/python/.venv/bin/python"
)

// TestClient holds socket.io-client from npm against hub and service.
func TestClient(t *testing.T) {
	needs(t, "node", nodePath("socket.io-client"), nodePath("socket.io-msgpack-parser"))
	runNode(t, "client_test.mjs", "E2E_MIRROR="+build(t, "./test/e2e/mirror"))
}

// TestClientMsgpack does the same with socket.io-msgpack-parser, at a hub that speaks nothing else.
func TestClientMsgpack(t *testing.T) {
	needs(t, "node", nodePath("socket.io-client"), nodePath("socket.io-msgpack-parser"))
	runNode(t, "client_test.mjs", "E2E_MIRROR="+build(t, "./test/e2e/mirror"), "E2E_PARSER=msgpack", "E2E_HUB_PARSER=msgpack")
}

// TestMsgpack puts clients of both forms beside each other, and shows what a service sees of either.
func TestMsgpack(t *testing.T) {
	needs(t, "node", nodePath("socket.io-client"), nodePath("socket.io-msgpack-parser"))
	runNode(t, "msgpack_test.mjs", "E2E_MIRROR="+build(t, "./test/e2e/mirror"))
}

// TestOldClients holds Socket.IO clients 1 and 2 from npm against hub and service.
func TestOldClients(t *testing.T) {
	t.Parallel()
	needs(t, "node", nodePath("socket.io-client"), nodePath("socket.io-client-1"), nodePath("socket.io-client-2.0"), nodePath("socket.io-client-2.5"))
	runNode(t, "old_clients_test.mjs", "E2E_MIRROR="+build(t, "./test/e2e/mirror"))
}

// TestOldestClients holds Socket.IO client 0.9 from npm against hub and service.
func TestOldestClients(t *testing.T) {
	t.Parallel()
	needs(t, "node", nodePath("socket.io-client"), nodePath("socket.io-client-0.9"))
	runNode(t, "oldest_clients_test.mjs", "E2E_MIRROR="+build(t, "./test/e2e/mirror"))
}

// TestMsgpackPage loads the client that the hub serves for it in headless Chromium.
func TestMsgpackPage(t *testing.T) {
	needs(t, "node", machine.Chromium(), nodePath("playwright-core"), nodePath("socket.io-client"))
	runNode(t, "msgpack_page_test.mjs", "E2E_MIRROR="+build(t, "./test/e2e/mirror"), "E2E_CHROMIUM="+machine.Chromium())
}

// TestAdminUI opens the page of the official Admin UI in headless Chromium, and presses its buttons.
func TestAdminUI(t *testing.T) {
	needs(t, "node", machine.Chromium(), nodePath("playwright-core"), nodePath("socket.io-client"), nodePath("@socket.io/admin-ui"))
	runNode(t, "admin_ui_test.mjs", "E2E_MIRROR="+build(t, "./test/e2e/mirror"), "E2E_CHROMIUM="+machine.Chromium())
}

// TestAdminUICluster does so over a cluster of two hubs and a Node server that share a Redis.
func TestAdminUICluster(t *testing.T) {
	needs(t, "node", "redis-server", machine.Chromium(), nodePath("playwright-core"), nodePath("socket.io-client"), nodePath("socket.io"),
		nodePath("@socket.io/admin-ui"), nodePath("@socket.io/redis-adapter"), nodePath("redis"))
	runNode(t, "admin_ui_cluster_test.mjs", "E2E_MIRROR="+build(t, "./test/e2e/mirror"), "E2E_CHROMIUM="+machine.Chromium())
}

// TestTLS goes to the hub over TLS, with and without a browser.
func TestTLS(t *testing.T) {
	needs(t, "node", "openssl", machine.Chromium(), nodePath("playwright-core"), nodePath("socket.io-client"))
	cert, key := selfSigned(t)
	runNode(t, "tls_test.mjs", "E2E_MIRROR="+build(t, "./test/e2e/mirror"), "E2E_CHROMIUM="+machine.Chromium(), "E2E_CERT="+cert, "E2E_KEY="+key)
}

// TestWebTransport goes to the hub by WebTransport, with a certificate that headless Chromium knows by its hash.
func TestWebTransport(t *testing.T) {
	needs(t, "node", "openssl", machine.Chromium(), nodePath("playwright-core"), nodePath("socket.io-client"))
	cert, key := selfSigned(t)
	runNode(t, "webtransport_test.mjs", "E2E_MIRROR="+build(t, "./test/e2e/mirror"), "E2E_CHROMIUM="+machine.Chromium(), "E2E_CERT="+cert, "E2E_KEY="+key)
}

// TestProxies puts nginx and HAProxy in front of the hub, with the configurations of docs/proxies.md.
func TestProxies(t *testing.T) {
	needs(t, "node", "openssl", "nginx", "haproxy", machine.Chromium(), nodePath("playwright-core"), nodePath("socket.io-client"))
	cert, key := selfSigned(t)
	runNode(t, "proxies_test.mjs", "E2E_MIRROR="+build(t, "./test/e2e/mirror"), "E2E_CHROMIUM="+machine.Chromium(), "E2E_CERT="+cert, "E2E_KEY="+key)
}

// selfSigned makes a certificate of localhost.
func selfSigned(t *testing.T) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	out, err := exec.CommandContext(t.Context(), "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
		"-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return cert, key
}

// TestOptions, TestTransport and TestFeatures go through the rows of docs/compatibility.md that no other test has.
func TestOptions(t *testing.T) {
	needs(t, "node", nodePath("socket.io-client"), nodePath("ws"))
	runNode(t, "options_test.mjs", "E2E_MIRROR="+build(t, "./test/e2e/mirror"))
}

func TestTransport(t *testing.T) {
	t.Parallel()
	needs(t, "node", nodePath("ws"))
	runNode(t, "transport_test.mjs", "E2E_MIRROR="+build(t, "./test/e2e/mirror"))
}

func TestFeatures(t *testing.T) {
	t.Parallel()
	needs(t, "node", nodePath("socket.io-client"), nodePath("ws"), nodePath("@grpc/grpc-js"))
	runNode(t, "features_test.mjs")
}

// TestBursts holds socket.io-client against a service that is slow.
func TestBursts(t *testing.T) {
	needs(t, "node", nodePath("socket.io-client"))
	runNode(t, "bursts_test.mjs", "E2E_CRAWL="+build(t, "./test/e2e/crawl"))
}

// TestUnsticky puts three hubs behind a balancer without sticky sessions, and restarts them one after the other.
func TestUnsticky(t *testing.T) {
	needs(t, "node", nodePath("socket.io-client"))
	runNode(t, "unsticky_test.mjs", "E2E_CRAWL="+build(t, "./test/e2e/crawl"))
}

// TestPatience does so with what takes its time.
func TestPatience(t *testing.T) {
	t.Parallel()
	needs(t, "node", nodePath("socket.io-client"))
	runNode(t, "patience_test.mjs", "E2E_CRAWL="+build(t, "./test/e2e/crawl"))
}

// TestChat drives the chat page in headless Chromium, with the service in three
// languages behind it.
func TestChat(t *testing.T) {
	needs(t, "node", machine.Chromium(), nodePath("playwright-core"), nodePath("@grpc/grpc-js"))
	python := filepath.Join(root, ".venv/bin/python")
	if !machine.Has(python) {
		if machine.Required() {
			t.Fatal("no .venv: make .venv/.installed")
		}
		t.Log("no .venv (make .venv/.installed): examples/bare-python is left out")
		runNode(t, "chat_test.mjs", "E2E_CHAT=bare", "E2E_CHROMIUM="+machine.Chromium())
		return
	}
	runNode(t, "chat_test.mjs", "E2E_CHAT=bare", "E2E_CHROMIUM="+machine.Chromium(), "E2E_PYTHON="+absolute(t, python))
}

// TestChatKits does so with the services that are written with the kits.
func TestChatKits(t *testing.T) {
	needsKits(t, "examples/chat-node/node_modules/.installed")
	runNode(t, "chat_test.mjs", "E2E_CHAT=chat", "E2E_CHROMIUM="+machine.Chromium(), "E2E_PYTHON="+absolute(t, filepath.Join(root, kitPython)))
}

// TestTokens holds headless Chromium and socket.io-client against examples/tokens.
func TestTokens(t *testing.T) {
	needsKits(t)
	runNode(t, "tokens_test.mjs", "E2E_CHROMIUM="+machine.Chromium(), "E2E_PYTHON="+absolute(t, filepath.Join(root, kitPython)))
}

// needsKits skips the test unless E2E_KITS is set, as `make sdk-test` does, which has installed what it needs.
func needsKits(t *testing.T, files ...string) {
	t.Helper()
	if os.Getenv("E2E_KITS") == "" {
		t.Skip("make sdk-test runs it")
	}
	needs(t, "node", machine.Chromium(), nodePath("playwright-core"), filepath.Join(root, kitPython))
	for _, file := range files {
		needs(t, filepath.Join(root, file))
	}
}

// TestBareJava holds socket.io-client against the service of docs/contract.md.
func TestBareJava(t *testing.T) {
	t.Parallel()
	needs(t, "node", "java", nodePath("socket.io-client"), nodePath("@grpc/grpc-js"))
	needs(t, filepath.Join(root, bareJava, "target/.installed"))
	if old(t, filepath.Join(root, bareJava, "target/.installed"), filepath.Join(root, bareJava, "src/main/java/BareService.java")) {
		t.Fatal("examples/bare-java was changed since it was built: make e2e-tools")
	}
	runNode(t, "bare_test.mjs")
}

// TestRecovery cuts browsers at random moments, a few times over each transport, or as often as E2E_CUTS says.
func TestRecovery(t *testing.T) {
	t.Parallel()
	needs(t, "node", nodePath("socket.io-client"), nodePath("socket.io-msgpack-parser"))
	runNode(t, "recovery_test.mjs", "E2E_MIRROR="+build(t, "./test/e2e/mirror"))
}

// TestResume plays the exchange of docs/contract.md.
func TestResume(t *testing.T) {
	t.Parallel()
	needs(t, "node", nodePath("socket.io-client"), nodePath("@grpc/grpc-js"))
	runNode(t, "resume_test.mjs")
}

// old reports whether a file that was made is older than its source.
func old(t *testing.T, made, source string) bool {
	t.Helper()
	before, err := os.Stat(made)
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(source)
	if err != nil {
		t.Fatal(err)
	}
	return before.ModTime().Before(after.ModTime())
}

// runNode runs one file of tests in Node.js; each of its tests becomes one here.
func runNode(t *testing.T, file string, env ...string) {
	t.Helper()
	patience := 8 * time.Minute // the chat takes one on a machine that has nothing else to do, and has taken four
	if os.Getenv("E2E_CUTS") != "" || os.Getenv("E2E_UNSTICKY") != "" {
		patience = time.Hour
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "--test", "--test-reporter=tap", file)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it ends its processes
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(machine.Environment(), "E2E_HUB="+build(t, "./cmd/hub"), "GORACE=halt_on_error=1")
	cmd.Env = append(cmd.Env, env...)
	output, err := cmd.CombinedOutput()
	report(t, output)
	if err != nil {
		t.Errorf("node --test %s: %v\n%s", file, err, output[max(0, len(output)-outputShown):])
	}
}

// outputShown is how much of node's output a failure shows, the last of it: what failed has said why before.
const outputShown = 8 << 10

// report turns the innermost lines of TAP into subtests, and logs results.
func report(t *testing.T, tap []byte) {
	t.Helper()
	var group string
	for lines := bufio.NewScanner(bytes.NewReader(tap)); lines.Scan(); {
		line := strings.TrimLeft(lines.Text(), " ")
		depth := len(lines.Text()) - len(line)
		if said, ok := strings.CutPrefix(line, "# result: "); ok {
			t.Log(said)
		}
		if name, ok := strings.CutPrefix(line, "# Subtest: "); ok && depth == 0 {
			group = name
			continue
		}
		failed := strings.HasPrefix(line, "not ok ")
		_, name, ok := strings.Cut(line, " - ")
		if depth != 4 || !ok || !(failed || strings.HasPrefix(line, "ok ")) {
			continue
		}
		name, why, skipped := strings.Cut(name, " # SKIP")
		t.Run(group+"/"+name, func(t *testing.T) {
			if failed {
				t.Error(diagnosis(lines))
			}
			if skipped {
				t.Skip(why)
			}
		})
	}
}

// diagnosis reads on to the end of what TAP says of a failure, and returns the beginning: the rest may be lists of
// thousands.
func diagnosis(lines *bufio.Scanner) string {
	var text []string
	for lines.Scan() && strings.TrimSpace(lines.Text()) != "..." {
		text = append(text, lines.Text())
	}
	return "\n" + strings.Join(text[:min(len(text), 40)], "\n")
}

// needs skips the test, or fails it, when the machine lacks a program or file.
func needs(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if machine.Has(name) {
			continue
		}
		if machine.Required() {
			t.Fatalf("%s is missing: make e2e-tools, apt-get install chromium default-jdk-headless haproxy maven nginx-light openssl", name)
		}
		t.Skipf("%s is missing: make e2e-tools, apt-get install chromium default-jdk-headless haproxy maven nginx-light openssl", name)
	}
}

func nodePath(module string) string { return filepath.Join(root, "node_modules", module) }

func absolute(t *testing.T, path string) string {
	t.Helper()
	whole, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}
