package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/hub"
)

func TestNew_NamesTheSettingThatCannotBe(t *testing.T) {
	for key, config := range map[string]Config{
		"namespaces":                    {Namespaces: []string{"chat"}},
		"control.connect.try":           {Connect: ConnectConfig{Try: time.Hour}},
		"control.stream.suspend":        {Stream: StreamConfig{Suspend: time.Hour}},
		"control.stream.failover_delay": {Stream: StreamConfig{FailoverDelay: 2 * time.Second}},
		"control.stream.heartbeat":      {Stream: StreamConfig{Heartbeat: time.Hour}},
		"control.stream.max_instances":  {Stream: StreamConfig{MaxInstances: -1}},
		"control.kept_bytes":            {KeptBytes: 1},
		"control.window.total_bytes":    {Window: WindowConfig{MaxBytes: 2 << 20, TotalBytes: 1 << 20}},
		"parking.age":                   {Parking: ParkingConfig{Age: -1}},
		"parking.socket_events":         {Parking: ParkingConfig{SocketEvents: -1}},
		"parking.node_bytes":            {Parking: ParkingConfig{NodeBytes: -1}},
	} {
		_, err := New(config)
		var bad *hub.ConfigError
		if !errors.As(err, &bad) || bad.Key != key || bad.Allowed == "" {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestServer_HealthAndReflection(t *testing.T) {
	inBubble(t, Config{Registerer: prometheus.NewRegistry()}, func(t *testing.T, w *world) {
		health := healthv1.NewHealthClient(w.conn)
		for _, name := range []string{"", "hub.v1.AttachService", "hub.v1.ControlService"} {
			check, err := health.Check(t.Context(), &healthv1.HealthCheckRequest{Service: name})
			if err != nil || check.Status != healthv1.HealthCheckResponse_SERVING {
				t.Errorf("%q: %v, %v", name, check, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		stream, err := reflectionv1.NewServerReflectionClient(w.conn).ServerReflectionInfo(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(&reflectionv1.ServerReflectionRequest{
			MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{},
		}); err != nil {
			t.Fatal(err)
		}
		resp, err := stream.Recv()
		if err != nil || len(resp.GetListServicesResponse().GetService()) < 3 {
			t.Errorf("reflection: %v, %v", resp, err)
		}
		if err := stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
			t.Errorf("end: %v", err)
		}
	})
}

func TestServer_ShutdownEndsStreamsInOrder(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.join(chat)
		waiting := w.browser()
		waiting.Send("40/chat,")
		chat.Attempt()
		done := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			done <- errors.Join(w.hub.Shutdown(ctx), w.srv.Shutdown(ctx))
		}()
		left := chat.Disconnected()
		if left.GetDisconnected().Reason != "server shutting down" || left.Socket.Id != b.id {
			t.Errorf("disconnected: %v", left)
		}
		chat.Done(left)
		wantEnd(t, chat, codes.Unavailable, "shutting down")
		if err := <-done; err != nil {
			t.Error(err)
		}
		wantRefused(t, w)
	})
}

// wantRefused checks that nobody attaches any more.
func wantRefused(t *testing.T, w *world) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := hubv1.NewControlServiceClient(w.conn).CountSockets(ctx, &hubv1.CountSocketsRequest{}); err == nil {
		t.Error("a call is served after the shutdown")
	}
}

// A service that never settles does not hold a shutdown up for ever.
func TestServer_ShutdownDoesNotWaitForTheSlow(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.join(chat)
		b.emit(1, "message", "")
		chat.Event("message")
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := errors.Join(w.hub.Shutdown(ctx), w.srv.Shutdown(ctx)); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 6*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// Every string that a browser reaches carries bytes that are no UTF-8, and the
// stream of the service lives.
func TestServer_InvalidUTF8OfABrowserEndsNobodysStream(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		any := w.attach("any", "i", controlplanetest.Authorizer("/*"))
		bystander := w.join(chat)
		for _, packet := range []string{
			"40/chat,{\"token\":\"\xff\xfe\"}", "40/\xff\xfe,", "42[\"\xff\"]", "40/chat,\xff",
		} {
			answer, err := w.browsers.Try(t.Context(), "GET", "EIO=4&transport=polling&x=%ff%fe&%c0=\xff", "", map[string][]string{
				"User-Agent": {"bad \xff agent"}, "X-\xc3": {"\xff"}, "Cookie": {"c=\xff"},
			})
			if err != nil {
				// The client itself refuses some of it: then only the packet is bad.
				answer = w.browsers.Get("EIO=4&transport=polling&x=%ff%fe&%c0=%ff")
			}
			sid := answer.Body[strings.Index(answer.Body, `"sid":"`)+7:]
			sid = sid[:strings.Index(sid, `"`)]
			w.browsers.Post("EIO=4&transport=polling&sid="+sid, packet)
			w.pass(0)
		}
		for _, s := range []*controlplanetest.Service{chat, any} {
			drain(s)
		}
		bystander.Send(`42/chat,["\ud800x","\ud800"]`)
		if e := chat.Event("\uFFFDx"); string(e.GetEvent().Payload.Args) != `["\ud800"]` {
			t.Errorf("event: %v", e)
		}
		bystander.emit(1, "still", "")
		chat.Reply(chat.Event("still"), `["here"]`)
		bystander.Expect(`43/chat,1["here"]`)
		if n := attached(w, "chat") + attached(w, "any"); n != 2 {
			t.Errorf("%d streams live", n)
		}
	})
}

// drain denies the attempts that are there.
func drain(s *controlplanetest.Service) {
	for {
		item, ok := s.TryNext()
		if !ok {
			return
		}
		s.Settle(deny(item.GetDelivery(), "", ""))
	}
}

func TestServer_LogHasNoPayload(t *testing.T) {
	var log lockedBuffer
	config := Config{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	inBubble(t, config, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.browser()
		b.Send(`40/chat,{"token":"planted-secret-1"}`)
		chat.AcceptAs(chat.Attempt(), &hubv1.Accept{Data: []byte(`"planted-secret-2"`)})
		b.joined("/chat")
		chat.Done(chat.Connected())
		b.emit(1, "message", `"planted-secret-3"`)
		chat.Nack(chat.Event("message"), &hubv1.Nack{Status: &hubv1.Status{Message: "planted-secret-4"}})
		chat.Notice()
		chat.Command(emit(target(), "notice", `["planted-secret-5"]`))
		chat.Result()
		if err := chat.Leave(); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	})
	if strings.Contains(log.String(), "planted-secret") {
		t.Errorf("the log gives away what a browser or a service said:\n%s", log.String())
	}
	if !strings.Contains(log.String(), "stream opened") || !strings.Contains(log.String(), "stream closed") {
		t.Errorf("the log does not tell of the stream:\n%s", log.String())
	}
}

// An observer waits for nobody's decision, and whoever handles all namespaces has what it
// wants once one of them is decided.
func TestServer_StatusTellsRolesApart(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		w.observer("1", observerOf("/seen"))
		w.attach("chat", "1", controlplanetest.Authorizer("/chat"), handlerOf(func(s *hubv1.Subscription) {
			s.Kinds = []hubv1.Kind{hubv1.Kind_KIND_CONNECTED}
		}))
		presence := w.attach("presence", "1", controlplanetest.Handler("/*"), controlplanetest.Handler("/org/*"))
		if all := presence.Welcome.Subscriptions[0]; len(all.Warnings) != 0 {
			t.Errorf("whoever handles all is warned: %v", all.Warnings)
		}
		s := w.srv.Status()
		var routes []string
		for _, r := range s.Routes {
			routes = append(routes, fmt.Sprint(r.Group, " ", r.Role, " ", r.Namespace, r.Events))
		}
		want := []string{
			"presence handler /*[*]", "chat authorizer /chat[]", "chat handler /chat[]", "presence handler /org/*[*]",
			"watch observer /seen[*]",
		}
		if diff := cmp.Diff(want, routes); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"no authorizer for /org/*"}, s.Missing); diff != "" {
			t.Error(diff)
		}
	})
}

