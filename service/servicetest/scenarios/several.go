package scenarios

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/siohub/siohub/service"
)

// SeveralWorld is three hubs with browsers of their own. They may be islands.
type SeveralWorld interface {
	// Options are those with which a service reaches them all.
	Options() service.Options
	// Run runs a service until the test ends, and returns once it is attached to each.
	Run(t *testing.T, svc *service.Service)
	// Connect is [World.Connect] at a hub: 0, 1 or 2.
	Connect(t *testing.T, hub int, namespace, auth string) (Browser, error)
	// Cut breaks the connections of services to a hub, and lets them come back.
	Cut(t *testing.T, hub int)
	// CutOff breaks the connections of services to a hub, and lets no other through
	// until Rejoin. Its browsers stay. Where the hubs form a cluster, the others say that it
	// is lost.
	CutOff(t *testing.T, hub int)
	Rejoin(t *testing.T, hub int)
	// Replace ends a hub with its browsers, and begins another at its address.
	Replace(t *testing.T, hub int)
}

// Clustered is a SeveralWorld whose hubs name each other, so that one that is cut off is
// lost.
type Clustered interface {
	SeveralWorld
	Clustered()
}

// SeveralScenario is a story of several hubs.
type SeveralScenario struct {
	// Name is that of the subtest.
	Name string
	// Run tells it.
	Run func(t *testing.T, w SeveralWorld)
}

// RunSeveral runs every scenario of several hubs in a world of its own.
func RunSeveral(t *testing.T, newWorld func(t *testing.T) SeveralWorld) {
	for _, s := range AllSeveral {
		t.Run(s.Name, func(t *testing.T) { s.Run(t, newWorld(t)) })
	}
}

// AllSeveral is the list.
var AllSeveral = []SeveralScenario{
	{"EachHubIsServed", eachHubIsServed},
	{"CutsOfOneHub", cutsOfOneHub},
	{"NobodyWaitsForAHubThatIsAway", nobodyWaitsForAHub},
	{"ReplacedHubDisconnects", replacedHubDisconnects},
	{"LostHubComesBackAnew", lostHubComesBackAnew},
	{"OccupancyIsSummedUp", occupancyIsSummedUp},
	{"CloseDrainsEveryHub", closeDrainsEveryHub},
}

// at lets a world look like one of a single hub.
type at struct {
	SeveralWorld
	hub int
}

func (a at) Connect(t *testing.T, namespace, auth string) (Browser, error) {
	return a.SeveralWorld.Connect(t, a.hub, namespace, auth)
}
func (a at) Cut(t *testing.T)         { a.SeveralWorld.Cut(t, a.hub) }
func (at) Recover(*testing.T)         {}
func (a at) Restart(t *testing.T)     { a.Replace(t, a.hub) }
func enterAt(w SeveralWorld) [3]World { return [3]World{at{w, 0}, at{w, 1}, at{w, 2}} }

func eachHubIsServed(t *testing.T, w SeveralWorld) {
	worlds := enterAt(w)
	svc, root := newService(worlds[0])
	ids := make(chan string, 3)
	root.On("x", func(ctx context.Context, e *service.Event) error {
		ids <- e.Socket.HubID()
		if err := e.Socket.Emit(ctx, "hello"); err != nil {
			return err
		}
		if err := svc.To(e.Socket.User()).Emit(ctx, "room"); err != nil { // over the stream of its delivery
			return err
		}
		return e.Reply("done")
	})
	w.Run(t, svc)
	seen := map[string]bool{}
	for n, world := range worlds {
		name := fmt.Sprint("room", n)
		b := join(t, world, fmt.Sprintf(`{"user":%q,"rooms":[%q]}`, name, name))
		called(t, b, "x", `[]`, `["done"]`)
		hears(t, b, "hello []", "room []")
		seen[<-ids] = true
		// Outside of handlers it goes straight to the hub that holds the socket.
		if err := root.Sockets(b.ID()).Emit(patient(t), "outside"); err != nil {
			t.Error(err)
		}
	}
	hubs := svc.Hubs()
	homes := 0
	for _, h := range hubs {
		if !h.Attached || !seen[h.HubID] {
			t.Errorf("%+v is not served", h)
		}
		if h.Home {
			homes++
		}
	}
	if len(seen) != 3 || len(hubs) != 3 || homes != 1 {
		t.Errorf("browsers of %d hubs, streams to %d, %d of them home", len(seen), len(hubs), homes)
	}
}

