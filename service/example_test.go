package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"testing"
	"time"

	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/service/servicetest"
)

// play runs a service against a hub in memory, for examples whose output is
// checked. A program calls Run or RunUntilSignal instead.
func play(svc *service.Service) (hub *servicetest.Hub, end func()) {
	t := &exampleT{}
	hub = servicetest.New(t, svc)
	return hub, func() {
		for _, f := range t.cleanups {
			f()
		}
	}
}

// exampleT is a testing.TB for examples, which have none.
type exampleT struct {
	testing.TB
	cleanups []func()
}

func (t *exampleT) Helper()                           {}
func (t *exampleT) Failed() bool                      { return false }
func (t *exampleT) Cleanup(f func())                  { t.cleanups = append(t.cleanups, f) }
func (t *exampleT) Errorf(format string, args ...any) { log.Panicf(format, args...) }
func (t *exampleT) Fatalf(format string, args ...any) { log.Panicf(format, args...) }

// A whole service: who gets in, and what happens to messages.
func Example() {
	svc := service.New("chat", service.Options{Hub: "127.0.0.1:7420"})
	chat := svc.Namespace("/chat")
	chat.OnConnect(func(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		var auth struct{ Name string }
		if err := c.BindAuth(&auth); err != nil || auth.Name == "" {
			return service.Accept{}, service.Deny("who are you?", nil)
		}
		return service.Accept{User: auth.Name, Rooms: []string{"lobby"}}, nil
	})
	chat.On("message", func(ctx context.Context, e *service.Event) error {
		var text string
		if err := e.Bind(&text); err != nil {
			return err
		}
		if err := e.Socket.To("lobby").Emit(ctx, "message", e.Socket.User(), text); err != nil {
			return err
		}
		return e.Reply("delivered")
	})

	hub, end := play(svc) // or: err := svc.RunUntilSignal(context.Background())
	defer end()
	alice, _ := hub.Connect("/chat", servicetest.Auth(map[string]string{"name": "alice"}))
	bob, _ := hub.Connect("/chat", servicetest.Auth(map[string]string{"name": "bob"}))
	ack, _ := alice.EmitWithAck(context.Background(), "message", "hello")
	fmt.Println("alice's callback:", string(ack.Args))
	fmt.Println("bob receives:", bob.Expect("message"))
	// Output:
	// alice's callback: ["delivered"]
	// bob receives: message ["alice","hello"]
}

func ExampleService_RunUntilSignal() {
	svc := service.New("chat", service.Options{
		Hub:     "127.0.0.1:7420",
		Version: "1.4.2",
	})
	svc.Namespace("/chat").AllowAnyone()
	if err := svc.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func ExampleService_Run() {
	svc := service.New("chat", service.Options{})
	svc.Namespace("/chat").On("message", func(context.Context, *service.Event) error { return nil })
	// It was forgotten to say who gets in.
	err := svc.Run(context.Background())
	var config *service.ConfigError
	fmt.Println(errors.As(err, &config), config.Field)
	// Output: true namespace "/chat"
}

func ExampleService_Close() {
	svc := service.New("chat", service.Options{})
	svc.Namespace("/chat").AllowAnyone()
	go func() { _ = svc.Run(context.Background()) }()

	// Later: let handlers in flight finish, but not for ever.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := svc.Close(ctx); err != nil {
		log.Print("some handlers were cut off: ", err)
	}
}

func ExampleNamespace_OnConnect() {
	svc := service.New("shop", service.Options{})
	svc.Namespace("/").OnConnect(func(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		cookie, err := c.Handshake.Cookie("session")
		if err != nil {
			return service.Accept{}, service.Deny("please log in", map[string]string{"code": "NO_SESSION"})
		}
		c.Emit("welcome", "back") // the first that this browser receives
		return service.Accept{User: "user-of-" + cookie.Value}, nil
	})

	hub, end := play(svc)
	defer end()
	_, err := hub.Connect("/")
	fmt.Println(err)
	alice, _ := hub.Connect("/", servicetest.Header("Cookie", "session=7"))
	fmt.Println(alice.User(), alice.Received())
	// Output:
	// servicetest: connect_error: please log in
	// user-of-7 [welcome ["back"]]
}

func ExampleNamespace_OnDisconnect() {
	svc := service.New("presence", service.Options{})
	lobby := svc.Namespace("/lobby").AllowAnyone()
	lobby.OnConnected(func(ctx context.Context, c *service.Connected) error {
		return c.Socket.Broadcast().Emit(ctx, "came")
	})
	lobby.OnDisconnect(func(ctx context.Context, d *service.Disconnect) error {
		return lobby.Emit(ctx, "left", d.Reason, d.CloseCode)
	})

	hub, end := play(svc)
	defer end()
	alice, _ := hub.Connect("/lobby")
	hub.Wait()
	bob, _ := hub.Connect("/lobby")
	hub.Wait()
	bob.Lose("transport close", 1001) // the tab was closed
	fmt.Println(alice.Expect("came"))
	fmt.Println(alice.Expect("left"))
	// Output:
	// came []
	// left ["transport close",1001]
}

