package netpoll_test

import (
	"errors"
	"io"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/netpoll"
)

func TestMain(m *testing.M) { hubtest.Main(m) }

// line is one end of a socket pair that a set watches.
type line struct {
	netpoll.Descriptor
	far int // the other end

	mu           sync.Mutex // guards the field below
	got          []byte
	ended        netpoll.End
	size         int // of a read; 0: all of the scratch buffer
	bulk         bool
	begun, turns atomic.Int64
	// turned has a token after a turn; left is closed at the end.
	turned, left chan struct{}
}

func (l *line) Writable() { l.Wake() }

func (l *line) Readable(scratch []byte, end netpoll.End) (more bool) {
	l.begun.Add(1)
	l.tell()
	defer func() {
		l.turns.Add(1)
		l.tell()
	}()
	if l.size > 0 {
		scratch = scratch[:l.size]
	}
	if l.bulk {
		l.Bulk(true)
	}
	n, err := l.Read(scratch)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got, l.ended = append(l.got, scratch[:n]...), end
	switch {
	case errors.Is(err, syscall.EAGAIN):
		return false
	case err != nil:
		l.Leave()
		close(l.left)
		return false
	}
	return n == len(scratch) || end != netpoll.Going
}

// tell lets until look again.
func (l *line) tell() {
	select {
	case l.turned <- struct{}{}:
	default:
	}
}

func (l *line) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.got)
}

func (l *line) say(t *testing.T, s string) {
	t.Helper()
	if _, err := syscall.Write(l.far, []byte(s)); err != nil {
		t.Fatal(err)
	}
}

// newLine adds one end of a socket pair to the set.
func newLine(t *testing.T, set *netpoll.Set) *line {
	t.Helper()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	l := &line{far: pair[1], turned: make(chan struct{}, 1), left: make(chan struct{})}
	t.Cleanup(func() { _ = syscall.Close(l.far) })
	if err := set.Add(&l.Descriptor, pair[0]); err != nil {
		t.Fatal(err)
	}
	return l
}

// until waits for a turn after which the condition holds.
func (l *line) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	timer := time.NewTimer(10 * time.Second)
	defer timer.Stop()
	for !ok() {
		select {
		case <-l.turned:
		case <-timer.C:
			t.Fatal(what)
		}
	}
}

// end cuts the lines and waits for the set to end.
func end(set *netpoll.Set, lines ...*line) {
	for _, l := range lines {
		l.Cut()
		<-l.left
	}
	set.Stop()()
}

// What arrives before Watch is heard of after it, and so is what arrives at any moment later.
func TestPoller_HearsEverything(t *testing.T) {
	var set netpoll.Set
	l := newLine(t, &set)
	l.say(t, "before")
	if err := l.Watch(l); err != nil {
		t.Fatal(err)
	}
	want := "before"
	l.until(t, "not heard", func() bool { return l.text() == want })
	for range 20_000 {
		l.say(t, "x")
		want += "x"
		if len(want)%7 == 0 { // else the next byte may come while the poller is at work
			l.until(t, "a byte was not heard of", func() bool { return len(l.text()) == len(want) })
		}
	}
	l.until(t, "the last bytes were not heard of", func() bool { return l.text() == want })
	end(&set, l)
}

// A socket that is never read to its end gives way to the others, and still comes to its end.
func TestPoller_MoreThanATurn(t *testing.T) {
	var set netpoll.Set
	busy, quiet := newLine(t, &set), newLine(t, &set)
	busy.size = 1
	busy.say(t, string(make([]byte, 10_000)))
	quiet.say(t, "quiet")
	for _, l := range []*line{busy, quiet} {
		if err := l.Watch(l); err != nil {
			t.Fatal(err)
		}
	}
	quiet.until(t, "the quiet one was not heard", func() bool { return quiet.text() == "quiet" })
	_ = syscall.Shutdown(busy.far, syscall.SHUT_WR)
	<-busy.left
	if n := len(busy.text()); n != 10_000 {
		t.Errorf("%d bytes before the end", n)
	}
	end(&set, quiet)
}

// A nudge is a turn without bytes, also for a socket that takes no bytes either.
func TestDescriptor_NudgeIsATurn(t *testing.T) {
	var set netpoll.Set
	l := newLine(t, &set)
	if err := l.Watch(l); err != nil {
		t.Fatal(err)
	}
	for full := false; !full; {
		n, err := l.Write(make([]byte, 64<<10))
		if err != nil {
			t.Fatal(err)
		}
		full = n < 64<<10
	}
	for range 100 {
		before := l.turns.Load()
		l.Nudge()
		l.until(t, "no turn", func() bool { return l.turns.Load() > before })
	}
	end(&set, l)
	l.Nudge()
}

// Drain goes on as the other end reads, and gives up when it does not.
func TestDescriptor_Drain(t *testing.T) {
	var set netpoll.Set
	l := newLine(t, &set)
	if err := l.Watch(l); err != nil {
		t.Fatal(err)
	}
	const size = 4 << 20
	if err := syscall.SetNonblock(l.far, false); err != nil {
		t.Fatal(err)
	}
	var reader sync.WaitGroup
	reader.Go(func() {
		buf := make([]byte, 64<<10)
		for n := 0; n < size; {
			got, err := syscall.Read(l.far, buf)
			if err != nil || got == 0 {
				t.Errorf("%d bytes, then %v", n, err)
				return
			}
			n += got
		}
	})
	if err := l.Drain(make([]byte, size), 5*time.Second, func(int) {}); err != nil {
		t.Error(err)
	}
	reader.Wait()
	if err := l.Drain(make([]byte, size), 10*time.Millisecond, func(int) {}); err == nil {
		t.Error("drained into nothing")
	}
	end(&set, l)
	if _, err := l.Write([]byte("x")); err == nil {
		t.Error("written after the end")
	}
}

