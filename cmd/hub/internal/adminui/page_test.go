package adminui

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/internal/virtualtime"
)

func TestList_ShowsSocketsAndNoSecrets(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		b, id := w.browser()
		_ = b
		if _, err := w.hub.UpdateRooms(hub.Target{Namespace: "/", Sockets: []string{id}}, []string{"blue", "red"}, nil); err != nil {
			t.Fatal(err)
		}
		a := w.login()
		var list []shown
		if err := json.Unmarshal(a.wait("all_sockets")[0], &list); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(list, func(s shown) bool { return s.ID == id })
		if i < 0 || len(list) != 2 { // the page's own is the other
			t.Fatalf("%+v", list)
		}
		s := list[i]
		if s.NSP != "/" || s.Transport != "websocket" || s.ClientID == "" || !slices.Equal(s.Rooms, []string{id, "blue", "red"}) || string(s.Data) != `{"name":"<b>"}` {
			t.Errorf("%+v", s)
		}
		h := s.Handshake
		if h.Query["token"] != hidden || h.Query["room"] != "lobby" || !strings.Contains(h.URL, "token="+hidden+"&room=lobby") || h.Issued == 0 || !strings.Contains(h.Time, "GMT") {
			t.Errorf("%+v", h)
		}
		if strings.Contains(string(encode(list)), "geheim") {
			t.Errorf("%s", encode(list))
		}
	})
}

func TestSecrets_AreNotShown(t *testing.T) {
	h := handshakeShown("192.0.2.1", "/socket.io/?EIO=4&access%5Ftoken=geheim&%zz=geheim&a=b&Authorization=geheim", true, true, time.Now())
	for _, name := range []string{
		"Cookie", "Authorization", "Proxy-Authorization", "X-Api-Key", "X-Auth-Token", "X-CSRF-Token", "X-Amz-Security-Token", "Sid", "X-Session-Id", "Password",
	} {
		h.header(name, "geheim")
		h.parameter(name, "geheim")
	}
	h.header("Referer", "https://example.com/a?code=geheim")
	h.header("User-Agent", "Browser")
	h.header("X-Forwarded-For", "192.0.2.1")
	h.header("x-forwarded-for", "192.0.2.2")
	got := string(encode(h))
	if strings.Contains(got, "geheim") {
		t.Error(got)
	}
	for name, want := range map[string]string{"user-agent": "Browser", "referer": "https://example.com/a", "cookie": hidden, "x-forwarded-for": "192.0.2.1, 192.0.2.2"} {
		if h.Headers[name] != want {
			t.Errorf("%s: %q", name, h.Headers[name])
		}
	}
	for i := range 1000 {
		h.header(fmt.Sprint("x-", i), strings.Repeat("x", 1<<12))
	}
	if size := len(encode(h)); size > 20<<10 {
		t.Errorf("%d bytes", size)
	}
}

func TestTell_WhatHappensInOrder(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.login()
		a.wait("all_sockets")
		b, id := w.browser()
		a.waitFor("socket_connected", id, `"nsp":"/"`)
		b.Send(`42["hello",{"a":1}, "<b>"]`)
		if got := a.waitFor("event_received"); !strings.HasPrefix(got, `["/","`+id+`",["hello",{"a":1},"<b>"],"20`) {
			t.Error(got)
		}
		if _, err := w.hub.UpdateRooms(hub.Target{Namespace: "/", Sockets: []string{id}}, []string{"blue"}, nil); err != nil {
			t.Fatal(err)
		}
		if got := a.waitFor("room_joined"); !strings.HasPrefix(got, `["/","blue","`+id+`","20`) {
			t.Error(got)
		}
		if _, err := w.hub.Emit(nil, hub.Target{Namespace: "/", Rooms: []string{"blue"}}, hub.Message{Event: "news", Args: []byte(" [ 1 ] ")}, hub.EmitOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := a.waitFor("event_sent"); !strings.HasPrefix(got, `["/","`+id+`",["news",1],"20`) {
			t.Error(got)
		}
		if _, err := w.hub.SetData(hub.Target{Namespace: "/", Sockets: []string{id}}, hub.DataChange{Data: []byte(`{"b":2}`)}); err != nil {
			t.Fatal(err)
		}
		if got, want := a.waitFor("socket_updated"), `[{"id":"`+id+`","nsp":"/","data":{"b":2}}]`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		b.Send("41")
		if got := a.waitFor("socket_disconnected"); !strings.HasPrefix(got, `["/","`+id+`","client namespace disconnect","20`) {
			t.Error(got)
		}
		a.waitFor("room_left", `["/","`+id+`","`+id+`"`)
		a.waitFor("room_left", `["/","blue","`+id+`"`)
	})
}

func TestTell_UpgradesAndBinary(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.login()
		a.wait("all_sockets")
		b := w.http.Open(hubtest.Options{Transport: hubtest.Polling})
		b.Send("40")
		id := idOf(t, b.Next(), "40")
		b.Upgrade()
		a.waitFor("socket_updated", id, `"transport":"websocket"`)
		b.Send(`451-["file",{"_placeholder":true,"num":0}]`)
		b.SendBinary([]byte{1, 2})
		for {
			got := a.Next()
			if strings.HasPrefix(got, `451-/admin,["event_received"`) {
				break
			}
		}
		if got := a.Next(); got != hubtest.Binary([]byte{1, 2}) {
			t.Error(got)
		}
	})
}

