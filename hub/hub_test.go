package hub_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

func TestNew_NamesTheSettingThatCannotBe(t *testing.T) {
	app := &play{}
	for key, config := range map[string]hub.Config{
		"application":           {},
		"path":                  {Application: app, Path: "socket.io"},
		"ping_interval":         {Application: app, Heartbeat: hub.Heartbeat{Interval: -1}},
		"ping_timeout":          {Application: app, Heartbeat: hub.Heartbeat{Timeout: 25 * time.Hour}},
		"upgrade_timeout":       {Application: app, Upgrade: hub.Upgrade{Timeout: time.Microsecond}},
		"connect_timeout":       {Application: app, ConnectTimeout: -1},
		"max_payload":           {Application: app, MaxPayload: 2 << 30},
		"limits.depth":          {Application: app, Limits: hub.Limits{Event: hub.EventLimits{Depth: 513}}},
		"limits.attachments":    {Application: app, Limits: hub.Limits{Event: hub.EventLimits{Attachments: -1}}},
		"limits.event_bytes":    {Application: app, Limits: hub.Limits{Event: hub.EventLimits{Bytes: -1}}},
		"limits.body_pace":      {Application: app, Limits: hub.Limits{Request: hub.RequestLimits{BodyPace: -1}}},
		"cookie.name":           {Application: app, Cookie: &hub.Cookie{Name: "a b"}},
		"cookie.domain":         {Application: app, Cookie: &hub.Cookie{Domain: "a b"}},
		"cookie.max_age":        {Application: app, Cookie: &hub.Cookie{MaxAge: -1}},
		"cookie.same_site":      {Application: app, Cookie: &hub.Cookie{SameSite: "Lax?"}},
		"cookie.partitioned":    {Application: app, Cookie: &hub.Cookie{Partitioned: true}},
		"cluster.id":            {Application: app, Cluster: hub.ClusterConfig{ID: "hub-1"}},
		"parser":                {Application: app, Protocol: hub.Protocol{Parser: "bson"}},
		"transports":            {Application: app, Protocol: hub.Protocol{Transports: []string{"webrtc"}}},
		"cors.origins":          {Application: app, CORS: hub.CORS{Origins: []string{"https://*.com"}}},
		"cors.methods":          {Application: app, CORS: hub.CORS{Methods: []string{"GET, POST"}}},
		"http.forwarded_header": {Application: app, Proxies: hub.Proxies{Header: "x-real-ip"}},
		"cors.credentials":      {Application: app, CORS: hub.CORS{Origins: []string{"*"}, Credentials: true}},
		"cors.max_age":          {Application: app, CORS: hub.CORS{MaxAge: -1}},
		"client_dir":            {Application: app, Client: hub.ClientFiles{Dir: "/nowhere"}},

		"per_message_deflate.threshold": {Application: app, Compress: hub.Compress{Messages: hub.Deflate{Threshold: -1}}},
	} {
		_, err := hub.New(config)
		var wrong *hub.ConfigError
		if !errors.As(err, &wrong) || wrong.Key != key || wrong.Allowed == "" {
			t.Errorf("%s: got %v", key, err)
		}
	}
}

func TestConfig_DefaultsAreAllowed(t *testing.T) {
	for _, config := range []hub.Config{{}, {Cookie: &hub.Cookie{}}, {Limits: hub.Limits{MaxSessions: -1}}} {
		for _, p := range config.Problems() {
			t.Error(p)
		}
	}
}