func ExampleNamespace_On() {
	svc := service.New("jobs", service.Options{})
	svc.Namespace("/org/*").AllowAnyone().
		On("job:*", func(_ context.Context, e *service.Event) error { // every event that starts so
			return e.Reply(e.Name, e.Socket.Namespace())
		})

	hub, end := play(svc)
	defer end()
	c, _ := hub.Connect("/org/7")
	ack, _ := c.EmitWithAck(context.Background(), "job:start")
	fmt.Println(string(ack.Args))
	// Output: ["job:start","/org/7"]
}

func ExampleConcurrent() {
	svc := service.New("files", service.Options{})
	files := svc.Namespace("/files").AllowAnyone()
	// Uploads of one browser may overlap: each takes long and none minds the others.
	files.On("upload", func(context.Context, *service.Event) error { return nil }, service.Concurrent())
	// A mouse position that got lost is not worth repeating.
	files.On("move", func(context.Context, *service.Event) error { return nil }, service.AtMostOnce())
}

func ExampleEvent_Bind() {
	svc := service.New("files", service.Options{})
	svc.Namespace("/").AllowAnyone().On("upload", func(_ context.Context, e *service.Event) error {
		var file struct {
			Name string
			Body []byte // a binary argument, wherever it stands
		}
		var note *string         // stays nil when the browser leaves it out
		var meta json.RawMessage // byte for byte what the browser sent
		if err := e.Bind(&file, &note, &meta); err != nil {
			return err
		}
		return e.Reply(file.Name, len(file.Body), note == nil, meta)
	})

	hub, end := play(svc)
	defer end()
	c, _ := hub.Connect("/")
	ack, _ := c.EmitWithAck(context.Background(), "upload",
		map[string]any{"name": "a.png", "body": []byte{1, 2, 3}}, nil, json.RawMessage(`{"id":9007199254740993}`))
	fmt.Println(string(ack.Args))
	// Output: ["a.png",3,true,{"id":9007199254740993}]
}

func ExampleEvent_Reply() {
	svc := service.New("echo", service.Options{})
	svc.Namespace("/").AllowAnyone().On("echo", func(_ context.Context, e *service.Event) error {
		return e.Reply(e.Payload()) // all arguments, binaries included, unseen
	})

	hub, end := play(svc)
	defer end()
	c, _ := hub.Connect("/")
	ack, _ := c.EmitWithAck(context.Background(), "echo", 1, []byte("two"), "three")
	fmt.Println(string(ack.Args), len(ack.Attachments))
	// Output: [1,{"_placeholder":true,"num":0},"three"] 1
}

func ExampleTarget_Emit() {
	svc := service.New("news", service.Options{})
	news := svc.Namespace("/news").OnConnect(func(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		var auth struct {
			User  string
			Rooms []string
		}
		err := c.BindAuth(&auth)
		return service.Accept{User: auth.User, Rooms: auth.Rooms}, err
	})

	hub, end := play(svc)
	defer end()
	alice, _ := hub.Connect("/news", servicetest.Auth(map[string]any{"user": "alice", "rooms": []string{"sports"}}))
	bob, _ := hub.Connect("/news", servicetest.Auth(map[string]any{"user": "bob", "rooms": []string{"sports", "muted"}}))

	ctx := context.Background() // outside of a handler: an HTTP handler, a ticker
	_ = news.To("sports").Except("muted").Emit(ctx, "goal", 1)
	_ = news.Users("bob").Volatile().Emit(ctx, "hint", "turn the sound on")
	result, err := news.All().EmitResult(ctx, "end")
	fmt.Println(result.Matched, err)
	fmt.Println(alice.Received(), bob.Received())
	// Output:
	// 2 <nil>
	// [goal [1] end []] [hint ["turn the sound on"] end []]
}

func ExampleTarget_EmitWithAck() {
	svc := service.New("vote", service.Options{})
	vote := svc.Namespace("/vote").AllowAnyone()

	hub, end := play(svc)
	defer end()
	for _, opinion := range []string{"yes", "no"} {
		c, _ := hub.Connect("/vote")
		c.Answer("vote", opinion)
	}
	_, _ = hub.Connect("/vote") // says nothing

	acks, err := vote.All().Timeout(50*time.Millisecond).EmitWithAck(context.Background(), "vote", "lunch now?")
	fmt.Println(acks.Acked, "of", acks.Expected, errors.Is(err, service.ErrAckTimeout))
	// Output: 2 of 3 true
}

func ExampleTarget_EmitEachAck() {
	svc := service.New("probe", service.Options{})
	probe := svc.Namespace("/probe").AllowAnyone()

	hub, end := play(svc)
	defer end()
	for n := range 3 {
		c, _ := hub.Connect("/probe")
		c.Answer("load", n)
	}
	sum := 0
	for ack, err := range probe.All().EmitEachAck(context.Background(), "load") {
		if err != nil {
			log.Print(err)
			break
		}
		var load int
		if err := ack.Bind(&load); err == nil {
			sum += load
		}
	}
	fmt.Println(sum)
	// Output: 3
}

