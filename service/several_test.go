package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// The tests of this file and its neighbours several_*_test.go play several hubs by hand.

// scripts are hubs by their addresses.
type scripts struct {
	t  *testing.T
	by map[string]*script
}

var errNobody = status.Error(codes.Unavailable, "nobody listens")

// playHubs runs a service against a script at each address. Those of fixed are
// configured; the others may be told.
func playHubs(t *testing.T, svc *Service, want error, fixed []string, others ...string) *scripts {
	h := &scripts{t: t, by: map[string]*script{}}
	for _, address := range append(slices.Clone(fixed), others...) {
		if !strings.HasPrefix(address, "nobody") {
			h.by[address] = newScript()
		}
	}
	r := newRunner(svc, func(l *link) (grpcConn, func(), error) {
		if _, err := l.credential.next(); err != nil {
			return nil, nil, err
		}
		if hub := h.by[l.address]; hub != nil {
			return hub, func() {}, nil
		}
		return nil, nil, errNobody
	})
	r.follow = true
	for _, address := range fixed {
		r.fixed = append(r.fixed, place{address: address})
	}
	h.run(svc, r, want)
	return h
}

// run runs the service until the test ends.
func (h *scripts) run(svc *Service, r *runner, want error) {
	ended := make(chan error, 1)
	go func() { ended <- run(context.Background(), svc, r, nil) }()
	h.t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		svc.Close(ctx)
		if err := <-ended; !errors.Is(err, want) {
			h.t.Errorf("Run: %v, want %v", err, want)
		}
	})
}

// open waits for a stream at an address.
func (h *scripts) open(address string) *scriptStream { return <-h.by[address].streams }

// first waits for a stream at any of two addresses.
func (h *scripts) first(a, b string) (string, *scriptStream) {
	select {
	case st := <-h.by[a].streams:
		return a, st
	case st := <-h.by[b].streams:
		return b, st
	}
}

// quiet checks that nobody dials an address.
func (h *scripts) quiet(address string) {
	h.t.Helper()
	synctest.Wait()
	select {
	case <-h.by[address].streams:
		h.t.Errorf("%s is dialled", address)
	default:
	}
}

// as lets a welcome come from a hub that knows others: `id` or `id=address`.
func as(id string, others ...string) func(*hubv1.Welcome) {
	return func(w *hubv1.Welcome) {
		can(w)
		w.HubId, w.Hubs = id, hubInfos(others...)
	}
}

func hubInfos(hubs ...string) (list []*hubv1.HubInfo) {
	for _, hub := range hubs {
		id, address, _ := strings.Cut(hub, "=")
		list = append(list, &hubv1.HubInfo{Id: id, ControlAddress: address})
	}
	return list
}

// tell says which hubs are alive.
func (s *scriptStream) tell(hubs ...string) { s.say(hubsNotice(hubs...)) }

func hubsNotice(hubs ...string) *hubv1.Item {
	return &hubv1.Item{Kind: &hubv1.Item_Notice{Notice: &hubv1.Notice{
		Kind: hubv1.NoticeKind_NOTICE_KIND_HUBS, Count: 1, Fact: &hubv1.Notice_Hubs{Hubs: &hubv1.Hubs{Hubs: hubInfos(hubs...)}},
	}}}
}

// alive answers heartbeats and passes over what the service says, until the test ends.
func (s *scriptStream) alive() {
	go func() {
		for {
			select {
			case <-s.up:
				s.say(&hubv1.Item{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}})
			case <-s.ctx.Done():
				return
			}
		}
	}()
}

func connected(seq uint64, socket, dedupe string) *hubv1.Item {
	return &hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{
		DeliverySeq: seq, DedupeId: []byte(dedupe), SubscriptionId: 2, Socket: &hubv1.Socket{Id: socket, Namespace: "/"},
		Body: &hubv1.Delivery_Connected{Connected: &hubv1.Connected{Rooms: []string{"r"}}},
	}}}
}

// fast comes back at once.
var fast = Options{Backoff: Backoff{Min: time.Millisecond, Max: 50 * time.Millisecond}}

// lives is a service that tells what it hears of sockets.
func lives() (*Service, chan string) {
	svc := scripted(fast)
	told := make(chan string, 100)
	svc.Namespace("/").AllowAnyone().Set(IntroduceOnAttach()).
		OnConnected(func(_ context.Context, c *Connected) error { told <- "connected " + c.Socket.ID(); return nil }).
		OnDisconnect(func(_ context.Context, d *Disconnect) error {
			told <- "disconnected " + d.Socket.ID() + " " + d.Reason
			return nil
		})
	return svc, told
}

// heard returns what was told by now.
func heard(told chan string) string {
	synctest.Wait()
	var all []string
	for {
		select {
		case s := <-told:
			all = append(all, s)
		default:
			return strings.Join(all, ", ")
		}
	}
}

