package handover

import (
	"errors"
	"net"
	"sync"
)

// Config says what becomes of connections. Both functions are required.
type Config struct {
	// Take is called for each connection, one after the other, and must not wait. Sooner or later it calls Hand, or closes
	// the connection.
	Take func(net.Conn)
	// Ended is called once, when there will be no Accept any more: what still waits is to be closed.
	Ended func()
}

// Listener is a net.Listener whose connections come by Hand. Its methods are safe for concurrent use.
type Listener struct {
	below  net.Listener
	config Config

	begin, end sync.Once
	next       chan accepted // unbuffered, so that nothing is left in it
	closed     chan struct{}

	mu      sync.Mutex // guards the field below, and that nothing begins to run once it is set; a leaf
	over    bool
	running sync.WaitGroup
}

// accepted is an answer of Accept.
type accepted struct {
	conn net.Conn
	err  error
}

// Listen returns a listener on top of another one, which it closes with itself.
func Listen(below net.Listener, c Config) *Listener {
	return &Listener{below: below, config: c, next: make(chan accepted), closed: make(chan struct{})}
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	l.begin.Do(func() { _ = l.Go(l.run) })
	select {
	case a := <-l.next:
		return a.conn, a.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.below.Addr() }

// Close implements net.Listener. It returns when the listener's goroutines have ended.
func (l *Listener) Close() error {
	l.stop()
	err := l.below.Close()
	l.running.Wait()
	return err
}

// Go runs f on a goroutine for which Close waits. It reports false once the listener is closed: nothing is run then.
func (l *Listener) Go(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.running.Go(f)
	}
	return !l.over
}

// Hand waits for an Accept, which gets the connection. Where there will be none it is closed.
func (l *Listener) Hand(conn net.Conn) {
	if !l.hand(accepted{conn: conn}) {
		_ = conn.Close()
	}
}

func (l *Listener) hand(a accepted) bool {
	select {
	case l.next <- a:
		return true
	case <-l.closed:
		return false
	}
}

func (l *Listener) stop() {
	l.end.Do(func() {
		l.mu.Lock()
		l.over = true
		l.mu.Unlock()
		close(l.closed)
		l.config.Ended()
	})
}

// run accepts until the listener is closed, or the one below is: no Accept waits any more then.
func (l *Listener) run() {
	defer l.stop()
	for {
		conn, err := l.below.Accept()
		if err == nil {
			l.config.Take(conn)
			continue
		}
		if !l.hand(accepted{err: err}) || errors.Is(err, net.ErrClosed) {
			return
		}
	}
}
