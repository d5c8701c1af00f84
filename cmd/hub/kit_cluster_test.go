package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/internal/certstest"
	"github.com/siohub/siohub/service"
)

// threeHubs are three hub processes that share a Redis. Each has a loopback address of its own, and all have the same ports, as
// pods have behind a headless service.
type threeHubs struct {
	t     *testing.T
	args  [3][]string // how each is started
	hubs  [3]*process
	at    [3]addresses
	hosts [3]string
	port  string // of control.listen
}

// newThreeHubs starts them. Flags are those of hub i beside the ones that all have.
func newThreeHubs(t *testing.T, flags func(i int, port string) []string) *threeHubs {
	t.Helper()
	h := &threeHubs{t: t, hosts: [3]string{"127.0.0.2", "127.0.0.3", "127.0.0.4"}}
	h.port = commonPort(t, h.hosts[:])
	url := startRedis(t)
	for i, host := range h.hosts {
		h.args[i] = append([]string{
			"serve", "--listen", host + ":0", "--control-listen", net.JoinHostPort(host, h.port), "--admin-listen", "127.0.0.1:0",
			"--cluster-engine", "redis", "--cluster-url", url, "--cluster-expiry", "3s", "--log-level", "info",
		}, flags(i, h.port)...)
		h.start(i)
	}
	return h
}

func (h *threeHubs) start(i int) {
	h.t.Helper()
	h.hubs[i] = start(h.t, h.args[i]...)
	h.at[i] = h.hubs[i].ready()
}

// kill ends a hub without a word.
func (h *threeHubs) kill(i int) {
	_ = h.hubs[i].Process.Kill()
	_ = h.hubs[i].Wait()
}

// commonPort is one that is free at each address. Tests are left out where loopback has but one address.
func commonPort(t *testing.T, hosts []string) string {
	t.Helper()
	for range 20 {
		first, err := net.Listen("tcp", net.JoinHostPort(hosts[0], "0"))
		if err != nil {
			t.Skip("loopback has one address alone here: ", err)
		}
		_, port, _ := net.SplitHostPort(first.Addr().String())
		free := true
		for _, host := range hosts[1:] {
			l, err := net.Listen("tcp", net.JoinHostPort(host, port))
			if free = free && err == nil; err == nil {
				_ = l.Close()
			}
		}
		_ = first.Close()
		if free {
			return port
		}
	}
	t.Fatal("no port is free at all addresses")
	return ""
}

// kitRecord is what one instance of a service was told.
type kitRecord struct {
	svc *service.Service

	mu     sync.Mutex // guards the fields below
	joined map[string]int
	left   map[string][]string // reasons, by socket
}

// runKit runs an instance of the service of /chat.
func runKit(t *testing.T, o service.Options) *kitRecord {
	t.Helper()
	o.Logger, o.Backoff = slog.New(slog.DiscardHandler), service.Backoff{Max: 300 * time.Millisecond}
	k := &kitRecord{svc: service.New("chat", o), joined: map[string]int{}, left: map[string][]string{}}
	chat := k.svc.Namespace("/chat")
	chat.OnConnect(func(context.Context, *service.ConnectAttempt) (service.Accept, error) {
		return service.Accept{Rooms: []string{"all"}}, nil
	})
	chat.OnConnected(func(_ context.Context, c *service.Connected) error {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.joined[c.Socket.ID()]++
		return nil
	})
	chat.OnDisconnect(func(_ context.Context, d *service.Disconnect) error {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.left[d.Socket.ID()] = append(k.left[d.Socket.ID()], d.Reason)
		return nil
	})
	chat.On("echo", func(_ context.Context, e *service.Event) error { return e.Reply("here") })
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- k.svc.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil && ctx.Err() == nil {
				t.Errorf("the service ended: %v", err)
			}
		case <-time.After(patience):
			t.Error("the service does not end")
		}
	})
	return k
}

