package redis

import (
	"bufio"
	"context"
	"net"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
)

func outs(channels ...string) (batch []mesh.Out) {
	for _, c := range channels {
		batch = append(batch, mesh.Out{Channel: c, Frame: []byte("message for " + c)})
	}
	return batch
}

func publisherOf(t *testing.T, s *server, c Config) *publisher {
	t.Helper()
	c.Engine, c.URL = Classic, s.url()
	h := newHost(t, c).connected()
	e := h.cluster.(*engine)
	p := newPublisher(e.bus.dialHome, e.channels.of)
	t.Cleanup(p.close)
	return p
}

// A server may end a connection on which nothing happens: what is published next is not lost for it.
func TestPublisher_ConnectsAgainBeforeItPublishes(t *testing.T) {
	s := newServer(t)
	p := publisherOf(t, s, Config{})
	admin := redis.NewClient(&redis.Options{Addr: s.address})
	defer admin.Close()
	heard := admin.Subscribe(t.Context(), "a", "b")
	defer heard.Close()
	if _, err := heard.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.publish(t.Context(), "PUBLISH", outs("a")); err != nil {
		t.Fatal(err)
	}
	if err := admin.Do(t.Context(), "CLIENT", "KILL", "ADDR", p.conn.LocalAddr().String()).Err(); err != nil {
		t.Fatal(err)
	}
	first := p.conn
	eventually(t, "the connection has ended", func() bool { return !alive(first) })
	p.used = p.used.Add(-trustedFor)
	if err := p.publish(t.Context(), "PUBLISH", outs("b")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a", "b"} {
		if m, err := heard.ReceiveMessage(t.Context()); err != nil || m.Channel != want || m.Payload != "message for "+want {
			t.Errorf("%v, %v", m, err)
		}
	}
	second := p.conn
	p.stale.Store(true)
	if err := p.publish(t.Context(), "PUBLISH", outs("b")); err != nil || p.conn == second {
		t.Errorf("a connection was used that was not to be: %v", err)
	}
}

// What the server refuses says nothing of what is behind it.
func TestPublisher_OneIsRefused(t *testing.T) {
	s := newServer(t)
	p := publisherOf(t, s, Config{})
	admin := redis.NewClient(&redis.Options{Addr: s.address})
	defer admin.Close()
	if err := admin.Do(t.Context(), "ACL", "SETUSER", "default", "resetchannels", "&yes", "&socket.io*").Err(); err != nil {
		t.Fatal(err)
	}
	heard := admin.Subscribe(t.Context(), "yes")
	defer heard.Close()
	if _, err := heard.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := p.publish(t.Context(), "PUBLISH", outs("no", "yes", "no"))
	if err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("%v", err)
	}
	if m, err := heard.ReceiveMessage(t.Context()); err != nil || m.Payload != "message for yes" {
		t.Errorf("%v, %v", m, err)
	}
	if p.conn == nil {
		t.Error("the connection was given up")
	}
}

// A server that speaks something else, or ends in the middle, is left.
func TestPublisher_NoReply(t *testing.T) {
	for _, reply := range []string{"", ":1\r\n", ":1\r\n+OK\r\n", ":1\r\n\r\n", ":1\r\n" + strings.Repeat("1", mostLineBytes+10)} {
		near, far := net.Pipe()
		go func() {
			in := bufio.NewReader(far)
			for range 2 * 7 { // lines of two commands
				_, _ = in.ReadSlice('\n')
			}
			_, _ = far.Write([]byte(reply))
			far.Close()
		}()
		p := newPublisher(func(context.Context) (net.Conn, error) { return near, nil }, func(o *mesh.Out) string { return o.Channel })
		if err := p.publish(t.Context(), "PUBLISH", outs("a", "b")); err == nil || p.conn != nil {
			t.Errorf("%q: %v", short(reply), err)
		}
	}
}

var _ cluster.Gatherer = (*engine)(nil)

func TestLooksLikeAnID_CountsAsJavaScriptDoes(t *testing.T) {
	for room, want := range map[string]bool{
		"": false, strings.Repeat("a", 19): false, strings.Repeat("a", 20): true, strings.Repeat("a", 21): false,
		strings.Repeat("ж", 20): true, strings.Repeat("ж", 10): false, strings.Repeat("😀", 10): true, strings.Repeat("😀", 20): false,
		strings.Repeat("\xff", 20): true,
	} {
		if got := looksLikeAnID(room); got != want {
			t.Errorf("%q: %v", room, got)
		}
	}
}
