package rawcreds

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"

	"google.golang.org/grpc/mem"

	"github.com/siohub/siohub/internal/rawio"
)

// conn is a TCP connection that is read and written raw, and into a buffer that is taken once there is something.
type conn struct {
	*rawio.Conn
	ready readiness
}

// raw returns a connection as it is if it is not TCP.
func raw(c net.Conn) net.Conn {
	r, ok := rawio.Wrap(c).(*rawio.Conn)
	if !ok {
		return c
	}
	q := &conn{Conn: r}
	q.ready.call = q.ready.read
	return q
}

// readiness is a read that is under way. Its function is made once: one that is made for each read would be allocated.
type readiness struct {
	mu   sync.Mutex // held by one read, guards the fields below
	call func(fd uintptr) bool
	pool mem.BufferPool
	size int
	buf  *[]byte // from the pool
	n    int
	err  error
}

// ReadOnReady is a Read whose buffer is taken from a pool once there is something to
// read. gRPC looks for it, so that a connection at rest holds none.
func (c *conn) ReadOnReady(size int, pool mem.BufferPool) (*[]byte, int, error) {
	r := &c.ready
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pool, r.size = pool, size
	err := c.Await(r.call)
	if err == nil {
		err = r.err
	}
	buf, n := r.buf, r.n
	r.pool, r.size, r.buf, r.n, r.err = nil, 0, nil, 0, nil
	if err != nil && buf != nil {
		pool.Put(buf)
		buf = nil
	}
	if errors.Is(err, io.EOF) {
		return nil, 0, io.EOF
	}
	return buf, n, c.OpError("read", err)
}

// read is called with the descriptor, at once and then whenever there may be something. False means wait.
func (r *readiness) read(fd uintptr) bool {
	r.buf = r.pool.Get(r.size)
	r.n, r.err = rawio.ReadNow(int(fd), *r.buf)
	if errors.Is(r.err, syscall.EAGAIN) {
		r.pool.Put(r.buf)
		r.buf, r.err = nil, nil
		return false
	}
	return true
}
