package controlplane

import (
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub"
)

var _ hub.Rememberer = (*Server)(nil)

// moment is a time that may be set while others look. The zero value is the zero time.
type moment struct{ micros atomic.Int64 }

func (m *moment) set(t time.Time) {
	if t.IsZero() {
		m.micros.Store(0)
		return
	}
	m.micros.Store(max(t.UnixMicro(), 1))
}

func (m *moment) get() time.Time {
	if n := m.micros.Load(); n != 0 {
		return time.UnixMicro(n)
	}
	return time.Time{}
}

// travel is a memory on its way to another hub. What else there is stays behind: the groups that have yet to hear that the
// socket has left hear it from the hub that it has left.
type travel struct {
	Group    string        `json:"group,omitempty"`
	Instance string        `json:"instance,omitempty"`
	Auth     []byte        `json:"auth,omitempty"`
	Expire   time.Time     `json:"expire,omitzero"`
	Refresh  time.Duration `json:"refresh,omitempty"`
}

// memories keeps what the control plane knows of browsers that are away: at the hub, which may take it to another one. It is
// the server's hub.Rememberer.
type memories struct {
	roster *roster
	hub    *hub.Hub // set by Bind
}

// recovers reports whether browsers may take up sessions.
func (ms *memories) recovers() bool { return ms.hub.Recovers() }

// remembered prepares an acceptance to be remembered while its browser is away.
func (ms *memories) remembered(g *grant, a *hub.Acceptance) *memory {
	if !ms.recovers() {
		return nil
	}
	m := &memory{grant: g}
	a.Memo, a.MemoBytes = m, memoryBytes
	if g != nil {
		a.MemoBytes += int64(len(g.auth))
	}
	return m
}

// EncodeMemo implements hub.Rememberer.
func (ms *memories) EncodeMemo(memo any) []byte {
	m, ok := memo.(*memory)
	if !ok {
		return nil
	}
	t := travel{Expire: m.expire.get()}
	if g := m.grant; g != nil {
		t.Instance, t.Auth, t.Refresh = g.instance, g.auth, g.refresh
		if g.group != nil {
			t.Group = g.group.name
		}
		if t.Expire.IsZero() {
			t.Expire = g.expire
		}
	}
	b, err := json.Marshal(t)
	if err != nil {
		return nil // a year that JSON cannot say: its authorizer is asked
	}
	return b
}

// DecodeMemo implements hub.Rememberer. That of a group that this hub does not know is nil: its browser has to be decided about.
func (ms *memories) DecodeMemo(b []byte) (memo any, bytes int64) {
	var t travel
	if err := json.Unmarshal(b, &t); err != nil {
		return nil, 0
	}
	m := &memory{}
	m.expire.set(t.Expire)
	if t.Group == "" {
		return m, memoryBytes
	}
	g := ms.roster.group(t.Group)
	if g == nil {
		return nil, 0
	}
	m.grant = &grant{group: g, instance: t.Instance, auth: t.Auth, expire: t.Expire, refresh: t.Refresh}
	return m, memoryBytes + int64(len(t.Auth))
}
