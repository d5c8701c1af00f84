package controlplane

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/observe"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/controlplane/internal/subscription"
)

// fact is a room that is occupied, or a user who is present, in a namespace.
type fact struct {
	kind            hubv1.Kind // KIND_OCCUPANCY or KIND_USERS
	namespace, name string
}

// factStep is how many facts are told in one go of those that were there before.
const factStep = 256

// facts are what one attachment is told of rooms and users. Each name is told of in turn:
// that it is there, that it is not.
//
// What is there when the instance says hello is looked up, and told bit by bit, while the
// hub goes on to tell of changes. What the hub has said of a name since then counts, for
// it says all that happens to a name in order; what was looked up counts for the others.
type facts struct {
	mu   sync.Mutex                   // guards the fields below; taken before the queue's
	subs []*subscription.Subscription // those that ask for facts, the most specific first
	told map[fact]struct{}
	// pending are those that were looked up and not told yet.
	pending map[fact]struct{}
	// heard are those that the hub has told of while the others are looked up; nil
	// otherwise.
	heard map[fact]struct{}
	// leaving are users who will be told to be absent when their grace is over.
	leaving observe.Alarms[fact]
}

// begin starts to tell an instance, that has just said hello, of the rooms that are
// occupied and the users who are present.
func (f *facts) begin(a *attachment) {
	f.mu.Lock()
	f.subs = factSubscriptions(a.claims)
	listens := len(f.subs) > 0
	f.forgetLocked(func(n fact) bool { return f.asksLocked(n) == nil })
	f.heard = make(map[fact]struct{})
	f.mu.Unlock()
	a.srv.listeners.set(a, listens)
	var there []fact
	if listens {
		there = a.srv.lookUp(f.subs)
	}
	f.merge(there)
}

// merge takes what was looked up, as far as the hub has told nothing newer.
func (f *facts) merge(there []fact) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range there {
		_, heard := f.heard[n]
		_, told := f.told[n]
		if !heard && !told && f.asksLocked(n) != nil {
			put(&f.pending, n)
		}
	}
	f.heard = nil
}

func put(set *map[fact]struct{}, n fact) {
	if *set == nil {
		*set = make(map[fact]struct{})
	}
	(*set)[n] = struct{}{}
}

// factSubscriptions are those that ask for facts, the most specific first.
func factSubscriptions(claims []*claim) (subs []*subscription.Subscription) {
	for _, c := range claims {
		s := c.Policy.Subscription
		if c.Role == route.Handler && (s.Asks(hubv1.Kind_KIND_OCCUPANCY) || s.Asks(hubv1.Kind_KIND_USERS)) {
			subs = append(subs, s)
		}
	}
	slices.SortStableFunc(subs, func(a, b *subscription.Subscription) int {
		wildA, wildB := strings.HasSuffix(a.Namespace, "*"), strings.HasSuffix(b.Namespace, "*")
		if wildA != wildB {
			if wildA {
				return 1
			}
			return -1
		}
		return cmp.Compare(len(b.Namespace), len(a.Namespace))
	})
	return subs
}

// forgetLocked forgets what is not asked for any more. The caller holds mu.
func (f *facts) forgetLocked(gone func(fact) bool) {
	for _, set := range []map[fact]struct{}{f.told, f.pending} {
		for n := range set {
			if gone(n) {
				delete(set, n)
				f.leaving.Remove(n)
			}
		}
	}
}

// asksLocked is the subscription that asks for a fact, or nil. The caller holds mu.
func (f *facts) asksLocked(n fact) *subscription.Subscription {
	for _, s := range f.subs {
		if s.Asks(n.kind) && route.Match(s.Namespace, n.namespace) &&
			(n.kind != hubv1.Kind_KIND_OCCUPANCY || s.WantsRoom(n.name)) {
			return s
		}
	}
	return nil
}

// lookUp finds the rooms that are occupied and the users who are present, where
// subscriptions ask for them.
func (i *introducing) lookUp(subs []*subscription.Subscription) (there []fact) {
	asked := func(kind hubv1.Kind, namespace string) bool {
		return slices.ContainsFunc(subs, func(sub *subscription.Subscription) bool {
			return sub.Asks(kind) && route.Match(sub.Namespace, namespace)
		})
	}
	for namespace := range i.srv.hub.Stats().Sockets {
		if asked(hubv1.Kind_KIND_OCCUPANCY, namespace) {
			for _, room := range i.srv.hub.Rooms(namespace, "") {
				there = append(there, fact{hubv1.Kind_KIND_OCCUPANCY, namespace, room.Name})
			}
		}
		if asked(hubv1.Kind_KIND_USERS, namespace) {
			for _, user := range i.srv.hub.ListUsers(namespace, "") {
				there = append(there, fact{hubv1.Kind_KIND_USERS, namespace, user.User})
			}
		}
	}
	return there
}

// tellSome goes on with what was there at the hello, while little waits to be sent. It
// reports whether all has been told.
func (f *facts) tellSome(a *attachment) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.pending) > 0 && a.out.queue.Len() >= factStep {
		return false
	}
	left := factStep
	for n := range f.pending {
		if left--; left < 0 {
			return false
		}
		delete(f.pending, n)
		f.tellLocked(a, n, true)
	}
	f.pending = nil
	return f.heard == nil
}

// learn takes what the hub says of a name: of one name it says all, in order.
func (f *facts) learn(a *attachment, n fact, present bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	sub := f.asksLocked(n)
	if sub == nil {
		return
	}
	if f.heard != nil {
		f.heard[n] = struct{}{}
	}
	delete(f.pending, n)
	_, told := f.told[n]
	switch {
	case present && told:
		f.leaving.Remove(n)
	case present:
		f.tellLocked(a, n, true)
	case told && n.kind == hubv1.Kind_KIND_USERS && sub.Grace > 0:
		f.leaving.Set(n, time.Now().Add(sub.Grace))
	case told:
		f.tellLocked(a, n, false)
	}
}

// tend tells of the users whose grace is over.
func (f *facts) tend(a *attachment, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n, ok := f.leaving.Due(now); ok; n, ok = f.leaving.Due(now) {
		f.tellLocked(a, n, false)
	}
}

// tellLocked tells a fact. The caller holds mu, so that what is told of a name is in
// order.
func (f *facts) tellLocked(a *attachment, n fact, present bool) {
	if present {
		put(&f.told, n)
	} else {
		delete(f.told, n)
	}
	m := &hubv1.Notice{Count: 1}
	if n.kind == hubv1.Kind_KIND_USERS {
		m.Kind = hubv1.NoticeKind_NOTICE_KIND_USER_ABSENT
		if present {
			m.Kind = hubv1.NoticeKind_NOTICE_KIND_USER_PRESENT
		}
		m.Fact = &hubv1.Notice_User{User: &hubv1.UserPresence{Namespace: n.namespace, User: n.name, HubId: a.srv.hubID}}
	} else {
		m.Kind = hubv1.NoticeKind_NOTICE_KIND_ROOM_VACATED
		if present {
			m.Kind = hubv1.NoticeKind_NOTICE_KIND_ROOM_OCCUPIED
		}
		m.Fact = &hubv1.Notice_Room{Room: &hubv1.RoomPresence{Namespace: n.namespace, Room: n.name, HubId: a.srv.hubID}}
	}
	a.tellFact(contract.NoticeItem(m))
}
