package controlplane

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/cluster"
)

// clustering is the control plane among those of the other hubs: it is the server's hub.Peer. It tells them which instances
// are attached here, and services which hubs there are.
type clustering struct {
	srv *Server

	// view is what is known of the others. Never nil.
	view atomic.Pointer[clusterView]

	// telling is held while an instance is told of the hubs, so that no older list comes after a newer one; the queue's lock is
	// taken under it.
	telling sync.Mutex

	mu sync.Mutex // guards the fields below, and changes of view; a leaf
	// described is what the others were told last, but for the number of sockets, and when.
	described     []byte
	describedTime time.Time
}

var _ hub.Peer = (*clustering)(nil)

// clusterView is what is known of the other hubs at one moment. It never changes.
type clusterView struct {
	// hubs are those that are alive, this one among them, and version counts how often they were others.
	hubs    []*hubv1.HubInfo
	version uint64
	// first has for each instance that is attached to other hubs the smallest id of these.
	first map[command.InstanceKey]string
	// groups are those of the other hubs that take calls, by hub.
	groups map[string][]describedGroup
}

// description is what a hub tells the others of its services.
type description struct {
	Version string           `json:"version,omitempty"`
	Sockets int              `json:"sockets"`
	Groups  []describedGroup `json:"groups,omitempty"`
}

type describedGroup struct {
	Name      string   `json:"name"`
	Instances []string `json:"instances,omitempty"`
	// Calls are the namespace patterns in which an instance of it takes calls.
	Calls []string `json:"calls,omitempty"`
}

// Described is what another hub has said of itself.
type Described struct {
	// Version is that of the hub, Sockets how many it holds, Groups are the services attached to it.
	Version string
	Sockets int
	Groups  []string
}

// ReadDescription reads a cluster.Member's Description. The zero Described for one that says nothing.
func ReadDescription(data []byte) (out Described) {
	var d description
	if json.Unmarshal(data, &d) != nil {
		return out
	}
	out.Version, out.Sockets = d.Version, d.Sockets
	for _, g := range d.Groups {
		out.Groups = append(out.Groups, g.Name)
	}
	return out
}

func newClustering(s *Server) *clustering {
	c := &clustering{srv: s}
	c.view.Store(&clusterView{hubs: []*hubv1.HubInfo{c.self()}})
	return c
}

func (c *clustering) self() *hubv1.HubInfo {
	return &hubv1.HubInfo{Id: c.srv.hubID, ControlAddress: c.srv.config.ControlAddress}
}

// hubs are those that are alive, this one among them.
func (c *clustering) hubs() ([]*hubv1.HubInfo, uint64) {
	v := c.view.Load()
	return v.hubs, v.version
}

// MembersChanged implements hub.Peer.
func (c *clustering) MembersChanged() {
	if c.srv.hub == nil {
		return
	}
	changed := c.look(c.srv.hub.Cluster().Members())
	if changed {
		c.srv.routes.each(func(g *group) {
			for _, a := range c.srv.routes.present(g) {
				a.tellHubs()
			}
		})
	}
}

// look makes a view of the members, and reports whether the hubs are others.
func (c *clustering) look(members []cluster.Member) (changed bool) {
	next := &clusterView{
		hubs: []*hubv1.HubInfo{c.self()}, first: make(map[command.InstanceKey]string), groups: make(map[string][]describedGroup),
	}
	for _, m := range members {
		if m.Foreign {
			continue
		}
		next.hubs = append(next.hubs, &hubv1.HubInfo{Id: m.ID, ControlAddress: m.Control})
		var d description
		if json.Unmarshal(m.Description, &d) != nil {
			continue // it has said nothing yet
		}
		next.groups[m.ID] = d.Groups
		for _, g := range d.Groups {
			for _, i := range g.Instances {
				key := command.InstanceKey{Group: g.Name, Instance: i}
				if before, ok := next.first[key]; !ok || m.ID < before {
					next.first[key] = m.ID
				}
			}
		}
	}
	slices.SortFunc(next.hubs, func(a, b *hubv1.HubInfo) int { return strings.Compare(a.Id, b.Id) })
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.view.Load()
	changed = !slices.EqualFunc(before.hubs, next.hubs, func(a, b *hubv1.HubInfo) bool {
		return a.Id == b.Id && a.ControlAddress == b.ControlAddress
	})
	next.version = before.version
	if changed {
		next.version++
	}
	c.view.Store(next)
	return changed
}