func wantHeard(t *testing.T, told chan string, want string) {
	t.Helper()
	if got := heard(told); got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestSeveral_OneStreamEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		hubs := playHubs(t, svc, nil, []string{"a:1", "b:1", "nobody:1"})
		home, first := hubs.first("a:1", "b:1")
		if hello := first.welcome(as(home)); len(hello.GetAttachedHubIds()) != 0 {
			t.Error(hello)
		}
		if err := svc.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		other := map[string]string{"a:1": "b:1", "b:1": "a:1"}[home]
		if hello := hubs.open(other).welcome(as(other)); !slices.Equal(hello.GetAttachedHubIds(), []string{home}) {
			t.Error(hello)
		}
		synctest.Wait()
		var got []string
		for _, h := range svc.Hubs() {
			got = append(got, strings.TrimSpace(h.Address+" "+h.HubID)+map[bool]string{true: " attached"}[h.Attached]+map[bool]string{true: " home"}[h.Home])
		}
		want := strings.Replace("a:1 a:1 attached, b:1 b:1 attached, nobody:1", home+" attached", home+" attached home", 1)
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%s, want %s", s, want)
		}
		first.end <- cut
		hubs.open(home).welcome(resumed(1), func(w *hubv1.Welcome) { w.HubId = home })
		hubs.quiet(other)
	})
}

func TestSeveral_AddressesThatHubsTellAreDialled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		hubs := playHubs(t, svc, nil, []string{"a:1"}, "b:1", "c:1", "a:2")
		a := hubs.open("a:1")
		// The hub's own address is another one than that which leads to it.
		a.welcome(as("A", "A=a:2", "B=b:1", "N", "X=unix:/socket", "Y=http://browsers:1/"))
		b := hubs.open("b:1")
		b.welcome(as("B", "A=a:2", "B=b:1"))
		a.alive()
		b.alive()
		hubs.quiet("a:2")
		a.tell("A=a:2", "B=b:1", "C=c:1")
		c := hubs.open("c:1")
		c.welcome(as("C"))
		// C is no more listed: it stays while it has its stream, and is given up after it.
		a.tell("A=a:2", "B=b:1")
		hubs.quiet("c:1")
		c.end <- cut
		hubs.quiet("c:1")
		b.end <- cut
		hubs.open("b:1")
	})
}

// A hub that is known by two addresses keeps the stream that it has. When that ends the
// other address is as good.
func TestSeveral_SecondAddressRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		hubs := playHubs(t, svc, nil, []string{"a:1", "a:2"})
		one, first := hubs.first("a:1", "a:2")
		other := map[string]string{"a:1": "a:2", "a:2": "a:1"}[one]
		first.welcome(as("A"))
		first.alive()
		second := hubs.open(other)
		refuse := func(st *scriptStream) {
			if hello := (<-st.up).GetActions()[0].GetHello(); !slices.Contains(hello.GetAttachedHubIds(), "A") {
				t.Error(hello)
			}
			st.end <- status.Error(codes.AlreadyExists, "this is A")
		}
		refuse(second)
		hubs.quiet(other)
		began := time.Now()
		refuse(hubs.open(other))
		if d := time.Since(began); d != recheck {
			t.Errorf("asked again after %v", d)
		}
		no := cut
		hubs.by[one].refuse.Store(&no)
		first.end <- cut
		if hello := hubs.open(other).welcome(as("A")); len(hello.GetAttachedHubIds()) != 0 {
			t.Error(hello)
		}
		if err := svc.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// An address that leads to another hub than before gives up its attachment to the former, which is
// reached by its own address then.
func TestSeveral_AddressThatLeadsToAnotherHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		begun, ended := make(chan struct{}), make(chan error, 1)
		svc.Namespace("/").AllowAnyone().On("work", func(ctx context.Context, _ *Event) error {
			close(begun)
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return nil
		})
		hubs := playHubs(t, svc, nil, []string{"all:1"}, "a:1", "b:1")
		a := hubs.open("all:1")
		a.welcome(as("A", "A=a:1", "B=b:1"))
		b := hubs.open("b:1")
		b.welcome(as("B", "A=a:1", "B=b:1"))
		b.alive()
		a.say(event(1, "s", "work"))
		a.alive()
		<-begun
		a.end <- cut
		other := hubs.open("all:1") // is B
		if hello := (<-other.up).GetActions()[0].GetHello(); hello.GetResume().GetHubId() != "A" {
			t.Error(hello)
		}
		hubs.quiet("a:1")
		began := time.Now()
		other.end <- status.Error(codes.AlreadyExists, "this is B")
		if err := <-ended; !errors.Is(err, ErrLeaseLost) {
			t.Error(err)
		}
		if hello := hubs.open("a:1").welcome(as("A")); hello.GetResume() != nil || hello.GetAnew() {
			t.Error(hello)
		}
		if d := time.Since(began); d > fast.Backoff.Max {
			t.Errorf("A is without a stream for %v", d)
		}
	})
}

