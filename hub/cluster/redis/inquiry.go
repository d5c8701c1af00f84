package redis

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// inquiry is a question to Node servers.
type inquiry struct {
	of       *inquiries
	question *cluster.Question
	asked    *mesh.Asked // set by inquiries.open

	mu       sync.Mutex // guards the fields below
	expected int        // servers that have no name; below zero: not known yet
	counted  int        // those that have said how many browsers they ask
	browsers int        // how many these are
	acked    int        // how many of them have answered
	over     bool       // the last answers have been given
	timer    *time.Timer
}

// end stops what waits for answers.
func (i *inquiry) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.over = true
	if i.timer != nil {
		i.timer.Stop()
	}
}

// begin finds out whether there are Node servers, and asks them.
func (i *inquiry) begin() {
	of := i.of
	ctx, cancel := context.WithTimeout(of.life.ctx, i.asked.Wait)
	defer cancel()
	nameless, named, err := of.census.count(ctx, i.question.Namespace)
	if i.asks(nameless, named); nameless+len(named) == 0 {
		return
	}
	if err == nil {
		if confirmed := of.road.awaits(i.question.Namespace); confirmed != nil {
			select {
			case <-confirmed:
			case <-ctx.Done():
			}
		}
		err = of.road.ask(i.message())
	}
	if err != nil {
		i.asked.Stop() // neither are the hubs reached
	}
}

// asks notes who is asked.
func (i *inquiry) asks(nameless int, named []string) {
	i.mu.Lock()
	i.expected = nameless + len(named)
	if i.question.Kind == cluster.Acks && i.expected > 0 && !i.over {
		i.timer = time.AfterFunc(i.timeout(), i.late)
	}
	i.mu.Unlock()
	if len(named) > 0 && i.question.Kind != cluster.Acks {
		i.asked.Expect(named...)
		i.asked.Foreign(nameless)
		return
	}
	i.asked.Foreign(nameless + len(named))
}

func (i *inquiry) timeout() time.Duration {
	if i.question.Timeout > 0 {
		return i.question.Timeout
	}
	return i.of.config.RequestTimeout
}

// message is the question in Node's form.
func (i *inquiry) message() *nodewire.Message {
	q := i.question
	m := &nodewire.Message{UID: i.of.self.askID, Namespace: q.Namespace, RequestID: i.asked.ID, Target: q.Target}
	switch q.Kind {
	case cluster.Acks:
		m.Kind, m.Event, m.Timeout = nodewire.Broadcast, q.Message, i.timeout().Milliseconds()
	case cluster.ServerSideEmit:
		m.Kind, m.Event = nodewire.ServerSideEmit, q.Message
	case cluster.ListRooms: // Node's answer has no sizes, and the ids of sockets among the names
		m.Kind, m.Target = nodewire.FetchSockets, cluster.Target{All: true}
	default:
		m.Kind = nodewire.FetchSockets
	}
	return m
}

// take gives an answer on. It returns false for one that does not fit the question.
func (i *inquiry) take(m *nodewire.Message) bool {
	a := new(cluster.Answer)
	switch {
	case i.question.Kind == cluster.Acks:
		return i.takeAck(m)
	case i.question.Kind == cluster.ServerSideEmit && m.Kind == nodewire.ServerSideAnswer:
		a.Value, a.Attachments = m.Value, m.Attachments
	case m.Kind != nodewire.SocketsAnswer:
		return false
	case i.question.Kind == cluster.Fetch:
		a.Sockets = m.Sockets
		if !i.question.Handshakes {
			for n := range a.Sockets {
				a.Sockets[n].Handshake = nil
			}
		}
	case i.question.Kind == cluster.Count:
		a.Count = len(m.Sockets)
	case i.question.Kind == cluster.ListRooms:
		a.Names = sizes(m.Sockets, i.question.Prefix)
	default:
		return false
	}
	return m.UID != "" && i.asked.AnswerOf(m.UID, a) || i.asked.AnswerOfForeign(a)
}

// sizes are the rooms of sockets, without their own.
func sizes(sockets []cluster.Socket, prefix string) (rooms []cluster.Size) {
	at := map[string]int{}
	for i := range sockets {
		for _, room := range sockets[i].Rooms {
			if !strings.HasPrefix(room, prefix) {
				continue
			}
			n, seen := at[room]
			if !seen {
				n = len(rooms)
				at[room] = n
				rooms = append(rooms, cluster.Size{Name: room})
			}
			rooms[n].Sockets++
		}
	}
	return rooms
}

// takeAck takes a part of the answer to a question for acknowledgements.
func (i *inquiry) takeAck(m *nodewire.Message) bool {
	part := new(cluster.AckPart)
	i.mu.Lock()
	switch {
	case i.over:
	case m.Kind == nodewire.ClientCount && i.counted < i.expected:
		i.counted++
		i.browsers += m.Count
		part.Expected = &m.Count
	case m.Kind == nodewire.Ack && i.acked < i.browsers:
		i.acked++
		part.Ack = &cluster.Ack{Args: m.Value, Attachments: m.Attachments}
	}
	whole := i.counted == i.expected && i.acked == i.browsers
	i.mu.Unlock()
	if part.Expected == nil && part.Ack == nil {
		return false
	}
	i.asked.AnswerOfForeign(&cluster.Answer{More: true, Acks: part})
	if whole {
		i.late()
	}
	return true
}

// late gives the last answer of each server that has begun to answer: they do not say themselves that they are done.
func (i *inquiry) late() {
	i.mu.Lock()
	n := i.counted
	total := cluster.AckTotal{Expected: i.browsers, Acked: i.acked, TimedOut: i.browsers - i.acked}
	if i.over {
		n = 0
	}
	i.over = true
	i.mu.Unlock()
	for k := range n {
		part := &cluster.AckPart{Total: new(cluster.AckTotal)}
		if k == 0 { // all in the first
			part.Total = &total
		}
		i.asked.AnswerOfForeign(&cluster.Answer{Acks: part})
	}
}
