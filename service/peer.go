package service

import (
	"crypto/sha256"
	"slices"
	"sync"

	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// peer is what this process knows of one hub process: the sockets there to which its
// program was introduced. It outlives attachments. Sockets are known by their id alone,
// for namespaces that need it (see remembers).
type peer struct {
	hubID string
	standing

	mu      sync.Mutex // guards the fields below, and the members
	members map[string]*member
	round   int  // grows with each attachment
	dropped bool // the hub has dropped lifecycle records since the last introduction
}

// member is a socket as this process knows it.
type member struct {
	namespace    *Namespace
	socket       *hubv1.Socket
	dedupeID     []byte // of its connected
	round        int    // in which it was introduced last
	told         bool   // the program has heard of it, and has to hear of its end
	gone         bool   // the kit has told its end, or has nobody to tell: what the hub still says is late
	rooms        []string
	roomsVersion uint64
	data         []byte
	dataVersion  uint64
}

// remembers reports whether sockets of the namespace have members. Those that move here are introduced for it
// (introduce_moved), so that there is one of each socket that the process holds, but for those that nobody was told of.
func remembers(n *Namespace) bool { return n.handlers.disconnect != nil || follows(n) }

// introduce makes a member of a socket whose connected has arrived. A socket that is
// introduced again is the same member; late says that the program was told its end.
func (p *peer) introduce(n *Namespace, d *hubv1.Delivery) (m *member, late bool) {
	c, s := d.GetConnected(), d.GetSocket()
	p.mu.Lock()
	defer p.mu.Unlock()
	m = p.members[s.GetId()]
	if m == nil || string(m.dedupeID) != string(d.GetDedupeId()) {
		m = &member{namespace: n, dedupeID: d.GetDedupeId()}
		p.members[s.GetId()] = m
	}
	m.socket, m.round = s, p.round
	if m.roomsVersion <= c.GetRoomsVersion() {
		m.rooms, m.roomsVersion = c.GetRooms(), c.GetRoomsVersion()
	}
	if n.handlers.connected == nil || quiet(n, c) {
		m.told = true // there is nobody to tell
	}
	return m, m.gone
}

// refresh keeps the data that a delivery carries, and returns what the socket has by
// now, for namespaces that get it on change.
func (p *peer) refresh(s *hubv1.Socket) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.members[s.GetId()]
	if m == nil {
		return s.GetData()
	}
	if len(s.GetData()) > 0 || s.GetDataVersion() > m.dataVersion {
		m.data, m.dataVersion = s.GetData(), s.GetDataVersion()
	}
	return m.data
}

// current is the round of the newest attachment.
func (p *peer) current() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.round
}

func (p *peer) find(id string) *member {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.members[id]
}

// live is find for a socket whose end was not told.
func (p *peer) live(id string) *member {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.members[id]; m != nil && !m.gone {
		return m
	}
	return nil
}

// tell notes that the program hears of the socket, or of its end. It reports false when
// the kit has told the end already, or had nothing to tell.
func (p *peer) tell(m *member, told bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.gone {
		return false
	}
	m.told = told
	return true
}

// left takes out a member that has come back at another hub, before this one has said
// that it had gone. It returns nil when there is nothing to tell of it. What this hub
// says yet finds a member that is gone.
func (p *peer) left(id string) *member {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.members[id]
	if m == nil || m.gone {
		return nil
	}
	m.gone = true
	if !m.told {
		return nil
	}
	return m
}

// forget drops a member, unless its id has another life by now.
func (p *peer) forget(id string, m *member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.members[id] == m {
		delete(p.members, id)
	}
}

// roomsChanged applies a change. It returns nil for one that is known already.
func (p *peer) roomsChanged(c *hubv1.RoomsChanged) *member {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.members[c.GetSocketId()]
	if m == nil || c.GetRoomsVersion() <= m.roomsVersion {
		return nil
	}
	rooms := slices.DeleteFunc(slices.Clone(m.rooms), func(room string) bool { return slices.Contains(c.GetLeft(), room) })
	rooms = append(rooms, c.GetJoined()...)
	slices.Sort(rooms)
	m.rooms, m.roomsVersion = slices.Compact(rooms), c.GetRoomsVersion()
	return m
}

// release takes members out that another process holds by now.
func (p *peer) release(ids []string) []*member {
	p.mu.Lock()
	defer p.mu.Unlock()
	var released []*member
	for _, id := range ids {
		if m := p.members[id]; m != nil {
			delete(p.members, id)
			released = append(released, m)
		}
	}
	return released
}

// introduced is told that everybody who is there has been introduced. It returns those
// whom this process does not hold any more, and those who have gone without a word
// because the hub dropped what it had to say.
func (p *peer) introduced() (released, gone []*member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, m := range p.members {
		how := introduction(m.namespace)
		switch {
		case m.round == p.round:
		case p.dropped && how >= hubv1.Introduction_INTRODUCTION_ON_ATTACH:
			if m.told && !m.gone {
				gone = append(gone, m)
			}
			m.gone = true
			delete(p.members, id)
		default:
			released = append(released, m)
			delete(p.members, id)
		}
	}
	p.dropped = false
	return released, gone
}

// lost takes out all members, for their hub is not there any more, and returns those of
// whom the program has heard.
func (p *peer) lost() []*member {
	p.mu.Lock()
	defer p.mu.Unlock()
	var gone []*member
	for _, m := range p.members {
		if m.told && !m.gone {
			gone = append(gone, m)
		}
		m.gone = true
	}
	p.members = map[string]*member{}
	return gone
}

// hubLost is the reason of a disconnect that this process makes by itself.
const hubLost = "hub lost"

// elsewhere is the detail of a disconnect of a socket that came back at another hub.
const elsewhere = "the socket came back at another hub"

// disconnected is the delivery that the member's hub owes: the same whichever process
// makes it, however often.
func (m *member) disconnected(detail string) *hubv1.Delivery {
	sum := sha256.Sum256(append(slices.Clip(m.dedupeID), hubLost...))
	return &hubv1.Delivery{
		DedupeId: sum[:16], Attempt: 1, Socket: m.socket,
		Body: &hubv1.Delivery_Disconnected{Disconnected: &hubv1.Disconnected{
			Reason: hubLost, Detail: detail, Rooms: m.rooms, DisconnectTime: timestamppb.Now(),
		}},
	}
}

// quiet reports whether an introduction is not for the program, which was told of the socket elsewhere.
func quiet(n *Namespace, c *hubv1.Connected) bool {
	return c.GetMoved() && introduction(n) != hubv1.Introduction_INTRODUCTION_ON_INSTANCE
}

func introduction(n *Namespace) hubv1.Introduction {
	if tracksRooms(n) && n.terms.introduction == hubv1.Introduction_INTRODUCTION_UNSPECIFIED {
		return hubv1.Introduction_INTRODUCTION_ON_INSTANCE
	}
	return n.terms.introduction
}