// tellHubs tells an instance which hubs there are, if it has not been told of these.
func (o *outbound) tellHubs() {
	c := o.a.srv.clustering
	c.telling.Lock()
	defer c.telling.Unlock()
	hubs, version := c.hubs()
	if o.a.toldHubs.Swap(version) >= version {
		return
	}
	o.a.out.Tell(&hubv1.Item{Kind: &hubv1.Item_Notice{Notice: &hubv1.Notice{
		Kind: hubv1.NoticeKind_NOTICE_KIND_HUBS, Count: 1, Fact: &hubv1.Notice_Hubs{Hubs: &hubv1.Hubs{Hubs: hubs}},
	}}})
}

// socketsEvery is how often the others are told the number of sockets when nothing else has changed.
const socketsEvery = 5 * time.Second

// describe tells the other hubs which instances are attached here, if that has changed.
func (c *clustering) describe() {
	if c.srv.hub == nil || c.srv.hub.Cluster().Alone() {
		return
	}
	d := c.description()
	if !c.worthTelling(d, time.Now()) {
		return
	}
	for _, n := range c.srv.hub.Stats().Sockets {
		d.Sockets += n
	}
	data, err := json.Marshal(d)
	if err != nil || len(data) > cluster.MaxDescription {
		c.srv.lines.Write(slog.LevelWarn, "the other hubs are not told which instances are attached: they are too many", "bytes", len(data))
		return
	}
	c.srv.hub.Cluster().Describe(data)
}

// worthTelling reports whether there is something new to be told, or it is time for the number of sockets.
func (c *clustering) worthTelling(d description, now time.Time) bool {
	data, err := json.Marshal(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil && bytes.Equal(c.described, data) && now.Sub(c.describedTime) < socketsEvery {
		return false
	}
	c.described, c.describedTime = data, now
	return true
}

// description is what there is to be told, without the number of sockets.
func (c *clustering) description() description {
	d := description{Version: c.srv.config.HubVersion}
	c.srv.routes.each(func(g *group) {
		one := describedGroup{Name: g.name}
		for _, a := range c.srv.routes.present(g) {
			if a.current() == nil {
				continue
			}
			one.Instances = append(one.Instances, a.instance)
			for _, pattern := range a.interests.Load().Patterns(hubv1.Kind_KIND_SERVICE_CALL) {
				if !slices.Contains(one.Calls, pattern) {
					one.Calls = append(one.Calls, pattern)
				}
			}
		}
		if len(one.Instances) > 0 {
			slices.Sort(one.Instances)
			slices.Sort(one.Calls)
			d.Groups = append(d.Groups, one)
		}
	})
	slices.SortFunc(d.Groups, func(a, b describedGroup) int { return strings.Compare(a.Name, b.Name) })
	return d
}

// First implements command.Elsewhere.
func (c *clustering) First(i command.InstanceKey) bool {
	other, ok := c.view.Load().first[i]
	return !ok || c.srv.hubID < other
}

// FirstWith implements command.Elsewhere.
func (c *clustering) FirstWith(group, namespace string) bool {
	for id, groups := range c.view.Load().groups {
		if id > c.srv.hubID {
			continue
		}
		for _, g := range groups {
			if g.Name == group && slices.ContainsFunc(g.Calls, func(p string) bool { return route.Match(p, namespace) }) {
				return false
			}
		}
	}
	return true
}

// Signalled implements hub.Peer.
func (c *clustering) Signalled(signal []byte) error { return c.srv.commands.Signalled(signal) }

// Asked implements hub.Peer.
func (c *clustering) Asked(signal []byte, r cluster.Responder) error {
	return c.srv.commands.Asked(signal, r)
}

// serverSidePatience is how long a Node server waits for answers if it says nothing else.
//
// Source: socket.io-redis-adapter 8.3, requestsTimeout.
const serverSidePatience = 5 * time.Second

// ServerSide implements hub.Peer.
func (c *clustering) ServerSide(namespace string, m *cluster.Message, reply func(value []byte, attachments [][]byte)) {
	var answer func(*hubv1.Payload)
	if reply != nil {
		answer = func(p *hubv1.Payload) { reply(p.GetArgs(), p.GetAttachments()) }
	}
	c.srv.commands.Calls().ServerSide(namespace, m, serverSidePatience, answer)
}
