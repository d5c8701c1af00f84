package socketio

import (
	"runtime"
	"sync/atomic"

	"github.com/siohub/siohub/hub/adapter"
)

// namespace is what the sockets of one namespace share. It exists while there are any.
type namespace struct {
	// set at construction
	server  *Server
	name    string
	adapter adapter.Adapter
	// recovering is nil while recovery is off.
	recovering *recovering

	// nextAck counts the ack ids that were drawn. One counter for all, so that a broadcast with
	// acknowledgements is encoded once. It goes on from Server.drawn.
	nextAck atomic.Uint64

	sockets int // guarded by Server.mu
}

var _ adapter.Host = (*namespace)(nil)

// lookup returns a namespace that has sockets, or nil. With a cluster it makes one: other nodes may
// have sockets there.
func (s *Server) lookup(name string) *namespace {
	if value, ok := s.namespaces.Load(name); ok {
		return value.(*namespace)
	}
	if s.clustered && s.app.Knows(name) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.makeLocked(name)
	}
	return nil
}

// hold returns the namespace for one more socket.
func (s *Server) hold(name string) *namespace {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.makeLocked(name)
	n.sockets++
	return n
}

func (s *Server) makeLocked(name string) *namespace {
	if value, ok := s.namespaces.Load(name); ok {
		return value.(*namespace)
	}
	n := &namespace{server: s, name: name}
	n.nextAck.Store(s.drawn)
	var host adapter.Host = n
	if s.watcher != nil {
		host = watched{n}
	}
	n.adapter = s.build(name, host)
	n.recovering = n.newRecovering()
	s.namespaces.Store(name, n)
	return n
}

// release gives back what hold took. The last socket takes the namespace along.
func (s *Server) release(n *namespace) {
	s.mu.Lock()
	n.sockets--
	last := n.sockets == 0 && !s.clustered
	if last {
		s.namespaces.Delete(n.name)
		s.drawn = max(s.drawn, n.nextAck.Load())
	}
	s.mu.Unlock()
	if last {
		if n.recovering != nil {
			n.recovering.log.Close()
		}
		if err := n.adapter.Close(); err != nil {
			s.trace.logger.Warn("closing the adapter of a namespace", "namespace", n.name, "error", err)
		}
	}
}

// Apply implements adapter.Host.
func (n *namespace) Apply(c adapter.Command) {
	switch {
	case c.Message != nil:
		n.emit(nil, c.Target, c.Message)
	case len(c.Join)+len(c.Leave) > 0:
		n.updateRooms(c.Target, c.Join, c.Leave)
	case c.Disconnect:
		n.disconnect(nil, c.Target, Eviction{CloseTransport: c.CloseTransport, MayReturn: c.MayReturn, Detail: c.Detail})
	}
}

// publish tells the other nodes, if there are any.
func (n *namespace) publish(c adapter.Command) {
	if err := n.adapter.Publish(c); err != nil {
		n.server.trace.logger.Error("telling the other nodes", "namespace", n.name, "error", err)
	}
}

// roomsSlice is how many rooms are joined and left before others have a turn on the processor: about a
// millisecond, where Go would let them wait for ten.
const roomsSlice = 1000

func (n *namespace) updateRooms(t adapter.Target, join, leave []string) (o Outcome, limited int) {
	members := pick(n.adapter, t)
	defer members.release()
	done := 0
	for _, m := range members.list {
		if done += len(join) + len(leave); done >= roomsSlice {
			done = 0
			runtime.Gosched()
		}
		joined := m.(*Socket).membership.change(m.(*Socket), join, leave)
		o.add(joined)
		if !joined && m.(*Socket).Connected() {
			limited++
			n.server.trace.limitReached("rooms_per_socket")
		}
	}
	o.Stored = n.moveAway(t, join, leave)
	return o, limited
}
