package controlplane

import (
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/hub"
)

// interests are what one instance has subscribed to, by namespace: a delivery goes
// only to an instance that asked for it, and as that instance asked for it. They do
// not change; a hello makes new ones.
type interests struct {
	table *table

	mu    sync.RWMutex // guards byName; a leaf
	names map[string]*interest
}

// maxInterests is how many namespaces are remembered; beyond it all are forgotten,
// and looked up again.
const maxInterests = 4096

func newInterests(claims []*claim) *interests {
	return &interests{table: route.New(claims), names: make(map[string]*interest)}
}

// interest is what an instance has subscribed to in one namespace. It never changes.
type interest struct {
	view       view
	authorizer *subscription
	// handles says that there is a handler at all; onInstance and strict are true if any
	// of them asks for it.
	handles, onInstance, strict bool
	// byKind has the most specific handler of each kind, nil where there is none.
	byKind [hubv1.Kind_KIND_OCCUPANCY + 1]*subscription
}

// in is the instance's interest in a namespace.
func (n *interests) in(namespace string) *interest {
	n.mu.RLock()
	i := n.names[namespace]
	n.mu.RUnlock()
	if i != nil {
		return i
	}
	i = newInterest(n.table.View(namespace))
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.names) >= maxInterests {
		clear(n.names)
	}
	n.names[namespace] = i
	return i
}

func newInterest(v view) *interest {
	i := &interest{view: v}
	if c := v.Authorizer(); c != nil {
		i.authorizer = c.Policy.subscription
	}
	for _, c := range v.Handlers() {
		s := c.Policy.subscription
		i.handles = true
		i.strict = i.strict || s.strict
		i.onInstance = i.onInstance || s.Introduction == hubv1.Introduction_INTRODUCTION_ON_INSTANCE
		for k := range i.byKind {
			if i.byKind[k] == nil && s.kinds.has(hubv1.Kind(k)) {
				i.byKind[k] = s
			}
		}
	}
	return i
}

// terms says whether and how the instance takes a delivery.
func (i *interest) terms(d *dispatch.Delivery) (dispatch.Terms, bool) {
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
		s := c.Policy.subscription
		return dispatch.Terms{
			Strict: s.strict, AtMostOnce: s.atMostOnce, Timeout: s.timeout, OnInstance: i.onInstance, Subscription: s,
		}, true
	case dispatch.ServiceCall:
		s := i.byKind[hubv1.Kind_KIND_SERVICE_CALL]
		return dispatch.Terms{AtMostOnce: true, Subscription: s}, s != nil
	}
	return dispatch.Terms{}, false
}

// lifecycle is taken by whoever handles anything of the namespace; without the kind
// nothing leaves.
func (i *interest) lifecycle(kind hubv1.Kind) (dispatch.Terms, bool) {
	s := i.byKind[kind]
	t := dispatch.Terms{Strict: i.strict, OnInstance: i.onInstance, Silent: s == nil, Subscription: s}
	if s != nil {
		t.Timeout = s.timeout
	}
	return t, i.handles
}
