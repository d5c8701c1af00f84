package socketio

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/request"
)

// witness is a Watcher that writes into the stage's log.
type witness struct{ *stage }

func (w *witness) RoomsChanged(s *Socket, c RoomsChange) {
	w.log("rooms %s %v %v %d", s.Namespace(), c.Joined, c.Left, c.Version)
}
func (w *witness) Upgraded(s *Socket) { w.log("upgraded %s", s.Namespace()) }
func (w *witness) RoomOccupied(namespace, room string, occupied bool) {
	w.log("room %s %s %v", namespace, room, occupied)
}
func (w *witness) UserPresent(namespace, user string, present bool) {
	w.log("user %s %s %v", namespace, user, present)
}
func (w *witness) AttemptGone(a *Attempt) { w.log("gone %s %v", a.Namespace(), a.Tag()) }
func (w *witness) ConnectRefused(_ *request.Handshake, namespace, why, message string) {
	w.log("refused %s %s %s", namespace, why, message)
}
func (w *witness) EventDropped(s *Socket, event, reason string) {
	w.log("dropped %s %s %s", s.Namespace(), event, reason)
}

// heardInAnyOrder is heard where nothing is promised about the order.
func (s *stage) heardInAnyOrder(want ...string) {
	s.t.Helper()
	eventually(s.t, fmt.Sprintf("heard %q", want), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.calls) < len(want) {
			return false
		}
		got := slices.Sorted(slices.Values(s.calls[:len(want)]))
		slices.Sort(want)
		if !slices.Equal(got, want) {
			s.t.Fatalf("heard %q, want %q", s.calls, want)
		}
		s.calls = s.calls[len(want):]
		return true
	})
}

// watch opens a stage with a witness.
func watch(t *testing.T, config Config) *stage {
	t.Helper()
	w := &witness{}
	config.Watcher = w
	w.stage = play(t, config)
	return w.stage
}

func TestWatcher_HearsOfRoomsInOrderWithTheSocket(t *testing.T) {
	s := watch(t, Config{})
	s.connect = func(a *Attempt) { _ = a.Accept(Acceptance{Rooms: []string{"first"}, User: "ann"}) }
	s.joined = func(socket *Socket) { // in the gate: what changes here is told after it
		s.server.UpdateRooms("/", to(socket.ID()), []string{"a", "first", "b"}, []string{"none"})
	}
	b := s.open()
	b.Send("40")
	b.Next()
	s.heard("connect / ")
	s.heardInAnyOrder("user / ann true", "room / first true") // two names
	s.heard("connected /")
	s.heardInAnyOrder("room / a true", "room / b true")
	s.heard("rooms / [a b] [] 1")
	socket := s.socket("/")
	s.server.UpdateRooms("/", everybody, []string{"a"}, nil) // changes nothing
	s.server.UpdateRooms("/", everybody, []string{"c"}, []string{"c", "a"})
	s.heardInAnyOrder("rooms / [] [a c] 2", "room / c true", "room / c false", "room / a false")
	if rooms, version := socket.RoomsAndVersion(); fmt.Sprint(rooms) != "[b first]" || version != 2 || socket.RoomsVersion() != 2 {
		t.Errorf("%v %d", rooms, version)
	}
	b.Send("41")
	s.heardInAnyOrder("room / first false", "room / b false", "user / ann false")
	s.heard("disconnected / " + ReasonClientNamespaceDisconnect)
	s.silent()
}

// Whoever has asked for the rooms between two changes that are told in one hears of both; and what changed before the end is
// told before the end, and can be asked for after it.
func TestWatcher_HearsOfRoomsThatNobodyHasSeen(t *testing.T) {
	s := watch(t, Config{})
	s.connect = func(a *Attempt) { _ = a.Accept(Acceptance{}) }
	var in string
	s.joined = func(socket *Socket) { // in the gate: what changes here is told after it
		s.server.UpdateRooms("/", to(socket.ID()), []string{"a", "b"}, nil)
		rooms, version := socket.RoomsAndVersion()
		in = fmt.Sprint(rooms, version)
		s.server.UpdateRooms("/", to(socket.ID()), nil, []string{"b"})
	}
	b := s.open()
	b.Send("40")
	b.Next()
	s.heard("connect / ", "connected /")
	s.heardInAnyOrder("room / a true", "room / b true", "room / b false", "rooms / [a] [b] 2")
	if in != "[a b] 1" {
		t.Error(in)
	}
	socket := s.socket("/")
	socket.client.post(func() {
		s.server.UpdateRooms("/", everybody, []string{"c"}, []string{"a"})
		socket.client.finish(Disconnect{Reason: ReasonForcedServerClose})
	})
	s.heardInAnyOrder("rooms / [c] [a] 3", "disconnected / "+ReasonForcedServerClose, "room / c true", "room / a false", "room / c false")
	if rooms, version := socket.RoomsAndVersion(); fmt.Sprint(rooms, version) != "[c] 3" {
		t.Errorf("%v %d", rooms, version)
	}
	s.silent()
}

// The version and what was told agree, whoever changes rooms at the same time; nothing comes after the end.
func TestWatcher_ToldRoomsAddUp(t *testing.T) {
	tally := &tally{in: map[string]bool{}}
	s := play(t, Config{Watcher: tally})
	tally.t = t
	b := s.join("/")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				room := []string{fmt.Sprint("r", rand.IntN(3))}
				if rand.IntN(2) == 0 {
					s.server.UpdateRooms("/", everybody, room, nil)
				} else {
					s.server.UpdateRooms("/", everybody, nil, room)
				}
			}
		})
	}
	wg.Wait()
	socket := s.socket("/")
	eventually(t, "all changes are told", func() bool { return tally.at() == socket.RoomsVersion() })
	tally.mu.Lock()
	for _, room := range socket.Rooms() {
		if !tally.in[room] {
			t.Errorf("%s was not told", room)
		}
		delete(tally.in, room)
	}
	for room, in := range tally.in {
		if in {
			t.Errorf("%s was told", room)
		}
	}
	tally.mu.Unlock()
	b.Send("41")
	s.heard("disconnected / " + ReasonClientNamespaceDisconnect)
}

