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
	"github.com/siohub/siohub/hub"
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
type world struct {
	hub      *realHub
	recovers bool
}

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

// Recover begins another hub, whose browsers can come back.
func (w *world) Recover(t *testing.T) {
	w.hub = newRealHubWith(t, controlplane.Config{}, hub.Config{Recovery: hub.Recovery{Enabled: true}}, "127.0.0.1:0")
	w.recovers = true
}

func (w *world) Connect(t *testing.T, namespace, auth string) (scenarios.Browser, error) {
	return w.connect(t, namespace, auth)
}

func (w *world) connect(t *testing.T, namespace, auth string) (*socketIO, error) {
	frames := w.hub.browsers.Frames("EIO=4&transport=websocket")
	b := &socketIO{
		world: w, namespace: namespace, frames: frames, prefix: namespace + ",", events: make(chan string, 1000), gone: make(chan struct{}),
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
	world     *world
	namespace string
	frames    *hubtest.Frames
	prefix    string // of packets in its namespace
	id, pid   string
	recovered bool
	events    chan string
	connected chan string
	gone      chan struct{}

	mu   sync.Mutex // guards the fields below
	last int
	acks map[int]chan string
	// offset is the last argument of the event that came last.
	offset string
}

func (b *socketIO) write(packet string) { _ = b.frames.Write(packet) } // fails when it is gone

func (b *socketIO) entered(answer string) error {
	var body struct{ Sid, PID, Message string }
	if err := json.Unmarshal([]byte(answer[1:]), &body); err != nil {
		return err
	}
	if answer[0] == '4' {
		return errors.New(body.Message)
	}
	b.id, b.pid = body.Sid, body.PID
	return nil
}

func (b *socketIO) Lose() {
	b.frames.Cut()
	<-b.gone
}

// Return does as the client does: its private id and its offset are in its auth.
func (b *socketIO) Return(t *testing.T, auth string) (scenarios.Browser, error) {
	b.mu.Lock()
	said := fmt.Sprintf(`{"pid":%q,"offset":%q,`, b.pid, b.offset)
	if b.offset == "" {
		said = fmt.Sprintf(`{"pid":%q,`, b.pid)
	}
	b.mu.Unlock()
	again, err := b.world.connect(t, b.namespace, said+strings.TrimPrefix(auth, "{"))
	if err != nil {
		return nil, err
	}
	again.recovered = again.pid == b.pid
	return again, nil
}

func (b *socketIO) Recovered() bool { return b.recovered }

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
		if b.world.recovers {
			rest = b.handled(rest)
		}
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

// handled takes the offset from behind the arguments of an event.
func (b *socketIO) handled(args string) (rest string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := strings.LastIndex(strings.TrimSuffix(args, `"`), `"`)
	b.offset = strings.Trim(args[at:], `"`)
	return strings.TrimSuffix(args[:at], ",")
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
