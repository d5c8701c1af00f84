package descriptors

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPlan_KeepsSomeBack(t *testing.T) {
	for limit, want := range map[int]Budget{
		0: {}, 100: {100, 50, 88}, 300: {300, 236, 284}, 1024: {1024, 960, 1008},
		20_000: {20_000, 18_976, 19_744}, 1 << 20: {1 << 20, 1<<20 - 1024, 1<<20 - 256},
	} {
		if got := planFor(limit); got != want {
			t.Errorf("%d: %+v, want %+v", limit, got, want)
		}
	}
}

// listen opens a listener whose bound lets so many connections in.
func listen(t *testing.T, room int, o Options) *Listener {
	t.Helper()
	below, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = below.Close() })
	free, ok := lowestFree(below, 1)
	if !ok {
		t.Skip("this system does not tell")
	}
	o.Bound = free + room
	return Listen(below, o)
}

func TestListener_BeyondTheBoundIsToldAndClosed(t *testing.T) {
	var log bytes.Buffer
	refused := 0
	l := listen(t, 0, Options{
		Name: "listen", Limit: 1000, Answer: "no room", Refused: func() { refused++ },
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if !l.Full() {
		t.Error("not full")
	}
	ended := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		ended <- err
	}()
	for range 3 {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := io.ReadAll(conn); string(text) != "no room" {
			t.Errorf("read %q", text)
		}
		_ = conn.Close()
	}
	_ = l.Close()
	if err := <-ended; err == nil {
		t.Error("accepted")
	}
	if lines := strings.Count(log.String(), "\n"); refused != 3 || lines != 1 || !strings.Contains(log.String(), "listener=listen") {
		t.Errorf("%d refused, log:\n%s", refused, &log)
	}
}

func TestListener_BelowTheBoundIsAccepted(t *testing.T) {
	l := listen(t, 50, Options{Logger: slog.New(slog.DiscardHandler)})
	if l.Full() {
		t.Error("full")
	}
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := accepted.(*net.TCPConn); !ok {
		t.Errorf("a %T", accepted)
	}
	_ = accepted.Close()
}
