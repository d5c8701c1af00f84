package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/service/servicetest/scenarios"
)

func TestScenarios_RealHub(t *testing.T) {
	scenarios.RunAll(t, func(t *testing.T) scenarios.World {
		return &world{hub: newRealHub(t, controlplane.Config{})}
	})
}

// world is one with the real hub.
type world struct{ hub *realHub }

func (w *world) Options() service.Options { return service.Options{Hub: w.hub.address} }

func (w *world) Run(t *testing.T, svc *service.Service) { w.hub.run(t, svc) }

func (w *world) Several() {}

func (w *world) Cut(*testing.T) { w.hub.listener.cut() }

// Restart takes the address away from the hub, which is then as good as dead.
func (w *world) Restart(t *testing.T) {
	w.hub.listener.Close()
	w.hub.listener.cut()
	w.hub = newRealHubAt(t, controlplane.Config{}, w.hub.address)
}

func (w *world) Connect(t *testing.T, namespace, auth string) (scenarios.Browser, error) {
	frames := w.hub.browsers.Frames("EIO=4&transport=websocket")
	b := &socketIO{
		frames: frames, prefix: namespace + ",", events: make(chan string, 1000), gone: make(chan struct{}),
		acks: map[int]chan string{}, connected: make(chan string, 1),
	}
	if namespace == "/" {
		b.prefix = ""
	}
	var reading sync.WaitGroup
	reading.Go(b.read)
	t.Cleanup(func() {
		frames.Cut()
		reading.Wait()
	})
	b.write("40" + b.prefix + auth)
	select {
	case answer := <-b.connected:
		return b, b.entered(answer)
	case <-time.After(scenarios.Patience):
		return nil, errors.New("no decision")
	}
}

// socketIO is just enough of a client.
type socketIO struct {
	frames    *hubtest.Frames
	prefix    string // of packets in its namespace
	id        string
	events    chan string
	connected chan string
	gone      chan struct{}

	mu   sync.Mutex // guards the fields below
	last int
	acks map[int]chan string
}

func (b *socketIO) write(packet string) { _ = b.frames.Write(packet) } // fails when it is gone

func (b *socketIO) entered(answer string) error {
	var body struct{ Sid, Message string }
	if err := json.Unmarshal([]byte(answer[1:]), &body); err != nil {
		return err
	}
	if answer[0] == '4' {
		return errors.New(body.Message)
	}
	b.id = body.Sid
	return nil
}

// read ends with the connection.
func (b *socketIO) read() {
	defer close(b.gone)
	for {
		p, err := b.frames.Read()
		if err != nil {
			return
		}
		switch {
		case p == "2":
			b.write("3")
		case len(p) > 2 && p[0] == '4':
			b.packet(p[1], strings.TrimPrefix(p[2:], b.prefix))
		}
	}
}

func (b *socketIO) packet(kind byte, body string) {
	id, args, _ := strings.Cut(body, "[")
	switch kind {
	case '0', '4':
		b.connected <- string(kind) + body
	case '2':
		name, rest, _ := strings.Cut(strings.TrimSuffix(args, "]"), ",")
		b.events <- strings.Trim(name, `"`) + " [" + rest + "]"
	case '3':
		var n int
		_, _ = fmt.Sscan(id, &n)
		b.mu.Lock()
		ack := b.acks[n]
		b.mu.Unlock()
		ack <- "[" + args
	}
}

func (b *socketIO) ID() string { return b.id }

func (b *socketIO) Emit(event, args string) { b.write("42" + b.prefix + call(event, args)) }

func call(event, args string) string {
	if args == "[]" {
		return fmt.Sprintf("[%q]", event)
	}
	return fmt.Sprintf("[%q,%s", event, args[1:])
}

func (b *socketIO) Call(ctx context.Context, event, args string) (string, error) {
	b.mu.Lock()
	b.last++
	ack, n := make(chan string, 1), b.last
	b.acks[n] = ack
	b.mu.Unlock()
	b.write(fmt.Sprintf("42%s%d%s", b.prefix, n, call(event, args)))
	select {
	case got := <-ack:
		return got, nil
	case <-b.gone:
		return "", net.ErrClosed
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (b *socketIO) Next(ctx context.Context) (string, error) {
	select {
	case event := <-b.events:
		return event, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (b *socketIO) Leave() { b.write("41" + b.prefix) }

func (b *socketIO) Gone(ctx context.Context) error {
	select {
	case <-b.gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