// Production shows counts alone, and no socket.
func TestTell_NothingInProduction(t *testing.T) {
	inBubble(t, func(o *Options, _ *hub.Config) { o.Development = false }, func(t *testing.T, w *world) {
		a := w.login()
		b, id := w.browser()
		b.Send(`420["echo"]`)
		b.Expect("430[]")
		for range 4 {
			event, args := a.next()
			if event != "config" && event != "server_stats" || strings.Contains(string(encode(args)), id) {
				t.Errorf("%s %s", event, encode(args))
			}
		}
	})
}

func TestStats_EveryTwoSeconds(t *testing.T) {
	opened := uint64(0)
	inBubble(t, func(o *Options, _ *hub.Config) {
		o.Traffic = func() Traffic {
			opened++
			return Traffic{Opened: opened, Closed: map[string]uint64{"ping timeout": 2 * opened}, PacketsIn: opened, BytesIn: 10 * opened}
		}
	}, func(t *testing.T, w *world) {
		b := w.http.Open(hubtest.Options{Transport: hubtest.Polling})
		b.Send("40")
		b.Next()
		a := w.login()
		a.wait("server_stats") // at once
		for range 3 {
			begun := time.Now()
			args := a.wait("server_stats")
			var s serverStats
			if err := json.Unmarshal(args[0], &s); err != nil {
				t.Fatal(err)
			}
			if s.ServerID != "one" || s.Hostname != "host" || s.PID != 7 || s.Clients != 2 || s.PollingClients != 1 {
				t.Errorf("%+v", s)
			}
			if !slices.Equal(s.Namespaces, []namespaceStats{{"/", 1}, {"/admin", 1}}) {
				t.Errorf("%+v", s.Namespaces)
			}
			if took := time.Since(begun); took > statsPeriod {
				t.Errorf("after %s", took)
			}
		}
		var s serverStats
		_ = json.Unmarshal(a.wait("server_stats")[0], &s)
		if len(s.Counts) != 8 || s.Counts[0].Type != "rawConnection" || s.Counts[0].Count != 1 || s.Counts[0].Timestamp%1000 != 0 ||
			s.Counts[1] != (count{s.Counts[0].Timestamp, "rawDisconnection", "ping timeout", 2}) || s.Counts[3].Count != 10 {
			t.Errorf("%+v", s.Counts)
		}
	})
}

// More than is shown is dropped and counted; of sockets and rooms the page gets the whole list again.
func TestFlood_IsDroppedAndTheListComesAgain(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.login()
		a.wait("all_sockets")
		b, id := w.browser()
		virtualtime.Pass(listAgain)
		rooms := make([]string, 900)
		for i := range rooms {
			rooms[i] = fmt.Sprintf("room%d", i)
		}
		target := hub.Target{Namespace: "/", Sockets: []string{id}}
		for _, change := range [][2][]string{{rooms, nil}, {nil, rooms}} {
			if _, err := w.hub.UpdateRooms(target, change[0], change[1]); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 * maxEvents {
			b.Send(`42["flood"]`)
		}
		b.Send(`420["echo"]`)
		b.Expect("430[]")
		a.wait("all_sockets")
		if n := w.counted("dropped event_received"); n < maxEvents {
			t.Errorf("%d events were dropped", n)
		}
		if n := w.counted("dropped room_left"); n == 0 {
			t.Error("no change was dropped")
		}
	})
}

// Of an emission to many it is told of some, and of what is large that it is.
func TestTell_EmissionsToManyAndLargeOnes(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		for range maxReceivers + 5 {
			w.browser()
		}
		a := w.login()
		a.wait("all_sockets")
		large := `["` + strings.Repeat("x", 2*maxShown) + `"]`
		if _, err := w.hub.Emit(nil, hub.Target{Namespace: "/", All: true}, hub.Message{Event: "large", Args: []byte(large)}, hub.EmitOptions{}); err != nil {
			t.Fatal(err)
		}
		for range maxReceivers {
			a.waitFor("event_sent", `["large","(8`, `bytes, not shown)"]`)
		}
		synctest.Wait()
		if n := w.counted("dropped event_sent"); n != 5 {
			t.Errorf("%d were left out", n)
		}
	})
}

// Ten thousand sockets make a list that is bounded, and the counts are whole.
func TestList_IsBounded(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		for range 100 {
			w.browser()
		}
		l := &listing{most: 50, mostBytes: 1 << 20, ids: map[string]struct{}{}}
		w.ui.loop.lists.addOwn(l)
		if len(l.sockets) != 50 || !l.missed {
			t.Errorf("%d sockets", len(l.sockets))
		}
		l = &listing{most: 1000, mostBytes: 10 << 10, ids: map[string]struct{}{}}
		w.ui.loop.lists.addOwn(l)
		if l.bytes > 12<<10 || !l.missed || len(l.sockets) == 0 {
			t.Errorf("%d sockets in %d bytes", len(l.sockets), l.bytes)
		}
	})
}

// The hub itself does nothing for the UI while nobody looks.
func TestNobodyLooks_NothingIsTold(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.login()
		a.wait("all_sockets")
		if !w.ui.teller.tells.Load() {
			t.Error("somebody looks and nothing is told")
		}
		a.Abort()
		synctest.Wait()
		if w.ui.teller.tells.Load() {
			t.Error("nobody looks any more")
		}
		traffic := 0
		w.ui.site.options.Traffic = func() Traffic { traffic++; return Traffic{} }
		virtualtime.Pass(time.Hour)
		if traffic > 0 {
			t.Errorf("counted %d times", traffic)
		}
	})
}
