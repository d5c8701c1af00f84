package redis

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// BenchmarkClassic_PassedOver is what a message costs, but for the system's share, that is sent to a room which nobody here is in.
func BenchmarkClassic_PassedOver(b *testing.B) {
	h := newHost(b, Config{Engine: Classic, URL: "redis://127.0.0.1:1"})
	c := h.cluster.(*engine).road.(*classic)
	one := appendCommand(nil, "pmessage", "socket.io#/*", "socket.io#/#room#", strings.Repeat("x", 200))
	r := c.in.reader
	in := bytes.NewReader(nil)
	r.in = bufio.NewReaderSize(in, 64<<10)
	many := bytes.Repeat(one, 1000)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i%1000 == 0 {
			in.Reset(many)
		}
		if e, err := r.next(); err != nil || e.kind != "" {
			b.Fatal(e, err)
		}
	}
}

// TestClassic_PassedOverCost measures the same with a real Redis, on request: HUB_MEASURE is the number of messages a second.
func TestClassic_PassedOverCost(t *testing.T) {
	rate, err := strconv.Atoi(os.Getenv("HUB_MEASURE"))
	if err != nil {
		t.Skip("HUB_MEASURE is not set")
	}
	s := newServer(t)
	h := newHost(t, Config{Engine: Classic, URL: s.url()}).connected()
	payload := strings.Repeat("x", 200)
	const seconds = 10
	idle := cpu()
	<-time.After(seconds * time.Second)
	idle = cpu() - idle
	publishing := make(chan struct{})
	// The publisher is a process of its own, so that only the hub is measured.
	p := startPublisher(t, s, rate, seconds, payload)
	go func() { _ = p.Wait(); close(publishing) }()
	busy, got := cpu(), h.cluster.(*engine).road.(*classic).in.received.Load()
	<-publishing
	busy, got = cpu()-busy, h.cluster.(*engine).road.(*classic).in.received.Load()-got
	t.Logf("%d messages, %v each beyond %v of an idle hub", got, (busy-idle)/time.Duration(max(got, 1)), idle)
}

func cpu() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// startPublisher publishes from another process: this test, called anew.
func startPublisher(t *testing.T, s *server, rate, seconds int, payload string) *exec.Cmd {
	t.Helper()
	p := exec.Command(os.Args[0], "-test.run", "^TestPublisher$")
	p.Env = append(os.Environ(), "HUB_PUBLISH="+s.url(), "HUB_RATE="+strconv.Itoa(rate), "HUB_SECONDS="+strconv.Itoa(seconds), "HUB_PAYLOAD="+payload)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPublisher is the process of startPublisher.
func TestPublisher(t *testing.T) {
	if os.Getenv("HUB_PUBLISH") == "" {
		t.Skip("it is a process of another test")
	}
	rate, _ := strconv.Atoi(os.Getenv("HUB_RATE"))
	seconds, _ := strconv.Atoi(os.Getenv("HUB_SECONDS"))
	o, err := redis.ParseURL(os.Getenv("HUB_PUBLISH"))
	if err != nil {
		t.Fatal(err)
	}
	out := redis.NewClient(o)
	defer out.Close()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	ctx := context.Background()
	for range seconds * 200 {
		<-ticker.C
		if _, err := out.Pipelined(ctx, func(p redis.Pipeliner) error {
			for range rate / 200 {
				p.Publish(ctx, "socket.io#/#room#", os.Getenv("HUB_PAYLOAD"))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}
