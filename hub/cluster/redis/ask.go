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

// Ask implements cluster.Cluster.
func (e *engine) Ask(q *cluster.Question, a cluster.Asking) (stop func()) {
	switch {
	case q.To != nil, q.Kind == cluster.Signalled, q.Kind == cluster.ListUsers:
		return e.Mesh.Ask(q, a)
	case q.Kind <= cluster.Count && isNobody(&q.Target), q.Kind == cluster.Acks && isNobody(&q.Target):
		return e.Mesh.Ask(q, a) // to Node no rooms would be everybody
	}
	if q.Kind == cluster.CarryOut {
		return e.carryOut(q, a)
	}
	hubs := *q
	if q.Foreign {
		hubs.To = []string{} // none of them
	}
	i := &inquiry{engine: e, question: q, expected: -1}
	done := a.Done
	a.Done = func(missing []string) {
		e.forget(i)
		done(missing)
	}
	o := e.OpenQuestion(&hubs, a, mesh.Pending)
	if o == nil {
		return func() {}
	}
	i.asked = o
	e.mu.Lock()
	e.inquiries[o.ID] = i
	e.mu.Unlock()
	if !q.Foreign {
		e.SendQuestion(o, q)
	}
	o.Begin()
	e.running.Go(i.begin)
	return o.Stop
}

// carryOut asks hubs what came of a command. Node servers carry it out without a word.
func (e *engine) carryOut(q *cluster.Question, a cluster.Asking) (stop func()) {
	if messages, understood := translate(q.Command); understood {
		for _, m := range messages {
			m.UID = e.askID
			if e.road.post(m) != nil {
				break // the hubs are not reached either, and missing
			}
		}
	}
	return e.Mesh.Ask(q, a)
}

// inquiry is a question to Node servers.
type inquiry struct {
	engine   *engine
	question *cluster.Question
	asked    *mesh.Asked

	mu       sync.Mutex // guards the fields below
	expected int        // servers that have no name; below zero: not known yet
	counted  int        // those that have said how many browsers they ask
	browsers int        // how many these are
	acked    int        // how many of them have answered
	over     bool       // the last answers have been given
	timer    *time.Timer
}

func (e *engine) forget(i *inquiry) {
	e.mu.Lock()
	if i.asked != nil {
		delete(e.inquiries, i.asked.ID)
	}
	e.mu.Unlock()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.over = true
	if i.timer != nil {
		i.timer.Stop()
	}
}

// countPatience is how long a question waits until Node servers are counted: with the answers of hubs, of which none is waited
// for any longer than 1.4 s, it is done within that. Redis answers in less than a millisecond, unless it, or the way to it, is
// in trouble.
const countPatience = time.Second

// begin finds out whether there are Node servers, and asks them.
func (i *inquiry) begin() {
	e := i.engine
	ctx, cancel := context.WithTimeout(e.ctx, i.asked.Wait)
	defer cancel()
	nameless, named, err := e.count(ctx, i.question.Namespace)
	if i.asks(nameless, named); nameless+len(named) == 0 {
		return
	}
	if err == nil {
		if confirmed := e.road.awaits(i.question.Namespace); confirmed != nil {
			select {
			case <-confirmed:
			case <-ctx.Done():
			}
		}
		err = e.road.ask(i.message())
	}
	if err != nil {
		i.asked.Stop() // neither are the hubs reached
	}
}

// counting is a count of Node servers that is under way. The fields are set before done is closed.
type counting struct {
	done     chan struct{}
	nameless int
	named    []string
	err      error
}

// count is how many Node servers answer in a namespace; with an error it is how many did last. Who asks while somebody counts
// waits for the same count, so that questions do not take all connections while Redis says nothing.
func (e *engine) count(ctx context.Context, namespace string) (nameless int, named []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, countPatience)
	defer cancel()
	e.mu.Lock()
	c := e.counts[namespace]
	if c == nil && e.Mesh.Status().Connected {
		c = &counting{done: make(chan struct{})}
		e.counts[namespace] = c
		e.running.Go(func() { e.recount(c, namespace) })
	}
	e.mu.Unlock()
	if c == nil {
		err = cluster.ErrAway
	} else {
		select {
		case <-c.done:
			nameless, named, err = c.nameless, c.named, c.err
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		return e.known[namespace], nil, err
	}
	return nameless, named, nil
}

// recount counts, and forgets that somebody does.
func (e *engine) recount(c *counting, namespace string) {
	c.nameless, c.named, c.err = e.road.count(e.ctx, namespace)
	e.mu.Lock()
	delete(e.counts, namespace)
	switch {
	case c.err != nil:
	case c.nameless == 0:
		delete(e.known, namespace)
	default:
		e.known[namespace] = c.nameless
	}
	e.mu.Unlock()
	close(c.done)
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
	return i.engine.config.RequestTimeout
}

// message is the question in Node's form.
func (i *inquiry) message() *nodewire.Message {
	q := i.question
	m := &nodewire.Message{UID: i.engine.askID, Namespace: q.Namespace, RequestID: i.asked.ID, Target: q.Target}
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

// heard takes an answer of a Node server.
func (e *engine) heard(m *nodewire.Message, size int) {
	e.mu.Lock()
	i := e.inquiries[m.RequestID]
	e.mu.Unlock()
	if i == nil {
		return // of another server's question: answers are on a channel that all of them read
	}
	if f := e.Trace().Received; f != nil {
		f("foreign", size)
	}
	if !i.take(m) {
		e.DropForeign(cluster.DropUnasked, m.UID)
	}
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
