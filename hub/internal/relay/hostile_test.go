package relay_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/relay"
)

// ask sends what a stranger sends to the listener for other hubs.
func ask(t *testing.T, conn net.Conn, in *bufio.Reader, request string) (*http.Response, string) {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	a, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = a.Body.Close()
	return a, string(body)
}

func (n *node) dial(t testing.TB) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", n.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestReceiver_StrangersGet401AndNothingElse(t *testing.T) {
	c := newCluster(t, 2, options{})
	query := atOther(t, c)
	n := c.nodes[1]
	for _, request := range []string{
		"GET /engine.io/?" + query + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /engine.io/?" + query + " HTTP/1.1\r\nHost: x\r\nHub-Browser: http 127.0.0.1\r\n\r\n",
		"POST /engine.io/?" + query + " HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n4hi",
		"GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
		"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET http://127.0.0.1:22/ HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /hub HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
		"GET /engine.io/?" + query + " HTTP/1.1\r\nHost: x\r\nAuthorization: Hub from=\"a\" to=\"" + n.id + "\" do=\"pass\" nonce=\"a\" proof=\"\"\r\n\r\n",
	} {
		conn := n.dial(t)
		a, body := ask(t, conn, bufio.NewReader(conn), request)
		if a.StatusCode != http.StatusUnauthorized || body != "" || !a.Close || len(a.Header) > 3 {
			t.Errorf("%q: %d %q %v", request, a.StatusCode, body, a.Header)
		}
	}
	if len(n.senders) > 0 {
		t.Errorf("%d came through", len(n.senders))
	}
	if n.refusals(relay.RefusedProof) == 0 {
		t.Error("not counted")
	}
}

func TestReceiver_WrongProofs(t *testing.T) {
	n := newCluster(t, 1, options{}).nodes[0]
	conn := n.dial(t)
	in := bufio.NewReader(conn)
	a, _ := ask(t, conn, in, "GET /hub HTTP/1.1\r\nHost: x\r\n\r\n")
	challenges := map[string]bool{a.Header.Get("Www-Authenticate"): true}
	for try := 1; ; try++ {
		a, body := ask(t, conn, in, "GET /hub HTTP/1.1\r\nHost: x\r\nAuthorization: Hub from=\"a\" to=\""+n.id+"\" do=\"pass\" nonce=\"n\" proof=\"p\"\r\n\r\n")
		if a.StatusCode != http.StatusUnauthorized || body != "" {
			t.Fatalf("%d %q", a.StatusCode, body)
		}
		if a.Close {
			return
		}
		if again := a.Header.Get("Www-Authenticate"); again == "" || challenges[again] || try > 4 {
			t.Fatalf("try %d: challenge %q", try, again)
		}
		challenges[a.Header.Get("Www-Authenticate")] = true
	}
}

// tape keeps what a connection has sent.
type tape struct {
	net.Conn
	sent bytes.Buffer
}

func (c *tape) Write(p []byte) (int, error) {
	c.sent.Write(p)
	return c.Conn.Write(p)
}

// What somebody has recorded proves nothing a second time.
func TestReceiver_Replay(t *testing.T) {
	n := newCluster(t, 1, options{}).nodes[0]
	recorded := &tape{Conn: n.dial(t)}
	if _, err := relay.Introduce(recorded, *n.secrets.Load(), "other", n.id, relay.DoPass); err != nil {
		t.Fatal(err)
	}
	conn := n.dial(t)
	if _, err := conn.Write(recorded.sent.Bytes()); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	for range 2 {
		a, err := http.ReadResponse(in, nil)
		if err != nil || a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%+v %v", a, err)
		}
	}
}

func TestReceiver_AnotherHubIsMeant(t *testing.T) {
	c := newCluster(t, 3, options{})
	_, err := relay.Introduce(c.nodes[1].dial(t), *c.nodes[1].secrets.Load(), c.nodes[0].id, c.nodes[2].id, relay.DoPass)
	if err == nil || c.nodes[1].refusals(relay.RefusedTarget) != 1 {
		t.Errorf("%v", err)
	}
	query := atOther(t, c)
	p, _ := c.table.Locate(relay.Key(c.nodes[1].id))
	p.Address = c.nodes[2].address // such as that of a hub that was started again, and another one has its address now
	c.table.set(p)
	if a := c.nodes[0].Get(query); a.Body != unknownSession {
		t.Errorf("%+v", a)
	}
}

// Whoever is let in can have a request of a third hub's session answered, and not passed on a second time.
func TestReceiver_OneHop(t *testing.T) {
	c := newCluster(t, 3, options{})
	query := atOther(t, c)
	n := c.nodes[2]
	conn := n.dial(t)
	if _, err := relay.Introduce(conn, *n.secrets.Load(), c.nodes[0].id, n.id, relay.DoPass); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	a, body := ask(t, conn, in, "GET /engine.io/?"+query+" HTTP/1.1\r\nHost: x\r\nHub-Browser: http 198.51.100.1\r\n\r\n")
	if a.StatusCode != http.StatusBadRequest || body != unknownSession || len(c.nodes[1].senders) > 0 {
		t.Errorf("%d %q", a.StatusCode, body)
	}
	a, _ = ask(t, conn, in, "GET /engine.io/?"+query+" HTTP/1.1\r\nHost: x\r\n\r\n")
	if a.StatusCode != http.StatusBadRequest || n.refusals(relay.RefusedRequest) != 1 {
		t.Errorf("without the header: %d", a.StatusCode)
	}
}

