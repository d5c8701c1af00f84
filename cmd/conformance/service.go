package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/siohub/siohub/service"
)

// newService is the application that the Socket.IO suite talks to:
//
//	/        on connect emits `auth` with the handshake's auth;
//	         `message` comes back as `message-back`, `message-with-ack` as its ack
//	/custom  on connect emits `auth`
//
// Arguments go back as the bytes that came.
func newService(hubAddr string, log *slog.Logger) *service.Service {
	svc := service.New("conformance", service.Options{Hub: hubAddr, Logger: log})
	kept := &auths{of: map[string]json.RawMessage{}}
	svc.Namespace("/").
		OnConnect(kept.greet).
		OnConnected(kept.sayAuth).
		On("message", func(ctx context.Context, e *service.Event) error {
			return e.Socket.Emit(ctx, "message-back", e.Payload())
		}).
		On("message-with-ack", func(_ context.Context, e *service.Event) error {
			return e.Reply(e.Payload())
		})
	svc.Namespace("/custom").OnConnect(kept.greet).OnConnected(kept.sayAuth)
	return svc
}

// auths keeps what browsers sent as auth until they are in, at most keepFor. It would
// not always fit into socket.data.
type auths struct {
	mu sync.Mutex // guards the field below
	of map[string]json.RawMessage
}

// keepFor is how long an auth is kept for a browser that was let in.
const keepFor = 10 * time.Second

// greet lets everybody in and keeps what the browser sent as auth.
func (a *auths) greet(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
	auth := c.Auth
	if len(auth) == 0 {
		auth = json.RawMessage(`{}`)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.of[c.SocketID] = auth
	time.AfterFunc(keepFor, func() { a.take(c.SocketID) }) // a browser that left meanwhile
	return service.Accept{}, nil
}

// take gives out what is kept of a socket, once.
func (a *auths) take(socketID string) json.RawMessage {
	a.mu.Lock()
	defer a.mu.Unlock()
	auth := a.of[socketID]
	delete(a.of, socketID)
	return auth
}

// pause is the time between CONNECT and auth. The suites wait for one message and then, anew, for the
// next; with the WebSocket client they use, two that are read together are one lost.
const pause = 25 * time.Millisecond

// sayAuth tells the browser what it sent as auth.
func (a *auths) sayAuth(ctx context.Context, c *service.Connected) error {
	auth := a.take(c.Socket.ID())
	if auth == nil {
		return nil // said on an earlier try, or kept too long
	}
	select {
	case <-time.After(pause):
	case <-ctx.Done():
		return ctx.Err()
	}
	return c.Socket.Emit(ctx, "auth", auth)
}

// logger is silent but for errors, unless the program was asked to talk.
func logger(s settings, w io.Writer) *slog.Logger {
	level := slog.LevelError
	if s.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}
