package redis

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// takes is a connection that takes everything, and has its replies ready.
type takes struct {
	net.Conn
	replies io.Reader
}

func (t takes) Write(b []byte) (int, error) { return len(b), nil }
func (t takes) Read(b []byte) (int, error)  { return t.replies.Read(b) }
func (t takes) SetDeadline(time.Time) error { return nil }

// added is what becomes of so many entries that Redis answers like this, and whether the connection is kept.
func added(t *testing.T, n int, replies string) (kept bool, err error) {
	near, far := net.Pipe()
	defer far.Close()
	x := newXAdd(nil, nil, 100)
	x.conn = takes{near, strings.NewReader(replies)}
	x.in, x.used = bufio.NewReader(x.conn), time.Now().Add(time.Hour)
	defer x.close()
	entries := make([]entry, n)
	for i := range entries {
		entries[i] = entry{stream: "s", fields: nodewire.Entry{UID: "u", Type: "3", Namespace: "/", Data: "{}"}}
	}
	err = x.add(t.Context(), "s", entries)
	return x.conn != nil, err
}

func TestXAdd_Replies(t *testing.T) {
	const id = "$3\r\n1-1\r\n"
	for _, row := range []struct {
		n       int
		replies string
		err     error
		kept    bool
	}{
		{1, id, nil, true},
		{1, "-NOPERM no\r\n", serverError("NOPERM no"), true},
		{1, "$-1\r\n", errProtocol, false},
		{1, "*1\r\n", errProtocol, false},
		{2, "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n" + id + id, nil, true},
		{2, "+OK\r\n+QUEUED\r\n-NOPERM no\r\n-EXECABORT because\r\n", serverError("NOPERM no"), true},
		{2, "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n" + id + "-WRONGTYPE it is\r\n", serverError("WRONGTYPE it is"), true},
		{2, "-NOPERM multi\r\n" + strings.Repeat("-NOPERM no\r\n", 2) + "-ERR EXEC without MULTI\r\n", serverError("NOPERM multi"), true},
		{2, "+OK\r\n+QUEUED\r\n+QUEUED\r\n*-1\r\n", errProtocol, false},
		{2, "+OK\r\n+QUEUED\r\n:1\r\n", errProtocol, false},
	} {
		if kept, err := added(t, row.n, row.replies); !errors.Is(err, row.err) || kept != row.kept {
			t.Errorf("%d entries, %q: %v, connection kept: %v", row.n, row.replies, err, kept)
		}
	}
}
