package socketio

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/internal/virtualtime"
)

// Each namespace has positions of its own: one of another namespace, or of another session of the same one, leads to
// nothing that was for somebody else.
func TestRecovery_AForeignOffsetShowsNothing(t *testing.T) {
	s := play(t, recovers())
	busy := &tab{stage: s}
	busy.comes(t, hubtest.WebSocket)
	for range 10 {
		s.emits(to(busy.sid), "for the other one", `[]`)
	}
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	s.emits(to(v.sid), "a", `[1]`)
	s.emits(to(busy.sid), "for the other one", `[]`)
	s.emits(to(v.sid), "a", `[2]`)
	v.gets(t, `["a",1]`, `["a",2]`)
	epoch := v.offset[:9]
	var got []string // since then
	for _, row := range []struct {
		at   string
		want []string
	}{
		{"1", []string{`["a",1]`, `["a",2]`}}, // from before it has joined
		{"c", []string{`["a",2]`}},            // between
	} {
		v.goes(t)
		v.offset = epoch + row.at
		sid := v.sid
		v.comes(t, hubtest.WebSocket)
		if v.sid != sid {
			t.Fatalf("%s: not recovered", row.at)
		}
		s.emits(to(v.sid), "end", `[]`)
		got = append(got, `["end"]`)
		v.gets(t, append(row.want, got...)...)
	}
	v.goes(t)
	v.offset = epoch + "zz" // behind all that it was sent
	sid := v.sid
	v.comes(t, hubtest.WebSocket)
	if v.sid == sid {
		t.Fatal("recovered")
	}
	// It has another session now, which begins where that joined.
	s.emits(to(v.sid), "new", `[]`)
	v.goes(t)
	v.offset = epoch + "1"
	v.comes(t, hubtest.WebSocket)
	v.gets(t, `["new"]`)
	v.Abort()
	busy.Abort()
}

// Whoever shows the private id of a session that is about to be taken up begins anew, and spoils nothing.
func TestRecovery_AReservedSessionIsNotTaken(t *testing.T) {
	s := play(t, recovers())
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	v.goes(t)
	attempts := make(chan *Attempt, 2)
	s.connect = func(a *Attempt) { attempts <- a }
	first, second := *v, *v
	first.Browser, second.Browser = s.open(), s.open()
	first.Send(`40{"pid":"` + v.pid + `"}`)
	a := <-attempts
	second.Send(`40{"pid":"` + v.pid + `"}`)
	b := <-attempts
	if a.Recovery() == nil || b.Recovery() != nil || b.SocketID() == v.sid {
		t.Fatalf("%+v, %+v", a.Recovery(), b.Recovery())
	}
	_ = b.Accept(Acceptance{})
	_ = a.Accept(Acceptance{})
	s.readConnect(t, &first)
	s.readConnect(t, &second)
	if first.sid != v.sid || second.sid == v.sid || second.pid == v.pid {
		t.Fatalf("%s and %s of %s", first.sid, second.sid, v.sid)
	}
	first.Abort()
	second.Abort()
}

// A session that ends while somebody is asked about it is not taken up, whatever the answer.
func TestRecovery_ASessionThatEndsMeanwhileIsNotTakenUp(t *testing.T) {
	for _, only := range []bool{false, true} {
		s := play(t, recovers())
		s.acceptsAnn()
		v := &tab{stage: s}
		v.comes(t, hubtest.WebSocket)
		v.goes(t)
		sid := v.sid
		attempts := make(chan *Attempt, 1)
		s.connect = func(a *Attempt) { attempts <- a }
		v.Browser = s.open()
		v.Send(`40{"pid":"` + v.pid + `"}`)
		a := <-attempts
		if o := s.server.Disconnect(nil, "/", ann, Eviction{MayReturn: true, Forget: true}); o.Stored != 1 {
			t.Fatalf("%+v", o)
		}
		_ = a.Accept(Acceptance{User: "ann", OnlyRecovered: only})
		if only {
			v.WaitEnd()
		} else {
			v.connected(t)
			if v.sid == sid || s.socket("/").Recovered() {
				t.Error("taken up")
			}
			s.server.Disconnect(nil, "/", ann, Eviction{CloseTransport: true})
			v.WaitEnd()
		}
		eventually(t, "nothing is left", func() bool { return s.server.namespaces.lookup("/") == nil })
	}
}

// However much is emitted for a browser that never comes: the log stays within its bound, and goes with the session.
func TestRecovery_ALogWhoseReaderNeverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := recovers()
		config.Recovery.LogBytes = 256 << 10
		s := play(t, config)
		full := 0
		s.server.trace.hooks.RecoveryFull = func(limit string) {
			if limit != "log_bytes" {
				t.Error(limit)
			}
			full++
		}
		v := &tab{stage: s}
		v.comes(t, hubtest.WebSocket)
		v.Abort()
		synctest.Wait()
		text := `["` + strings.Repeat("x", 1000) + `"]`
		for range 110 {
			for range 20 {
				if o := s.emits(everybody, "x", text); o.Stored != 1 {
					t.Fatalf("%+v", o)
				}
				if sizes := s.server.recovery.Sizes(); sizes.LogBytes > config.Recovery.LogBytes {
					t.Fatalf("%+v", sizes)
				}
			}
			virtualtime.Pass(time.Second)
		}
		if full == 0 {
			t.Fatal("not full")
		}
		virtualtime.Pass(time.Minute)
		if sizes := s.server.recovery.Sizes(); sizes.Away != 0 || sizes.LogBytes != 0 || s.server.namespaces.lookup("/") != nil {
			t.Fatalf("left: %+v", sizes)
		}
	})
}

