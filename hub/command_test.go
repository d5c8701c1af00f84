package hub_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

func TestEmit_PatternReachesTheNamespacesItStandsFor(t *testing.T) {
	p := open(t, hub.Config{Private: []string{"/org/private"}})
	b := p.http.Open(hubtest.Options{Transport: hubtest.WebSocket})
	for _, namespace := range []string{"", "/org/a,", "/org/b/c,", "/organ,", "/org/private,"} {
		b.Send("40" + namespace)
		b.Next()
	}
	for _, row := range []struct {
		pattern string
		want    []string
	}{
		{"/org/*", []string{`42/org/a,["x"]`, `42/org/b/c,["x"]`}},
		{"/*", []string{`42/org/a,["x"]`, `42/org/b/c,["x"]`, `42/organ,["x"]`}},
		{"*", []string{`42/org/a,["x"]`, `42/org/b/c,["x"]`, `42/organ,["x"]`, `42["x"]`}},
		{"/org/a/*", nil},
		{"/org/a", []string{`42/org/a,["x"]`}},
		{"/org/private", []string{`42/org/private,["x"]`}},
	} {
		o, err := p.hub.Emit(nil, hub.Target{Namespace: row.pattern, All: true}, hub.Message{Event: "x"}, hub.EmitOptions{})
		if err != nil || !reflect.DeepEqual(o, hub.Outcome{Matched: len(row.want), Queued: len(row.want)}) {
			t.Errorf("%s: %+v %v", row.pattern, o, err)
		}
		var got []string
		for range row.want {
			got = append(got, b.Next())
		}
		slices.Sort(got)
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: got %q", row.pattern, got)
		}
	}
}

