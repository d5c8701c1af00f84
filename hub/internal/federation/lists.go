package federation

import (
	"sync"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/socketio"
)

const (
	// maxLists is how many questions for lists wait.
	maxLists = 256
	// listPart is how many sockets, or names, one answer has. partBytes is where it is cut before.
	listPart  = 500
	partBytes = 256 << 10
)

// lists makes lists of sockets, rooms and users one after the other: each may be long, and the cluster's goroutine has
// commands to carry out.
type lists struct {
	sockets *socketio.Server // set at construction

	mu      sync.Mutex // guards the fields below
	waiting []list
	running bool
	done    sync.WaitGroup
}

type list struct {
	question  *cluster.Question
	responder cluster.Responder
}

// add answers a question soon. False: too many wait.
func (l *lists) add(q *cluster.Question, r cluster.Responder) bool {
	l.mu.Lock()
	if len(l.waiting) >= maxLists {
		l.mu.Unlock()
		return false
	}
	l.waiting = append(l.waiting, list{q, r})
	start := !l.running
	if start {
		l.running = true
		l.done.Add(1)
	}
	l.mu.Unlock()
	if start {
		go l.run()
	}
	return true
}

// run ends when nothing waits.
func (l *lists) run() {
	defer l.done.Done()
	for {
		l.mu.Lock()
		if len(l.waiting) == 0 {
			l.running = false
			l.waiting = nil
			l.mu.Unlock()
			return
		}
		next := l.waiting[0]
		l.waiting = l.waiting[1:]
		l.mu.Unlock()
		if !next.responder.Ended() {
			l.make(next.question, next.responder)
		}
	}
}

func (l *lists) wait() { l.done.Wait() }

// make answers one with its list.
func (l *lists) make(q *cluster.Question, r cluster.Responder) {
	switch q.Kind {
	case cluster.Fetch:
		l.listSockets(q, r)
	case cluster.ListRooms:
		listNames(l.sockets.RoomSizes(q.Namespace, q.Prefix), r)
	case cluster.ListUsers:
		listNames(l.sockets.UserSizes(q.Namespace, q.Prefix), r)
	}
}

func listNames(names []cluster.Size, r cluster.Responder) {
	for len(names) > 0 {
		n, bytes := 0, 0
		for n < len(names) && n < 2*listPart && bytes < partBytes {
			bytes += len(names[n].Name) + 16
			n++
		}
		r.Answer(&cluster.Answer{Names: names[:n:n], More: n < len(names)})
		names = names[n:]
		if len(names) == 0 || r.Ended() {
			return
		}
	}
	r.Answer(&cluster.Answer{})
}

func (l *lists) listSockets(q *cluster.Question, r cluster.Responder) {
	var part []cluster.Socket
	bytes := 0
	for _, s := range l.sockets.Select(q.Namespace, q.Target) {
		one, ok := Describe(s, q.Handshakes)
		if !ok {
			continue
		}
		size := sizeOf(&one)
		if len(part) > 0 && (len(part) == listPart || bytes+size > partBytes) {
			r.Answer(&cluster.Answer{Sockets: part, More: true})
			part, bytes = nil, 0
			if r.Ended() {
				return
			}
		}
		part = append(part, one)
		bytes += size
	}
	r.Answer(&cluster.Answer{Sockets: part})
}

// Describe says of a socket here what others may know. False: it has left.
func Describe(s *socketio.Socket, handshake bool) (cluster.Socket, bool) {
	rooms := s.Rooms()
	if !s.Connected() {
		return cluster.Socket{}, false
	}
	data, version := s.Data()
	one := cluster.Socket{
		ID: s.ID(), User: s.User(), Transport: s.Transport(), ClientID: s.ClientID(), Rooms: rooms, Data: data, DataVersion: version,
		ConnectTime: s.ConnectTime(),
	}
	if handshake {
		one.Handshake = handshakeOf(s)
	}
	return one, true
}

func handshakeOf(s *socketio.Socket) *cluster.Handshake {
	h := s.Handshake()
	out := &cluster.Handshake{
		Address: h.RemoteAddress(), URL: h.URL(), Origin: h.Origin(), Secure: h.Secure(), CrossDomain: h.Origin() != "", Time: h.IssueTime(),
		Transport: h.Transport(), Protocol: int(h.Revision()),
	}
	for name, value := range h.Lines() {
		out.Headers = append(out.Headers, cluster.Pair{Name: name, Value: value})
	}
	for name, value := range h.Parameters() {
		out.Query = append(out.Query, cluster.Pair{Name: name, Value: value})
	}
	return out
}

// sizeOf is about what a socket takes on the way.
func sizeOf(s *cluster.Socket) int {
	const each = 128
	n := each + len(s.Data) + len(s.User)
	for _, room := range s.Rooms {
		n += len(room) + 4
	}
	if h := s.Handshake; h != nil {
		n += each + len(h.URL)
		for _, list := range [][]cluster.Pair{h.Headers, h.Query} {
			for _, p := range list {
				n += len(p.Name) + len(p.Value) + 4
			}
		}
	}
	return n
}