// Two hellos that are under way at the same time may meet the same hub: it ends the older
// stream, and nobody takes that for another process.
func TestSeveral_TwoHellosAtOneHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		hubs := playHubs(t, svc, nil, []string{"a:1", "a:2"})
		var streams []*scriptStream
		for _, address := range []string{"a:1", "a:2"} { // the second one does not wait for ever
			streams = append(streams, hubs.open(address))
		}
		for _, st := range streams {
			if hello := (<-st.up).GetActions()[0].GetHello(); len(hello.GetAttachedHubIds()) != 0 {
				t.Error(hello)
			}
		}
		welcome := func(st *scriptStream) {
			w := &hubv1.Welcome{HubId: "A", Subscriptions: make([]*hubv1.SubscriptionResult, 0)}
			can(w)
			st.say(&hubv1.Item{Kind: &hubv1.Item_Welcome{Welcome: w}})
		}
		welcome(streams[0])
		synctest.Wait()
		streams[0].end <- status.Error(codes.Aborted, "taken over")
		synctest.Wait()
		welcome(streams[1])
		streams[1].alive()
		again := hubs.open("a:1")
		if hello := (<-again.up).GetActions()[0].GetHello(); len(hello.GetAttachedHubIds()) != 1 {
			t.Error(hello)
		}
		again.end <- status.Error(codes.AlreadyExists, "this is A")
		if err := svc.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestSeveral_AnotherProcessWithThisIDEndsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		hubs := playHubs(t, svc, ErrSuperseded, []string{"a:1", "b:1"})
		hubs.open("a:1").welcome(as("A"))
		b := hubs.open("b:1")
		b.welcome(as("B"))
		synctest.Wait()
		b.end <- status.Error(codes.Aborted, "taken over")
		<-svc.life.done
	})
}

// One hub that refuses this process does not keep it from the others. When all do, it is
// of no use to go on.
func TestSeveral_RefusedByOneIsServedByTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		hubs := playHubs(t, svc, nil, []string{"a:1", "b:1"})
		no := status.Error(codes.PermissionDenied, "not yet")
		hubs.by["a:1"].refuse.Store(&no)
		if first, st := hubs.first("a:1", "b:1"); first == "a:1" { // before it was told to refuse
			<-st.up
			st.end <- no
		} else {
			hubs.by["b:1"].streams <- st
		}
		b := hubs.open("b:1")
		b.welcome(as("B"))
		b.alive()
		synctest.Wait()
		select {
		case st := <-hubs.by["a:1"].streams:
			<-st.up
			st.end <- no
		default:
		}
		opened := hubs.by["a:1"].opened.Load()
		time.Sleep(time.Second)
		if n := hubs.by["a:1"].opened.Load(); n < opened+10 { // each Backoff.Max
			t.Errorf("%d tries", n-opened)
		}
		hubs.by["a:1"].refuse.Store(nil)
		hubs.open("a:1").welcome(as("A"))
		synctest.Wait()
		if h := svc.Hubs(); !h[0].Attached || !h[1].Attached {
			t.Error(h)
		}
	})
}

func TestSeveral_RefusedByAllEndsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		a, b := newScript(), newScript()
		r := newRunner(svc, func(l *link) (grpcConn, func(), error) { return l.conn, func() {}, nil })
		r.fixed = []place{{address: "a", conn: a}, {address: "b", conn: b}}
		no := status.Error(codes.PermissionDenied, "never")
		a.refuse.Store(&no)
		b.refuse.Store(&cut)
		ended := make(chan error, 1)
		go func() { ended <- run(context.Background(), svc, r, nil) }()
		time.Sleep(time.Second)
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatalf("ended though one hub may come: %v", err)
		default:
		}
		b.refuse.Store(&no)
		var refusal *StatusError
		if err := <-ended; !errors.As(err, &refusal) || refusal.Code != codes.PermissionDenied {
			t.Error(err)
		}
	})
}

// A token never goes in the clear to an address that a hub has told.
func TestSeveral_TokenStaysWhereItIsSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := fast
		opts.Token = "secret-secret"
		hubs := playHubs(t, scripted(opts), nil, []string{"127.0.0.1:1"}, "hub.example:1", "127.0.0.1:2")
		hubs.open("127.0.0.1:1").welcome(as("A", "A=127.0.0.1:1", "B=hub.example:1", "C=127.0.0.1:2"))
		hubs.open("127.0.0.1:2").welcome(as("C"))
		hubs.quiet("hub.example:1")
	})
}

func TestSeveral_CloseDrainsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(fast)
		hubs := playHubs(t, svc, nil, []string{"a:1", "b:1"})
		closed := make(chan error, 1)
		var streams []*scriptStream
		for i, address := range []string{"a:1", "b:1"} {
			st := hubs.open(address)
			st.welcome(as([]string{"A", "B"}[i]))
			streams = append(streams, st)
		}
		synctest.Wait()
		go func() { closed <- svc.Close(context.Background()) }()
		for _, st := range streams {
			if st.read()[0].GetDrain() == nil {
				t.Error("no drain")
			}
			st.end <- nil
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
}
