package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/controlplane/access"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/service"
)

// The tests of this file run against the real hub and its control plane, over a
// loopback listener.

// realHub is a hub with browsers in memory and a gRPC port.
type realHub struct {
	browsers *hubtest.Server
	listener *cuttable
	server   *controlplane.Server
	address  string
}

func newRealHub(t *testing.T, config controlplane.Config) *realHub {
	t.Helper()
	return newRealHubAt(t, config, "127.0.0.1:0")
}

func newRealHubAt(t *testing.T, config controlplane.Config, address string) *realHub {
	t.Helper()
	return newRealHubWith(t, config, hub.Config{}, address)
}

func newRealHubWith(t *testing.T, config controlplane.Config, browsers hub.Config, address string) *realHub {
	t.Helper()
	config.Logger = slog.New(slog.DiscardHandler)
	server, err := controlplane.New(config)
	if err != nil {
		t.Fatal(err)
	}
	browsers.Application, browsers.Logger = server, config.Logger
	h, err := hub.New(browsers)
	if err != nil {
		t.Fatal(err)
	}
	server.Bind(h)
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	listener := &cuttable{Listener: l}
	rpc := server.GRPC()
	served := make(chan struct{})
	go func() { defer close(served); _ = rpc.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(h.Shutdown(ctx), server.Shutdown(ctx)); err != nil {
			t.Error(err)
		}
		<-served
	})
	page := hubtest.Serve(t, h, nil)
	page.Path, page.Timeout = "/socket.io/", 20*time.Second
	return &realHub{browsers: page, listener: listener, server: server, address: l.Addr().String()}
}

// cuttable is a listener whose connections a test can break.
type cuttable struct {
	net.Listener
	refuses atomic.Bool // lets nobody in
	mu      sync.Mutex
	conns   []net.Conn
}

func (c *cuttable) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil && c.refuses.Load() {
		conn.Close()
		return conn, nil // whoever serves it finds out
	}
	if err == nil {
		c.mu.Lock()
		c.conns = append(c.conns, conn)
		c.mu.Unlock()
	}
	return conn, err
}

