package federation

import (
	"context"
	"log/slog"
	"slices"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/recovery"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// Config is what a Federation works with.
type Config struct {
	// Self is who this hub is. Cluster is its end of the engine. Sockets are those here. Checks look at what comes. All are
	// required.
	Self    cluster.Self
	Cluster cluster.Cluster
	Sockets *socketio.Server
	Checks  Checks
	// Sessions are shared by it. Nil: they are not.
	Sessions *Sessions
	// Peer hears what is not about sockets. Nil: nobody does.
	Peer Peer
	// Refused is told of what came from outside and was not carried out: the kind of message, and why. Nil: nobody looks.
	Refused func(kind, reason string)
	// Logger is required.
	Logger *slog.Logger
}

// Checks look at what comes from other servers, as they do at what comes from services. An error means that it is refused.
type Checks interface {
	Target(namespace string, t cluster.Target) error
	Pattern(namespace string) (prefix string, err error)
	Message(m *cluster.Message) error
	Rooms(rooms []string) error
	Detail(detail string) error
	Data(d *cluster.Data) (socketio.DataChange, error)
}

// Peer hears of other servers. Its methods must not block.
type Peer interface {
	// MembersChanged says that Members has changed.
	MembersChanged()
	// Signalled is what another hub's control plane tells. An error says that it makes no sense, and is counted.
	Signalled(signal []byte) error
	// Asked is what another hub's control plane asks. r takes its answers, also when there is an error, which is counted.
	Asked(signal []byte, r cluster.Responder) error
	// ServerSide is `serverSideEmit` of a Node server. reply is nil when none is wanted; else it is called once, with a
	// JSON array of one value.
	ServerSide(namespace string, m *cluster.Message, reply func(value []byte, attachments [][]byte))
}

// Federation is the sockets of all hubs. A nil one has no other hubs. Its methods are safe for concurrent use.
type Federation struct {
	config Config
	host   *host // what the others reach
	// gatherer is the engine if it gathers, and flush its Flush: a method value that is made for each batch would be allocated.
	gatherer cluster.Gatherer
	flush    func()
}

// New returns a Federation. Open has to follow.
func New(config Config) *Federation {
	f := &Federation{config: config}
	f.host = newHost(&f.config)
	if g, ok := config.Cluster.(cluster.Gatherer); ok {
		f.gatherer, f.flush = g, g.Flush
	}
	return f
}

// Open enters the cluster.
func (f *Federation) Open() error {
	if f == nil {
		return nil
	}
	return f.config.Cluster.Open(f.config.Self, f.host)
}

// Close leaves it.
func (f *Federation) Close(ctx context.Context) error {
	if f == nil {
		return nil
	}
	err := f.config.Cluster.Close(ctx)
	f.host.lists.wait()
	return err
}

// Members are the other servers.
func (f *Federation) Members() []cluster.Member {
	if f == nil {
		return nil
	}
	return f.config.Cluster.Members()
}

// Status is how the engine is. The zero Status for a hub that is alone.
func (f *Federation) Status() cluster.Status {
	if f == nil {
		return cluster.Status{}
	}
	return f.config.Cluster.Status()
}

// Behind is cluster.Cluster.Behind. Nil for a hub that is alone.
func (f *Federation) Behind() <-chan struct{} {
	if f == nil {
		return nil
	}
	return f.config.Cluster.Behind()
}

// Describe is what the others hear of this hub.
func (f *Federation) Describe(description []byte) {
	if f != nil {
		f.config.Cluster.Describe(description)
	}
}

// Elsewhere reports whether a target may pick sockets at other servers: always, unless it names sockets alone that are all
// here.
func (f *Federation) Elsewhere(namespace string, t *cluster.Target) bool {
	if f == nil {
		return false
	}
	if t.All || len(t.Rooms)+len(t.Users) > 0 || len(t.Sockets) == 0 {
		return true
	}
	return !f.config.Sockets.HasAll(namespace, t.Sockets)
}

// Publish tells the other servers what was done here. missing are those that it does not reach.
func (f *Federation) Publish(c *cluster.Command) (missing []string) {
	if err := f.config.Cluster.Publish(c); err != nil {
		return f.everyone()
	}
	return nil
}

// PublishGathered is Publish for a command that others may follow, up to the batch's Flush.
func (f *Federation) PublishGathered(b *engineio.Batch, c *cluster.Command) (missing []string) {
	if f.gatherer != nil && b != nil && b.AtFlush(f.flush) {
		f.gatherer.Gather()
	}
	return f.Publish(c)
}

// Signal tells the control planes of the other hubs something.
func (f *Federation) Signal(signal []byte) (missing []string) {
	if f == nil {
		return nil
	}
	return f.Publish(&cluster.Command{Signal: signal})
}

// Ask asks the other servers; see cluster.Cluster. There is nobody else for a nil Federation.
func (f *Federation) Ask(q *cluster.Question, a cluster.Asking) (stop func()) {
	if f == nil {
		a.Done(nil)
		return func() {}
	}
	return f.config.Cluster.Ask(q, a)
}

// everyone are the ids of all other servers.
func (f *Federation) everyone() []string {
	members := f.config.Cluster.Members()
	ids := make([]string, len(members))
	for i := range members {
		ids[i] = members[i].ID
	}
	slices.Sort(ids)
	return ids
}

// Share puts an emission that nobody else hears of into the engine's log. It is for a hub whose sessions are shared.
func (f *Federation) Share(namespace string, t cluster.Target, m cluster.Message, p recovery.Place) {
	m.Args = slices.Clone(m.Args)
	f.config.Sessions.Share(namespace, t, m, p)
}
