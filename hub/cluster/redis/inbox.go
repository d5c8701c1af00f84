package redis

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// inbox takes what comes in Node's form, whatever road it has come.
type inbox struct {
	config   *Config
	channels channels
	self     *identity
	mesh     *mesh.Mesh
	codec    *nodewire.Codec
	reach    *reach
	asked    *inquiries // which take the answers

	answering atomic.Int64 // questions of Node servers that are open here
}

// broken counts a message that cannot be read.
func (in *inbox) broken(error) { in.mesh.DropForeign(cluster.DropMalformed, "") }

func (in *inbox) tooLarge() { in.mesh.DropForeign(cluster.DropTooLarge, "") }

// take carries out a command, or answers a question, of another server. reply publishes an answer.
func (in *inbox) take(m *nodewire.Message, size int, reply func(*nodewire.Message)) {
	if in.self.passedOver([]byte(m.UID)) {
		return
	}
	if m.LeftOut > 0 {
		in.mesh.DropForeign(cluster.DropForged, m.UID)
		if len(m.Names) == 0 {
			return
		}
	}
	if f := in.mesh.Trace().Received; f != nil {
		f("foreign", size)
	}
	if m.RequestID != "" {
		in.answer(m, reply)
		return
	}
	c := commandOf(m)
	if c == nil {
		in.broken(nil) // a question that nobody waits for
		return
	}
	in.mesh.Serialized(func(h cluster.Host) { h.Apply(c) })
}

// commandOf is the command that a message says. Nil: it is none.
func commandOf(m *nodewire.Message) *cluster.Command {
	c := &cluster.Command{Namespace: m.Namespace, Target: m.Target, Origin: m.Origin}
	switch m.Kind {
	case nodewire.Broadcast:
		c.Message = m.Event
	case nodewire.Join:
		c.Join, c.Leave = m.Names, m.Leave
	case nodewire.Leave:
		c.Leave = m.Names
	case nodewire.Disconnect:
		c.Disconnect = &m.Disconnect
	case nodewire.ServerSideEmit:
		c.ServerSide = m.Event
	default:
		return nil
	}
	return c
}

// timeoutOf is how long browsers, or services, have for a question.
func (in *inbox) timeoutOf(m *nodewire.Message) time.Duration {
	const longest = 10 * time.Minute
	if m.Timeout <= 0 {
		return in.config.RequestTimeout
	}
	return min(time.Duration(min(m.Timeout, longest.Milliseconds()))*time.Millisecond, longest)
}

// clusterMessage takes a cluster message from PUB/SUB.
func (in *inbox) clusterMessage(channel string, payload []byte) {
	if in.self.passedOver(senderOf(payload)) {
		return
	}
	m, err := in.codec.Cluster(payload)
	if err != nil {
		in.broken(err)
		return
	}
	if strings.HasSuffix(channel, "#"+in.self.askID+"#") || strings.HasSuffix(channel, "#"+in.self.id+"#") {
		in.asked.heard(m, len(payload))
		return
	}
	if !strings.HasPrefix(channel, in.channels.base(m.Namespace)) {
		in.broken(nil) // of another namespace
		return
	}
	in.take(m, len(payload), func(a *nodewire.Message) {
		_ = in.answerTo(m, a)
	})
}

// answerTo publishes an answer on the channel of who has asked.
func (in *inbox) answerTo(m, a *nodewire.Message) error {
	message := nodewire.AppendCluster(nil, a, in.config.Engine == Streams)
	if len(message) > in.config.MaxMessage {
		in.tooLargeAnswer()
		return nil
	}
	return in.mesh.SendForeign(in.channels.base(m.Namespace)+m.UID+"#", message) // counted; the asker has a time
}
