package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/service"
)

// clientPing is the heartbeat that the client's suite asks for.
const clientPing = 2 * time.Second

// handshakeDelay is how long a handshake waits in the client's suite, some tests of which give up at once.
const handshakeDelay = 10 * time.Millisecond

// clientConfig is the hub of the client's suite: as it is by default but for the heartbeat.
func clientConfig() hub.Config {
	return hub.Config{Heartbeat: hub.Heartbeat{Interval: clientPing}, Recovery: hub.Recovery{Enabled: true}}
}

// delayed makes handshakes wait.
func delayed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !r.URL.Query().Has("sid") {
			select {
			case <-time.After(handshakeDelay):
			case <-r.Context().Done():
			}
		}
		h.ServeHTTP(w, r)
	})
}

// newClientService is the application that the suite of socket.io-client talks to:
//
//	/               denies who has `fail` in the query; the events of clientEvents
//	/foo            getId is answered with the socket's id
//	/abc            on connect emits `handshake` with the handshake's query and auth
//	/no             denies everybody
//	/asd, /valid, /timeout_socket    take everybody and know no event
func newClientService(hubAddr string, log *slog.Logger) *service.Service {
	svc := service.New("client", service.Options{Hub: hubAddr, Logger: log})
	clientEvents(svc.Namespace("/").OnConnect(func(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		if c.Handshake.Query().Get("fail") != "" {
			return service.Accept{}, service.Deny("Auth failed (main namespace)", nil)
		}
		return keepHandshake(c)
	}))
	svc.Namespace("/foo").AllowAnyone().On("getId", replyID)
	svc.Namespace("/abc").OnConnect(func(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		return keepHandshake(c)
	}).OnConnected(func(ctx context.Context, c *service.Connected) error {
		return c.Socket.Emit(ctx, "handshake", c.Socket.Data())
	})
	svc.Namespace("/no").OnConnect(func(context.Context, *service.ConnectAttempt) (service.Accept, error) {
		return service.Accept{}, service.Deny("Auth failed (custom namespace)", nil)
	})
	for _, name := range []string{"/asd", "/valid", "/timeout_socket"} {
		svc.Namespace(name).AllowAnyone()
	}
	return svc
}

// keepHandshake lets a browser in; socket.data has the query and the auth that it came with.
func keepHandshake(c *service.ConnectAttempt) (service.Accept, error) {
	facts := struct {
		Query map[string]string `json:"query"`
		Auth  map[string]any    `json:"auth"`
	}{map[string]string{}, map[string]any{}}
	for name, values := range c.Handshake.Query() {
		facts.Query[name] = values[0]
	}
	if len(c.Auth) > 0 {
		if err := c.BindAuth(&facts.Auth); err != nil {
			return service.Accept{}, err
		}
	}
	return service.Accept{Data: facts}, nil
}

func replyID(_ context.Context, e *service.Event) error { return e.Reply(e.Socket.ID()) }

// emits answers an event with others of one argument.
func emits(event string, args ...any) service.Handler {
	return func(ctx context.Context, e *service.Event) error {
		for _, arg := range args {
			if err := e.Socket.Emit(ctx, event, arg); err != nil {
				return err
			}
		}
		return nil
	}
}

// clientEvents are those of the main namespace.
func clientEvents(n *service.Namespace) {
	n.On("hi", func(ctx context.Context, e *service.Event) error { return e.Socket.Emit(ctx, "hi") })
	n.On("echo", func(_ context.Context, e *service.Event) error { return e.Reply(e.Payload()) })
	n.On("ack", askBack, service.Concurrent())
	n.On("getAckDate", func(_ context.Context, e *service.Event) error { return e.Reply(time.Now()) })
	n.On("getDate", emits("takeDate", time.Now()))
	n.On("getDateObj", emits("takeDateObj", map[string]any{"date": time.Now()}))
	n.On("getUtf8", emits("takeUtf8", "てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"))
	n.On("false", emits("false", false))
	n.On("doge", emits("doge", []byte("asdfasdf")))
	n.On("getbin", emits("takebin", []byte("asdfasdf")))
	n.On("getHandshake", func(_ context.Context, e *service.Event) error { return e.Reply(e.Socket.Data()) })
	n.On("getId", replyID)
	binaryEvents(n)
}

// askBack asks the browser and says whether its answer was the right one.
func askBack(ctx context.Context, e *service.Event) error {
	answer, err := e.Socket.EmitWithAck(ctx, "ack")
	if errors.Is(err, service.ErrAckTimeout) || errors.Is(err, service.ErrSocketGone) {
		return nil // some tests do not answer
	}
	if err != nil {
		return err
	}
	var number int
	var object struct{ Test bool }
	if err := answer.Bind(&number, &object); err != nil || number != 5 || !object.Test {
		return err
	}
	return e.Socket.Emit(ctx, "got it")
}

// binaryEvents take bytes, alone, in an object, and in order.
func binaryEvents(n *service.Namespace) {
	var came sync.Map // socket id and event
	n.OnDisconnect(func(_ context.Context, d *service.Disconnect) error {
		for _, event := range []string{"abuff1", "blob1", "blob2"} {
			came.Delete(d.Socket.ID() + event)
		}
		return nil
	})
	first := func(binary bool) service.Handler {
		return func(_ context.Context, e *service.Event) error {
			if binary == (len(e.Attachments) == 1) {
				came.Store(e.Socket.ID()+e.Name, true)
			}
			return nil
		}
	}
	last := func(answer string, before ...string) service.Handler {
		return func(ctx context.Context, e *service.Event) error {
			for _, event := range before {
				if _, ok := came.Load(e.Socket.ID() + event); !ok {
					return errors.New(e.Name + " overtook " + event)
				}
			}
			return e.Socket.Emit(ctx, answer)
		}
	}
	n.On("abuff1", first(true)).On("abuff2", last("abuff2-ack", "abuff1"))
	n.On("blob1", first(true)).On("blob2", first(false)).On("blob3", last("blob3-ack", "blob1", "blob2"))
	n.On("buffa", bytesAlone("buffack")).On("blob", bytesAlone("back"))
	n.On("jsonbuff", bytesInside("jsonbuff-ack")).On("jsonblob", bytesInside("jsonblob-ack"))
}

func bytesAlone(answer string) service.Handler {
	return func(ctx context.Context, e *service.Event) error {
		var b []byte
		if err := e.Bind(&b); err != nil {
			return err
		}
		return e.Socket.Emit(ctx, answer)
	}
}

func bytesInside(answer string) service.Handler {
	return func(ctx context.Context, e *service.Event) error {
		var in struct {
			Hello   string
			Message []byte
			Goodbye string
		}
		if err := e.Bind(&in); err != nil {
			return err
		}
		if in.Hello != "lol" || in.Goodbye != "gotcha" || len(in.Message) == 0 {
			return errors.New("not what the client sent")
		}
		return e.Socket.Emit(ctx, answer)
	}
}
