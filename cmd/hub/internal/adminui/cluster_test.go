package adminui

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/clustertest"
	"github.com/siohub/siohub/internal/virtualtime"
)

// two starts two hubs of one cluster.
func two(t *testing.T) (one, other *world) {
	t.Helper()
	s := clustertest.NewSwitch()
	with := func(id string) *world {
		return start(t, func(o *Options, c *hub.Config) {
			o.ServerID = id
			c.Cluster.Engine = s.Cluster(cluster.Settings{Expiry: 3 * time.Second, Logger: o.Logger})
		})
	}
	one, other = with("one"), with("other")
	virtualtime.Pass(5 * time.Second)
	return one, other
}

func TestCluster_PageSeesAllHubs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, other := two(t)
		if other.ui.teller.tells.Load() {
			t.Error("nobody looks")
		}
		b, id := other.browser()
		a := one.login()
		a.waitFor("all_sockets", id)
		if !other.ui.teller.tells.Load() {
			t.Error("the other hub tells nothing")
		}
		a.waitFor("server_stats", `"serverId":"other"`)
		a.waitFor("server_stats", `"serverId":"one"`)
		b.Send(`42["hello"]`)
		a.waitFor("event_received", id, `"hello"`)
		a.say("join", "/", "blue", id)
		a.waitFor("room_joined", `"blue"`, id)
		if got := other.roomsOf(id); got != "blue" {
			t.Errorf("rooms %q", got)
		}
		a.say("leave", "/", "blue")
		a.waitFor("room_left", `"blue"`, id)
		a.say("_disconnect", "/", false, id)
		a.waitFor("socket_disconnected", id, "server namespace disconnect")
		b.Expect("41")
		a.Abort()
		virtualtime.Pass(time.Minute)
		if other.ui.teller.tells.Load() || one.ui.teller.tells.Load() {
			t.Error("nobody looks any more")
		}
	})
}

// Namespaces that are at another server alone are learned of by what it tells.
func TestCluster_NamespacesOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, other := two(t)
		a := one.login()
		a.wait("all_sockets")
		b, _ := other.browser()
		b.Send("40/there,")
		id := idOf(t, b.Next(), "40/there,")
		a.waitFor("all_sockets", id)
	})
}

// A page that is connected to a Node server is found out by asking: that server tells nobody.
func TestCluster_PageAtAnotherServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := clustertest.NewSwitch()
		node := s.Cluster(cluster.Settings{Expiry: 3 * time.Second, Logger: nil})
		host := &nodeServer{}
		if err := node.Open(cluster.Self{ID: "00000000000000aa"}, host); err != nil {
			t.Fatal(err)
		}
		defer node.Close(t.Context())
		node.Serve("/admin", true)
		w := start(t, func(o *Options, c *hub.Config) {
			c.Cluster.Engine = s.Cluster(cluster.Settings{Expiry: 3 * time.Second, Logger: o.Logger})
		})
		virtualtime.Pass(10 * time.Second)
		if !w.ui.teller.tells.Load() {
			t.Fatal("the page is not seen")
		}
		_, id := w.browser()
		virtualtime.Pass(5 * time.Second)
		for _, want := range []string{"server_stats", "socket_connected"} {
			if !slices.ContainsFunc(host.Commands(), func(c *cluster.Command) bool {
				return c.Namespace == "/admin" && c.Target.All && c.Message != nil && c.Message.Event == want &&
					(want == "server_stats" || strings.Contains(string(c.Message.Args), id))
			}) {
				t.Errorf("no %s", want)
			}
		}
		a := w.login()
		var list []shown
		_ = json.Unmarshal(a.wait("all_sockets")[0], &list)
		i := slices.IndexFunc(list, func(s shown) bool { return s.ID == "page" })
		if i < 0 || list[i].ClientID != "client" || list[i].Transport != "polling" || string(list[i].Data) != `{"a":1}` || list[i].Handshake.Headers["cookie"] != hidden {
			t.Errorf("%+v", list)
		}
	})
}

// nodeServer has a page, as the instrumentation of Node keeps it.
type nodeServer struct{ clustertest.Host }

func (n *nodeServer) Answer(q *cluster.Question, r cluster.Responder) {
	a := &cluster.Answer{}
	if q.Kind == cluster.Fetch && q.Namespace == "/admin" {
		a.Sockets = []cluster.Socket{{
			ID: "page", Data: []byte(`{"_admin":{"clientId":"client","transport":"polling"},"a":1}`),
			Handshake: &cluster.Handshake{Address: "192.0.2.1", URL: "/?sid=geheim", Headers: []cluster.Pair{{Name: "cookie", Value: "geheim"}}},
		}}
	}
	r.Answer(a)
}