// tally keeps a socket's rooms from what it is told.
type tally struct {
	witness
	t       *testing.T
	mu      sync.Mutex // guards the fields below
	version uint64
	in      map[string]bool
}

func (w *tally) RoomsChanged(_ *Socket, c RoomsChange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.Version <= w.version {
		w.t.Errorf("version %d after %d", c.Version, w.version)
	}
	w.version = c.Version
	for _, room := range c.Joined {
		w.in[room] = true
	}
	for _, room := range c.Left {
		w.in[room] = false
	}
}
func (w *tally) RoomOccupied(string, string, bool) {}
func (w *tally) at() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.version
}

// A namespace is forgotten with its last socket and made anew with the next: even so the calls for one room
// and one user take turns.
func TestWatcher_OccupiedAndVacatedTakeTurns(t *testing.T) {
	turns := &turns{t: t, there: map[string]bool{}}
	s := play(t, Config{Watcher: turns})
	s.connect = func(a *Attempt) { _ = a.Accept(Acceptance{Rooms: []string{"room"}, User: "ann"}) }
	var wg sync.WaitGroup
	for range 6 {
		b := s.open()
		wg.Go(func() {
			for range 60 {
				b.Send("40")
				b.Next()
				b.Send("41")
			}
		})
	}
	wg.Wait()
	eventually(t, "everybody has left", func() bool { return len(s.server.Sockets()) == 0 })
	eventually(t, "the end is told", func() bool {
		turns.mu.Lock()
		defer turns.mu.Unlock()
		return len(turns.there) == 2 && !turns.there["room"] && !turns.there["ann"]
	})
}

// turns fails when it is told twice that somebody is there, or not.
type turns struct {
	witness
	t     *testing.T
	mu    sync.Mutex // guards there
	there map[string]bool
}

func (w *turns) RoomOccupied(_, name string, there bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.there[name] == there {
		w.t.Errorf("%s is %v twice", name, there)
	}
	w.there[name] = there
}
func (w *turns) UserPresent(namespace, name string, there bool) {
	w.RoomOccupied(namespace, name, there)
}
func (w *turns) RoomsChanged(*Socket, RoomsChange) {}

func TestWatcher_HearsOfAnUpgradeForEachSocket(t *testing.T) {
	s := watch(t, Config{})
	b := s.http.Open(hubtest.Options{Transport: hubtest.Polling})
	s.enter(b, "/")
	s.enter(b, "/chat")
	b.Send("41/chat")
	s.heard("disconnected /chat " + ReasonClientNamespaceDisconnect)
	s.enter(b, "/news")
	b.Upgrade()
	b.Send(`42["next"]`)
	s.heard("upgraded /", "upgraded /news")
	s.heard(`event / next[] 0`)
	if name := s.socket("/").Transport(); name != "websocket" {
		t.Error(name)
	}
}

func TestWatcher_HearsOfAttemptsWithoutABrowserAndOfRefusals(t *testing.T) {
	s := watch(t, Config{Limits: Limits{AuthBytes: 20}})
	b := s.open()
	b.Send("40/unknown")
	b.Expect(`44/unknown,{"message":"Invalid namespace"}`)
	s.heard("refused /unknown unknown Invalid namespace")
	s.connect = func(a *Attempt) { _ = a.Deny("no", nil) }
	b.Send("40")
	b.Expect(`44{"message":"no"}`)
	s.heard("connect / ", "refused / denied no")
	s.connect = func(a *Attempt) { _ = a.DenyUnknown() }
	b.Send("40/rumour")
	b.Expect(`44/rumour,{"message":"Invalid namespace"}`)
	s.heard("connect /rumour ", "refused /rumour unknown Invalid namespace")
	b.Send(`40/large,{"token":"0123456789"}`)
	b.Expect(`44/large,{"message":"Auth is too large"}`)
	s.heard("refused /large limit Auth is too large")
	s.connect = func(a *Attempt) { a.SetTag("mine") }
	b.Send("40/slow")
	s.heard("connect /slow ")
	b.Abort()
	s.heard("gone /slow mine")
	s.silent()
}

// A name with a star at its end could not be told from a pattern.
func TestConnect_NamespaceThatLooksLikeAPatternIsUnknown(t *testing.T) {
	s := play(t, Config{})
	b := s.open()
	b.Send("40/org/*")
	b.Expect(`44/org/*,{"message":"Invalid namespace"}`)
	s.silent()
}

func TestConnect_OneClientIDForAllNamespaces(t *testing.T) {
	s := play(t, Config{})
	var asked []string
	s.connect = func(a *Attempt) {
		asked = append(asked, a.ClientID())
		_ = a.Accept(Acceptance{})
	}
	b := s.join("/", "/chat")
	id := s.socket("/").ClientID()
	if len(id) != 20 || id != s.socket("/chat").ClientID() || asked[0] != id || asked[1] != id {
		t.Errorf("%q, %q, asked %q", id, s.socket("/chat").ClientID(), asked)
	}
	if id == b.SID() || id == s.socket("/").ID() {
		t.Error("it tells a secret")
	}
	s.join("/")
	if s.socket("/").ClientID() == id {
		t.Error("two clients of one id")
	}
}
