package controlplane

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/internal/virtualtime"
)

// slowEngine is a cluster of two hubs whose engine takes 256 KiB a second, and keeps 1 MiB.
type slowEngine struct {
	*several
	slowed []time.Duration // of the first hub
	log    strings.Builder // of both
}

func behindAnEngine(t *testing.T, f func(t *testing.T, s *slowEngine)) {
	t.Helper()
	s := &slowEngine{}
	config := Config{
		Trace: &trace.Hooks{Slowed: func(why trace.Slowed, d time.Duration) {
			if why == trace.SlowedEngine {
				s.slowed = append(s.slowed, d)
			}
		}},
		Logger: slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	settings := cluster.Settings{MaxMessage: 64 << 10, QueueBytes: 1 << 20, Logger: slog.New(slog.DiscardHandler)}
	inClusterWith(t, 2, settings, config, func(t *testing.T, inner *several) {
		s.several = inner
		s.engine.Pace(256 << 10)
		f(t, s)
	})
}

// filler makes an event one of two KiB.
var filler = `"` + strings.Repeat("x", 2000) + `"`

// burst sends emits to everybody as fast as the stream takes them.
func burst(service *controlplanetest.Service, n int) (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		for i := range n {
			c := emit(inChat, "burst", fmt.Sprintf("[%d,%s]", i, filler))
			c.CommandId = uint64(i + 1)
			if service.TrySend(&hubv1.Action{Kind: &hubv1.Action_Command{Command: c}}) != nil {
				return
			}
		}
	}()
	return done
}

// gather reads a burst that a browser gets.
func gather(b *browser, n int) (inOrder chan int) {
	inOrder = make(chan int, 1)
	go func() {
		got := 0
		defer func() { inOrder <- got }()
		for got < n && strings.HasPrefix(b.Next(), fmt.Sprintf(`42/chat,["burst",%d,`, got)) {
			got++
		}
	}()
	return inOrder
}

// A burst that the engine does not take at once is held back at its stream: nothing is lost or refused, and nobody else waits.
func TestBehind_ABurstIsHeldBackAndNobodyElse(t *testing.T) {
	behindAnEngine(t, func(t *testing.T, s *slowEngine) {
		const n = 3000 // 6 MB, where half a MiB may wait
		loud, there := s.worlds[0].chat("i"), s.worlds[1].chat("i")
		one, other := s.worlds[0].join(loud), s.worlds[1].join(there)
		calm := s.worlds[0].attach("calm", "j", controlplanetest.Authorizer("/calm"), controlplanetest.Handler("/calm"))
		asker := s.worlds[0].browser()
		asker.Send("40/calm,")
		calm.Accept(calm.Attempt())
		asker.joined("/calm")
		calm.Done(calm.Connected())

		sent := burst(loud, n)
		here, elsewhere := gather(one, n), gather(other, n)
		refused := make(chan int, 1)
		go func() {
			failed := 0
			for range n {
				if r := loud.Result(); r.Status != nil || r.MissingHubIds != nil || r.MatchedCount != 1 {
					failed++
				}
			}
			refused <- failed
		}()
		var slowest time.Duration
		asked := 0
		for over := false; !over; asked++ {
			begun := time.Now()
			asker.Send(`42/calm,1["ask"]`)
			local := emit(&hubv1.Target{Namespace: "/calm", All: true}, "local", `[]`)
			local.GetEmit().Local = true
			calm.Reply(calm.Event("ask"), `[]`, local, emit(&hubv1.Target{Namespace: "/calm", Sockets: []string{asker.id}}, "own", `[]`))
			asker.Expect(`42/calm,["local"]`, `42/calm,["own"]`, `43/calm,1[]`)
			slowest = max(slowest, time.Since(begun))
			virtualtime.Pass(10 * time.Millisecond)
			select {
			case <-sent:
				over = true
			default:
			}
		}
		if got := <-refused; got != 0 {
			t.Errorf("%d of %d were refused", got, n)
		}
		if a, b := <-here, <-elsewhere; a != n || b != n {
			t.Errorf("%d came here in order, %d elsewhere, of %d", a, b, n)
		}
		if slowest > 0 || asked < 500 {
			t.Errorf("the other service took up to %v, asked %d times", slowest, asked)
		}
		if len(s.slowed) == 0 || slices.Max(s.slowed) > 5*time.Second {
			t.Errorf("slowed %v", s.slowed)
		}
		if !strings.Contains(s.log.String(), "cluster.queue_bytes") {
			t.Errorf("the log does not name the option:\n%s", s.log.String())
		}
		s.engine.Pace(0)
	})
}