func (c *cuttable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

// run runs a service against the hub until the test ends.
func (h *realHub) run(t *testing.T, svc *service.Service) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- svc.Run(context.Background()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(svc.Close(ctx), <-ended); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := svc.Ready(ctx); err != nil {
		t.Fatal(err)
	}
}

func (h *realHub) service(opts service.Options) *service.Service {
	opts.Hub = h.address
	return newService("chat", opts)
}

// join opens a browser and brings it into /chat.
func (h *realHub) join(t *testing.T, auth string) *hubtest.Browser {
	t.Helper()
	b := h.browsers.Open(hubtest.Options{Transport: hubtest.WebSocket})
	b.Send("40/chat," + auth)
	if p := b.Next(); !strings.HasPrefix(p, `40/chat,{"sid":"`) {
		t.Fatalf("no CONNECT: %s", p)
	}
	return b
}

func TestRealHub_TheWholeConversation(t *testing.T) {
	h := newRealHub(t, controlplane.Config{})
	svc := h.service(service.Options{})
	chat := svc.Namespace("/chat")
	gone := make(chan string, 10)
	chat.OnConnect(func(ctx context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		var auth struct{ Name string }
		if err := c.BindAuth(&auth); err != nil || auth.Name == "" {
			return service.Accept{}, service.Deny("who are you?", map[string]string{"code": "NO_NAME"})
		}
		c.Emit("welcome", auth.Name)
		return service.Accept{User: auth.Name, Rooms: []string{"lobby"}, Data: auth}, nil
	}).OnConnected(func(ctx context.Context, c *service.Connected) error {
		return c.Socket.Broadcast().Emit(ctx, "joined", c.Socket.User())
	}).OnDisconnect(func(ctx context.Context, d *service.Disconnect) error {
		gone <- d.Socket.User() + " " + d.Reason
		return chat.Emit(ctx, "left", d.Socket.User())
	}).On("message", func(ctx context.Context, e *service.Event) error {
		var raw json.RawMessage
		var file []byte
		if err := e.Bind(&raw, &file); err != nil {
			return err
		}
		if err := chat.To("lobby").Emit(ctx, "message", e.Socket.User(), raw, file); err != nil {
			return err
		}
		return e.Reply(raw)
	}).On("ask", func(ctx context.Context, e *service.Event) error {
		if err := e.Socket.Join(ctx, "askers"); err != nil {
			return err
		}
		ack, err := e.Socket.EmitWithAck(ctx, "question", "sure?")
		if err != nil {
			return err
		}
		n, err := chat.To("askers").CountSockets(ctx)
		if err != nil {
			return err
		}
		return e.Reply(ack.Payload().Args, n)
	})
	h.run(t, svc)

	stranger := h.browsers.Open(hubtest.Options{Transport: hubtest.WebSocket})
	stranger.Send("40/chat,")
	stranger.Expect(`44/chat,{"message":"who are you?","data":{"code":"NO_NAME"}}`)

	alice := h.join(t, `{"name":"alice"}`)
	alice.Expect(`42/chat,["welcome","alice"]`)
	alice.Send(`42/chat,0["message","first"]`) // comes after alice's OnConnected
	alice.Expect(`42/chat,["message","alice","first",null]`, `43/chat,0["first"]`)
	bob := h.join(t, `{"name":"bob"}`)
	bob.Expect(`42/chat,["welcome","bob"]`)
	alice.Expect(`42/chat,["joined","bob"]`)

	alice.Send(`451-/chat,7["message",`+exact+`,{"_placeholder":true,"num":0}]`, hubtest.Binary([]byte("picture")))
	for _, b := range []*hubtest.Browser{alice, bob} {
		b.Expect(`451-/chat,["message","alice",`+exact+`,{"_placeholder":true,"num":0}]`, hubtest.Binary([]byte("picture")))
	}
	alice.Expect(`43/chat,7[` + exact + `]`)

	bob.Send(`42/chat,8["ask"]`)
	question := bob.Next()
	id := strings.TrimSuffix(strings.TrimPrefix(question, "42/chat,"), `["question","sure?"]`)
	bob.Send(`43/chat,` + id + `["yes",1]`)
	bob.Expect(`43/chat,8[["yes",1],1]`)

	bob.Send("41/chat,")
	alice.Expect(`42/chat,["left","bob"]`)
	if got := <-gone; got != "bob client namespace disconnect" {
		t.Error(got)
	}
	sockets, err := chat.All().FetchSockets(t.Context())
	if err != nil || len(sockets) != 1 || string(sockets[0].Socket.Data()) != `{"Name":"alice"}` || sockets[0].Handshake.ProtocolVersion() != 4 {
		t.Errorf("%+v %v", sockets, err)
	}
	if rooms, err := svc.In("/chat").ListRooms(t.Context(), ""); err != nil || len(rooms) != 1 {
		t.Errorf("%v %v", rooms, err)
	}
}

func TestRealHub_CutStreamIsInvisible(t *testing.T) {
	h := newRealHub(t, controlplane.Config{})
	svc := h.service(service.Options{})
	entered, release := make(chan struct{}), make(chan struct{})
	svc.Namespace("/chat").AllowAnyone().On("first", func(ctx context.Context, e *service.Event) error {
		close(entered)
		<-release
		return errors.Join(ctx.Err(), e.Reply(e.Attempt))
	}).On("x", func(ctx context.Context, e *service.Event) error { return e.Reply(e.Attempt) })
	h.run(t, svc)
	alice := h.join(t, "")
	alice.Send(`42/chat,1["first"]`)
	<-entered
	h.listener.cut()
	close(release)
	alice.Expect(`43/chat,1[1]`)
	for range 5 {
		h.listener.cut()
		alice.Send(`42/chat,2["x"]`)
		alice.Expect("43/chat,2[1]")
	}
}

// A clean Close gives the sockets to the other instance at once.
func TestRealHub_RedeployIsInvisible(t *testing.T) {
	h := newRealHub(t, controlplane.Config{})
	build := func(name string) *service.Service {
		svc := h.service(service.Options{InstanceID: name})
		svc.Namespace("/chat").AllowAnyone().On("who", func(_ context.Context, e *service.Event) error { return e.Reply(name) })
		return svc
	}
	one, two := build("one"), build("two")
	h.run(t, one)
	alice := h.join(t, "")
	alice.Send(`42/chat,1["who"]`)
	alice.Expect(`43/chat,1["one"]`)
	h.run(t, two)
	if err := one.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	alice.Send(`42/chat,2["who"]`)
	alice.Expect(`43/chat,2["two"]`)
}

func TestRealHub_ErrorsAreTyped(t *testing.T) {
	h := newRealHub(t, controlplane.Config{})
	svc := h.service(service.Options{})
	svc.Namespace("/chat").AllowAnyone()
	h.run(t, svc)
	var status *service.StatusError
	_, err := svc.In("/chat").All().Join(t.Context(), "\x01user:x")
	if !errors.As(err, &status) || status.Code != codes.InvalidArgument || status.Field == "" || status.Reason == "" {
		t.Errorf("%#v", err)
	}
	rival := service.New("rival", service.Options{Hub: h.address, Logger: slog.New(slog.DiscardHandler)})
	rival.Namespace("/chat").AllowAnyone()
	if err := rival.Run(t.Context()); !errors.As(err, &status) || status.Code != codes.AlreadyExists {
		t.Errorf("rival: %v", err)
	}
	presence := service.New("presence", service.Options{Hub: h.address, Logger: slog.New(slog.DiscardHandler)})
	joined := make(chan string, 1)
	presence.Namespace("/chat").AuthorizedElsewhere().OnConnected(func(_ context.Context, c *service.Connected) error {
		joined <- c.Socket.Namespace()
		return nil
	})
	h.run(t, presence)
	h.join(t, "")
	if got := <-joined; got != "/chat" {
		t.Error(got)
	}
	ended := make(chan error, 1)
	other := h.service(service.Options{InstanceID: "twin"})
	other.Namespace("/chat").AllowAnyone()
	go func() { ended <- other.Run(t.Context()) }()
	if err := other.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	third := h.service(service.Options{InstanceID: "twin"})
	third.Namespace("/chat").AllowAnyone()
	h.run(t, third)
	if err := <-ended; !errors.Is(err, service.ErrSuperseded) {
		t.Errorf("twin: %v", err)
	}
}

func TestRealHub_NoHubIsWaitedFor(t *testing.T) {
	svc := newService("chat", service.Options{Hub: "127.0.0.1:1"})
	svc.Namespace("/").AllowAnyone()
	ended := make(chan error, 1)
	go func() { ended <- svc.Run(t.Context()) }()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := svc.Ready(ctx); !errors.Is(err, service.ErrUnavailable) {
		t.Error(err)
	}
	if err := errors.Join(svc.Close(t.Context()), <-ended); err != nil {
		t.Error(err)
	}
}

// oneToken knows one caller.
type oneToken string

func (o oneToken) Authenticate(_ context.Context, c access.Credentials) (*access.Identity, error) {
	if c.Token != string(o) {
		return nil, access.ErrTokenWrong
	}
	return &access.Identity{Name: "chat"}, nil
}

func TestRealHub_TokenIsSentAndNeverLogged(t *testing.T) {
	h := newRealHub(t, controlplane.Config{Authenticator: oneToken("secret-secret-secret")})
	svc := h.service(service.Options{Token: "secret-secret-secret"})
	svc.Namespace("/chat").AllowAnyone()
	h.run(t, svc)
	if n, err := svc.In("/chat").All().CountSockets(t.Context()); n != 0 || err != nil {
		t.Error(n, err)
	}
	var log lockedBuffer
	stranger := service.New("x", service.Options{
		Hub: h.address, Token: "wrong-wrong-wrong", Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	err := stranger.Run(t.Context())
	var status *service.StatusError
	if !errors.As(err, &status) || status.Code != codes.Unauthenticated {
		t.Error(err)
	}
	if text := log.String() + err.Error(); strings.Contains(text, "wrong-wrong") {
		t.Error(text)
	}
}

func TestRunUntilSignal_SecondSignalAborts(t *testing.T) {
	h := newRealHub(t, controlplane.Config{})
	svc := h.service(service.Options{CloseTimeout: time.Minute})
	entered, closing, cause := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	svc.Namespace("/chat").AllowAnyone().
		On("x", func(ctx context.Context, e *service.Event) error {
			close(entered)
			<-ctx.Done()
			cause <- context.Cause(ctx)
			return nil
		})
	caught := make(chan os.Signal, 100)
	signal.Notify(caught, syscall.SIGTERM) // for the one that comes when Run has ended
	defer signal.Stop(caught)
	ended := make(chan error, 1)
	go func() { ended <- svc.RunUntilSignal(t.Context()) }()
	if err := svc.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	alice := h.join(t, "")
	alice.Send(`42/chat,["x"]`)
	<-entered
	kill := func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	kill()
	var killer sync.WaitGroup
	killer.Go(func() {
		// Two signals at once may count as one: the second is sent until it works.
		for {
			select {
			case <-closing:
				return
			case <-time.After(10 * time.Millisecond):
				kill()
			}
		}
	})
	if err := <-cause; !errors.Is(err, service.ErrClosed) {
		t.Error(err)
	}
	close(closing)
	killer.Wait()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
