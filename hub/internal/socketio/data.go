package socketio

import (
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/recovery"
)

// DataChange is what becomes of a socket's data.
type DataChange struct {
	// Data replaces it; empty removes it. Unused with Merge.
	Data []byte
	// Merge makes the new data of the old one. It may be called more than once for one socket. An error
	// leaves the socket as it is.
	Merge func(old []byte) ([]byte, error)
	// Expected is the version that the data must have. Nil: any.
	Expected *uint64
}

// SetData changes the data of sockets. Version is that of the last one, changed or not; err the last that
// Merge returned.
func (s *Server) SetData(name string, t cluster.Target, change DataChange) (o Outcome, version uint64, err error) {
	n := s.namespaces.lookup(name)
	if n == nil {
		return Outcome{}, 0, nil
	}
	note := func(v uint64, failed error) {
		version = v
		if failed != nil {
			err = failed
		}
	}
	o = n.reach(t, deed{
		live: func(s *Socket) bool {
			done, v, failed := change.apply(s)
			note(v, failed)
			return done
		},
		away: func(session *recovery.Session, k *kept) (done, ends bool) {
			v, done, ends, failed := change.applyAway(session, k)
			note(v, failed)
			return done, ends
		},
	})
	s.dataSet(name, t)
	return o, version, err
}

// apply changes the data of one socket. The merging is done without the lock, and again if the data has changed
// meanwhile.
func (d DataChange) apply(s *Socket) (done bool, version uint64, err error) {
	data := d.Data
	for {
		old, seen := s.Data()
		if d.Expected != nil && *d.Expected != seen {
			return false, seen, nil // without the work of merging
		}
		if d.Merge != nil {
			if data, err = d.Merge(old); err != nil {
				return false, seen, err
			}
		}
		s.mu.Lock()
		switch {
		case s.end != nil, d.Expected != nil && *d.Expected != s.data.version():
			defer s.mu.Unlock()
			return false, s.data.version(), nil
		case d.Merge == nil, seen == s.data.version():
			defer s.mu.Unlock()
			s.data.set(data, s.data.version()+1)
			if s.recovery != nil {
				s.client.server.keeper.touch(s.recovery)
			}
			return true, s.data.version(), nil
		}
		s.mu.Unlock()
	}
}

// socketData is JSON that the application keeps with a socket, and how often it has changed. Most sockets have none, and keep
// a pointer. Guarded by Socket.mu.
type socketData struct{ is *dataVersion }

// dataVersion is never written again.
type dataVersion struct {
	json    []byte
	version uint64
}

func (d *socketData) set(json []byte, version uint64) {
	d.is = nil
	if len(json) > 0 || version > 0 {
		d.is = &dataVersion{json, version}
	}
}

func (d *socketData) get() ([]byte, uint64) {
	if d.is == nil {
		return nil, 0
	}
	return d.is.json, d.is.version
}

func (d *socketData) version() uint64 {
	_, v := d.get()
	return v
}
