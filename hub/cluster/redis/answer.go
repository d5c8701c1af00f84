package redis

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// mostAnswering bounds the questions of Node servers that are open here. Beyond it they are not answered.
const mostAnswering = 4096

// responder takes the hub's answers to a question of a Node server, and makes Node's of them.
type responder struct {
	in      *inbox
	message *nodewire.Message
	reply   func(*nodewire.Message)
	until   time.Time
	ended   atomic.Bool

	mu      sync.Mutex // guards the fields below
	sockets []cluster.Socket
	bytes   int // about what sockets holds
}

// answer hands a question of a Node server to the host.
func (in *inbox) answer(m *nodewire.Message, reply func(*nodewire.Message)) {
	q := &cluster.Question{Namespace: m.Namespace, Target: m.Target, Timeout: in.timeoutOf(m)}
	switch m.Kind {
	case nodewire.Broadcast:
		q.Kind, q.Message = cluster.Acks, m.Event
	case nodewire.FetchSockets:
		q.Kind, q.Handshakes = cluster.Fetch, true
	case nodewire.ListIDs:
		q.Kind = cluster.Fetch
	case nodewire.ListRooms: // to Node the id of a socket is one of them
		q.Kind, q.Target = cluster.Fetch, cluster.Target{All: true}
	case nodewire.ServerSideEmit:
		q.Kind, q.Message = cluster.ServerSideEmit, m.Event
	case nodewire.Join, nodewire.Leave, nodewire.Disconnect:
		q.Kind, q.Command = cluster.CarryOut, &cluster.Command{Namespace: m.Namespace, Target: m.Target}
		switch m.Kind {
		case nodewire.Join:
			q.Command.Join = m.Names
		case nodewire.Leave:
			q.Command.Leave = m.Names
		default:
			q.Command.Disconnect = &m.Disconnect
		}
	default:
		in.broken(nil)
		return
	}
	if in.answering.Add(1) > mostAnswering {
		in.answering.Add(-1)
		in.mesh.DropForeign(cluster.DropOverrun, m.UID)
		return
	}
	r := &responder{in: in, message: m, reply: reply, until: time.Now().Add(q.Timeout)}
	asked := false
	in.mesh.Serialized(func(h cluster.Host) {
		h.Answer(q, r)
		asked = true
	})
	if !asked {
		r.end()
	}
}

// end takes it out of those that are open.
func (r *responder) end() bool {
	if r.ended.Swap(true) {
		return false
	}
	r.in.answering.Add(-1)
	return true
}

// Ended implements cluster.Responder.
func (r *responder) Ended() bool {
	if !r.ended.Load() && time.Now().After(r.until.Add(time.Second)) {
		r.end()
	}
	return r.ended.Load()
}

// Answer implements cluster.Responder.
func (r *responder) Answer(a *cluster.Answer) {
	if r.Ended() {
		return
	}
	switch {
	case a.Acks != nil:
		r.acks(a.Acks)
	case r.message.Kind == nodewire.ServerSideEmit:
		if r.end() {
			r.send(&nodewire.Message{Kind: nodewire.ServerSideAnswer, Value: a.Value, Attachments: a.Attachments})
		}
		return
	case a.Outcome != nil:
		if r.end() && a.Outcome.Matched > 0 {
			r.send(&nodewire.Message{Kind: nodewire.Done})
		}
		return
	default:
		r.gather(a)
	}
	if !a.More && r.end() {
		r.last()
	}
}

// acks tells Node how many browsers were asked, and what each says.
func (r *responder) acks(p *cluster.AckPart) {
	switch {
	case p.Expected != nil:
		r.send(&nodewire.Message{Kind: nodewire.ClientCount, Count: *p.Expected})
	case p.Ack != nil:
		r.send(&nodewire.Message{Kind: nodewire.Ack, Value: p.Ack.Args, Attachments: p.Ack.Attachments})
	}
}

// gather keeps sockets, as Node wants all of a server in one message.
func (r *responder) gather(a *cluster.Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range a.Sockets {
		r.bytes += sizeOf(&a.Sockets[i])
	}
	if r.bytes > r.in.config.MaxMessage {
		r.sockets = nil // the question will not be answered
		return
	}
	r.sockets = append(r.sockets, a.Sockets...)
}

// sizeOf is about what a socket takes in a message.
func sizeOf(s *cluster.Socket) int {
	n := 256 + len(s.ID) + len(s.Data)
	for _, room := range s.Rooms {
		n += len(room) + 3
	}
	if h := s.Handshake; h != nil {
		n += len(h.URL) + len(h.Auth)
		for _, list := range [][]cluster.Pair{h.Headers, h.Query} {
			for _, p := range list {
				n += len(p.Name) + len(p.Value) + 6
			}
		}
	}
	return n
}

// last answers with what was gathered.
func (r *responder) last() {
	r.mu.Lock()
	sockets, bytes := r.sockets, r.bytes
	r.mu.Unlock()
	if bytes > r.in.config.MaxMessage {
		r.in.tooLargeAnswer()
		return
	}
	m := &nodewire.Message{Kind: nodewire.IDsAnswer}
	switch r.message.Kind {
	case nodewire.FetchSockets:
		m.Kind, m.Sockets = nodewire.SocketsAnswer, sockets
	case nodewire.ListIDs:
		for i := range sockets {
			m.Names = append(m.Names, sockets[i].ID)
		}
	case nodewire.ListRooms:
		m.Kind = nodewire.RoomsAnswer
		m.Names = roomsOf(sockets)
	default:
		return
	}
	r.send(m)
}

// roomsOf are the rooms of sockets, their own among them.
func roomsOf(sockets []cluster.Socket) (rooms []string) {
	seen := map[string]bool{}
	add := func(room string) {
		if !seen[room] && !nodewire.IsReserved(room) {
			seen[room] = true
			rooms = append(rooms, room)
		}
	}
	for i := range sockets {
		add(sockets[i].ID)
		for _, room := range sockets[i].Rooms {
			add(room)
		}
	}
	return rooms
}

func (r *responder) send(m *nodewire.Message) {
	m.UID, m.Namespace, m.RequestID = r.in.self.id, r.message.Namespace, r.message.RequestID
	r.reply(m)
}

// tooLargeAnswer counts an answer that is larger than a message may be.
func (in *inbox) tooLargeAnswer() {
	if f := in.mesh.Trace().NotSent; f != nil {
		f("too_large")
	}
	in.reach.line.Warn("cluster: an answer to a Node server is larger than cluster.max_message allows, and is not sent", "max_message", in.config.MaxMessage)
}