// Whoever pretends to be a hub, and does not know the secret, gets nothing of a browser.
func TestRelay_Impostor(t *testing.T) {
	for name, answers := range map[string][]string{
		"lets anybody in":         {"HTTP/1.1 204 No Content\r\n\r\n"},
		"takes every proof":       {"HTTP/1.1 401 x\r\nContent-Length: 0\r\nWWW-Authenticate: Hub challenge=\"c\"\r\n\r\n", "HTTP/1.1 204 x\r\nAuthentication-Info: Hub id=\"0123456789abcde1\" proof=\"x\"\r\n\r\n"},
		"endless header":          {"HTTP/1.1 401 x\r\n" + strings.Repeat("A: b\r\n", 10000)},
		"no HTTP":                 {"SSH-2.0-OpenSSH_9.9\r\n"},
		"a body":                  {"HTTP/1.1 401 x\r\nContent-Length: 5\r\nWWW-Authenticate: Hub challenge=\"c\"\r\n\r\nhello"},
		"a challenge that is odd": {"HTTP/1.1 401 x\r\nContent-Length: 0\r\nWWW-Authenticate: Hub challenge=\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 2, options{})
			query := atOther(t, c)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			var heard bytes.Buffer
			var over sync.WaitGroup
			over.Go(func() {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				in := bufio.NewReader(io.TeeReader(conn, &heard))
				for _, answer := range answers {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					_, _ = io.WriteString(conn, answer)
				}
				_, _ = io.Copy(io.Discard, in)
			})
			c.table.set(relay.Peer{ID: c.nodes[1].id, Address: l.Addr().String(), Alive: true})
			if a := c.nodes[0].Post(query, "4of the browser"); a.Body != unknownSession {
				t.Errorf("%+v", a)
			}
			over.Wait()
			if strings.Contains(heard.String(), "engine.io") || strings.Contains(heard.String(), "of the browser") {
				t.Errorf("the impostor heard %q", heard.String())
			}
		})
	}
}

// lonely is a listener for other hubs without a secret; refused is whom it has not let in.
func lonely(t *testing.T) (server *hubtest.Server, refused func() []relay.Refusal) {
	t.Helper()
	var mu sync.Mutex
	var all []relay.Refusal
	rc := relay.NewReceiver(relay.ReceiverConfig{
		HubID: "a", Secrets: func() [][]byte { return nil }, Logger: slog.New(slog.DiscardHandler),
		Trace: &relay.Trace{Refused: func(why relay.Refusal) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, why)
		}},
	})
	return hubtest.Serve(t, rc, rc.Configure), func() []relay.Refusal {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

func TestReceiver_LateProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, refused := lonely(t)
		conn := server.Dial()
		_, _ = ask(t, conn, bufio.NewReader(conn), "GET /hub HTTP/1.1\r\nHost: x\r\n\r\n")
		_ = conn.SetDeadline(time.Now().Add(2 * relay.HelloTime))
		if n, err := conn.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("%d, %v", n, err)
		}
		if got := refused(); !slices.Equal(got, []relay.Refusal{relay.RefusedLate}) {
			t.Errorf("%v", got)
		}
	})
}

// Whoever only asks who is there, whoever has left by himself, and whoever has proved himself is not late.
func TestReceiver_LateIsWhoStaysWithoutProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, refused := lonely(t)
		_ = server.Dial().Close()
		for _, do := range []string{relay.DoIdentify, relay.DoRelease, relay.DoPass} {
			if _, err := relay.Introduce(server.Dial(), nil, "b", "a", do); err != nil {
				t.Errorf("%s: %v", do, err)
			}
		}
		time.Sleep(2 * relay.HelloTime)
		synctest.Wait()
		if got := refused(); len(got) > 0 {
			t.Errorf("%v", got)
		}
	})
}

func TestRelay_SecretIsReplaced(t *testing.T) {
	c := newCluster(t, 2, options{})
	a, b := c.nodes[0], c.nodes[1]
	old := (*a.secrets.Load())[0]
	next := []byte("the next secret, which is long enough as well")
	query := atOther(t, c)
	for i, step := range []struct{ a, b [][]byte }{
		{[][]byte{old}, [][]byte{old}},
		{[][]byte{old}, [][]byte{next, old}},
		{[][]byte{next, old}, [][]byte{next, old}},
		{[][]byte{next, old}, [][]byte{old}}, // a file that has not come everywhere yet
		{[][]byte{next, old}, [][]byte{next}},
		{[][]byte{next}, [][]byte{next}},
	} {
		a.secrets.Store(&step.a)
		a.relay.Refresh()
		b.secrets.Store(&step.b)
		b.relay.Refresh()
		text := fmt.Sprintf("4step %d", i)
		if answer := a.Post(query, text); answer.Body != "ok" {
			t.Errorf("step %d: %+v", i, answer)
		} else if answer := a.Get(query); answer.Body != text {
			t.Errorf("step %d: %+v", i, answer)
		}
	}
	// A secret that is not taken any more lets nobody on, a connection that is open already included.
	b.secrets.Store(&[][]byte{old})
	if answer := a.Get(query); answer.Body != unknownSession || b.refusals(relay.RefusedProof) == 0 {
		t.Errorf("%+v", answer)
	}
}
