package socketio

import (
	"sync"

	"github.com/siohub/siohub/hub/internal/rooms"
)

// namespaces are those that have sockets, or sessions that are away. What is asked of them stands in queries.go.
type namespaces struct {
	server *Server // set at construction

	byName sync.Map   // of *namespace; read without a lock
	mu     sync.Mutex // guards changes of byName, the counts in namespaces, and the field below
	// drawn is the number of ack ids of the busiest of the namespaces that were forgotten: a browser that comes back
	// to one may still answer what it was asked there before.
	drawn uint64
}

// lookup returns a namespace that has sockets, or nil.
func (all *namespaces) lookup(name string) *namespace {
	if value, ok := all.byName.Load(name); ok {
		return value.(*namespace)
	}
	return nil
}

// hold returns the namespace for one more socket.
func (all *namespaces) hold(name string) *namespace {
	all.mu.Lock()
	defer all.mu.Unlock()
	n := all.makeLocked(name)
	n.sockets++
	return n
}

func (all *namespaces) makeLocked(name string) *namespace {
	if value, ok := all.byName.Load(name); ok {
		return value.(*namespace)
	}
	s := all.server
	n := &namespace{server: s, name: name}
	n.nextAck.Store(all.drawn)
	n.rooms = rooms.New(n.watch())
	n.recovering = n.newRecovering()
	all.byName.Store(name, n)
	if serves := s.elsewhere.Serves; serves != nil {
		serves(name, true)
	}
	return n
}

// release gives back what hold took. The last socket takes the namespace along.
func (all *namespaces) release(n *namespace) {
	all.mu.Lock()
	n.sockets--
	last := n.sockets == 0
	if last {
		all.byName.Delete(n.name)
		all.drawn = max(all.drawn, n.nextAck.Load())
		if serves := all.server.elsewhere.Serves; serves != nil {
			serves(n.name, false)
		}
	}
	all.mu.Unlock()
	if last && n.recovering != nil {
		n.recovering.log.Close()
	}
}