// What a session that is away grows by counts. One that would take too much ends, and its browser is told.
func TestRecovery_ASessionThatGrowsWhileItIsAway(t *testing.T) {
	long := func(i int) string { return fmt.Sprintf("%0250d", i) }
	for name, grow := range map[string]func(s *stage, i int) Outcome{
		"by data": func(s *stage, i int) Outcome {
			o, _, _ := s.server.SetData("/", ann, DataChange{Data: make([]byte, i<<10)})
			return o
		},
		"by rooms": func(s *stage, i int) Outcome {
			o, _ := s.server.UpdateRooms("/", ann, []string{long(i)}, nil)
			return o
		},
		"by what it has left": func(s *stage, i int) Outcome {
			o, _ := s.server.UpdateRooms("/", ann, []string{long(i)}, []string{long(i)})
			return o
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := recovers()
			config.Recovery.SessionBytes = 12 << 10
			s := play(t, config)
			s.acceptsAnn()
			v := &tab{stage: s}
			v.comes(t, hubtest.WebSocket)
			v.goes(t)
			var last int64
			for i := range 1000 {
				o := grow(s, i)
				sizes := s.server.recovery.Sizes()
				if o == (Outcome{}) {
					break
				}
				if o != (Outcome{Stored: 1}) || sizes.SessionBytes < last || sizes.SessionBytes > config.Recovery.SessionBytes {
					t.Fatalf("%d: %+v, %+v", i, o, sizes)
				}
				last = sizes.SessionBytes
			}
			if sizes := s.server.recovery.Sizes(); sizes.Away != 0 || sizes.SessionBytes != 0 {
				t.Fatalf("left: %+v", sizes)
			}
			sid := v.sid
			v.comes(t, hubtest.WebSocket)
			if v.sid == sid {
				t.Fatal("recovered without all of it")
			}
			v.Abort()
		})
	}
}

// Whoever commands hears of a session that would be in too many rooms as of a socket, and it is counted.
func TestRecovery_ASessionThatIsAwayIsNotInTooManyRooms(t *testing.T) {
	config := recovers()
	config.Limits.Rooms = 2
	s := play(t, config)
	s.acceptsAnn()
	var limits []string
	s.server.trace.hooks.LimitReached = func(limit string) { limits = append(limits, limit) }
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	v.goes(t)
	for i, row := range []struct {
		join    []string
		limited int
		want    Outcome
	}{
		{[]string{"a", "b"}, 0, Outcome{Stored: 1}},
		{[]string{"c"}, 1, Outcome{}},
		{[]string{"b"}, 0, Outcome{Stored: 1}},
	} {
		limits = nil
		o, limited := s.server.UpdateRooms("/", ann, row.join, nil)
		if o != row.want || limited != row.limited || len(limits) != row.limited {
			t.Errorf("%d: %+v, limited %d, counted %v", i, o, limited, limits)
		}
	}
	v.comes(t, hubtest.WebSocket)
	if got := fmt.Sprint(s.socket("/").Rooms()); got != "[a b]" {
		t.Error(got)
	}
	v.Abort()
}

// Leaving gives back what joining took.
func TestRecovery_RoomsOfASessionThatIsAwayComeAndGo(t *testing.T) {
	config := recovers()
	config.Recovery.SessionBytes = 16 << 10
	s := play(t, config)
	s.acceptsAnn()
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	v.goes(t)
	for i := range 1000 {
		if o, _ := s.server.UpdateRooms("/", ann, []string{"r", "r"}, nil); o != (Outcome{Stored: 1}) {
			t.Fatalf("%d: %+v", i, o)
		}
		if o, _ := s.server.UpdateRooms("/", cluster.Target{Rooms: []string{"r"}}, nil, []string{"r", "not in it"}); o != (Outcome{Stored: 1}) {
			t.Fatalf("%d: %+v", i, o)
		}
	}
	sid := v.sid
	v.comes(t, hubtest.WebSocket)
	if v.sid != sid {
		t.Fatal("not recovered")
	}
	v.Abort()
}

// What does not fit into the outbox could not be sent in one piece: whoever has missed so much begins anew, instead of
// breaking off again and again.
func TestRecovery_WhoHasMissedMoreThanTheOutboxHoldsBeginsAnew(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, road hubtest.Transport) {
		s := playOn(t, recovers(), func(c *engineio.Config) { c.Limits.OutboxBytes = 64 << 10 })
		var limits []string
		s.server.trace.hooks.LimitReached = func(limit string) { limits = append(limits, limit) }
		text := `["` + strings.Repeat("x", 4000) + `"]`
		for _, row := range []struct {
			events    int
			recovered bool
		}{{14, true}, {18, false}} {
			v := &tab{stage: s}
			v.comes(t, road)
			v.goes(t)
			for range row.events {
				s.emits(everybody, "x", text)
			}
			sid := v.sid
			v.comes(t, road)
			if (v.sid == sid) != row.recovered || (len(limits) == 0) != row.recovered {
				t.Fatalf("%d events: %s after %s; limits reached: %v", row.events, v.sid, sid, limits)
			}
			s.emits(to(v.sid), "end", `[]`)
			if row.recovered {
				for range row.events {
					v.gets(t, `["x",`+text[1:])
				}
			}
			v.gets(t, `["end"]`)
			v.goes(t)
		}
		if limits[0] != "outbox_bytes" {
			t.Error(limits)
		}
	})
}
