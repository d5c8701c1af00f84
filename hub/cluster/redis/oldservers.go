package redis

import (
	"slices"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// oldServer is a server of version 0.2 in a namespace.
type oldServer struct{ uid, namespace string }

// Of version 0.2.
//
// Source: socket.io-adapter 2.5, ClusterAdapterWithHeartbeat.
const (
	oldBeat    = 5 * time.Second
	oldTimeout = 10 * time.Second
)

// mostOld bounds the servers of version 0.2 that are known.
const mostOld = 4096

// oldServers are those of version 0.2 that have been heard of.
type oldServers struct {
	mesh *mesh.Mesh

	mu    sync.Mutex              // guards the field below
	heard map[oldServer]time.Time // when each was last
}

// note takes a sign of life of a server of version 0.2: those of 0.3 never say what these say.
func (o *oldServers) note(e nodewire.Entry) {
	if e.UID == "" || e.UID == nodewire.Emitter || o.mesh.Table.IsHub(e.UID) {
		return
	}
	who := oldServer{e.UID, e.Namespace}
	o.mu.Lock()
	_, known := o.heard[who]
	if known || e.Type == "1" || e.Type == "2" {
		if known || len(o.heard) < mostOld {
			o.heard[who] = time.Now()
			known = true
		}
	}
	o.mu.Unlock()
	if known {
		o.mesh.HeardForeign(e.UID)
	}
}

func (o *oldServers) left(who oldServer) {
	o.mu.Lock()
	delete(o.heard, who)
	gone := true
	for other := range o.heard {
		gone = gone && other.uid != who.uid
	}
	o.mu.Unlock()
	if gone && !o.mesh.Table.IsHub(who.uid) {
		o.mesh.ForeignLeft(who.uid)
	}
}

// oldIn are the servers of version 0.2 in a namespace.
func (o *oldServers) in(namespace string) (uids []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for who, heard := range o.heard {
		if who.namespace == namespace && time.Since(heard) < oldTimeout {
			uids = append(uids, who.uid)
		}
	}
	slices.Sort(uids)
	return uids
}

func (o *oldServers) any(namespace string) bool { return len(o.in(namespace)) > 0 }

// forget forgets those that are silent.
func (o *oldServers) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for who, heard := range o.heard {
		if time.Since(heard) >= oldTimeout {
			delete(o.heard, who)
		}
	}
}

// beat says in the stream that this hub is there, while there are servers of version 0.2.
func (s *streams) beat() {
	ticker := time.NewTicker(oldBeat)
	defer ticker.Stop()
	for {
		select {
		case <-s.engine.ctx.Done():
			return
		case <-ticker.C:
		}
		s.sayOld(nodewire.Heartbeat)
		s.old.forget()
	}
}

// sayOld says something in each namespace that this hub shares with servers of version 0.2.
func (s *streams) sayOld(k nodewire.Kind) {
	for n := range *s.engine.served.all.Load() {
		if s.old.any(n) {
			_ = s.writer.append(&nodewire.Message{Kind: k, Namespace: n}) // counted
		}
	}
}
