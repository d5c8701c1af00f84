package subscription

import (
	"slices"
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/hub"
)

// Interests are what one instance has subscribed to, by namespace: a delivery goes
// only to an instance that asked for it, and as that instance asked for it. They do
// not change; a hello makes new ones.
type Interests struct {
	subs  []*Subscription
	table *route.Table[struct{}, *Subscription]

	mu    sync.RWMutex // guards names; a leaf
	names map[string]*Interest
}

// MaxInterests is how many namespaces are remembered; beyond it all are forgotten,
// and looked up again.
const MaxInterests = 4096

// NewInterests returns those of an instance that has these subscriptions.
func NewInterests(subs []*Subscription) *Interests {
	claims := make([]*route.Claim[struct{}, *Subscription], 0, len(subs))
	for _, s := range subs {
		claims = append(claims, &route.Claim[struct{}, *Subscription]{
			Role: s.RouteRole(), Namespace: s.Namespace, Events: s.Events, NoEvents: s.NoEvents(), Policy: s,
		})
	}
	return &Interests{subs: subs, table: route.New(claims), names: make(map[string]*Interest)}
}

// Empty reports whether nothing was subscribed to.
func (n *Interests) Empty() bool { return len(n.subs) == 0 }

// Patterns are the namespace patterns of the subscriptions that ask for a kind.
func (n *Interests) Patterns(kind hubv1.Kind) (patterns []string) {
	for _, s := range n.subs {
		if s.Asks(kind) {
			patterns = append(patterns, s.Namespace)
		}
	}
	return patterns
}

// Covers reports whether all of these events of a namespace pattern are handled. None
// stands for all; noEvents for lifecycle alone.
func (n *Interests) Covers(namespace string, events []string, noEvents bool) bool {
	v := n.table.View(namespace)
	if noEvents {
		return len(v.Handlers()) > 0
	}
	if len(events) == 0 {
		events = []string{"*"}
	}
	return !slices.ContainsFunc(events, func(p string) bool { return v.Handler(p) == nil })
}

// Interest is what an instance has subscribed to in one namespace. It never changes.
type Interest struct {
	of         *Interests
	view       route.View[struct{}, *Subscription]
	authorizer *Subscription
	// handles says that there is a handler at all; onInstance (introduce_moved) and strict are
	// true if any of them asks for it, onInstance only where introductions are wanted.
	handles, onInstance, strict bool
	// byKind has the most specific handler of each kind, nil where there is none.
	byKind [hubv1.Kind_KIND_OCCUPANCY + 1]*Subscription
}

// In is the instance's interest in a namespace.
func (n *Interests) In(namespace string) *Interest {
	n.mu.RLock()
	i := n.names[namespace]
	n.mu.RUnlock()
	if i != nil {
		return i
	}
	i = n.newInterest(n.table.View(namespace))
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.names) >= MaxInterests {
		clear(n.names)
	}
	n.names[namespace] = i
	return i
}

func (n *Interests) newInterest(v route.View[struct{}, *Subscription]) *Interest {
	i := &Interest{of: n, view: v}
	if c := v.Authorizer(); c != nil {
		i.authorizer = c.Policy
	}
	for _, c := range v.Handlers() {
		s := c.Policy
		i.handles = true
		i.strict = i.strict || s.Strict
		i.onInstance = i.onInstance || s.IntroduceMoved
		for k := range i.byKind {
			if i.byKind[k] == nil && s.Asks(hubv1.Kind(k)) {
				i.byKind[k] = s
			}
		}
	}
	i.onInstance = i.onInstance && i.Wants(hubv1.Kind_KIND_CONNECTED)
	return i
}

// Of is whose it is: an instance that subscribes anew has others.
func (i *Interest) Of() *Interests { return i.of }

// Wants reports whether a handler asks for a kind.
func (i *Interest) Wants(kind hubv1.Kind) bool { return i.byKind[kind] != nil }

// Pattern is that of the subscription with which a handler asks for a kind; empty when none does.
func (i *Interest) Pattern(kind hubv1.Kind) string {
	if s := i.byKind[kind]; s != nil {
		return s.Namespace
	}
	return ""
}

// Terms says whether and how the instance takes a delivery.
func (i *Interest) Terms(d *dispatch.Delivery) (dispatch.Terms, bool) {
	switch d.Kind {
	case dispatch.Connect, dispatch.AuthExpiring:
		// Their owner watches the time.
		return dispatch.Terms{Subscription: i.authorizer}, i.authorizer != nil
	case dispatch.Connected:
		return i.lifecycle(hubv1.Kind_KIND_CONNECTED)
	case dispatch.Disconnected:
		return i.lifecycle(hubv1.Kind_KIND_DISCONNECTED)
	case dispatch.Event:
		c := i.view.Handler(d.Body.(*hub.Event).Name)
		if c == nil {
			return dispatch.Terms{}, false
		}
		s := c.Policy
		return dispatch.Terms{
			Strict: s.Strict, AtMostOnce: s.AtMostOnce, Timeout: s.Timeout, OnInstance: i.onInstance, Subscription: s,
		}, true
	case dispatch.ServiceCall:
		s := i.byKind[hubv1.Kind_KIND_SERVICE_CALL]
		return dispatch.Terms{AtMostOnce: true, Subscription: s}, s != nil
	}
	return dispatch.Terms{}, false
}

// lifecycle is taken by whoever handles anything of the namespace; without the kind
// nothing leaves.
func (i *Interest) lifecycle(kind hubv1.Kind) (dispatch.Terms, bool) {
	s := i.byKind[kind]
	t := dispatch.Terms{Strict: i.strict, OnInstance: i.onInstance, Silent: s == nil, Subscription: s}
	if s != nil {
		t.Timeout = s.Timeout
	}
	return t, i.handles
}
