package redis

import (
	"fmt"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
)

// modes are those of the sharded adapter, with the Node server of each.
var modes = map[string]string{Dynamic: Sharded, Static: "redis-sharded-static", DynamicPrivate: shardedPrivate}

// arrives reports whether servers of one mode hear what one of another mode sends to a room, or to a socket. That is so where they
// subscribe to the channel that it is sent on.
//
// Source: @socket.io/redis-adapter 8.3, sharded-adapter.ts.
func arrives(from, to, target string) bool {
	switch {
	case from == Static, target == "socket" && from == Dynamic: // the channel of the namespace
		return true
	case target == "room":
		return to != Static
	}
	return to == DynamicPrivate
}

// TestSharded_ModesBesideEachOther has a hub and a Node server of each mode in one cluster: what one says reaches whom it would reach
// if all were Node servers, and nobody else.
func TestSharded_ModesBesideEachOther(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	hubs, nodes, ids := map[string]*host{}, map[string]*node{}, map[string]string{}
	for mode, engine := range modes {
		id := fmt.Sprintf("hub_%s________________", mode)[:20]
		hubs[mode] = newHost(t, Config{Engine: Sharded, SubscriptionMode: mode, URL: s.url()}, cluster.Socket{ID: id, Rooms: []string{"red"}}).connected()
		nodes[mode] = newNode(t, engine, s)
		ids["hub "+mode], ids["node "+mode] = id, strings.Trim(nodes[mode].run(`return await join("x", "/", ["red"])`), `"`)
	}
	for mode, h := range hubs {
		h.meets(len(modes) - 1)
		eventually(t, "the hub counts the Node servers", func() bool {
			answers, missing := h.ask(&cluster.Question{Kind: cluster.Count, Namespace: "/", Target: all()})
			return len(answers) == 2*len(modes)-1 && len(missing) == 0
		})
		own := `"socket.io#/#` + ids["node "+DynamicPrivate] + `#"`
		eventually(t, "rooms are subscribed to", func() bool {
			return nodes[mode].run(`return await pub.sendCommand(["PUBSUB", "SHARDNUMSUB", "socket.io#/#red#", `+own+`])`) ==
				`["socket.io#/#red#",4,`+own+`,1]`
		})
	}
	forget := func() {
		for mode, h := range hubs {
			h.mu.Lock()
			h.commands = nil
			h.mu.Unlock()
			nodes[mode].run(`clients.x.heard.length = 0`)
		}
	}
	check := func(who, from, target, event, of string) {
		t.Helper()
		for mode, h := range hubs {
			h.event("end" + event)
			eventually(t, "the last one", func() bool { return strings.Contains(nodes[mode].run(`return clients.x.heard`), `"end`+event+`"`) })
			for name, heard := range map[string]bool{
				"hub " + mode: strings.Contains(fmt.Sprint(h.seen()), "Event:"+event), "node " + mode: strings.Contains(nodes[mode].run(`return clients.x.heard`), `"`+event+`"`),
			} {
				if name == who || target == "socket" && name != of {
					continue
				}
				if want := arrives(from, mode, target); heard != want {
					t.Errorf("%s to the %s of %s: arrived is %v, want %v", who, target, name, heard, want)
				}
			}
		}
		forget()
	}
	// says has a hub send an event to a target, and another one to all, which it does not hear itself.
	says := func(from string, to cluster.Target, event string) {
		h := hubs[from]
		mustPublish(t, h, &cluster.Command{Namespace: "/", Target: to, Message: message(event, `[]`)})
		last := &cluster.Command{Namespace: "/", Target: all(), Message: message("end"+event, `[]`)}
		mustPublish(t, h, last)
		h.Apply(last)
	}
	n := 0
	for from := range modes {
		n++
		room := fmt.Sprint("room", n)
		says(from, toRooms("red"), room)
		check("hub "+from, from, "room", room, "")
		nodes[from].run(`io.to("red").emit("n` + room + `"); io.emit("endn` + room + `")`)
		check("node "+from, from, "room", "n"+room, "")
		for of, id := range ids {
			n++
			event := fmt.Sprint("socket", n)
			if of != "hub "+from {
				says(from, cluster.Target{Sockets: []string{id}}, event)
				check("hub "+from, from, "socket", event, of)
			}
			if of != "node "+from {
				nodes[from].run(`io.to("` + id + `").emit("n` + event + `"); io.emit("endn` + event + `")`)
				check("node "+from, from, "socket", "n"+event, of)
			}
		}
	}
}

// BenchmarkOwnRooms is what 10 000 sockets cost more with DynamicPrivate, each: time until Redis has its channel, and memory of the hub
// and of Redis.
func BenchmarkOwnRooms(b *testing.B) {
	s := newServer(b)
	h := newHost(b, Config{Engine: Sharded, SubscriptionMode: DynamicPrivate, URL: s.url()}).connected()
	client := watch(b, s)
	memory := func() (used int64) {
		info, err := client.Info(b.Context(), "memory").Result()
		if err != nil {
			b.Fatal(err)
		}
		_, rest, _ := strings.Cut(info, "used_memory:")
		_, _ = fmt.Sscan(rest, &used)
		return used
	}
	const sockets = 10_000
	rooms := h.cluster.(cluster.OwnRoomSubscriber)
	all := func(there bool) {
		for i := range sockets {
			rooms.Room("/", fmt.Sprintf("socket%014d", i), there)
		}
		eventually(b, "Redis has followed", h.cluster.(*roomEngine).sharded.reached)
	}
	var ofRedis, ofHub int64
	for first := true; b.Loop(); first = false {
		b.StopTimer()
		redis, heap := memory(), hubtest.Heap()
		b.StartTimer()
		all(true)
		b.StopTimer()
		if first { // tables keep their size
			ofRedis, ofHub = memory()-redis, hubtest.Heap()-heap
		}
		all(false)
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*sockets), "µs/socket")
	b.ReportMetric(float64(ofHub)/sockets, "hub-B/socket")
	b.ReportMetric(float64(ofRedis)/sockets, "redis-B/socket")
}
