package mesh

import (
	"errors"
	"strings"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// sending is what leaves for the engine.
type sending struct {
	*common
	outbox *outbox
}

// Publish implements cluster.Cluster: to hubs alone.
func (s *sending) Publish(c *cluster.Command) error {
	if c.Foreign {
		return nil // a mesh has hubs alone
	}
	return s.PublishTo(AddressOf(c), c)
}

// PublishTo is Publish to an address of the engine's choice. It has no log.
func (s *sending) PublishTo(to Address, c *cluster.Command) error {
	if c.KeepOnly {
		return nil
	}
	if c.Origin != (cluster.Origin{}) {
		plain := *c
		plain.Origin = cluster.Origin{}
		c = &plain
	}
	frame, err := wire.EncodeCommand(c)
	if err != nil {
		s.tooLarge("a command")
		return cluster.ErrTooLarge
	}
	_, err = s.send(wire.Command, to, frame, false)
	return err
}

// AddressOf is who has to hear of a command: those interested in one room where it is for that alone, else those
// interested in the namespace, else everybody.
func AddressOf(c *cluster.Command) Address {
	if c.Namespace == "" || strings.HasSuffix(c.Namespace, "*") {
		return Address{}
	}
	t := &c.Target
	if c.ServerSide == nil && !t.All && len(t.Rooms) == 1 && len(t.Sockets) == 0 && len(t.Users) == 0 && SubscribesTo(t.Rooms[0]) {
		return Address{Namespace: c.Namespace, Room: t.Rooms[0]}
	}
	return Address{Namespace: c.Namespace}
}

// SubscribesTo reports whether hubs subscribe to a room of that name. Names that may be ids of sockets are not among them, as
// engines are not told of their own rooms: 20 characters, or for clients of revision 3 the session's 20 or 26, with the
// namespace before them.
func SubscribesTo(room string) bool {
	id := room
	if strings.HasPrefix(room, "/") {
		id = room[strings.LastIndexByte(room, '#')+1:]
	}
	return len(id) != 20 && len(id) != 26 && room != ""
}

// Ask implements cluster.Cluster: of hubs alone.
func (s *sending) Ask(q *cluster.Question, a cluster.Asking) (stop func()) {
	if q.Foreign {
		s.trace.guard(func() { a.Done(nil) })
		return func() {}
	}
	o := s.OpenQuestion(q, a, 0)
	if o == nil {
		return func() {}
	}
	s.SendQuestion(o, q)
	o.Begin()
	return o.Stop
}

// OpenQuestion begins a question of the hubs that are there, or q.To, and so many foreign servers, or Pending. Nil: too many are
// open, and Done has been called. SendQuestion and Begin have to follow, in this order.
func (s *sending) OpenQuestion(q *cluster.Question, a cluster.Asking, foreign int) *Asked {
	live, silent := s.Table.Hubs()
	if q.To != nil {
		live, silent = chosen(q.To, live, s.self.ID)
	}
	o := s.Questions.Open(a, Expected{Servers: live, Silent: silent, Foreign: foreign}, s.wait(q), questionSize(q), func(o *Asked) { s.stopped(o, q) })
	if o == nil {
		s.lines.full.Warn("cluster: too many questions to other hubs are open, another one is not asked", "limit", maxQuestions)
		missing := append(live, silent...)
		for range foreign {
			missing = append(missing, cluster.Unnamed)
		}
		s.trace.guard(func() { a.Done(sorted(missing)) })
		return nil
	}
	return o
}

// chosen splits those who are asked by whether they are there.
func chosen(to, live []string, self string) (there, missing []string) {
	is := map[string]bool{}
	for _, id := range live {
		is[id] = true
	}
	for _, id := range to {
		switch {
		case id == self:
		case is[id]:
			there = append(there, id)
		default:
			missing = append(missing, id)
		}
	}
	return there, missing
}

// wait is how long answers are waited for.
func (s *sending) wait(q *cluster.Question) time.Duration {
	wait := q.Timeout
	if wait <= 0 {
		wait = s.settings.RequestTimeout
	}
	if q.Kind == cluster.Acks {
		wait += ackGrace
	}
	return wait
}

// SendQuestion asks the hubs. Those that are not reached are not waited for.
func (s *sending) SendQuestion(o *Asked, q *cluster.Question) {
	timeout := q.Timeout
	if timeout <= 0 {
		timeout = s.settings.RequestTimeout
	}
	frame, err := wire.EncodeQuestion(o.ID, q, timeout)
	if err != nil {
		s.tooLarge("a question")
		o.nobody()
		return
	}
	if q.To == nil {
		if _, err = s.send(wire.Question, Address{}, frame, false); err != nil {
			o.nobody()
		}
		return
	}
	for _, id := range q.To {
		own := append([]byte(nil), frame...) // each has a header of its own
		if _, err = s.send(wire.Question, Address{Hub: id}, own, false); err != nil {
			o.unwait(id)
		}
	}
}

// nobody says that no server with a name was reached.
func (o *Asked) nobody() {
	o.mu.Lock()
	for id := range o.servers {
		o.servers[id] = false
	}
	o.settle()
}

// stopped tells those who have not answered that nobody waits any more.
func (s *sending) stopped(o *Asked, q *cluster.Question) {
	frame := wire.EncodeStop(o.ID)
	if q.To == nil {
		_, _ = s.send(wire.Stop, Address{}, frame, false) // who does not hear it has the time of the question
		return
	}
	for _, id := range q.To {
		_, _ = s.send(wire.Stop, Address{Hub: id}, append([]byte(nil), frame...), false)
	}
}

// send puts a frame into the outbox, and says so where it cannot.
func (s *sending) send(kind wire.Kind, to Address, frame []byte, urgent bool) (uint64, error) {
	if to.Hub == s.self.ID && to.Hub != "" {
		return 0, nil
	}
	number, err := s.outbox.put(kind, to, frame, urgent)
	s.noted(err, kind.String(), len(frame))
	return number, err
}

// SendForeign hands the Bus a message that foreign servers understand, in order with what was sent before. It keeps the message,
// unless that is short: see Kept.
func (s *sending) SendForeign(channel string, message []byte) error {
	err := s.outbox.putForeign(channel, message)
	s.noted(err, "foreign", len(message))
	return err
}

// Kept reports whether SendForeign keeps a message, which must not be changed any more then.
func Kept(message []byte) bool { return len(message) > shortBytes }

// Gather implements cluster.Gatherer.
func (s *sending) Gather() { s.outbox.gather() }

// Flush implements cluster.Gatherer.
func (s *sending) Flush() { s.outbox.flush() }

// noted tells what became of a message on its way out.
func (s *sending) noted(err error, kind string, bytes int) {
	switch {
	case err == nil:
		s.trace.sent(kind, bytes)
	case errors.Is(err, cluster.ErrAway):
		s.trace.notSent("away", 1)
	case errors.Is(err, cluster.ErrFull):
		s.trace.notSent("full", 1)
		s.lines.full.Warn("cluster: more waits to be written to the engine than cluster.queue_bytes allows, a message is not sent",
			"kind", kind, "queue_bytes", s.settings.QueueBytes)
	case errors.Is(err, cluster.ErrTooLarge):
		s.tooLarge("a " + kind)
	}
}

func (s *sending) tooLarge(what string) {
	s.trace.notSent("too_large", 1)
	s.lines.large.Warn("cluster: "+what+" is larger than cluster.max_message allows, or has too many parts, and is not sent",
		"max_message", s.settings.MaxMessage)
}

func (s *sending) notHandedOver(n int, err error) {
	s.trace.notSent("away", n)
	s.lines.engine.Warn("cluster: messages were not written to the engine", "messages", n, "error", err)
}

// questionSize is about what a question keeps.
func questionSize(q *cluster.Question) int {
	n := 512 + len(q.Signal)
	messages := []*cluster.Message{q.Message}
	if q.Command != nil {
		messages = append(messages, q.Command.Message, q.Command.ServerSide)
		n += len(q.Command.Signal)
		if q.Command.Data != nil {
			n += len(q.Command.Data.JSON)
		}
	}
	for _, msg := range messages {
		if msg != nil {
			n += len(msg.Args)
			for _, a := range msg.Attachments {
				n += len(a)
			}
		}
	}
	return n
}