// Stop takes nobody in, waits for those that are there, and leaves no poller behind (see TestMain).
func TestSet_Stop(t *testing.T) {
	var set netpoll.Set
	l := newLine(t, &set)
	if err := l.Watch(l); err != nil {
		t.Fatal(err)
	}
	wait := set.Stop()
	var other netpoll.Descriptor
	if err := set.Add(&other, l.far); !errors.Is(err, netpoll.ErrUnavailable) {
		t.Errorf("added to a set that is stopped: %v", err)
	}
	l.Cut()
	wait()
	<-l.left
	new(netpoll.Set).Stop()()
}

var _ io.Reader = (*netpoll.Descriptor)(nil)

// A socket that has an event and another turn in one round, and leaves in the first of them, has no second
// one.
func TestPoller_NoTurnAfterLeave(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // one poller
	var set netpoll.Set
	busy, l := newLine(t, &set), newLine(t, &set)
	for _, w := range []*line{busy, l} {
		if err := w.Watch(w); err != nil {
			t.Fatal(err)
		}
	}
	busy.mu.Lock() // the poller waits for it
	busy.say(t, "x")
	busy.until(t, "no turn", func() bool { return busy.begun.Load() > 0 })
	l.Nudge()
	_ = syscall.Shutdown(l.far, syscall.SHUT_WR)
	busy.mu.Unlock()
	<-l.left // closed twice, this panics
	end(&set, busy)
}

// How a connection has ended is told: with what was said before, or broken.
func TestPoller_TellsTheEnd(t *testing.T) {
	for _, c := range []struct {
		linger int // -1: FIN
		want   netpoll.End
	}{{-1, netpoll.Finished}, {0, netpoll.Broken}} {
		var set netpoll.Set
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		far, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		near, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		file, err := near.(*net.TCPConn).File()
		if err != nil {
			t.Fatal(err)
		}
		fd, err := syscall.Dup(int(file.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		_ = syscall.SetNonblock(fd, true)
		_, _, _ = near.Close(), file.Close(), listener.Close()
		l := &line{turned: make(chan struct{}, 1), left: make(chan struct{})}
		if err := set.Add(&l.Descriptor, fd); err != nil {
			t.Fatal(err)
		}
		if err := l.Watch(l); err != nil {
			t.Fatal(err)
		}
		l.GiveUp(45 * time.Second)
		if ms, _ := syscall.GetsockoptInt(fd, syscall.IPPROTO_TCP, 18); ms != 45_000 {
			t.Errorf("TCP_USER_TIMEOUT is %d ms", ms)
		}
		_ = far.(*net.TCPConn).SetLinger(c.linger)
		_ = far.Close()
		<-l.left
		l.mu.Lock()
		if l.ended != c.want {
			t.Errorf("linger %d: %d", c.linger, l.ended)
		}
		l.mu.Unlock()
		set.Stop()()
	}
}

// Whoever has just been heard of waits for a few turns of those who come again and again, however many they are, and for
// one of those whose bytes are part of something large, also when all of them have left.
func TestPoller_ManyThatComeAgainDelayNobody(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // one poller
	for name, c := range map[string]struct {
		bulk, ended bool
		most        int64
	}{"small": {most: 4}, "large": {bulk: true, most: 1}, "large, all ended": {bulk: true, ended: true, most: 1}} {
		t.Run(name, func(t *testing.T) {
			var set netpoll.Set
			quiet := newLine(t, &set)
			busy := make([]*line, 60)
			for n := range busy {
				busy[n] = newLine(t, &set)
				busy[n].size, busy[n].bulk = 1, c.bulk
				busy[n].say(t, string(make([]byte, 5_000)))
			}
			all := append(slices.Clone(busy), quiet)
			for _, l := range all {
				if err := l.Watch(l); err != nil {
					t.Fatal(err)
				}
			}
			busy[0].until(t, "no turns", func() bool { return busy[0].turns.Load() > 2 })
			turns := func() (sum int64) {
				for _, l := range busy {
					sum += l.turns.Load()
				}
				return sum
			}
			busy[0].mu.Lock() // the poller waits for it in the next turn of it
			begun := busy[0].turns.Load()
			busy[0].until(t, "no turn", func() bool { return busy[0].begun.Load() > begun })
			for _, l := range busy[1:] {
				if c.ended {
					_ = syscall.Shutdown(l.far, syscall.SHUT_WR)
				}
			}
			quiet.mu.Lock()
			quiet.say(t, "x")
			before := turns()
			busy[0].mu.Unlock()
			quiet.until(t, "the quiet one was not heard", func() bool { return quiet.begun.Load() > 0 })
			if n := turns() - before; n > c.most {
				t.Errorf("%d turns of others came first", n)
			}
			quiet.mu.Unlock()
			for _, l := range busy {
				_ = syscall.Shutdown(l.far, syscall.SHUT_RDWR)
			}
			end(&set, all...)
		})
	}
}