// attachedTo waits until the instance is attached to so many hubs.
func (k *kitRecord) attachedTo(t *testing.T, n int) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("hubs %+v", k.svc.Hubs())
		}
	}()
	waitFor(t, func() bool {
		attached := map[string]bool{}
		for _, h := range k.svc.Hubs() {
			if h.Attached {
				attached[h.HubID] = true
			}
		}
		return len(attached) == n
	})
}

// gone are the reasons that were told of sockets.
func (k *kitRecord) gone() map[string][]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return maps.Clone(k.left)
}

// join lets a browser in at a hub.
func (h *threeHubs) join(i int) (b *tab, id string) {
	h.t.Helper()
	b = openTab(h.t, h.at[i], `40/chat,`)
	_, rest, _ := strings.Cut(b.reads(`40/chat,{"sid":"`), `"sid":"`)
	id, _, _ = strings.Cut(rest, `"`)
	return b, id
}

// story is what has to work however the kit has found the hubs: two instances of a service, browsers at each hub, a hub that is
// killed and comes back.
func (h *threeHubs) story(options service.Options) {
	t := h.t
	t.Helper()
	kits := []*kitRecord{runKit(t, options), runKit(t, options)}
	for _, k := range kits {
		k.attachedTo(t, 3)
	}
	browsers, at := map[string]*tab{}, map[string]int{}
	for i := range h.hubs {
		for range 2 {
			b, id := h.join(i)
			browsers[id], at[id] = b, i
		}
	}
	if err := kits[0].svc.Namespace("/chat").To("all").Emit(t.Context(), "hello", 1); err != nil {
		t.Fatal(err)
	}
	for _, b := range browsers {
		b.reads(`42/chat,["hello",1]`)
		b.exchange(`42/chat,1["echo"]`)
		if got := b.reads(`4`); got != `43/chat,1["here"]` { // and no second hello
			t.Errorf("got %s", got)
		}
	}
	h.kill(1)
	lost := func() (sockets []string) {
		for _, k := range kits {
			for id, reasons := range k.gone() {
				sockets = append(sockets, slices.Repeat([]string{id}, len(reasons))...)
				if !slices.Equal(slices.Compact(reasons), []string{"hub lost"}) {
					t.Errorf("%s left for %q", id, reasons)
				}
			}
		}
		slices.Sort(sockets)
		return sockets
	}
	var want []string
	for id, i := range at {
		if i == 1 {
			want = append(want, id)
			delete(browsers, id)
		}
	}
	slices.Sort(want)
	waitFor(t, func() bool { return len(lost()) >= len(want) })
	if err := kits[1].svc.Namespace("/chat").All().Emit(t.Context(), "without", 1); err != nil {
		t.Error(err)
	}
	for _, b := range browsers {
		b.reads(`42/chat,["without",1]`)
	}
	h.start(1)
	for _, k := range kits {
		k.attachedTo(t, 3)
	}
	back, _ := h.join(1)
	if err := kits[0].svc.Namespace("/chat").All().Emit(t.Context(), "again", 1); err != nil {
		t.Error(err)
	}
	back.reads(`42/chat,["again",1]`)
	back.exchange(`42/chat,2["echo"]`)
	if got := back.reads(`4`); got != `43/chat,2["here"]` {
		t.Errorf("got %s", got)
	}
	for _, b := range browsers {
		if got := b.reads(`42`); got != `42/chat,["again",1]` {
			t.Errorf("got %s", got)
		}
	}
	if got := lost(); !slices.Equal(got, want) {
		t.Errorf("told of %q, lost are %q", got, want)
	}
}

func TestKit_AListOfHubsOverRedis(t *testing.T) {
	h := newThreeHubs(t, func(int, string) []string { return []string{"--namespaces", "/chat"} })
	var list []string
	for _, host := range h.hosts {
		list = append(list, net.JoinHostPort(host, h.port))
	}
	h.welcomes()
	h.story(service.Options{Hub: strings.Join(list, ",")})
}