func TestHub_CarriesAConversation(t *testing.T) {
	p := open(t, hub.Config{})
	p.connect = func(a *hub.ConnectAttempt) {
		if a.Handshake().Query()["token"] != "x" || string(a.Auth()) != `{"name":"ann"}` || a.Namespace() != "/" {
			_ = a.Deny("who are you?", []byte(`{"code":401}`))
			return
		}
		err := a.Accept(hub.Acceptance{User: "ann", Rooms: []string{"lobby"}, Data: []byte(`{"n":1}`), Then: func(s *hub.Socket, b *hub.Batch) {
			s.SetTag("tagged")
			_, _ = p.hub.Emit(b, hub.Target{Namespace: "/", Users: []string{"ann"}}, hub.Message{Event: "hello"}, hub.EmitOptions{})
		}})
		if err != nil {
			t.Error(err)
		}
	}
	p.event = func(e *hub.Event) {
		if e.Socket.Tag() != "tagged" || e.ReceiveTime.IsZero() {
			t.Errorf("%+v", e)
		}
		if _, err := e.Prepare([]byte(`{}`), nil); err == nil {
			t.Error("a reply that is no array")
		}
		if err := e.Reply(nil, e.Args, e.Attachments); errors.Is(err, hub.ErrNoAckWanted) == e.WantsAck {
			t.Error(err)
		}
		if err := e.Reply(nil, nil, nil); e.WantsAck && !errors.Is(err, hub.ErrAnswered) {
			t.Error(err)
		}
	}
	b := p.http.Open(hubtest.Options{Transport: hubtest.WebSocket, Query: "token=x"})
	b.Send("40")
	b.Expect(`44{"message":"who are you?","data":{"code":401}}`)
	b.Send(`40{"name":"ann"}`)
	if got := b.Next(); !strings.HasPrefix(got, `40{"sid":"`) {
		t.Fatal(got)
	}
	b.Expect(`42["hello"]`)
	b.Send(`42["no ack"]`, `427["q",{"b":1,"a":9007199254740993,"c":"<&>`+"\u2028"+`"}]`)
	b.Expect(`437[{"b":1,"a":9007199254740993,"c":"<&>` + "\u2028" + `"}]`)

	if _, err := p.hub.UpdateRooms(all, []string{"a room"}, []string{"lobby"}); err != nil {
		t.Fatal(err)
	}
	if rooms := fmt.Sprint(p.hub.Rooms("/", "")); rooms != "[{a room 1}]" {
		t.Fatal(rooms)
	}
	sockets, err := p.hub.FetchSockets(hub.Target{Namespace: "/", Rooms: []string{"a room"}})
	if err != nil || len(sockets) != 1 {
		t.Fatal(sockets, err)
	}
	s := sockets[0]
	if s.User() != "ann" || s.Namespace() != "/" || s.Transport() != "websocket" || s.ConnectTime().IsZero() ||
		!s.Connected() || !slices.Equal(s.Rooms(), []string{"a room"}) || s.Handshake().Query()["token"] != "x" {
		t.Fatalf("%+v", s)
	}
	if n, err := p.hub.CountSockets(all); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if stats := p.hub.Stats(); stats.Sessions != 1 || stats.Sockets["/"] != 1 || stats.Attempts != 0 {
		t.Fatalf("%+v", stats)
	}
	one := uint64(1)
	own := hub.Target{Namespace: "/", Sockets: []string{s.ID()}}
	if _, err := p.hub.SetData(own, hub.DataChange{Data: []byte(`2`), ExpectedVersion: &one}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.hub.SetData(own, hub.DataChange{Data: []byte(`3`), ExpectedVersion: &one}); !errors.Is(err, hub.ErrVersion) {
		t.Fatal(err)
	}
	if o, err := p.hub.SetData(all, hub.DataChange{Data: []byte(`3`), ExpectedVersion: &one}); err != nil || o.Dropped != 1 {
		t.Fatal(o, err)
	}
}

func TestHub_EmitsToManyWithAcks(t *testing.T) {
	p := open(t, hub.Config{})
	b1, id1 := p.join()
	b2, _ := p.join()
	total := make(chan hub.AckTotal, 1)
	var acks []string
	batch := p.hub.NewBatch()
	o, err := p.hub.EmitWithAck(batch, all, hub.Message{Event: "q", Args: []byte(`[1]`)}, hub.EmitOptions{}, hub.AckOptions{
		Timeout: time.Minute,
		OnAck:   func(a hub.BrowserAck) { acks = append(acks, string(a.Args)) },
		OnDone:  func(t hub.AckTotal) { total <- t },
	})
	if err != nil || !reflect.DeepEqual(o, hub.Outcome{Matched: 2, Queued: 2}) {
		t.Fatal(o, err)
	}
	batch.Flush()
	b1.Expect(`420["q",1]`)
	b2.Expect(`420["q",1]`)
	b1.Send(`430["yes"]`)
	if _, err := p.hub.Disconnect(nil, hub.Target{Namespace: "/", All: true, ExceptSockets: []string{id1}}, hub.DisconnectOptions{CloseTransport: true}); err != nil {
		t.Fatal(err)
	}
	if got := <-total; got.Expected != 2 || got.Acked+got.Disconnected != 2 {
		t.Fatalf("%+v %q", got, acks)
	}
}

func TestDrain_SocketsLeaveAndShutdownFollows(t *testing.T) {
	p := open(t, hub.Config{})
	b, _ := p.join()
	own, _ := p.join()
	own.CloseFrame(1001) // a tab that closes by itself says so
	own.WaitEnd()
	if err := p.hub.Drain(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	b.WaitEnd()
	if err := p.hub.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	codes := map[hub.Reason]int{}
	for _, d := range p.gone {
		codes[d.Reason] = d.CloseCode
	}
	if len(p.gone) != 2 || codes[hub.ReasonTransportClose] != 1001 || codes[hub.ReasonServerShuttingDown] != 0 || len(codes) != 2 {
		t.Fatalf("%+v", p.gone)
	}
}

func TestShutdown_EverySocketHearsIt(t *testing.T) {
	p := open(t, hub.Config{})
	b, _ := p.join()
	p.join()
	undecided := make(chan *hub.ConnectAttempt, 1)
	p.connect = func(a *hub.ConnectAttempt) { undecided <- a }
	b.Send("40/chat")
	a := <-undecided
	if err := p.hub.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(p.gone) != 2 || p.gone[0].Reason != hub.ReasonServerShuttingDown || p.gone[0].CloseCode != 0 {
		t.Fatalf("%+v", p.gone)
	}
	if err := a.Accept(hub.Acceptance{}); !errors.Is(err, hub.ErrGone) {
		t.Fatal(err)
	}
	if _, err := p.hub.Emit(nil, all, hub.Message{Event: "x"}, hub.EmitOptions{}); !errors.Is(err, hub.ErrShutdown) {
		t.Fatal(err)
	}
	if err := p.hub.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}
