package socketio

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
)

// answers collects what an emission with acks reports.
type answers struct {
	mu    sync.Mutex
	acks  []BrowserAck
	total *AckTotal
	done  chan struct{}
}

func collect(t *testing.T, timeout time.Duration) (*answers, AckOptions) {
	a := &answers{done: make(chan struct{})}
	return a, AckOptions{
		Timeout: timeout,
		OnAck: func(ack BrowserAck) {
			a.mu.Lock()
			defer a.mu.Unlock()
			if a.total != nil {
				t.Error("an ack after the end")
			}
			a.acks = append(a.acks, ack)
		},
		OnDone: func(total AckTotal) {
			a.mu.Lock()
			defer a.mu.Unlock()
			if a.total != nil {
				t.Error("ended twice")
			}
			a.total = &total
			close(a.done)
		},
	}
}

// ended waits for the end and compares the total.
func (a *answers) ended(t *testing.T, want AckTotal) {
	t.Helper()
	<-a.done
	a.mu.Lock()
	defer a.mu.Unlock()
	if *a.total != want || len(a.acks) != want.Acked {
		t.Fatalf("total %+v with %d acks, want %+v", *a.total, len(a.acks), want)
	}
}

func TestAck_IdsCountFromZeroInEachNamespace(t *testing.T) {
	s := play(t, Config{})
	b := s.join("/", "/chat")
	for i := range 3 {
		for _, head := range []string{"", "/chat,"} {
			namespace := "/" + head
			if head != "" {
				namespace = "/chat"
			}
			a, options := collect(t, time.Minute)
			s.server.EmitWithAck(nil, namespace, everybody, cluster.Message{Event: "q", Args: []byte("[1]")}, options)
			b.Expect(fmt.Sprintf(`42%s%d["q",1]`, head, i))
			b.Send(fmt.Sprintf(`43%s%d[ {"x":1.0}]`, head, i))
			a.ended(t, AckTotal{Expected: 1, Acked: 1})
			if ack := a.acks[0]; string(ack.Args) != `[ {"x":1.0}]` || ack.SocketID != s.socket(namespace).ID() {
				t.Fatalf("%+v", ack)
			}
		}
	}
}

func TestAck_OfMany(t *testing.T) {
	s := play(t, Config{})
	b, sockets := crowd(t, s, 4)
	a, options := collect(t, time.Minute)
	o, _ := s.server.EmitWithAck(nil, "/", cluster.Target{All: true, ExceptRooms: []string{sockets[3].ID()}}, msg("q"), options)
	if o != (Outcome{Matched: 3, Queued: 3}) {
		t.Fatalf("%+v", o)
	}
	for _, one := range b[:3] {
		one.Expect(`420["q"]`)
	}
	b[0].Send(`461-0[{"_placeholder":true,"num":0}]`, hubtest.Binary([]byte("x")))
	b[1].Send(`430[]`, `430[]`, `435[]`) // twice, and one that nobody asked for
	b[2].Send("41")                      // leaving is an answer
	a.ended(t, AckTotal{Expected: 3, Acked: 2, Disconnected: 1})
	for _, socket := range sockets {
		if socket.acks != nil {
			t.Fatal("it still owes acks")
		}
	}
}

func TestAck_TimeoutKeepsWhatArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t, Config{})
		b := []*hubtest.Browser{s.join("/"), s.join("/")}
		a, options := collect(t, 10*time.Second)
		start := time.Now()
		s.server.EmitWithAck(nil, "/", everybody, msg("q"), options)
		b[0].Expect(`420["q"]`)
		b[0].Send(`430[1]`)
		a.ended(t, AckTotal{Expected: 2, Acked: 1, TimedOut: 1})
		if took := time.Since(start); took != 10*time.Second {
			t.Fatalf("ended after %v", took)
		}
		b[1].Expect(`420["q"]`)
		b[1].Send(`430["late"]`, `42["still here"]`)
		s.heard("event / still here[] 0")
	})
}

func TestAck_NobodyIsDoneAtOnce(t *testing.T) {
	s := play(t, Config{})
	s.join("/")
	for _, namespace := range []string{"/", "/nowhere"} {
		a, options := collect(t, time.Minute)
		if o, _ := s.server.EmitWithAck(nil, namespace, to("nobody"), msg("q"), options); o != (Outcome{}) {
			t.Fatalf("%+v", o)
		}
		a.ended(t, AckTotal{})
	}
}

