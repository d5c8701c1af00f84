// Package chat is a small chat over siohub: a page for browsers, and the
// application service behind it, written with the Go kit. The same service is in
// ../chat-node and ../chat-python with the kits of these languages, and in
// ../bare-node and ../bare-python on the bare contract.
//
// Browsers are connected to the hub, not to this process. So it keeps nothing:
// who is there is asked of the hub, and a restart is noticed by nobody but the
// messages that wait for it.
//
//	browser                      service
//	auth {name}              ──►  accept into the room `lobby`, or deny
//	message {id, text}       ──►  to the others: message {id, from, time, text}; ack {}
//	image {id, …}, bytes     ──►  to the others: image {id, from, time, …}, bytes; ack {}
//	typing                   ──►  to the others: typing, name (may be dropped)
//	alive                    ──►  ack: the service is there
//	                         ◄──  people, [name, …] whenever somebody comes or goes
//
// An ack with `error` says why a message was not accepted. The id is the
// sender's: deliveries arrive at least once, so whoever reads drops a repetition.
package chat

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/siohub/siohub/service"
)

const (
	longestName  = 24
	longestText  = 2000
	largestImage = 900_000
)

var (
	reserved   = []string{"admin", "root", "system"}
	imageTypes = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}
)

// Head is what every message has.
type Head struct {
	ID   string    `json:"id"`
	From string    `json:"from"`
	Time time.Time `json:"time"`
}

// Message is something that somebody wrote.
type Message struct {
	Head
	Text string `json:"text"`
}

// Image describes a picture; its bytes are an argument of their own.
type Image struct {
	Head
	Type   string `json:"type"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// Run attaches the chat service to the hub at hubAddr (its control listener) and
// serves until ctx ends.
func Run(ctx context.Context, hubAddr string, logger *slog.Logger) error {
	return New(service.Options{Hub: hubAddr, Logger: logger}).Run(ctx)
}

// New returns the chat service, not yet running.
func New(options service.Options) *service.Service {
	svc := service.New("chat", options)
	chat := svc.Namespace("/chat")
	people := presence{lobby: chat.To("lobby")}

	chat.OnConnect(enter)
	chat.OnConnected(func(ctx context.Context, _ *service.Connected) error { return people.tell(ctx) })
	chat.OnDisconnect(func(ctx context.Context, _ *service.Disconnect) error { return people.tell(ctx) })
	chat.On("message", message)
	chat.On("image", image)
	chat.On("typing", typing, service.AtMostOnce())
	chat.On("alive", func(_ context.Context, e *service.Event) error { return e.Reply() })
	return svc
}

// enter decides who gets in.
func enter(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
	var auth struct{ Name string }
	if err := c.BindAuth(&auth); err != nil {
		return service.Accept{}, refuse("Your name has to be a text.")
	}
	name := strings.Join(strings.Fields(auth.Name), " ")
	switch {
	case name == "":
		return service.Accept{}, refuse("Please tell us your name.")
	case utf8.RuneCountInString(name) > longestName:
		return service.Accept{}, refuse(fmt.Sprintf("Please choose a name of at most %d letters.", longestName))
	case slices.Contains(reserved, strings.ToLower(name)):
		return service.Accept{}, refuse(fmt.Sprintf("The name “%s” is reserved. Please choose another one.", name))
	}
	// auth is kept for ../chat-node, whose middleware reads it where a socket moves to.
	return service.Accept{User: name, Rooms: []string{"lobby"}, KeepAuth: true}, nil
}

func refuse(why string) error { return service.Deny(why, map[string]string{"field": "name"}) }

// message passes a text on to the others. The ack comes after it was sent.
func message(ctx context.Context, e *service.Event) error {
	var m Message
	if err := e.Bind(&m); err != nil || m.ID == "" || strings.TrimSpace(m.Text) == "" {
		return reject(e, "There is nothing to read in it.")
	}
	if utf8.RuneCountInString(m.Text) > longestText {
		return reject(e, fmt.Sprintf("It is longer than %d letters.", longestText))
	}
	m.From, m.Time = e.Socket.User(), e.ReceiveTime().UTC()
	if err := e.Socket.To("lobby").Emit(ctx, "message", m); err != nil {
		return service.Retry(err)
	}
	return e.Reply(struct{}{})
}

// image passes a picture on to the others: binary in, binary out.
func image(ctx context.Context, e *service.Event) error {
	var m Image
	var bytes []byte
	if err := e.Bind(&m, &bytes); err != nil || m.ID == "" || !slices.Contains(imageTypes, m.Type) {
		return reject(e, "It is no picture that browsers show.")
	}
	if len(bytes) == 0 || len(bytes) > largestImage {
		return reject(e, "The picture is empty or too large.")
	}
	m.From, m.Time = e.Socket.User(), e.ReceiveTime().UTC()
	if err := e.Socket.To("lobby").Emit(ctx, "image", m, bytes); err != nil {
		return service.Retry(err)
	}
	return e.Reply(struct{}{})
}

func reject(e *service.Event, why string) error { return e.Reply(map[string]string{"error": why}) }

// typing is worth nothing a moment later: whoever cannot take it now, misses it.
func typing(ctx context.Context, e *service.Event) error {
	return e.Socket.To("lobby").Volatile().Emit(ctx, "typing", e.Socket.User())
}

// presence tells everybody who is there.
type presence struct {
	lobby service.Target
	mu    sync.Mutex // held over fetch and emit, so that an older list never comes last
}

func (p *presence) tell(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	sockets, err := p.lobby.FetchSockets(ctx)
	if err != nil {
		return service.Retry(err)
	}
	names := make([]string, 0, len(sockets))
	for _, s := range sockets {
		names = append(names, s.Socket.User())
	}
	return p.lobby.Emit(ctx, "people", names)
}
