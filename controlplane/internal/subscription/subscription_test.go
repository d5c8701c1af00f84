package subscription

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/hub"
)

func handler(change func(*hubv1.Subscription)) *hubv1.Subscription {
	s := &hubv1.Subscription{Role: hubv1.Role_ROLE_HANDLER, Namespace: "/chat"}
	if change != nil {
		change(s)
	}
	return s
}

func TestCheck_NamesTheFieldThatDoesNotFit(t *testing.T) {
	for field, sub := range map[string]*hubv1.Subscription{
		"role":             {Namespace: "/chat"},
		"events":           {Role: hubv1.Role_ROLE_AUTHORIZER, Namespace: "/chat", Events: []string{"a"}},
		"payloads":         handler(func(s *hubv1.Subscription) { s.Payloads = true }),
		"kinds[0]":         handler(func(s *hubv1.Subscription) { s.Kinds = []hubv1.Kind{hubv1.Kind_KIND_EMITS} }),
		"events[1]":        handler(func(s *hubv1.Subscription) { s.Events = []string{"a", "b*c"} }),
		"rooms":            handler(func(s *hubv1.Subscription) { s.Kinds = []hubv1.Kind{hubv1.Kind_KIND_OCCUPANCY} }),
		"disconnect_grace": handler(func(s *hubv1.Subscription) { s.DisconnectGrace = durationpb.New(time.Hour) }),
		"namespace":        handler(func(s *hubv1.Subscription) { s.Namespace = "chat" }),
	} {
		if f := Check(sub); f.Status().GetField() != field {
			t.Errorf("%s: %v, field %q", field, f, f.Status().GetField())
		}
	}
	if f := Check(handler(nil)); f != nil {
		t.Error(f)
	}
}

func TestWishes_RefuseTheSameTwice(t *testing.T) {
	taken := make(Wishes)
	a := Effective(handler(func(s *hubv1.Subscription) { s.Events = []string{"a"} }), time.Second)
	if f := taken.Add(a); f != nil {
		t.Fatal(f)
	}
	if taken.Add(a) == nil {
		t.Error("the same was taken twice")
	}
	if f := taken.Add(Effective(handler(nil), time.Second)); f != nil {
		t.Error(f)
	}
}

// The most specific handler of an event says how it is taken; what is not asked for is not.
func TestInterests_TermsAreThoseOfTheMostSpecific(t *testing.T) {
	var subs []*Subscription
	for _, s := range []*hubv1.Subscription{
		handler(func(s *hubv1.Subscription) { s.Ordering = hubv1.Ordering_ORDERING_STRICT }),
		handler(func(s *hubv1.Subscription) {
			s.Namespace, s.Events = "/*", []string{"late"}
			s.Guarantee, s.SettleTimeout = hubv1.Guarantee_GUARANTEE_AT_MOST_ONCE, durationpb.New(time.Minute)
		}),
	} {
		subs = append(subs, New(Effective(s, time.Second)))
	}
	n := NewInterests(subs)
	event := func(name string) *dispatch.Delivery {
		return &dispatch.Delivery{Kind: dispatch.Event, Body: &hub.Event{Name: name}}
	}
	if terms, ok := n.In("/chat").Terms(event("late")); !ok || !terms.Strict || terms.AtMostOnce || terms.Timeout != 0 {
		t.Errorf("in /chat: %+v, %v", terms, ok)
	}
	if terms, ok := n.In("/other").Terms(event("late")); !ok || terms.Strict || !terms.AtMostOnce || terms.Timeout != time.Minute {
		t.Errorf("in /other: %+v, %v", terms, ok)
	}
	if _, ok := n.In("/other").Terms(event("x")); ok {
		t.Error("an event that nobody asked for is taken")
	}
	if _, ok := n.In("/chat").Terms(&dispatch.Delivery{Kind: dispatch.Connect}); ok {
		t.Error("a handler takes connect attempts")
	}
	if !n.Covers("/chat", nil, false) || n.Covers("/other", nil, false) || !n.Covers("/other", []string{"late"}, false) {
		t.Error("what it covers is another thing")
	}
	if n.Empty() || !NewInterests(nil).Empty() {
		t.Error("empty is another thing")
	}
}
