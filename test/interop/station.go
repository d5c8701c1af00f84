package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/test/machine"
	"github.com/siohub/siohub/test/mirror"
)

// The heartbeat is short, so that it matters in a rest that is longer than a client or a hub would wait for it.
const (
	pingInterval = 300 * time.Millisecond
	pingTimeout  = 5 * time.Second
	rest         = pingInterval + pingTimeout + 300*time.Millisecond
)

// station is a hub with some settings and the service behind it.
type station struct {
	hub  *exec.Cmd
	said *bytes.Buffer // complete when the hub has ended
	read chan struct{} // closed then

	secure   bool            // browsers come by TLS
	browsers string          // host:port
	ctx      context.Context // ends when the service is to leave
	leave    context.CancelFunc
	left     chan error

	cuts sync.WaitGroup

	mu    sync.Mutex               // guards the fields below
	wires map[string]*wire         // by the name of their client
	gone  map[string]chan struct{} // by the id of a socket; closed when the hub has noticed that it has left
}

// startStation starts a hub and the service. It ends with stop.
func startStation(ctx context.Context, program string, cert *certificate, settings []string) (*station, error) {
	s := &station{wires: map[string]*wire{}, gone: map[string]chan struct{}{}, said: &bytes.Buffer{}, read: make(chan struct{})}
	flags := []string{
		"serve", "--listen=127.0.0.1:0", "--control-listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--start-grace=0",
		"--client-dir=" + inRoot("node_modules/socket.io-client/dist"), fmt.Sprint("--ping-interval=", pingInterval), fmt.Sprint("--ping-timeout=", pingTimeout),
	}
	for _, setting := range settings {
		flags = append(flags, flagOf(setting))
		if strings.HasPrefix(setting, "listen_tls: ") {
			s.secure = true
			flags = append(flags, "--tls-cert="+cert.cert, "--tls-key="+cert.key)
		}
	}
	s.hub = exec.Command(program, flags...)
	s.hub.Env = append(machine.Environment(), "GORACE=halt_on_error=1")
	services, err := s.launch()
	if err != nil {
		return nil, err
	}
	if err := s.attach(ctx, services); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// flagOf is a line of a configuration file as a flag.
func flagOf(setting string) string {
	key, value, _ := strings.Cut(setting, ": ")
	return "--" + strings.NewReplacer(".", "-", "_", "-").Replace(key) + "=" + value
}

// launch starts the hub, and returns where services dial it.
func (s *station) launch() (services string, err error) {
	output, input, err := os.Pipe()
	if err != nil {
		return "", err
	}
	s.hub.Stdout, s.hub.Stderr = input, input
	err = s.hub.Start()
	input.Close()
	if err != nil {
		output.Close()
		return "", err
	}
	ready := make(chan map[string]string, 1)
	go s.listen(output, ready)
	select {
	case places := <-ready:
		browsers := places["browsers"]
		if s.secure {
			browsers = places["browsers_tls"]
		}
		at, err := url.Parse(browsers)
		if err != nil {
			return "", err
		}
		s.browsers = at.Host
		return places["services"], nil
	case <-s.read:
		return "", fmt.Errorf("the hub ended: %w\n%s", s.hub.Wait(), s.said)
	}
}

// listen reads what the hub says, until it ends. In the line that says that it is ready are its places.
func (s *station) listen(output io.ReadCloser, ready chan<- map[string]string) {
	defer close(s.read)
	defer output.Close()
	for lines := bufio.NewScanner(output); lines.Scan(); {
		s.said.WriteString(lines.Text() + "\n")
		if !strings.HasPrefix(lines.Text(), "hub ready ") {
			continue
		}
		places := map[string]string{}
		for _, word := range strings.Fields(lines.Text()) {
			name, place, _ := strings.Cut(word, "=")
			places[name] = place
		}
		ready <- places
	}
}

// attach starts the service, and waits until the hub knows it.
func (s *station) attach(ctx context.Context, hub string) error {
	attached := make(chan struct{}, 1)
	svc := service.New("interop", service.Options{Hub: hub, Logger: slog.New(slog.DiscardHandler), Trace: &service.Trace{Attached: func(string) {
		select {
		case attached <- struct{}{}:
		default:
		}
	}}})
	for _, name := range []string{"/", "/mirror"} {
		n := svc.Namespace(name)
		mirror.Register(n, s.hasLeft)
		n.On("rest", func(ctx context.Context, e *service.Event) error { return pause(ctx, e) })
		n.On("cut", func(_ context.Context, e *service.Event) error { return s.cut(n, e) })
	}
	s.ctx, s.leave = context.WithCancel(ctx)
	s.left = make(chan error, 1)
	go func() { s.left <- svc.Run(s.ctx) }()
	select {
	case <-attached:
		return nil
	case err := <-s.left:
		s.left <- err
		return err
	}
}

// pause answers an event when nobody would be there any more without a heartbeat.
func pause(ctx context.Context, e *service.Event) error {
	select {
	case <-time.After(rest):
		return e.Reply("rested")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// cut breaks the wire of the socket that asks for it and says something to the socket and to its room while they are
// away. It mends the wire when the hub knows that they are: by polling a client could go on without having noticed.
func (s *station) cut(n *service.Namespace, e *service.Event) error {
	var room string
	if err := e.Bind(&room); err != nil {
		return err
	}
	id, gone := e.Socket.ID(), make(chan struct{})
	s.mu.Lock()
	wire := s.wires[e.Socket.User()]
	s.gone[id] = gone
	s.mu.Unlock()
	if wire == nil {
		return fmt.Errorf("nobody is called %q", e.Socket.User())
	}
	s.cuts.Go(func() { // the hub's word comes after this event is settled
		wire.cut()
		defer wire.mend()
		_ = n.Sockets(id).Emit(s.ctx, "missed", 1, []byte{1}) // without recovery there is nobody any more
		_ = n.To(room).Emit(s.ctx, "missed", 2, []byte{2})
		select {
		case <-gone:
		case <-s.ctx.Done():
		}
		_ = n.To(room).Emit(s.ctx, "missed", 3, []byte{3})
	})
	return nil
}

// hasLeft is told when the hub has noticed that a socket is not there any more.
func (s *station) hasLeft(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if gone := s.gone[id]; gone != nil {
		close(gone)
		delete(s.gone, id)
	}
}

// enter puts a wire under the name by which its client is known to the service.
func (s *station) enter(user string, wire *wire) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wires[user] = wire
}

// stop ends service and hub, and returns what they said.
func (s *station) stop() string {
	var farewell error
	if s.leave != nil {
		s.leave()
		farewell = <-s.left
		s.cuts.Wait()
	}
	_ = s.hub.Process.Kill() // it may have ended
	<-s.read
	_ = s.hub.Wait() // that it was killed is known
	return fmt.Sprintf("%sservice: %v\n", s.said, farewell)
}
