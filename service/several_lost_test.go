package service

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// pair attaches a service to hub A, which lists both, and hub B, and introduces socket s
// of B.
func pair(t *testing.T, svc *Service, told chan string) (hubs *scripts, a, b *scriptStream) {
	hubs = playHubs(t, svc, nil, []string{"a:1"}, "b:1")
	a = hubs.open("a:1")
	a.welcome(as("A", "A=a:1", "B=b:1"))
	a.alive()
	b = hubs.open("b:1")
	b.welcome(as("B", "A=a:1", "B=b:1"))
	b.number(1, connected(1, "s", "dedupe-1"))
	b.alive()
	wantHeard(t, told, "connected s")
	return hubs, a, b
}

// A hub is lost when another one misses it and its own stream has ended, whichever comes
// first; and it is told once.
func TestLost_ListAndStream(t *testing.T) {
	for name, order := range map[string][]func(a, b *scriptStream){
		"list first":   {func(a, _ *scriptStream) { a.tell("A=a:1") }, func(_, b *scriptStream) { b.end <- cut }},
		"stream first": {func(_, b *scriptStream) { b.end <- cut }, func(a, _ *scriptStream) { a.tell("A=a:1") }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				svc, told := lives()
				hubs, a, b := pair(t, svc, told)
				no := cut
				hubs.by["b:1"].refuse.Store(&no)
				order[0](a, b)
				wantHeard(t, told, "")
				order[1](a, b)
				wantHeard(t, told, "disconnected s hub lost")
				a.tell("A=a:1")
				a.tell("A=a:1", "C")
				wantHeard(t, told, "")
			})
		})
	}
}

// Its identity is the same whoever makes it, and what the hub had not said is void.
func TestLost_Identity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		gone := make(chan *Disconnect, 10)
		svc.Namespace("/").AllowAnyone().OnDisconnect(func(_ context.Context, d *Disconnect) error { gone <- d; return nil })
		heard := make(chan string, 1)
		svc.Namespace("/").OnConnected(func(context.Context, *Connected) error { heard <- "connected s"; return nil })
		_, a, b := pair(t, svc, heard)
		a.tell("A=a:1")
		b.end <- cut
		d := <-gone
		want := sha256.Sum256([]byte("dedupe-1hub lost"))
		if d.DedupeID != string(want[:16]) || d.Reason != "hub lost" || d.Rooms[0] != "r" || d.Attempt != 1 {
			t.Errorf("%+v", d)
		}
	})
}

// A socket that moved here is not told to the program again, and its end is; one that has left is another process's.
func TestLost_WhatMoved(t *testing.T) {
	for name, row := range map[string]struct {
		option NamespaceOption
		heard  string
	}{
		"on attach":   {IntroduceOnAttach(), ""},
		"on event":    {IntroduceOnEvent(), ""},
		"on instance": {IntroduceOnInstance(), "connected moved"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				svc, told := lives()
				svc.Namespace("/").Set(row.option)
				_, a, b := pair(t, svc, told)
				moved := connected(2, "moved", "dedupe-2")
				moved.GetDelivery().GetConnected().Moved = true
				b.number(2, moved, &hubv1.Item{Kind: &hubv1.Item_Released{Released: &hubv1.Released{SocketIds: []string{"s"}}}})
				wantHeard(t, told, row.heard)
				a.tell("A=a:1")
				b.end <- cut
				wantHeard(t, told, "disconnected moved hub lost")
			})
		})
	}
}

// What does not make a hub lost.
func TestLost_Never(t *testing.T) {
	for name, act := range map[string]func(a, b *scriptStream){
		"a list that names it":        func(a, b *scriptStream) { a.tell("A=a:1", "B=b:1"); b.end <- cut },
		"an empty list":               func(a, b *scriptStream) { a.tell(); b.end <- cut },
		"its own list":                func(_, b *scriptStream) { b.tell("A=a:1"); synctest.Wait(); b.end <- cut },
		"a list while it is attached": func(a, _ *scriptStream) { a.tell("A=a:1") },
		"a list that was corrected":   func(a, b *scriptStream) { a.tell("A=a:1"); a.tell("B=b:1"); synctest.Wait(); b.end <- cut },
		"the word of one that is away": func(a, b *scriptStream) {
			a.tell("A=a:1")
			synctest.Wait()
			a.end <- cut
			synctest.Wait()
			b.end <- cut
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				svc, told := lives()
				hubs, a, b := pair(t, svc, told)
				no := cut
				for _, hub := range hubs.by {
					hub.refuse.Store(&no)
				}
				act(a, b)
				wantHeard(t, told, "")
			})
		})
	}
}

