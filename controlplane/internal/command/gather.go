package command

import (
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub/cluster"
)

// gathered is what the other hubs have said to a query. What it takes is held in the budget of snapshots.
type gathered struct {
	held    *reservation
	missing []string
	sockets []*hubv1.SocketInfo
	names   []cluster.Size
	count   int
}

// nextSocket takes a socket out. Nil when there is none left.
func (g *gathered) nextSocket() *hubv1.SocketInfo {
	if len(g.sockets) == 0 {
		return nil
	}
	one := g.sockets[0]
	g.sockets[0] = nil
	g.sockets = g.sockets[1:]
	return one
}

// gather asks the other hubs. here is how many sockets of this one are kept beside what they say. then is called once, with what
// is held to be given back by the callee; a fault says that there is no room for what they say.
func (e *queries) gather(q *cluster.Question, here int, then func(*gathered, *fault.Fault)) {
	held, f := e.reserve(here, 0)
	if f != nil {
		then(nil, f)
		return
	}
	g := &gathered{held: held}
	var full *fault.Fault
	e.hub.Cluster().Ask(q, cluster.Asking{
		Answer: func(a *cluster.Answer) {
			if full == nil {
				full = e.take(g, q, a)
			}
		},
		Done: func(missing []string) {
			if full != nil {
				g.held.giveBack()
				then(nil, full)
				return
			}
			g.missing = missing
			then(g, nil)
		},
	})
}

// take keeps a part of an answer.
func (e *queries) take(g *gathered, q *cluster.Question, a *cluster.Answer) *fault.Fault {
	bytes := 0
	for i := range a.Names {
		bytes += len(a.Names[i].Name) + entryKeep
	}
	infos := make([]*hubv1.SocketInfo, len(a.Sockets))
	for i := range a.Sockets {
		infos[i] = foreignInfo(a.From, q.Namespace, &a.Sockets[i])
		bytes += sizeOfInfo(infos[i])
	}
	if bytes > 0 {
		if !e.snapshots.Take(int64(bytes)) {
			e.trace.Bound(BoundSnapshots)
			return fault.New(fault.QueriesOpen, "the other hubs have more than there is room for").After(retrySoon)
		}
		g.held.bytes += int64(bytes)
	}
	g.count += a.Count
	g.names = append(g.names, a.Names...)
	g.sockets = append(g.sockets, infos...)
	return nil
}

// foreignInfo describes a socket of another server.
func foreignInfo(from, namespace string, s *cluster.Socket) *hubv1.SocketInfo {
	info := &hubv1.SocketInfo{
		Socket: &hubv1.Socket{
			Id: s.ID, Namespace: namespace, User: s.User, Data: s.Data, DataVersion: s.DataVersion, HubId: from, Transport: s.Transport, ClientId: s.ClientID,
		},
		Rooms: s.Rooms,
	}
	slices.Sort(info.Rooms)
	if !s.ConnectTime.IsZero() {
		info.ConnectTime = timestamppb.New(s.ConnectTime)
	}
	if h := s.Handshake; h != nil {
		info.Handshake = foreignHandshake(h)
	}
	return info
}

func foreignHandshake(h *cluster.Handshake) *hubv1.Handshake {
	m := &hubv1.Handshake{
		Url: h.URL, RemoteAddress: h.Address, Origin: h.Origin, Transport: h.Transport, ProtocolVersion: uint32(h.Protocol), Secure: h.Secure,
	}
	if !h.Time.IsZero() {
		m.IssueTime = timestamppb.New(h.Time)
	}
	for _, line := range h.Headers {
		m.Headers = append(m.Headers, &hubv1.Header{Name: line.Name, Value: line.Value})
	}
	for _, p := range h.Query {
		m.Query = append(m.Query, &hubv1.QueryParameter{Name: p.Name, Value: p.Value})
	}
	return m
}

// infoKeep is what a description takes beside its texts.
const infoKeep = 256

func sizeOfInfo(info *hubv1.SocketInfo) int {
	n := infoKeep + len(info.GetSocket().GetData())
	for _, room := range info.GetRooms() {
		n += len(room) + entryKeep
	}
	if h := info.GetHandshake(); h != nil {
		n += infoKeep + len(h.GetUrl())
		for _, line := range h.GetHeaders() {
			n += len(line.GetName()) + len(line.GetValue()) + 2*entryKeep
		}
		for _, p := range h.GetQuery() {
			n += len(p.GetName()) + len(p.GetValue()) + 2*entryKeep
		}
	}
	return n
}
