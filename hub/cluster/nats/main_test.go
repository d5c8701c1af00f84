package nats

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/clustertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// broker is a NATS server in this process, which can be killed and started again at the same address.
type broker struct {
	t       *testing.T
	options server.Options
	running *server.Server
}

func newBroker(t *testing.T, change func(*server.Options)) *broker {
	t.Helper()
	b := &broker{t: t, options: server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true, MaxControlLine: 4096}}
	if change != nil {
		change(&b.options)
	}
	b.start()
	b.options.Port = b.running.Addr().(*net.TCPAddr).Port
	if b.options.Websocket.Port != 0 {
		b.options.Websocket.Port = portOf(t, b.running.WebsocketURL())
	}
	t.Cleanup(b.kill)
	return b
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func (b *broker) start() {
	b.t.Helper()
	b.begin()
	b.ready()
}

// begin starts it without waiting.
func (b *broker) begin() {
	b.t.Helper()
	o := b.options
	s, err := server.NewServer(&o)
	if err != nil {
		b.t.Fatal(err)
	}
	s.Start()
	b.running = s
}

// ready waits until it can be used.
func (b *broker) ready() {
	b.t.Helper()
	if !b.running.ReadyForConnections(clustertest.Patience) {
		b.t.Fatal("the server does not start")
	}
}

func (b *broker) kill() {
	if b.running != nil {
		b.running.Shutdown()
		b.running.WaitForShutdown()
		b.running = nil
	}
}

func (b *broker) url() string { return fmt.Sprintf("nats://127.0.0.1:%d", b.options.Port) }

// pipe stands between a hub and the server; it can hold back all bytes.
type pipe struct {
	listener net.Listener
	to       string
	all      sync.WaitGroup

	mu    sync.Mutex // guards the fields below
	off   bool
	conns []net.Conn
	ended bool
}

func newPipe(t *testing.T, to string) *pipe {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &pipe{listener: l, to: to}
	p.all.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		p.ended = true
		p.mu.Unlock()
		p.hangUp()
		p.all.Wait()
	})
	return p
}

func (p *pipe) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, in, out)
		ended := p.ended
		p.mu.Unlock()
		if ended {
			p.hangUp()
		}
		p.all.Go(func() { p.copy(in, out) })
		p.all.Go(func() { p.copy(out, in) })
	}
}

// copy passes bytes on, and throws them away while it is cut.
func (p *pipe) copy(to, from net.Conn) {
	defer to.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		p.mu.Lock()
		off := p.off
		p.mu.Unlock()
		if off {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (p *pipe) hangUp() {
	p.mu.Lock()
	conns := p.conns
	p.conns = nil
	p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

// cut holds bytes back, or lets them through for new connections.
func (p *pipe) cut(off bool) {
	p.mu.Lock()
	p.off = off
	p.mu.Unlock()
	if !off {
		p.hangUp()
	}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// three is a net of three hubs.
func three(t *testing.T) *clustertest.Net {
	t.Helper()
	b := newBroker(t, nil)
	n := &clustertest.Net{}
	var pipes []*pipe
	for range 3 {
		p := newPipe(t, b.url()[len("nats://"):])
		pipes = append(pipes, p)
		n.Clusters = append(n.Clusters, newCluster(t, Config{URL: "nats://" + p.listener.Addr().String(), Settings: cluster.Settings{Expiry: clustertest.Expiry}}))
	}
	n.Cut = func(i int, off bool) { pipes[i].cut(off) }
	n.Away = func(away bool) {
		if away {
			b.kill()
		} else {
			b.start()
		}
	}
	var conn *nats.Conn
	t.Cleanup(func() {
		if conn != nil {
			conn.Close()
		}
	})
	n.Forge = func(data []byte) {
		if conn == nil {
			conn = connect(t, b.url())
		}
		if err := conn.Publish("socket.io.hubs", data); err != nil {
			t.Log(err) // larger than the server takes
		}
		if err := conn.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func newCluster(t *testing.T, config Config) *Cluster {
	t.Helper()
	if config.Logger == nil {
		config.Logger = quiet()
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func connect(t *testing.T, url string) *nats.Conn {
	t.Helper()
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func wait(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(clustertest.Patience); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		<-time.After(2 * time.Millisecond)
	}
}