// Cuts of one hub's stream are unnoticed there, and by the others.
func cutsOfOneHub(t *testing.T, w SeveralWorld) {
	worlds := enterAt(w)
	svc, root := newService(worlds[0])
	entered, release := make(chan int, 10), make(chan struct{})
	root.On("slow", func(ctx context.Context, e *service.Event) error {
		entered <- e.Attempt
		<-release
		return errors.Join(ctx.Err(), e.Reply("done"))
	}).On("quick", reply("here"))
	w.Run(t, svc)
	slow, quick := join(t, worlds[1], ""), join(t, worlds[2], "")
	answer := make(chan string, 1)
	go func() {
		got, err := slow.Call(patient(t), "slow", `[]`)
		answer <- fmt.Sprint(got, err)
	}()
	next(t, entered, 1)
	for range 3 {
		w.Cut(t, 1)
		called(t, quick, "quick", `[]`, `["here"]`)
	}
	close(release)
	next(t, answer, `["done"]<nil>`)
	called(t, slow, "quick", `[]`, `["here"]`)
}

// A hub that is away delays no command, whichever it is, and is served when it is back.
func nobodyWaitsForAHub(t *testing.T, w SeveralWorld) {
	worlds := enterAt(w)
	svc, root := newService(worlds[0])
	root.On("quick", reply("here"))
	w.Run(t, svc)
	var browsers []Browser
	for _, world := range worlds {
		browsers = append(browsers, join(t, world, ""))
	}
	for away := range worlds {
		w.CutOff(t, away)
		noticed(t, svc)
		for n, b := range browsers {
			if n == away {
				continue
			}
			called(t, b, "quick", `[]`, `["here"]`)
			ctx, cancel := context.WithTimeout(t.Context(), Patience)
			if _, err := svc.In("/").All().EmitResult(ctx, "news"); err != nil && !errors.Is(err, service.ErrOutcomeUnknown) {
				t.Error(err)
			}
			cancel()
		}
		w.Rejoin(t, away)
		called(t, browsers[away], "quick", `[]`, `["here"]`)
	}
}

// noticed waits until the service has no stream to one of the hubs: what it sends before
// that may have left, so that nobody knows what came of it until the hub is back.
func noticed(t *testing.T, svc *service.Service) {
	t.Helper()
	ctx := patient(t)
	for {
		for _, h := range svc.Hubs() {
			if !h.Attached {
				return
			}
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			t.Fatal("all hubs are attached still")
		}
	}
}

// watch tells what a service hears of sockets, as `connected ID` and `hub lost ID`.
func watch(root *service.Namespace) chan string {
	told := make(chan string, 100)
	root.Set(service.IntroduceOnAttach()).
		OnConnected(func(_ context.Context, c *service.Connected) error { told <- "connected " + c.Socket.ID(); return nil }).
		OnDisconnect(func(_ context.Context, d *service.Disconnect) error {
			told <- d.Reason + " " + d.Socket.ID()
			return nil
		})
	return told
}

// Where another process has the address of a hub, that one is lost: exactly its sockets
// are disconnected, once.
func replacedHubDisconnects(t *testing.T, w SeveralWorld) {
	worlds := enterAt(w)
	svc, root := newService(worlds[0])
	told := watch(root)
	w.Run(t, svc)
	var browsers []Browser
	for _, world := range worlds {
		browsers = append(browsers, join(t, world, ""))
		next(t, told, "connected "+browsers[len(browsers)-1].ID())
	}
	w.Replace(t, 1)
	next(t, told, "hub lost "+browsers[1].ID())
	b := join(t, worlds[1], "")
	next(t, told, "connected "+b.ID())
	silent(t, told, svc)
}

