package mirror

import (
	"context"

	"github.com/siohub/siohub/service"
)

// Register sets the handlers of a namespace. gone is told of sockets that have left, unless it is nil.
func Register(n *service.Namespace, gone func(socketID string)) {
	n.OnConnect(func(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		var auth struct {
			Token string
			User  string
			Rooms []string
			Quiet bool
		}
		if err := c.BindAuth(&auth); err != nil {
			return service.Accept{}, err
		}
		if auth.User == "" { // clients 1 and 2 have no auth for the main namespace
			auth.User = c.Handshake.Query().Get("user")
		}
		if auth.Token == "wrong" {
			return service.Accept{}, service.Deny("that is not the word", map[string]any{"code": "WRONG", "tries": 3})
		}
		if auth.Token == "mute" {
			return service.Accept{}, service.Deny("that is not the word", nil)
		}
		if !auth.Quiet {
			c.Emit("welcome", auth.User, c.Handshake.Transport())
		}
		return service.Accept{User: auth.User, Rooms: auth.Rooms}, nil
	})
	n.OnDisconnect(func(ctx context.Context, d *service.Disconnect) error {
		if gone != nil {
			gone(d.Socket.ID())
		}
		return n.To("watchers").Emit(ctx, "gone", d.Socket.ID(), d.Reason, d.CloseCode)
	})
	n.On("echo", func(_ context.Context, e *service.Event) error { return e.Reply(e.Payload()) })
	n.On("say", func(ctx context.Context, e *service.Event) error {
		return e.Socket.Emit(ctx, "said", e.Payload())
	})
	// show tells what is seen of the arguments here.
	n.On("show", func(_ context.Context, e *service.Event) error { return e.Reply(string(e.Args), len(e.Attachments)) })
	n.On("give", func(_ context.Context, e *service.Event) error {
		var text string
		if err := e.Bind(&text); err != nil {
			return err
		}
		return e.Reply(service.Payload{Args: []byte(text)})
	})
	n.On("ask", func(ctx context.Context, e *service.Event) error {
		ack, err := e.Socket.EmitWithAck(ctx, "question", e.Payload())
		if err != nil {
			return err
		}
		return e.Reply(ack.Payload())
	})
	registerRooms(n)
}

func registerRooms(n *service.Namespace) {
	n.On("cast:*", func(ctx context.Context, e *service.Event) error { // anything, to the room of that name
		return n.To(e.Name).Emit(ctx, "cast", e.Payload())
	})
	n.On("join", func(ctx context.Context, e *service.Event) error {
		return withRoom(e, func(room string) error { return e.Socket.Join(ctx, room) })
	})
	n.On("leave", func(ctx context.Context, e *service.Event) error {
		return withRoom(e, func(room string) error { return e.Socket.Leave(ctx, room) })
	})
	n.On("tell", func(ctx context.Context, e *service.Event) error { // room, exception, word
		var room, except, word string
		if err := e.Bind(&room, &except, &word); err != nil {
			return err
		}
		target := n.To(room)
		if except != "" {
			target = target.Except(except)
		}
		result, err := target.EmitResult(ctx, "told", word)
		if err != nil {
			return err
		}
		return e.Reply(result.Matched)
	})
	n.On("poll", func(ctx context.Context, e *service.Event) error { // room, question
		var room, question string
		if err := e.Bind(&room, &question); err != nil {
			return err
		}
		acks, err := n.To(room).EmitWithAck(ctx, "question", question)
		if err != nil {
			return err
		}
		answers := map[string]any{}
		for _, ack := range acks.Acks {
			answers[ack.SocketID] = ack.Args
		}
		return e.Reply(acks.Expected, answers)
	})
	n.On("kick", func(ctx context.Context, e *service.Event) error { return e.Socket.Disconnect(ctx) })
}

func withRoom(e *service.Event, act func(room string) error) error {
	var room string
	if err := e.Bind(&room); err != nil {
		return err
	}
	if err := act(room); err != nil {
		return err
	}
	return e.Reply(room)
}