// welcomes looks at what the contract says of the hubs, without a kit.
func (h *threeHubs) welcomes() {
	t := h.t
	t.Helper()
	var want []string
	for _, host := range h.hosts {
		want = append(want, net.JoinHostPort(host, h.port))
	}
	told := func(list []*hubv1.HubInfo) (addresses []string) {
		for _, hub := range list {
			addresses = append(addresses, hub.GetControlAddress())
		}
		slices.Sort(addresses)
		return addresses
	}
	conn, err := grpc.NewClient(want[0], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	var s *controlplanetest.Service
	waitFor(t, func() bool {
		if s != nil {
			s.Kill()
		}
		s = controlplanetest.Attach(t, conn, &hubv1.Hello{Group: "looks", InstanceId: "i"})
		return len(s.Welcome.GetHubs()) == len(want)
	})
	if got := told(s.Welcome.GetHubs()); !slices.Equal(got, want) {
		t.Errorf("the welcome has %q, not %q", got, want)
	}
	notice := func(want []string) {
		t.Helper()
		for {
			n := s.Notice()
			if n.GetKind() != hubv1.NoticeKind_NOTICE_KIND_HUBS {
				continue
			}
			if got := told(n.GetHubs().GetHubs()); slices.Equal(got, want) {
				return
			}
		}
	}
	h.kill(2)
	notice(want[:2])
	h.start(2)
	notice(want)
	if err := s.Leave(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// With one address the others are those that hubs tell, each with a certificate of its own name, a certificate of the service
// and a token.
func TestKit_OneAddressAndWhatIsAdvertised(t *testing.T) {
	names := map[string][]string{"hub-0.test": {"127.0.0.2"}, "hub-1.test": {"127.0.0.3"}, "hub-2.test": {"127.0.0.4"}}
	resolveBy(t, names)
	ca, dir := certstest.NewAuthority(t), t.TempDir()
	h := newThreeHubs(t, func(i int, port string) []string {
		name := fmt.Sprintf("hub-%d.test", i)
		return append(secured(t, ca, dir, name), "--namespaces", "/chat", "--cluster-advertise", name+":"+port)
	})
	h.story(withCredentials(t, ca, service.Options{Hub: "hub-0.test:" + h.port}))
}

// One name stands for the hubs at all its addresses, whose certificates have that name.
func TestKit_ANameWithSeveralAddresses(t *testing.T) {
	names := map[string][]string{"hubs.test": {"127.0.0.2", "127.0.0.3", "127.0.0.4"}}
	resolveBy(t, names)
	ca, dir := certstest.NewAuthority(t), t.TempDir()
	h := newThreeHubs(t, func(_ int, port string) []string {
		return append(secured(t, ca, dir, "hubs.test"), "--namespaces", "/chat")
	})
	h.story(withCredentials(t, ca, service.Options{Hub: "dns:///hubs.test:" + h.port}))
}

const kitToken = "a-token-of-the-chat-service"

// secured are the flags of a hub that shows a certificate, and asks for one and for a token.
func secured(t *testing.T, ca *certstest.Authority, dir, name string) []string {
	t.Helper()
	pair := ca.Named(t, name)
	write := func(file string, content []byte) string {
		path := filepath.Join(dir, name+file)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return []string{
		"--control-tls-cert", write(".crt", pair.CertPEM), "--control-tls-key", write(".key", pair.KeyPEM),
		"--control-tls-client-ca", write(".ca", ca.PEM), "--control-tokens-file", write(".tokens", []byte("chat: "+kitToken+"\n")),
	}
}

// withCredentials are options of a service that shows both.
func withCredentials(t *testing.T, ca *certstest.Authority, o service.Options) service.Options {
	t.Helper()
	o.Token = kitToken
	o.TLS = &tls.Config{RootCAs: ca.Pool(), Certificates: []tls.Certificate{*ca.Client(t, "chat").TLS(t)}}
	return o
}
