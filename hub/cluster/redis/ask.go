package redis

import (
	"sync"

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
	case q.Kind == cluster.CarryOut:
		return e.carryOut(q, a)
	}
	return e.asked.open(q, a)
}

// carryOut asks hubs what came of a command. Node servers carry it out without a word.
func (e *engine) carryOut(q *cluster.Question, a cluster.Asking) (stop func()) {
	if messages, understood := translate(q.Command); understood {
		for _, m := range messages {
			m.UID = e.self.askID
			if e.road.post(m) != nil {
				break // the hubs are not reached either, and missing
			}
		}
	}
	return e.Mesh.Ask(q, a)
}

// inquiries are the questions of this hub that Node servers are asked beside hubs, while they are open.
type inquiries struct {
	config *Config
	self   *identity
	life   *life
	mesh   *mesh.Mesh
	road   road
	census *census

	mu   sync.Mutex // guards the field below
	byID map[string]*inquiry
}

// open begins one. Who is asked in Node's form is found out meanwhile.
func (is *inquiries) open(q *cluster.Question, a cluster.Asking) (stop func()) {
	hubs := *q
	if q.Foreign {
		hubs.To = []string{} // none of them
	}
	i := &inquiry{of: is, question: q, expected: -1}
	done := a.Done
	a.Done = func(missing []string) {
		is.forget(i)
		done(missing)
	}
	o := is.mesh.OpenQuestion(&hubs, a, mesh.Pending)
	if o == nil {
		return func() {}
	}
	is.mu.Lock()
	i.asked = o
	is.byID[o.ID] = i
	is.mu.Unlock()
	if !q.Foreign {
		is.mesh.SendQuestion(o, q)
	}
	o.Begin()
	is.life.running.Go(i.begin)
	return o.Stop
}

func (is *inquiries) forget(i *inquiry) {
	is.mu.Lock()
	if i.asked != nil {
		delete(is.byID, i.asked.ID)
	}
	is.mu.Unlock()
	i.end()
}

// heard takes an answer of a Node server.
func (is *inquiries) heard(m *nodewire.Message, size int) {
	is.mu.Lock()
	i := is.byID[m.RequestID]
	is.mu.Unlock()
	if i == nil {
		return // of another server's question: answers are on a channel that all of them read
	}
	if f := is.mesh.Trace().Received; f != nil {
		f("foreign", size)
	}
	if !i.take(m) {
		is.mesh.DropForeign(cluster.DropUnasked, m.UID)
	}
}
