package clustertest

import (
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// defaultLogLength is how many entries the log of a Switch keeps, unless LogLength says otherwise.
const defaultLogLength = 10_000

// record is the log of a Switch, for all namespaces. Its user has the lock.
type record struct {
	length  int
	entries []*logEntry
	last    uint64           // number of the last entry that there was
	cut     cluster.Position // of the last entry that is gone
}

// logEntry is a command as it was published, or a hub's fence. It is not changed once it is in the log.
type logEntry struct {
	number    uint64
	hub       string // empty: a foreign server
	namespace string
	command   []byte
	fence     *fence
}

func (l *record) end() uint64 { return l.last }

func (l *record) first() uint64 { return l.last - uint64(len(l.entries)) + 1 }

func (l *record) at(number uint64) *logEntry { return l.entries[number-l.first()] }

func (l *record) append(e *logEntry) {
	l.last++
	e.number = l.last
	l.entries = append(l.entries, e)
	l.trim(l.length)
}

func (l *record) trim(length int) {
	for len(l.entries) > length {
		l.cut = l.entries[0].position()
		l.entries = l.entries[1:]
	}
}

func (e *logEntry) position() cluster.Position { return cluster.Position{Major: 1, Minor: e.number} }

// decode returns the command with its origin.
func (e *logEntry) decode() *cluster.Command {
	c, err := wire.DecodeCommand(e.command)
	if err != nil {
		panic(err) // it was encoded here
	}
	c.Origin.Hub, c.Origin.At = e.hub, e.position()
	return c
}

// sessions are those that are kept. Its user has the lock.
type sessions map[string]keptSession

type keptSession struct {
	*cluster.KeptSession
	until time.Time
}

func (s *sessions) keep(key string, session *cluster.KeptSession, ttl time.Duration) {
	if *s == nil {
		*s = sessions{}
	}
	(*s)[key] = keptSession{session, time.Now().Add(ttl)}
}

func (s *sessions) take(key string) *cluster.KeptSession {
	kept := (*s)[key]
	delete(*s, key)
	if kept.KeptSession == nil || !time.Now().Before(kept.until) {
		return nil
	}
	return kept.KeptSession
}

// LogLength sets how many entries the log keeps: what is beyond is gone at once. Default: 10 000.
func (s *Switch) LogLength(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.length = n
	s.log.trim(n)
}

// KeepForeign keeps a session as a foreign server does.
func (s *Switch) KeepForeign(key string, session cluster.Socket, ttl time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions.keep(key, &cluster.KeptSession{Foreign: &session}, ttl)
}

// Sessions are the keys of those that are kept.
func (s *Switch) Sessions() (keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, kept := range s.sessions {
		if time.Now().Before(kept.until) {
			keys = append(keys, key)
		}
	}
	return keys
}

// PublishForeign publishes a command as a foreign server does: its Origin has no hub, and counts nothing.
func (s *Switch) PublishForeign(c *cluster.Command) {
	plain := *c
	plain.Origin = cluster.Origin{}
	frame, err := wire.EncodeCommand(&plain)
	if err != nil {
		panic(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.append(&logEntry{namespace: c.Namespace, command: frame[wire.HeaderSize:]})
	for _, r := range s.recorders {
		r.wakeReader()
	}
}