// movingServer has a socket that joins a room after it has looked at it for an answer, and before the answer has come.
type movingServer struct {
	clustertest.Host
	join   func()
	always bool // so does it for each answer
	moved  atomic.Bool
}

func (m *movingServer) Answer(q *cluster.Question, r cluster.Responder) {
	a := &cluster.Answer{}
	if q.Kind == cluster.Fetch && q.Namespace == "/" {
		a.Sockets = []cluster.Socket{{ID: "moving", Handshake: &cluster.Handshake{}}}
		moved := m.moved.Swap(true)
		if moved {
			a.Sockets[0].Rooms = []string{"blue"}
		}
		if !moved || m.always {
			m.join()
		}
	}
	time.AfterFunc(100*time.Millisecond, func() { r.Answer(a) })
}

// besideMoving starts a hub beside a movingServer, with a page that has its first list before it.
func besideMoving(t *testing.T, always bool) *admin {
	t.Helper()
	s := clustertest.NewSwitch()
	node := s.Cluster(cluster.Settings{Expiry: 3 * time.Second, Logger: nil})
	host := &movingServer{always: always, join: func() {
		go func() {
			_ = node.Publish(&cluster.Command{Namespace: "/admin", Target: cluster.Target{All: true}, Message: &cluster.Message{
				Event: "room_joined", Args: []byte(`["/","blue","moving","2026-01-02T03:04:05Z"]`),
			}})
		}()
	}}
	if err := node.Open(cluster.Self{ID: "00000000000000aa"}, host); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Close(context.Background()) })
	node.Serve("/admin", true)
	node.Serve("/", true)
	w := start(t, func(o *Options, c *hub.Config) {
		c.Cluster.Engine = s.Cluster(cluster.Settings{Expiry: 3 * time.Second, Logger: o.Logger})
	})
	virtualtime.Pass(5 * time.Second)
	return w.login()
}

// A list that is older than what pages have heard meanwhile is followed by another one.
func TestCluster_WhatChangesWhileAListIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := besideMoving(t, false)
		a.waitFor("room_joined", "blue")
		if list := a.waitFor("all_sockets", "moving"); strings.Contains(list, "blue") {
			t.Fatalf("the first list is to be the older one: %s", list)
		}
		for end := time.Now().Add(time.Minute); ; {
			if event, args := a.next(); event == "all_sockets" && strings.Contains(string(encode(args)), "blue") {
				return
			}
			if time.Now().After(end) {
				t.Fatal("the pages keep the older list")
			}
		}
	})
}

// Where something changes during each list they become seldom: all servers are asked for all their sockets each time.
func TestCluster_ListsOfWhatChangesAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := besideMoving(t, true)
		lists := 0
		for end := time.Now().Add(20 * time.Minute); time.Now().Before(end); {
			if event, _ := a.next(); event == "all_sockets" {
				lists++
			}
		}
		if lists < 4 || lists > 12 {
			t.Errorf("%d lists", lists)
		}
	})
}

// What another server tells the pages here may be forged.
func TestCluster_HostileStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, _ := two(t)
		for _, args := range []string{``, `[`, `[]`, `[1]`, `[{}]`, `[{"namespaces":[{"name":""},{"name":"x","socketsCount":1},{"name":"/y","socketsCount":0}]}]`, `[{"namespaces":7}]`} {
			one.ui.loop.others.hear(hub.Message{Event: "server_stats", Args: []byte(args)})
		}
		many := make([]namespaceStats, 1000)
		for i := range many {
			many[i] = namespaceStats{"/" + strings.Repeat("n", i%50+1) + string(rune('a'+i%26)), 1}
		}
		one.ui.loop.others.hear(hub.Message{Event: "server_stats", Args: arguments(serverStats{Namespaces: many})})
		if n := len(one.ui.loop.others.known); n > maxKnown || n == 0 {
			t.Errorf("%d namespaces", n)
		}
		if n := len(one.ui.loop.others.asked()); n > maxAsked {
			t.Errorf("%d are asked about", n)
		}
		_, _, transport := withoutAdmin([]byte(`{"_admin":[]}`))
		_, client, _ := withoutAdmin([]byte(`{"_admin":{"clientId":7}}`))
		if transport != "" || client != "" {
			t.Errorf("%q %q", transport, client)
		}
	})
}