// A hub that never named another one is an island, or new: it says nothing about it.
func TestLost_NotByAHubThatNeverNamedIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, told := lives()
		hubs := playHubs(t, svc, nil, []string{"a:1", "b:1"})
		streams := map[string]*scriptStream{}
		for range 2 {
			address, st := hubs.first("a:1", "b:1")
			st.welcome(as(address, address))
			st.alive()
			streams[address] = st
		}
		streams["b:1"].number(1, connected(1, "s", "dedupe-1"))
		wantHeard(t, told, "connected s")
		streams["b:1"].end <- cut
		wantHeard(t, told, "")
		again := hubs.open("b:1")
		if hello := again.welcome(resumed(2), func(w *hubv1.Welcome) { w.HubId = "b:1" }); hello.GetAnew() || hello.GetResume() == nil {
			t.Error(hello)
		}
		wantHeard(t, told, "")
		// Another process at its address: it has gone, for nobody says that it lives.
		again.end <- cut
		hubs.open("b:1").welcome(as("B2"))
		wantHeard(t, told, "disconnected s hub lost")
	})
}

// A hub that was only cut off is greeted anew, and its sockets come as new lives.
func TestLost_ComesBackAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, told := lives()
		hubs, a, b := pair(t, svc, told)
		a.tell("A=a:1")
		b.end <- cut
		wantHeard(t, told, "disconnected s hub lost")
		hubs.quiet("b:1")
		a.tell("A=a:1", "B=b:1")
		b = hubs.open("b:1")
		if hello := b.welcome(as("B", "A=a:1", "B=b:1")); !hello.GetAnew() || hello.GetResume() != nil {
			t.Error(hello)
		}
		b.number(1, connected(1, "s", "dedupe-2"))
		wantHeard(t, told, "connected s")
		b.end <- cut
		if hubs.open("b:1").welcome(resumed(1), func(w *hubv1.Welcome) { w.HubId = "B" }).GetAnew() {
			t.Error("anew twice")
		}
		wantHeard(t, told, "")
	})
}

// The others say that it is lost while its hello is under way: what it resumes is over.
func TestLost_WhileItsHelloIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, told := lives()
		hubs, a, b := pair(t, svc, told)
		b.end <- cut
		b = hubs.open("b:1")
		hello := (<-b.up).GetActions()[0].GetHello()
		if hello.GetResume() == nil {
			t.Error(hello)
		}
		a.tell("A=a:1")
		wantHeard(t, told, "disconnected s hub lost")
		w := &hubv1.Welcome{HubId: "B", Subscriptions: make([]*hubv1.SubscriptionResult, 2)}
		resumed(1)(w)
		b.say(&hubv1.Item{Kind: &hubv1.Item_Welcome{Welcome: w}})
		synctest.Wait()
		a.tell("A=a:1", "B=b:1")
		again := hubs.open("b:1")
		if hello := again.welcome(as("B")); hello.GetResume() != nil {
			t.Error(hello)
		}
		wantHeard(t, told, "")
	})
}

// A socket that recovers at another hub has ended at the first one, before the other
// tells of it; what the first one says later is passed over.
func TestLost_SocketComesBackElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, told := lives()
		_, a, b := pair(t, svc, told)
		a.number(1, connected(1, "s", "dedupe-2"))
		wantHeard(t, told, "disconnected s hub lost, connected s")
		b.number(2, connected(2, "s", "dedupe-1")) // introduced once more, by a hub that has not noticed
		wantHeard(t, told, "")
		b.number(3, &hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{
			DeliverySeq: 3, DedupeId: []byte("late"), SubscriptionId: 2, Socket: &hubv1.Socket{Id: "s", Namespace: "/"},
			Body: &hubv1.Delivery_Disconnected{Disconnected: &hubv1.Disconnected{Reason: "transport close"}},
		}}})
		wantHeard(t, told, "")
		b.end <- cut
		a.tell("A=a:1")
		wantHeard(t, told, "")
	})
}

