package controlplane

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

// What all instances of a group ask for is in force once, not once for each of them.
func TestUnion_TheSameOfManyInstancesIsOne(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		events := func(names ...string) func(*hubv1.Subscription) {
			return func(s *hubv1.Subscription) { s.Events = names }
		}
		subs := []*hubv1.Subscription{
			controlplanetest.Authorizer("/chat"), handlerOf(events("a", "b")), handlerOf(events("c")),
			handlerOf(func(s *hubv1.Subscription) { s.Kinds = []hubv1.Kind{hubv1.Kind_KIND_CONNECTED} }),
		}
		for i := range 3 {
			w.attach("chat", fmt.Sprint(i), subs...)
		}
		w.attach("chat", "other", append(subs[:len(subs):len(subs)], handlerOf(events("d")))...)
		var got []string
		for _, r := range w.srv.Status().Routes {
			got = append(got, fmt.Sprint(r.Role, r.Events))
		}
		want := []string{"authorizer[]", "handler[a b]", "handler[c]", "handler[]", "handler[d]"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if n := len(w.srv.routes.table.Load().View("/chat").Handlers()); n != 4 {
			t.Errorf("%d handlers", n)
		}
	})
}

// An older instance that wants to be introduced at once is heard, though the newer one of
// the same claim does not ask for it.
func TestUnion_WhatAnyAsksForHolds(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		introduced := func(i hubv1.Introduction) *hubv1.Subscription {
			return handlerOf(func(s *hubv1.Subscription) { s.Introduction = i })
		}
		w.attach("chat", "1", introduced(hubv1.Introduction_INTRODUCTION_ON_ATTACH))
		w.pass(1)
		w.attach("chat", "2", introduced(hubv1.Introduction_INTRODUCTION_ON_EVENT))
		handlers := w.srv.routes.table.Load().View("/chat").Handlers()
		if len(handlers) != 1 || !handlers[0].Policy.anew || !handlers[0].Policy.eager {
			t.Errorf("handlers: %+v", handlers)
		} else if by := handlers[0].Policy.newest.Introduction; by != hubv1.Introduction_INTRODUCTION_ON_EVENT {
			t.Errorf("the newest has %v", by)
		}
	})
}

// An observer asks for itself: copies go to one instance.
func TestUnion_ObserversStayApart(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		sub := &hubv1.Subscription{Role: hubv1.Role_ROLE_OBSERVER, Namespace: "/chat"}
		w.attach("audit", "1", sub)
		w.attach("audit", "2", sub)
		if all := w.srv.routes.Observers(w.srv.routes.Seats(), "/chat"); len(all) != 2 || all[0].Group != all[1].Group {
			t.Errorf("observers: %+v", all)
		}
	})
}
