package peers

import (
	"errors"
	"fmt"
	"math"
	"net"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/internal/rates"
)

// listener is what Peers.Listen returns.
type listener struct {
	net.Listener
	peers *Peers
	tls   bool // who is refused could not read an answer

	begin, end sync.Once
	next       chan accepted // unbuffered, so that nothing is left in it
	closed     chan struct{}

	mu   sync.Mutex               // guards the field below; a leaf
	late map[net.Conn]*time.Timer // nil once closed
}

// accepted is an answer of Accept.
type accepted struct {
	conn net.Conn
	err  error
}

// Listen returns a listener whose connections count for their addresses. It belongs to the caller, with the one below.
func (p *Peers) Listen(below net.Listener) net.Listener { return p.listen(below, false) }

// ListenTLS is Listen where TLS goes on top.
func (p *Peers) ListenTLS(below net.Listener) net.Listener { return p.listen(below, true) }

func (p *Peers) listen(below net.Listener, tls bool) net.Listener {
	return &listener{
		Listener: below, peers: p, tls: tls, next: make(chan accepted), closed: make(chan struct{}), late: make(map[net.Conn]*time.Timer),
	}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	l.begin.Do(func() { go l.run() })
	select {
	case a := <-l.next:
		return a.conn, a.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. Connections that wait are closed.
func (l *listener) Close() error {
	l.end.Do(func() {
		close(l.closed)
		l.mu.Lock()
		defer l.mu.Unlock()
		for conn, timer := range l.late {
			timer.Stop()
			_ = conn.Close()
		}
		l.late = nil
	})
	return l.Listener.Close()
}

// run accepts until the listener is closed, or the one below is: no Accept waits any more then.
func (l *listener) run() {
	defer func() { _ = l.Close() }()
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			if !l.hand(accepted{err: err}) || errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		l.take(conn)
	}
}

// take lets a connection in, now or later, or refuses it.
func (l *listener) take(conn net.Conn) {
	tcp, from := l.peers.network(conn)
	if from == rates.Unlimited {
		l.letIn(conn)
		return
	}
	wait, ok := l.peers.enter(conn, from)
	switch {
	case !ok && l.tls:
		_ = tcp.Close()
		return
	case !ok:
		refuse(tcp, wait)
		return
	}
	counted := &Conn{TCPConn: tcp, remote: conn.RemoteAddr(), peers: l.peers, from: from}
	if wait == 0 {
		l.letIn(counted)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.late == nil {
		_ = counted.Close()
		return
	}
	l.late[counted] = time.AfterFunc(wait, func() {
		l.mu.Lock()
		delete(l.late, counted)
		l.mu.Unlock()
		l.letIn(counted)
	})
}

// letIn hands a connection to Accept.
func (l *listener) letIn(conn net.Conn) {
	if !l.hand(accepted{conn: conn}) {
		_ = conn.Close()
	}
}

// hand waits for an Accept. False: there will be none.
func (l *listener) hand(a accepted) bool {
	select {
	case l.next <- a:
		return true
	case <-l.closed:
		return false
	}
}

// refuseTime bounds what a connection that is refused takes: a new one takes a few bytes at once.
const refuseTime = 5 * time.Millisecond

// refuse answers and closes. What has been sent already is taken, so that no reset overtakes the answer.
func refuse(conn *net.TCPConn, retry time.Duration) {
	_ = conn.SetDeadline(time.Now().Add(refuseTime))
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: %d\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		max(1, int(math.Ceil(min(retry, time.Hour).Seconds()))))
	_ = conn.CloseWrite()
	discard(conn)
	_ = conn.Close()
}
