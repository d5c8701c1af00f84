package redis

import (
	"slices"
	"time"

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

// note takes a sign of life of a server of version 0.2: those of 0.3 never say what these say.
func (s *streams) note(e nodewire.Entry) {
	if e.UID == "" || e.UID == nodewire.Emitter || s.engine.Table.IsHub(e.UID) {
		return
	}
	who := oldServer{e.UID, e.Namespace}
	s.mu.Lock()
	_, known := s.old[who]
	if known || e.Type == "1" || e.Type == "2" {
		if known || len(s.old) < mostOld {
			s.old[who] = time.Now()
			known = true
		}
	}
	s.mu.Unlock()
	if known {
		s.engine.HeardForeign(e.UID)
	}
}

func (s *streams) left(who oldServer) {
	s.mu.Lock()
	delete(s.old, who)
	gone := true
	for other := range s.old {
		gone = gone && other.uid != who.uid
	}
	s.mu.Unlock()
	if gone && !s.engine.Table.IsHub(who.uid) {
		s.engine.ForeignLeft(who.uid)
	}
}

// oldIn are the servers of version 0.2 in a namespace.
func (s *streams) oldIn(namespace string) (uids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for who, heard := range s.old {
		if who.namespace == namespace && time.Since(heard) < oldTimeout {
			uids = append(uids, who.uid)
		}
	}
	slices.Sort(uids)
	return uids
}

func (s *streams) anyOld(namespace string) bool { return len(s.oldIn(namespace)) > 0 }

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
		s.mu.Lock()
		for who, heard := range s.old {
			if time.Since(heard) >= oldTimeout {
				delete(s.old, who)
			}
		}
		s.mu.Unlock()
	}
}

// sayOld says something in each namespace that this hub shares with servers of version 0.2.
func (s *streams) sayOld(k nodewire.Kind) {
	for n := range *s.engine.served.Load() {
		if s.anyOld(n) {
			_ = s.append(&nodewire.Message{Kind: k, Namespace: n}) // counted
		}
	}
}
