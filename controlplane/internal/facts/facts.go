package facts

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
	"github.com/siohub/siohub/hub"
)

// Fact is a room that is occupied, or a user who is present, in a namespace.
type Fact struct {
	kind            hubv1.Kind // KIND_OCCUPANCY or KIND_USERS
	namespace, name string
}

// Room is that a room is occupied.
func Room(namespace, room string) Fact { return Fact{hubv1.Kind_KIND_OCCUPANCY, namespace, room} }

// User is that a user is present.
func User(namespace, user string) Fact { return Fact{hubv1.Kind_KIND_USERS, namespace, user} }

// Instance is who is told. Its methods are called with a lock of Facts held.
type Instance interface {
	// TellFact queues an item.
	TellFact(item *hubv1.Item)
	// Waiting is about how many items wait to be sent.
	Waiting() int
	// Closed reports whether it is over.
	Closed() bool
}

// factStep is how many facts are told in one go of those that were there before.
const factStep = 256

// Facts are what one instance is told of rooms and users. Each name is told of in turn:
// that it is there, that it is not.
//
// What is there when the instance says hello is looked up, and told bit by bit, while the
// hub goes on to tell of changes. What the hub has said of a name since then counts, for
// it says all that happens to a name in order; what was looked up counts for the others.
type Facts struct {
	// Set at construction.
	to    Instance
	hubID string

	mu   sync.Mutex                   // guards the fields below; taken before the queue's
	subs []*subscription.Subscription // those that ask for facts, the most specific first
	told map[Fact]struct{}
	// pending are those that were looked up and not told yet.
	pending map[Fact]struct{}
	// heard are those that the hub has told of while the others are looked up; nil
	// otherwise.
	heard map[Fact]struct{}
	// leaving are users who will be told to be absent when their grace is over.
	leaving observe.Alarms[Fact]
}

// New returns the facts of an instance, of which there are none until Listeners.Begin.
func New(to Instance, hubID string) *Facts { return &Facts{to: to, hubID: hubID} }

// ask sets what the instance asks for, and begins to listen for it. It reports whether
// there is anything.
func (f *Facts) ask(subs []*subscription.Subscription) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.subs = specificFirst(subs)
	f.forgetLocked(func(n Fact) bool { return f.asksLocked(n) == nil })
	f.heard = make(map[Fact]struct{})
	return len(f.subs) > 0
}

// merge takes what was looked up, as far as the hub has told nothing newer.
func (f *Facts) merge(there []Fact) {
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

func put(set *map[Fact]struct{}, n Fact) {
	if *set == nil {
		*set = make(map[Fact]struct{})
	}
	(*set)[n] = struct{}{}
}

// specificFirst are the subscriptions that ask for facts, the most specific first.
func specificFirst(all []*subscription.Subscription) (subs []*subscription.Subscription) {
	for _, s := range all {
		if s.RouteRole() == route.Handler && (s.Asks(hubv1.Kind_KIND_OCCUPANCY) || s.Asks(hubv1.Kind_KIND_USERS)) {
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
func (f *Facts) forgetLocked(gone func(Fact) bool) {
	for _, set := range []map[Fact]struct{}{f.told, f.pending} {
		for n := range set {
			if gone(n) {
				delete(set, n)
				f.leaving.Remove(n)
			}
		}
	}
}

// asksLocked is the subscription that asks for a fact, or nil. The caller holds mu.
func (f *Facts) asksLocked(n Fact) *subscription.Subscription {
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
func lookUp(h *hub.Hub, subs []*subscription.Subscription) (there []Fact) {
	asked := func(kind hubv1.Kind, namespace string) bool {
		return slices.ContainsFunc(subs, func(sub *subscription.Subscription) bool {
			return sub.Asks(kind) && route.Match(sub.Namespace, namespace)
		})
	}
	for namespace := range h.Stats().Sockets {
		if asked(hubv1.Kind_KIND_OCCUPANCY, namespace) {
			for _, room := range h.Rooms(namespace, "") {
				there = append(there, Room(namespace, room.Name))
			}
		}
		if asked(hubv1.Kind_KIND_USERS, namespace) {
			for _, user := range h.ListUsers(namespace, "") {
				there = append(there, User(namespace, user.User))
			}
		}
	}
	return there
}

// TellSome goes on with what was there at the hello, while little waits to be sent. It
// reports whether all has been told.
func (f *Facts) TellSome() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.pending) > 0 && f.to.Waiting() >= factStep {
		return false
	}
	left := factStep
	for n := range f.pending {
		if left--; left < 0 {
			return false
		}
		delete(f.pending, n)
		f.tellLocked(n, true)
	}
	f.pending = nil
	return f.heard == nil
}

// learn takes what the hub says of a name: of one name it says all, in order.
func (f *Facts) learn(n Fact, present bool) {
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
		f.tellLocked(n, true)
	case told && n.kind == hubv1.Kind_KIND_USERS && sub.Grace > 0:
		f.leaving.Set(n, time.Now().Add(sub.Grace))
	case told:
		f.tellLocked(n, false)
	}
}

// tend tells of the users whose grace is over.
func (f *Facts) tend(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n, ok := f.leaving.Due(now); ok; n, ok = f.leaving.Due(now) {
		f.tellLocked(n, false)
	}
}

// tellLocked tells a fact. The caller holds mu, so that what is told of a name is in
// order.
func (f *Facts) tellLocked(n Fact, present bool) {
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
		m.Fact = &hubv1.Notice_User{User: &hubv1.UserPresence{Namespace: n.namespace, User: n.name, HubId: f.hubID}}
	} else {
		m.Kind = hubv1.NoticeKind_NOTICE_KIND_ROOM_VACATED
		if present {
			m.Kind = hubv1.NoticeKind_NOTICE_KIND_ROOM_OCCUPIED
		}
		m.Fact = &hubv1.Notice_Room{Room: &hubv1.RoomPresence{Namespace: n.namespace, Room: n.name, HubId: f.hubID}}
	}
	f.to.TellFact(contract.NoticeItem(m))
}