func ExampleSocket_EmitWithAck() {
	svc := service.New("shop", service.Options{})
	svc.Namespace("/").AllowAnyone().On("buy", func(ctx context.Context, e *service.Event) error {
		ack, err := e.Socket.EmitWithAck(ctx, "sure?") // the browser is asked in the middle of its event
		if err != nil {
			return err
		}
		var sure bool
		if err := ack.Bind(&sure); err != nil {
			return err
		}
		return e.Reply(sure)
	})

	hub, end := play(svc)
	defer end()
	c, _ := hub.Connect("/")
	c.Answer("sure?", true)
	ack, _ := c.EmitWithAck(context.Background(), "buy")
	fmt.Println(string(ack.Args))
	// Output: [true]
}

func ExampleSocket_Join() {
	svc := service.New("rooms", service.Options{})
	svc.Namespace("/").AllowAnyone().On("join", func(ctx context.Context, e *service.Event) error {
		var room string
		if err := e.Bind(&room); err != nil {
			return err
		}
		if err := e.Socket.Join(ctx, room); err != nil {
			return err
		}
		return e.Socket.To(room).Emit(ctx, "joined") // to the others in it
	})

	hub, end := play(svc)
	defer end()
	c, _ := hub.Connect("/")
	c.Emit("join", "r1")
	hub.Wait()
	fmt.Println(c.Rooms())
	// Output: [r1]
}

func ExampleSocket_CompareAndSetData() {
	svc := service.New("count", service.Options{})
	svc.Namespace("/").AllowAnyone().On("count", func(ctx context.Context, e *service.Event) error {
		var n int
		if err := e.Socket.BindData(&n); err != nil {
			return err
		}
		if err := e.Socket.CompareAndSetData(ctx, n+1); err != nil {
			return service.Retry(err) // somebody else was faster
		}
		return e.Reply(n + 1)
	})

	hub, end := play(svc)
	defer end()
	c, _ := hub.Connect("/")
	_, _ = c.EmitWithAck(context.Background(), "count")
	ack, _ := c.EmitWithAck(context.Background(), "count")
	fmt.Println(string(ack.Args), c.Data())
	// Output: [2] 2
}

func ExampleTarget_FetchSockets() {
	svc := service.New("admin", service.Options{})
	lobby := svc.Namespace("/lobby").AllowAnyone()

	hub, end := play(svc)
	defer end()
	_, _ = hub.Connect("/lobby", servicetest.RemoteAddress("203.0.113.7"))
	ctx := context.Background()
	sockets, err := lobby.All().FetchSockets(ctx)
	if err != nil {
		log.Print(err)
		return
	}
	for _, s := range sockets {
		fmt.Println(s.Handshake.RemoteAddress(), s.Transport)
		_ = s.Socket.Disconnect(ctx)
	}
	n, _ := lobby.All().CountSockets(ctx)
	fmt.Println(n)
	// Output:
	// 203.0.113.7 websocket
	// 0
}

func ExampleRetry() {
	svc := service.New("orders", service.Options{})
	save := func(try int) error {
		if try < 3 {
			return errors.New("database away")
		}
		return nil
	}
	svc.Namespace("/").AllowAnyone().On("order", func(_ context.Context, e *service.Event) error {
		if err := save(e.Attempt); err != nil {
			return service.RetryAfter(err, 10*time.Millisecond)
		}
		return e.Reply("saved by try", e.Attempt)
	})

	hub, end := play(svc)
	defer end()
	c, _ := hub.Connect("/")
	ack, _ := c.EmitWithAck(context.Background(), "order")
	fmt.Println(string(ack.Args))
	// Output: ["saved by try",3]
}

func ExampleSafeToRetry() {
	svc := service.New("cron", service.Options{CommandTimeout: time.Millisecond})
	// There is no hub: nothing was sent, so that trying again cannot do it twice.
	_, err := svc.To("subscribers").EmitResult(context.Background(), "digest")
	fmt.Println(errors.Is(err, service.ErrUnavailable), service.SafeToRetry(err))
	// Output: true true
}

func ExampleNewPayload() {
	svc := service.New("feed", service.Options{})
	feed := svc.Namespace("/feed").AllowAnyone()
	hub, end := play(svc)
	defer end()
	c, _ := hub.Connect("/feed")

	tick, err := service.NewPayload("EURUSD", 1.08) // encoded once, sent often
	if err != nil {
		log.Print(err)
		return
	}
	for range 2 {
		_ = feed.Emit(context.Background(), "tick", tick)
	}
	fmt.Println(c.Expect("tick"), c.Expect("tick"))
	// Output: tick ["EURUSD",1.08] tick ["EURUSD",1.08]
}
