package peers

import (
	"fmt"
	"math"
	"net"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/internal/handover"
	"github.com/siohub/siohub/hub/internal/rates"
)

// listener is what Peers.Listen returns.
type listener struct {
	*handover.Listener
	peers *Peers
	tls   bool // who is refused could not read an answer

	mu   sync.Mutex               // guards the field below; a leaf
	late map[net.Conn]*time.Timer // nil once closed
}

// Listen returns a listener whose connections count for their addresses. It belongs to the caller, with the one below.
func (p *Peers) Listen(below net.Listener) net.Listener { return p.listen(below, false) }

// ListenTLS is Listen where TLS goes on top.
func (p *Peers) ListenTLS(below net.Listener) net.Listener { return p.listen(below, true) }

func (p *Peers) listen(below net.Listener, tls bool) net.Listener {
	l := &listener{peers: p, tls: tls, late: make(map[net.Conn]*time.Timer)}
	l.Listener = handover.Listen(below, handover.Config{Take: l.take, Ended: l.ended})
	return l
}

// ended closes those that wait.
func (l *listener) ended() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn, timer := range l.late {
		timer.Stop()
		_ = conn.Close()
	}
	l.late = nil
}

// take lets a connection in, now or later, or refuses it.
func (l *listener) take(conn net.Conn) {
	tcp, from := l.peers.network(conn)
	if from == rates.Unlimited {
		l.Hand(conn)
		return
	}
	host, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
	wait, ok := l.peers.enter(host, from)
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
		l.Hand(counted)
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
		l.Hand(counted)
	})
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