func TestTarget_PatternIsForEmitsToAllOnly(t *testing.T) {
	p := open(t, hub.Config{})
	everywhere := hub.Target{Namespace: "/org/*", All: true}
	x := hub.Message{Event: "x"}
	emit := func(target hub.Target) error {
		_, err := p.hub.Emit(nil, target, x, hub.EmitOptions{})
		return err
	}
	_, ack := p.hub.EmitWithAck(nil, everywhere, x, hub.EmitOptions{}, hub.AckOptions{Timeout: 1})
	_, rooms := p.hub.UpdateRooms(everywhere, []string{"a"}, nil)
	_, disconnect := p.hub.Disconnect(nil, everywhere, hub.DisconnectOptions{})
	_, data := p.hub.SetData(everywhere, hub.DataChange{})
	_, fetch := p.hub.FetchSockets(everywhere)
	_, count := p.hub.CountSockets(everywhere)
	for name, err := range map[string]error{
		"ack": ack, "rooms": rooms, "disconnect": disconnect, "data": data, "fetch": fetch, "count": count,
		"room": emit(hub.Target{Namespace: "/org/*", Rooms: []string{"a"}}), "alone": emit(hub.Target{Namespace: "*"}),
	} {
		if got := outcome(err); got != "target.namespace PATTERN" {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, pattern := range []string{"/or*", "org/*", "/org/**", "/*/a*", "**"} {
		if got := outcome(emit(hub.Target{Namespace: pattern, All: true})); got != "target.namespace BAD_PATTERN" {
			t.Errorf("%s: %q", pattern, got)
		}
	}
	if got := outcome(emit(hub.Target{Namespace: "/*/a", All: true})); got != "" {
		t.Errorf("a star in the middle is no pattern: %q", got)
	}
}

func TestTarget_SocketsAreExactlyTheseAndUsersAreNoRooms(t *testing.T) {
	p := open(t, hub.Config{})
	p.connect = func(a *hub.ConnectAttempt) {
		_ = a.Accept(hub.Acceptance{User: string(a.Auth()[len(`{"u":"`) : len(a.Auth())-2])})
	}
	var ids []string
	for _, user := range []string{"ann", "ann", "bob"} {
		b := p.http.Open(hubtest.Options{Transport: hubtest.WebSocket})
		b.Send(`40{"u":"` + user + `"}`)
		got := b.Next()
		ids = append(ids, got[len(`40{"sid":"`):len(got)-len(`"}`)])
	}
	bob := hub.Target{Namespace: "/", Sockets: ids[2:]}
	if _, err := p.hub.UpdateRooms(bob, []string{ids[0], "ann", "user:ann"}, nil); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		target hub.Target
		want   int
	}{
		{hub.Target{Sockets: ids[:1]}, 1},
		{hub.Target{Rooms: ids[:1]}, 2}, // as in Socket.IO
		{hub.Target{Users: []string{"ann"}}, 2},
		{hub.Target{Rooms: []string{"ann"}}, 1},
		{hub.Target{All: true, ExceptSockets: ids[:1]}, 2},
		{hub.Target{All: true, ExceptRooms: ids[:1]}, 1},
		{hub.Target{All: true, ExceptUsers: []string{"ann"}}, 1},
	} {
		row.target.Namespace = "/"
		if n, err := p.hub.CountSockets(row.target); n != row.want || err != nil {
			t.Errorf("%+v: %d %v", row.target, n, err)
		}
	}
	if got := fmt.Sprint(p.hub.ListUsers("/", "")); got != "[{ann 2} {bob 1}]" || p.hub.CountUsers("/") != 2 {
		t.Error(got)
	}
	if got := fmt.Sprint(p.hub.ListUsers("/", "b")); got != "[{bob 1}]" || p.hub.CountUsers("/none") != 0 || p.hub.ListUsers("/none", "") == nil {
		t.Error(got)
	}
	want := []hub.RoomInfo{{Name: "ann", Sockets: 1}, {Name: "user:ann", Sockets: 1}}
	slices.SortFunc(want, func(a, b hub.RoomInfo) int { return strings.Compare(a.Name, b.Name) })
	if got := p.hub.Rooms("/", ""); !slices.Equal(got, want) {
		t.Errorf("rooms %v, want %v", got, want)
	}
}

func TestSetData_Merges(t *testing.T) {
	p := open(t, hub.Config{Limits: hub.Limits{DataBytes: 64}})
	_, id := p.join()
	own := hub.Target{Namespace: "/", Sockets: []string{id}}
	one, two := uint64(1), uint64(2)
	for i, row := range []struct {
		target  hub.Target
		change  hub.DataChange
		version uint64
		data    string
		err     string
	}{
		{own, hub.DataChange{Data: []byte(`{"id":9007199254740993,"a":1.0}`)}, 1, `{"id":9007199254740993,"a":1.0}`, ""},
		{own, hub.DataChange{Data: []byte(`{"a":null,"b":1e400}`), Merge: true, ExpectedVersion: &one}, 2, `{"b":1e400,"id":9007199254740993}`, ""},
		{own, hub.DataChange{Data: []byte(`{}`), Merge: true, ExpectedVersion: &one}, 2, `{"b":1e400,"id":9007199254740993}`, hub.ErrVersion.Error()},
		{own, hub.DataChange{Data: []byte(`{"c":"0123456789012345678901234567890"}`), Merge: true}, 2, `{"b":1e400,"id":9007199254740993}`, "data limits.data_bytes"},
		{own, hub.DataChange{Merge: true}, 0, `{"b":1e400,"id":9007199254740993}`, "data EMPTY_PATCH"},
		{own, hub.DataChange{Data: []byte(`{`), Merge: true}, 0, `{"b":1e400,"id":9007199254740993}`, "data BAD_JSON"},
		{all, hub.DataChange{Data: []byte(`{"b":null}`), Merge: true, ExpectedVersion: &two}, 0, `{"id":9007199254740993}`, ""},
		{own, hub.DataChange{}, 4, ``, ""},
		{own, hub.DataChange{Data: []byte(`{"a":{"b":null}}`), Merge: true}, 5, `{"a":{}}`, ""},
		{hub.Target{Namespace: "/", Sockets: []string{"nobody"}}, hub.DataChange{ExpectedVersion: &one}, 0, `{"a":{}}`, ""},
	} {
		o, err := p.hub.SetData(row.target, row.change)
		if outcome(err) != row.err || o.DataVersion != row.version {
			t.Errorf("%d: %+v %v", i, o, err)
		}
		sockets, err := p.hub.FetchSockets(own)
		if err != nil {
			t.Fatal(err)
		}
		if data, _ := sockets[0].Data(); string(data) != row.data {
			t.Errorf("%d: %s", i, data)
		}
	}
}

func TestDisconnect_ChecksTheDetail(t *testing.T) {
	p := open(t, hub.Config{})
	b, _ := p.join()
	for detail, want := range map[string]string{strings.Repeat("x", 257): "detail TOO_LONG", "\xff": "detail INVALID_UTF8"} {
		if _, err := p.hub.Disconnect(nil, all, hub.DisconnectOptions{Detail: detail}); outcome(err) != want {
			t.Errorf("%.10q: %v", detail, err)
		}
	}
	if o, err := p.hub.Disconnect(nil, all, hub.DisconnectOptions{MayReturn: true, Detail: "authorization expired"}); err != nil || o.Queued != 1 {
		t.Fatalf("%+v %v", o, err)
	}
	b.WaitEnd()
	if err := p.hub.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(p.gone) != 1 || p.gone[0].Reason != hub.ReasonForcedServerClose || p.gone[0].Detail != "authorization expired" {
		t.Errorf("%+v", p.gone)
	}
}

func TestPrepare_OneSendCounts(t *testing.T) {
	p := open(t, hub.Config{})
	p.connect = func(a *hub.ConnectAttempt) {
		accept, err := a.PrepareAccept(hub.Acceptance{})
		if err != nil {
			t.Error(err)
		}
		deny, err := a.PrepareDeny("no", nil)
		if err != nil {
			t.Error(err)
		}
		if err := accept.Send(); err != nil {
			t.Error(err)
		}
		for name, send := range map[string]func() error{"accept": accept.Send, "deny": deny.Send, "unknown": a.DenyUnknown} {
			if err := send(); !errors.Is(err, hub.ErrAnswered) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	events := make(chan *hub.Event, 2)
	p.event = func(e *hub.Event) { events <- e }
	b, _ := p.join()
	b.Send(`42["quiet"]`, `427["q"]`)
	if _, err := (<-events).Prepare(nil, nil); !errors.Is(err, hub.ErrNoAckWanted) {
		t.Error(err)
	}
	if err := (hub.Reply{}).Send(nil); !errors.Is(err, hub.ErrNoAckWanted) {
		t.Error(err)
	}
	e := <-events
	if _, err := e.Prepare([]byte(`[`), nil); outcome(err) != "payload.args BAD_ARGS" {
		t.Error(err)
	}
	first, err := e.Prepare([]byte(`[1]`), nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := e.Prepare([]byte(`[2]`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Send(nil); err != nil {
		t.Error(err)
	}
	if err := first.Send(nil); !errors.Is(err, hub.ErrAnswered) {
		t.Error(err)
	}
	b.Expect(`437[2]`)
}

func TestPolicy_RefusesWhatIsNone(t *testing.T) {
	p := open(t, hub.Config{})
	p.join()
	sockets, _ := p.hub.FetchSockets(all)
	nan := 0.0
	nan /= nan
	for want, policy := range map[string]*hub.Policy{
		"": nil, "policy.events[1] BAD_PATTERN": {Events: []string{"a*", "*a"}}, "policy.events[0] EMPTY_NAME": {Events: []string{""}},
		"policy.events[0] INVALID_UTF8": {Events: []string{"\xff"}}, "policy.events[0] TOO_LONG": {Events: []string{strings.Repeat("x", 257)}},
		"policy.events TOO_MANY": {Events: make([]string, 257)}, "policy.events_per_second BAD_RATE": {EventsPerSecond: nan},
		"policy.events_burst BAD_RATE": {EventsBurst: -1}, "policy.bytes_per_second BAD_RATE": {BytesPerSecond: -1},
	} {
		if got := outcome(sockets[0].SetPolicy(policy)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if err := sockets[0].SetPolicy(&hub.Policy{Events: []string{"*"}, EventsPerSecond: 0.5, EventsBurst: 5, BytesPerSecond: 1}); err != nil {
		t.Error(err)
	}
}