// A hub that was only cut off introduces its sockets as new lives, if it was taken for
// lost; otherwise nobody has noticed.
func lostHubComesBackAnew(t *testing.T, w SeveralWorld) {
	worlds := enterAt(w)
	svc, root := newService(worlds[0])
	told := watch(root)
	root.On("quick", reply("here"))
	w.Run(t, svc)
	var all []Browser
	for _, world := range worlds {
		all = append(all, join(t, world, ""))
		next(t, told, "connected "+all[len(all)-1].ID())
	}
	b := all[2]
	w.CutOff(t, 2)
	if _, ok := w.(Clustered); ok {
		next(t, told, "hub lost "+b.ID())
		w.Rejoin(t, 2)
		next(t, told, "connected "+b.ID())
	} else {
		w.Rejoin(t, 2)
	}
	// What the others say of the hub stands before this in their streams: with a stream cut before it is known the hub
	// would be taken for lost again.
	for _, browser := range all {
		called(t, browser, "quick", `[]`, `["here"]`)
	}
	w.Cut(t, 2)
	called(t, b, "quick", `[]`, `["here"]`)
	silent(t, told, svc)
}

func occupancyIsSummedUp(t *testing.T, w SeveralWorld) {
	worlds := enterAt(w)
	svc, root := newService(worlds[0])
	told := make(chan string, 100)
	root.OnRoomOccupied(func(_ context.Context, r *service.RoomPresence) error { told <- "occupied " + r.Room; return nil }).
		OnRoomVacated(func(_ context.Context, r *service.RoomPresence) error { told <- "vacated " + r.Room; return nil }).
		OnUserPresent(func(_ context.Context, u *service.UserPresence) error { told <- "present " + u.User; return nil }).
		OnUserAbsent(func(_ context.Context, u *service.UserPresence) error { told <- "absent " + u.User; return nil }).
		On("quick", reply())
	w.Run(t, svc)
	enter := func(hub int) Browser {
		b := join(t, worlds[hub], `{"user":"ann","rooms":["red"]}`)
		called(t, b, "quick", `[]`, `[]`)
		return b
	}
	both := func(room, user string) {
		t.Helper()
		heard := map[string]bool{}
		for range 2 {
			select {
			case s := <-told:
				heard[s] = true
			case <-time.After(Patience):
				t.Fatal("not told")
			}
		}
		if !heard[room+" red"] || !heard[user+" ann"] {
			t.Errorf("told %v, want %s and %s", heard, room, user)
		}
	}
	first := enter(0)
	both("occupied", "present")
	second := enter(1)
	silent(t, told, svc)
	w.Cut(t, 1)
	called(t, second, "quick", `[]`, `[]`)
	first.Leave()
	called(t, second, "quick", `[]`, `[]`)
	silent(t, told, svc)
	w.Replace(t, 1) // counts as vacated
	both("vacated", "absent")
	enter(2)
	both("occupied", "present")
}

func closeDrainsEveryHub(t *testing.T, w SeveralWorld) {
	worlds := enterAt(w)
	svc, root := newService(worlds[0])
	entered, release := make(chan struct{}, 3), make(chan struct{})
	root.On("slow", func(ctx context.Context, e *service.Event) error {
		entered <- struct{}{}
		<-release
		return errors.Join(ctx.Err(), e.Reply("done"))
	})
	w.Run(t, svc)
	answers := make(chan string, 3)
	for _, world := range worlds {
		b := join(t, world, "")
		go func() {
			got, err := b.Call(patient(t), "slow", `[]`)
			answers <- fmt.Sprint(got, err)
		}()
		next(t, entered, struct{}{})
	}
	closed := make(chan error, 1)
	go func() { closed <- svc.Close(context.Background()) }()
	close(release)
	for range worlds {
		next(t, answers, `["done"]<nil>`)
	}
	next(t, closed, nil)
}
