package socketio

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/request"
)

// judge is an Application that checks the order of what it hears of each socket and answers from other
// goroutines.
type judge struct {
	t      *testing.T
	server *Server
	wg     sync.WaitGroup

	accepted, connected, disconnected atomic.Int64

	mu    sync.Mutex // guards there
	there map[string]bool
}

// life is the state of one socket, kept as its tag.
type life struct {
	busy  atomic.Bool // a call is being made
	ended atomic.Bool
}

func (j *judge) Knows(string) bool { return true }

func (j *judge) Connect(a *Attempt) {
	j.wg.Go(func() {
		switch rand.IntN(12) {
		case 0:
			_ = a.Deny("no", nil)
		case 1:
			_ = a.Undecided()
		case 2:
			_ = a.DenyUnknown()
		default:
			if a.Accept(Acceptance{Rooms: []string{"room"}, User: fmt.Sprint("user", rand.IntN(2))}) == nil {
				j.accepted.Add(1)
			}
		}
	})
}

func (j *judge) Connected(s *Socket) {
	j.connected.Add(1)
	s.SetTag(&life{})
	j.one(s)()
}

func (j *judge) Event(s *Socket, e Event) {
	defer j.one(s)()
	if !e.ID.IsZero() {
		_ = s.Reply(nil, e.ID, e.Args, nil)
	}
}

func (j *judge) Disconnected(s *Socket, _ Disconnect) {
	defer j.one(s)()
	j.disconnected.Add(1)
	s.Tag().(*life).ended.Store(true)
}

func (j *judge) RoomsChanged(s *Socket, _ RoomsChange) { j.one(s)() }
func (j *judge) Upgraded(s *Socket)                    { j.one(s)() }
func (j *judge) AttemptGone(*Attempt)                  {}
func (j *judge) EventDropped(s *Socket, _, _ string)   { j.one(s)() }

func (j *judge) ConnectRefused(*request.Handshake, string, string, string) {}

// RoomOccupied checks that somebody comes and nobody is left in turns.
func (j *judge) RoomOccupied(namespace, room string, there bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if name := namespace + " " + room; j.there[name] == there {
		j.t.Errorf("%s: %v twice", name, there)
	} else {
		j.there[name] = there
	}
}

func (j *judge) UserPresent(namespace, user string, there bool) {
	j.RoomOccupied(namespace+" user", user, there)
}

// one checks that calls for a socket come one at a time, after Connected and before the end.
func (j *judge) one(s *Socket) func() {
	l, ok := s.Tag().(*life)
	if !ok || !l.busy.CompareAndSwap(false, true) || l.ended.Load() {
		j.t.Errorf("a call out of order (connected: %v)", ok)
		return func() {}
	}
	return func() { l.busy.Store(false) }
}

// visit is one browser's short life: it joins, says things and leaves in one way or another.
func visit(t *testing.T, http *hubtest.Server, n int) {
	f, _, err := http.TryFrames("EIO=4&transport=websocket", nil)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Cut()
	_ = f.Conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	joined := map[string]bool{}
	for _, head := range []string{"", "/chat,"}[:1+n%2] {
		if f.Write("40"+head) != nil || !answer(t, f, head, joined) {
			return
		}
	}
	for i := range rand.IntN(5) {
		if joined[""] {
			_ = f.Write(fmt.Sprintf(`42%d["e",%d]`, i, i))
		}
	}
	switch rand.IntN(4) {
	case 0:
		_ = f.Write("1")
	case 1:
		_ = f.Write("41")
	case 2:
		_ = f.Write("42/none,[1]") // an invalid state
	}
}

// answer reads until the browser is let in or not, or its session has ended. Nothing of a namespace may
// come before its CONNECT.
func answer(t *testing.T, f *hubtest.Frames, head string, joined map[string]bool) bool {
	for {
		p, err := f.Read()
		switch {
		case err != nil:
			return false
		case strings.HasPrefix(p, "40"+head+"{"):
			joined[head] = true
			return true
		case strings.HasPrefix(p, "44"+head+"{"):
			return true
		case strings.HasPrefix(p, "42/chat,") && !joined["/chat,"], strings.HasPrefix(p, "42") && p[2] != '/' && !joined[""]:
			t.Errorf("%q came before CONNECT", p)
		}
	}
}

// A storm of short lives, broadcasts, acks and disconnects: whatever happens, each accepted socket is
// heard of as connected, then with its events, then as disconnected, one call at a time, and nothing is
// left behind.
func TestStorm_OrderHoldsAndNothingIsLeft(t *testing.T) {
	j := &judge{t: t, there: map[string]bool{}}
	s := play(t, Config{Watcher: j})
	j.server = s.server
	s.server.app = j
	stop := make(chan struct{})
	var noise sync.WaitGroup
	for _, act := range []func(){
		func() { s.server.Emit(nil, "/", everybody, msg("all")) },
		func() { s.server.Emit(nil, "/chat", to("room"), cluster.Message{Event: "v", Volatile: true}) },
		func() { s.server.EmitWithAck(nil, "/", to("room"), msg("q"), AckOptions{Timeout: time.Millisecond}) },
		func() {
			for _, socket := range s.server.Select("/", everybody) {
				if rand.IntN(20) == 0 {
					s.server.Disconnect(nil, "/", to(socket.ID()), Eviction{CloseTransport: rand.IntN(2) == 0, MayReturn: rand.IntN(3) == 0})
				}
				socket.SetPolicy(&Policy{EventsPerSecond: 1 + rand.Float64()*1000, BytesPerSecond: 100})
			}
		},
		func() { s.server.UpdateRooms("/chat", everybody, []string{"more"}, []string{"room"}) },
		func() { s.server.UpdateRooms("/chat", cluster.Target{Users: []string{"user1"}}, nil, []string{"more"}) },
		func() {
			s.server.SetData("/", everybody, DataChange{Merge: func(old []byte) ([]byte, error) { return append([]byte("1"), old...), nil }})
		},
	} {
		noise.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond):
					act()
				}
			}
		})
	}
	var visitors sync.WaitGroup
	for w := range 6 {
		visitors.Go(func() {
			for n := range 25 {
				visit(t, s.http, w+n)
			}
		})
	}
	visitors.Wait()
	close(stop)
	noise.Wait()
	j.wg.Wait()
	if err := s.engine.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.server.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, c, d := j.accepted.Load(), j.connected.Load(), j.disconnected.Load(); a != c || c != d || a == 0 {
		t.Errorf("accepted %d, connected %d, disconnected %d", a, c, d)
	}
	if n, counts := s.server.Attempts(), s.server.Sockets(); n != 0 || len(counts) != 0 {
		t.Errorf("left: %d attempts, sockets %v", n, counts)
	}
	for name, there := range j.there {
		if there {
			t.Errorf("%s: nobody was told of the end", name)
		}
	}
}