// An address that a name does not give any more is given up when its stream has ended; and
// where nobody speaks for its hub, that is lost.
func TestResolve_AddressesComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, told := lives()
		hubs := &scripts{t: t, by: map[string]*script{"10.0.0.1:7": newScript(), "10.0.0.2:7": newScript(), "[::1]:7": newScript()}}
		found := make(chan []string, 1)
		find := func(context.Context, string) ([]string, error) {
			select {
			case hosts := <-found:
				return hosts, nil
			default:
				return nil, errNobody
			}
		}
		fixed, names, err := parseHubs(" dns:///hubs.example:7, ")
		if len(fixed) != 0 || len(names) != 1 || err != nil {
			t.Fatal(fixed, names, err)
		}
		dialled := make(chan place, 100)
		r := newRunner(svc, func(l *link) (grpcConn, func(), error) {
			select {
			case dialled <- l.place:
			default:
			}
			return hubs.by[l.address], func() {}, nil
		})
		r.names = []*resolver{newResolver(names[0], find)}
		found <- []string{"10.0.0.2", "10.0.0.1", "10.0.0.1"}
		hubs.run(svc, r, nil)
		streams := map[string]*scriptStream{}
		for range 2 {
			address, st := hubs.first("10.0.0.1:7", "10.0.0.2:7")
			st.welcome(as(address))
			st.alive()
			streams[address] = st
		}
		synctest.Wait()
		if p := <-dialled; len(dialled) != 1 || p.serverName != "hubs.example" {
			t.Error(p, len(dialled))
		}
		streams["10.0.0.2:7"].number(1, connected(1, "s", "dedupe-1"))
		wantHeard(t, told, "connected s")
		// A failed look-up changes nothing.
		time.Sleep(2 * resolveEvery)
		hubs.quiet("10.0.0.1:7")
		// A stream that ends has the name resolved again, before half a minute is over.
		began := time.Now()
		found <- []string{"10.0.0.1", "::1"}
		no := cut
		hubs.by["10.0.0.2:7"].refuse.Store(&no)
		streams["10.0.0.2:7"].end <- cut
		hubs.open("[::1]:7").welcome(as("six"))
		if d := time.Since(began); d > 2*resolveGap {
			t.Errorf("resolved again after %v", d)
		}
		wantHeard(t, told, "disconnected s hub lost")
		opened := hubs.by["10.0.0.2:7"].opened.Load()
		time.Sleep(time.Minute)
		if n := hubs.by["10.0.0.2:7"].opened.Load(); n != opened {
			t.Errorf("dialled %d times more", n-opened)
		}
	})
}

func TestOptions_HubIsAList(t *testing.T) {
	fixed, names, err := parseHubs("a:1, unix:/run/hub.sock,a:1,dns:///b:2")
	if len(fixed) != 2 || fixed[1].address != "unix:/run/hub.sock" || len(names) != 1 || *names[0] != (hostName{"b", "2"}) || err != nil {
		t.Error(fixed, names, err)
	}
	for _, list := range []string{",", "dns:///", "dns:///:2", "a:1,http://b:2"} {
		if _, _, err := parseHubs(list); err == nil {
			t.Errorf("%s is taken", list)
		}
	}
	if got := splitHubs("a, [::1], 10.0.0.1, dns:///b, unix:run, ::1"); !slices.Equal(got, []string{"a:7420", "[::1]:7420", "10.0.0.1:7420", "dns:///b:7420", "unix:run", "::1"}) {
		t.Error(got)
	}
	opts := Options{Hub: "127.0.0.1:1, hub.example:2", Token: "secret"}.withDefaults()
	if err := opts.validate(); err == nil || !strings.Contains(err.Error(), "a token for hub.example:2 would travel") {
		t.Error(err)
	}
	for address, follow := range map[string]bool{
		"127.0.0.1:1": true, "[::1]:2": true, "hub.example:1": false, "unix:/x": false, ":1": false, "a b:1": false, "": false,
		"passthrough:///127.0.0.1:1": false, "unix:///127.0.0.1:1": false, "127.0.0.1": false,
	} {
		if problem := opts.follow(address); (problem == "") != follow {
			t.Errorf("%q: %q", address, problem)
		}
	}
}