// A unary call waits too, and no longer than its deadline.
func TestBehind_ACallWaitsWithinItsDeadline(t *testing.T) {
	behindAnEngine(t, func(t *testing.T, s *slowEngine) {
		control := hubv1.NewControlServiceClient(s.worlds[0].conn)
		var many []*hubv1.Command
		for i := range 900 {
			many = append(many, emit(inChat, "burst", fmt.Sprintf("[%d,%s]", i, filler)))
		}
		there := s.worlds[1].chat("i")
		in := gather(s.worlds[1].join(there), len(many))
		resp, err := control.Execute(t.Context(), &hubv1.ExecuteRequest{Commands: many})
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range resp.Results {
			if r.Status != nil || r.MissingHubIds != nil {
				t.Fatalf("command %d: %v", i, r)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begun := time.Now()
		resp, err = control.Execute(ctx, &hubv1.ExecuteRequest{Commands: many[:500]})
		took := time.Since(begun)
		// The hub answers at that moment what has come of it, and the caller gets that or gives up.
		said := err != nil || len(resp.Results[len(resp.Results)-1].MissingHubIds) > 0
		if took != 100*time.Millisecond || !said {
			t.Errorf("after %v: %v", took, err)
		}
		local := &hubv1.Target{Namespace: "/chat", All: true}
		c := emit(local, "local", `[]`)
		c.GetEmit().Local = true
		begun = time.Now()
		if _, err := control.Execute(t.Context(), &hubv1.ExecuteRequest{Commands: []*hubv1.Command{c}}); err != nil || time.Since(begun) > 0 {
			t.Errorf("what is local took %v: %v", time.Since(begun), err)
		}
		if got := <-in; got != len(many) {
			t.Errorf("%d came in order", got)
		}
		s.engine.Pace(0)
		virtualtime.Pass(time.Second)
	})
}

// An engine that takes nothing is waited for once, then things are refused as they are where it is full.
func TestBehind_AnEngineThatTakesNothingIsWaitedForOnce(t *testing.T) {
	behindAnEngine(t, func(t *testing.T, s *slowEngine) {
		s.engine.Pace(1)
		loud := s.worlds[0].chat("i")
		begun := time.Now()
		const n = 1000
		sent := burst(loud, n)
		missing := 0
		for range n {
			if loud.Result().MissingHubIds != nil {
				missing++
			}
		}
		<-sent
		if took := time.Since(begun); took != 5*time.Second || missing == 0 {
			t.Errorf("after %v, %d of %d missed the other hub", took, missing, n)
		}
		s.engine.Pace(0)
	})
}

// An engine that cannot be reached is not waited for: the result says at once who was not reached. It does not end a stream
// either that it is held for longer than three heartbeats.
func TestBehind_AnEngineThatIsAwayIsNotWaitedFor(t *testing.T) {
	behindAnEngine(t, func(t *testing.T, s *slowEngine) {
		s.engine.Pace(1)
		loud := s.worlds[0].chat("i")
		sent := burst(loud, 400)
		virtualtime.Pass(time.Second)
		if len(s.slowed) != 0 || s.worlds[0].hub.Cluster().Behind() == nil {
			t.Fatalf("the engine is not behind; slowed %v", s.slowed)
		}
		s.engine.Away(true)
		begun := time.Now()
		missing := 0
		for range 400 {
			if loud.Result().MissingHubIds != nil {
				missing++
			}
		}
		<-sent
		synctest.Wait()
		if took := time.Since(begun); took > 0 || missing == 0 {
			t.Errorf("after %v, %d missed the other hub", took, missing)
		}
		s.engine.Pace(0)
	})
}

// A hub that is alone is never behind.
func TestBehind_AHubThatIsAloneIsNot(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		if w.hub.Cluster().Behind() != nil || w.srv.commands.Crosses(emit(inChat, "e", `[]`)) {
			t.Error("it is behind")
		}
	})
}
