package handover

import (
	"errors"
	"net"
	"testing"
)

// pair returns a listener, what it has taken, and how often it was told of its end.
func pair(t *testing.T) (l *Listener, taken chan net.Conn, ended *int) {
	t.Helper()
	below, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken, ended = make(chan net.Conn, 1), new(int)
	l = Listen(below, Config{Take: func(c net.Conn) { taken <- c }, Ended: func() { *ended++ }})
	t.Cleanup(func() { _ = l.Close() })
	return l, taken, ended
}

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestListener_AcceptGetsWhatIsHandedOn(t *testing.T) {
	l, taken, _ := pair(t)
	got := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		got <- c
	}()
	dial(t, l)
	c := <-taken
	select {
	case <-got:
		t.Fatal("it was accepted before it was handed on")
	default:
	}
	l.Hand(c)
	if <-got != c {
		t.Error("another one")
	}
	_ = c.Close()
}

func TestListener_ClosesWhatNobodyAsksForAnyMore(t *testing.T) {
	l, taken, ended := pair(t)
	waiting := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		waiting <- err
	}()
	far := dial(t, l)
	c := <-taken
	_ = l.Close()
	if err := <-waiting; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept: %v", err)
	}
	l.Hand(c)
	if _, err := far.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is open")
	}
	_ = l.Close()
	if *ended != 1 {
		t.Errorf("told %d times of its end", *ended)
	}
	if l.Go(func() { t.Error("run") }) {
		t.Error("something runs on a closed listener")
	}
}

// Who closes the listener below ends this one as well.
func TestListener_EndsWithTheOneBelow(t *testing.T) {
	l, _, _ := pair(t)
	waiting := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		waiting <- err
	}()
	_ = l.below.Close()
	if err := <-waiting; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("another Accept: %v", err)
	}
}
