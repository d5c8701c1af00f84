package socketio

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
)

var ann = cluster.Target{Users: []string{"ann"}}

func (s *stage) acceptsAnn() {
	s.connect = func(a *Attempt) { _ = a.Accept(Acceptance{User: "ann"}) }
}

// Whoever was made to leave, or whose session was ended, does not come back to it, whether it was connected or away.
func TestRecovery_EndsWithAnEviction(t *testing.T) {
	mayReturn := Eviction{MayReturn: true, Forget: true}
	for name, e := range map[string]Eviction{
		"disconnected": {}, "with its transport": {CloseTransport: true}, "sent away": mayReturn,
	} {
		for _, by := range []string{"user", "socket", "room"} {
			for _, away := range []bool{false, true} {
				t.Run(fmt.Sprint(name, " by ", by, ", away ", away), func(t *testing.T) {
					s := play(t, recovers())
					s.acceptsAnn()
					v := &tab{stage: s}
					v.comes(t, hubtest.WebSocket)
					first := s.socket("/")
					s.server.UpdateRooms("/", ann, []string{"r"}, nil)
					target := map[string]cluster.Target{"user": ann, "socket": {Sockets: []string{v.sid}}, "room": to("r")}[by]
					want := Outcome{Matched: 1, Queued: 1}
					if away {
						v.goes(t)
						want = Outcome{Stored: 1}
					}
					if o := s.server.Disconnect(nil, "/", target, e); o != want {
						t.Fatalf("%+v", o)
					}
					if !away {
						if e == (Eviction{}) {
							v.Expect("41")
							v.Abort()
						} else {
							v.WaitEnd()
						}
						eventually(t, "it has left", func() bool { return !first.Connected() })
						if end := first.ending(); !end.RecoverableUntil.IsZero() {
							t.Errorf("%+v", end)
						}
					}
					if sizes := s.server.recovery.Sizes(); sizes.Away != 0 || sizes.SessionBytes != 0 {
						t.Errorf("%+v", sizes)
					}
					sid, pid := v.sid, v.pid
					v.comes(t, hubtest.WebSocket)
					if v.sid == sid || v.pid == pid || s.socket("/").Recovered() {
						t.Error("it is back")
					}
					v.Abort()
				})
			}
		}
	}
}

// Sockets that share a connection with one that was sent away have to show who they are, and keep their sessions.
func TestRecovery_AnEvictionEndsTheSessionsThatItNames(t *testing.T) {
	s := play(t, recovers())
	s.acceptsAnn()
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	v.Send("40/other,")
	v.Next()
	eventually(t, "it is there", func() bool { return s.socket("/other") != nil })
	s.server.Disconnect(nil, "/", ann, Eviction{MayReturn: true, Forget: true})
	v.WaitEnd()
	eventually(t, "the other is away", func() bool { return s.server.recovery.Sizes().Away == 1 })
	away := s.server.SelectAway("/other", everybody)
	if len(away) != 1 || !away[0].MustAsk || away[0].User != "ann" || s.server.SelectAway("/", everybody) != nil {
		t.Fatalf("%+v", away)
	}
}

// A connection that breaks by itself just as its browser is to show who it is makes no difference.
func TestRecovery_MustAskHoldsForAConnectionThatBreaksAtThatMoment(t *testing.T) {
	s := play(t, recovers())
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	c := s.socket("/").client
	eventually(t, "the gate is free", c.gate.tryEnter) // the eviction waits for its turn then, behind the break
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		c.post(func() { c.finish(Disconnect{Reason: "transport close"}) })
		s.server.Disconnect(nil, "/", everybody, Eviction{MayReturn: true})
	}()
	<-gone
	c.gate.leave()
	eventually(t, "it is away", func() bool { return s.server.recovery.Sizes().Away == 1 })
	if away := s.server.SelectAway("/", everybody); len(away) != 1 || !away[0].MustAsk {
		t.Fatalf("%+v", away)
	}
	v.Abort()
}

// A session is always somewhere: what is done to it reaches it, however often its browser comes and goes meanwhile.
func TestRecovery_CommandsReachWhoeverIsComingOrGoing(t *testing.T) {
	config := recovers()
	config.Limits.Rooms = 10_000
	config.Recovery.SessionBytes, config.Recovery.TotalBytes = 16<<20, 64<<20
	s := play(t, config)
	s.acceptsAnn()
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	sid := v.sid
	var stop atomic.Bool
	var commands sync.WaitGroup
	rooms, changes := 0, 0
	commands.Go(func() {
		for ; !stop.Load() && rooms < 5000; rooms++ {
			if o, _ := s.server.UpdateRooms("/", ann, []string{fmt.Sprint("r", rooms)}, []string{"other"}); o.Queued+o.Stored != 1 || o.Dropped != 0 {
				t.Errorf("room %d: %+v", rooms, o)
			}
		}
	})
	commands.Go(func() {
		merge := func(old []byte) ([]byte, error) { return append(old[:len(old):len(old)], '1'), nil }
		for ; !stop.Load() && changes < 5000; changes++ {
			if o, _, err := s.server.SetData("/", ann, DataChange{Merge: merge}); o.Queued+o.Stored != 1 || o.Dropped != 0 || err != nil {
				t.Errorf("change %d: %+v, %v", changes, o, err)
			}
		}
	})
	for range 30 {
		v.goes(t)
		v.comes(t, hubtest.WebSocket)
		if v.sid != sid {
			t.Fatal("not recovered")
		}
	}
	stop.Store(true)
	commands.Wait()
	socket := s.socket("/")
	if data, version := socket.Data(); len(socket.Rooms()) != rooms || len(data) != changes || version != uint64(changes) {
		t.Errorf("%d rooms of %d; %d bytes, version %d of %d changes", len(socket.Rooms()), rooms, len(data), version, changes)
	}
	v.Abort()
}