func TestAck_BrowserThatOwesTooManyGetsNoMore(t *testing.T) {
	var limits []string
	s := play(t, Config{Limits: Limits{PendingAcks: 2}, Trace: &Trace{LimitReached: func(limit string) { limits = append(limits, limit) }}})
	b := s.join("/")
	var all []*answers
	for range 2 {
		a, options := collect(t, time.Minute)
		all = append(all, a)
		s.server.EmitWithAck(nil, "/", everybody, msg("q"), options)
	}
	_, options := collect(t, time.Minute)
	options.OnDone = func(AckTotal) { t.Error("OnDone of an emission that was refused") }
	if o, limited := s.server.EmitWithAck(nil, "/", everybody, msg("q"), options); o.Dropped != 1 || limited != 1 {
		t.Fatalf("%+v, limited %d", o, limited)
	}
	if len(limits) != 1 || limits[0] != "pending_acks_per_socket" {
		t.Fatalf("limits %q", limits)
	}
	b.Abort()
	for _, a := range all {
		a.ended(t, AckTotal{Expected: 1, Disconnected: 1})
	}
}

func TestAck_CallbackMayUseTheServer(t *testing.T) {
	s := play(t, Config{})
	b, _ := crowd(t, s, 3)
	done := make(chan AckTotal, 1)
	s.server.EmitWithAck(nil, "/", everybody, msg("q"), AckOptions{
		Timeout: time.Minute,
		// Ends what the group itself waits for.
		OnAck:  func(BrowserAck) { s.server.Disconnect(nil, "/", everybody, Eviction{CloseTransport: true}) },
		OnDone: func(total AckTotal) { done <- total },
	})
	b[0].Expect(`420["q"]`)
	b[0].Send(`430[]`)
	if total := <-done; total != (AckTotal{Expected: 3, Acked: 1, Disconnected: 2}) {
		t.Fatalf("%+v", total)
	}
}

// A namespace is forgotten with its last socket. A browser that comes back may still answer what it was asked
// in its former life, which must not be taken for the answer to anything new.
func TestAck_IdsAreNotDrawnAgain(t *testing.T) {
	s := play(t, Config{})
	b := s.join("/")
	question := cluster.Message{Event: "q", Args: []byte("[]")}
	former, options := collect(t, time.Minute)
	s.server.EmitWithAck(nil, "/", everybody, question, options)
	b.Expect(`420["q"]`)
	s.server.Disconnect(nil, "/", everybody, Eviction{})
	b.Expect("41")
	former.ended(t, AckTotal{Expected: 1, Disconnected: 1})
	s.heard("disconnected / " + ReasonServerNamespaceDisconnect)

	s.enter(b, "/")
	latter, options := collect(t, time.Minute)
	s.server.EmitWithAck(nil, "/", everybody, question, options)
	b.Expect(`421["q"]`)
	b.Send(`430["late"]`, `431["right"]`)
	latter.ended(t, AckTotal{Expected: 1, Acked: 1})
	if got := string(latter.acks[0].Args); got != `["right"]` {
		t.Errorf("got %s", got)
	}
}

// A browser that has gone while the last of what it sent is still to be handed up is sent nothing, so nobody waits for it.
func TestAck_NotOwedByWhoHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t, Config{})
		b := s.http.Open(hubtest.Options{Transport: hubtest.Polling})
		b.Send("40")
		b.Next()
		s.heard("connect / ", "connected /")
		socket := s.socket("/")
		socket.HoldReads(HoldNone, HoldAll)
		go func() { _ = b.TrySend(`42["last"]`) }() // held
		synctest.Wait()
		b.Abort()
		synctest.Wait()
		m := cluster.Message{Event: "lost", Args: []byte("[]")}
		if o := s.server.Emit(nil, "/", everybody, m); o.Matched != 1 || o.Dropped != 1 {
			t.Errorf("%+v", o)
		}
		start := time.Now()
		a, options := collect(t, time.Minute)
		s.server.EmitWithAck(nil, "/", everybody, m, options)
		a.ended(t, AckTotal{})
		if d := time.Since(start); d > 0 {
			t.Errorf("waited %v", d)
		}
		socket.HoldReads(HoldAll, HoldNone)
		s.heard(`event / last[] 0`, "disconnected / transport error")
	})
}
