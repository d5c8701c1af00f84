package redis

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// classic is the road of @socket.io/redis-adapter, createAdapter.
//
//	<prefix>#<nsp>#            a broadcast to several rooms, or all
//	<prefix>#<nsp>#<room>#     one to exactly one room
//	<prefix>-request#<nsp>#    requests
//	<prefix>-response#<nsp>#   answers, with <uid># behind it if the server chose so
type classic struct {
	engine *engine
	in     *subscriber
	// The beginnings of the channels of broadcasts, requests and answers.
	broadcasts, requests, responses []byte
}

func newClassic(e *engine) *classic {
	p := e.config.Prefix
	c := &classic{engine: e, broadcasts: []byte(p + "#"), requests: []byte(p + "-request#"), responses: []byte(p + "-response#")}
	c.in = e.subscriber(false, e.bus.dialHome, c.wants, c.message)
	c.in.reader.common = fmt.Appendf(nil, "*4\r\n$8\r\npmessage\r\n$%d\r\n%s\r\n", len(c.pattern()), c.pattern())
	return c
}

// glob is a name in a pattern.
func glob(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(name)
}

// pattern is that of all broadcasts in all namespaces.
func (c *classic) pattern() string { return glob(c.engine.config.Prefix) + "#/*" }

func (c *classic) open() {
	e := c.engine
	c.in.want(e.channels.hubs(), e.channels.direct(e.self.id), c.pattern())
	e.listen(e.ctx, c.in)
}

func (c *classic) close(context.Context) {
	// The subscriptions end with the connection.
}

func (c *classic) hears(namespace string, yes bool) {
	channels := []string{string(c.requests) + namespace + "#", c.engine.channels.twin(namespace)}
	if yes {
		c.in.want(channels...)
	} else {
		c.in.leave(channels...)
	}
}

func (c *classic) awaits(namespace string) <-chan struct{} {
	channel := string(c.responses) + namespace + "#"
	return c.in.want(channel, channel+c.engine.self.askID+"#")
}

func (c *classic) count(ctx context.Context, namespace string) (int, []string, error) {
	all, hubs, err := c.engine.nodes.count(ctx, "NUMSUB", string(c.requests)+namespace+"#", c.engine.channels.twin(namespace))
	return int(max(0, all-hubs)), nil, err
}

func (c *classic) post(m *nodewire.Message) error {
	if m.Kind != nodewire.Broadcast {
		return c.ask(m)
	}
	buf := buffers.Get().(*[]byte)
	room, one := oneRoom(&m.Target)
	return c.engine.sendFrom(buf, c.engine.channels.within(m.Namespace, room, one), nodewire.AppendBroadcast(*buf, m))
}

func (c *classic) postToHubs(command *cluster.Command) error { return c.engine.postToHubs(command) }

func (c *classic) ask(m *nodewire.Message) error {
	return c.engine.SendForeign(string(c.requests)+m.Namespace+"#", nodewire.AppendRequest(nil, m))
}

// wants decides on a message by its channel.
func (c *classic) wants(channel []byte) bool {
	if rest, ok := bytes.CutPrefix(channel, c.broadcasts); ok && len(rest) > 0 && rest[0] == '/' {
		return c.concerns(rest)
	}
	return true
}

// concerns reports whether anybody here may receive what is sent to a channel. rest is what is behind the prefix: a
// namespace, `#`, and for one room its name and another `#`. Either may have `#` in its name.
func (c *classic) concerns(rest []byte) bool {
	rest, ok := bytes.CutSuffix(rest, []byte("#"))
	if !ok {
		return false
	}
	for i, b := range rest {
		if b != '#' || !c.engine.served.has(rest[:i]) {
			continue
		}
		room := string(rest[i+1:])
		if room == "" || nodewire.IsReserved(room) || c.engine.Host().Concerns(string(rest[:i]), room) {
			return true
		}
	}
	return c.engine.served.has(rest)
}

// message takes one from any channel.
func (c *classic) message(channel string, payload []byte) {
	e := c.engine
	switch {
	case e.channels.ofHubs(channel):
		e.Receive(payload, mesh.Address{})
	case strings.HasPrefix(channel, string(c.broadcasts)):
		if e.self.passedOver(senderOf(payload)) {
			return
		}
		m, err := e.codec.Broadcast(payload)
		if err != nil {
			e.inbox.broken(err)
			return
		}
		e.inbox.take(m, len(payload), nil)
	case strings.HasPrefix(channel, string(c.requests)):
		c.request(channel[len(c.requests):len(channel)-1], payload)
	case strings.HasPrefix(channel, string(c.responses)):
		namespace := channel[len(c.responses) : len(channel)-1]
		m, err := e.codec.Answer(namespace, payload)
		if err != nil {
			e.inbox.broken(err)
			return
		}
		if m.Kind == nodewire.IDsAnswer {
			return // nobody here asks for them
		}
		e.asked.heard(m, len(payload))
	}
}

// request takes a request of a namespace.
func (c *classic) request(namespace string, payload []byte) {
	e := c.engine
	if e.self.passedOver(senderOf(payload)) {
		return
	}
	m, err := e.codec.Request(namespace, payload)
	if err != nil {
		e.inbox.broken(err)
		return
	}
	e.inbox.take(m, len(payload), func(a *nodewire.Message) {
		message := nodewire.AppendAnswer(nil, a)
		if len(message) > e.config.MaxMessage {
			e.inbox.tooLargeAnswer()
			return
		}
		channel := string(c.responses) + namespace + "#"
		if e.config.SpecificResponses && m.UID != "" {
			channel += m.UID + "#"
		}
		_ = e.SendForeign(channel, message) // counted; the asker has a time
	})
}

var _ cluster.Cluster = (*engine)(nil)