func TestServer_Status(t *testing.T) {
	inBubble(t, Config{Namespaces: []string{"/missing"}}, func(t *testing.T, w *world) {
		if m := strings.Join(w.srv.Status().Missing, "; "); m != "no authorizer for /missing; no service has attached yet" {
			t.Errorf("missing: %s", m)
		}
		chat := w.chat("a")
		b := w.join(chat)
		b.emit(1, "message", `"12345"`)
		e := chat.Event("message")
		s := w.srv.Status()
		i := s.Groups[0].Instances[0]
		if s.Groups[0].Name != "chat" || i.ID != "a" || !i.Attached || i.Sockets != 1 || i.Deliveries != 1 ||
			i.Bytes != 9 || i.WindowDeliveries != 1024 || i.AttachTime.IsZero() {
			t.Errorf("status: %+v", s)
		}
		if len(s.Routes) != 2 || s.Routes[0].Role != "authorizer" || s.Routes[1].Events[0] != "*" {
			t.Errorf("routes: %+v", s.Routes)
		}
		chat.Done(e)
		w.pass(0)
		chat.Kill()
		w.pass(time.Second)
		b.emit(2, "message", "")
		w.pass(0)
		s = w.srv.Status()
		if s.Parked.Events != 1 || s.Groups[0].Instances[0].Attached {
			t.Errorf("after the loss: %+v", s)
		}
		if m := strings.Join(s.Missing, "; "); m != "no authorizer for /missing; no instance of chat is attached" {
			t.Errorf("missing: %s", m)
		}
	})
}
