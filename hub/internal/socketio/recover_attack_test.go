package socketio

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/internal/virtualtime"
)

func TestRecovery_ASessionIsTakenUpOnce(t *testing.T) {
	s := play(t, recovers())
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	v.goes(t)
	const thieves = 20
	tabs := make([]tab, thieves)
	var done sync.WaitGroup
	for i := range tabs {
		tabs[i] = *v
		tabs[i].Browser = s.open()
		done.Go(func() { tabs[i].Send(`40{"pid":"` + v.pid + `"}`) })
	}
	done.Wait()
	same := 0
	for i := range tabs {
		s.readConnect(t, &tabs[i])
		if tabs[i].sid == v.sid {
			same++
		} else if tabs[i].pid == v.pid {
			t.Fatal("the private id of another one")
		}
	}
	if same != 1 {
		t.Fatalf("%d of %d took the session up", same, thieves)
	}
}

func TestRecovery_GuessesAndForeignOffsetsBeginAnew(t *testing.T) {
	s := play(t, recovers())
	var outcomes []string
	s.server.trace.hooks.Recovery = func(outcome string) { outcomes = append(outcomes, outcome) }
	joined := func() int { return s.server.Count("/", everybody) }
	for _, row := range []struct{ auth, want string }{
		{`{"pid":"PID","offset":"AAAAAAAA.1"}`, RecoveryOffset},
		{`{"pid":"PID","offset":"hello"}`, RecoveryOffset},
		{`{"pid":"PID","offset":"OFFSET0"}`, RecoveryOffset},
		{`{"pid":"PID","offset":""}`, RecoveryOffset},
		{`{"pid":"PID","offset":"EPOCH.3w5e11264sgsf"}`, RecoveryOffset}, // the largest there is
		{`{"pid":"PID","offset":"EPOCH.3w5e11264sgsg"}`, RecoveryOffset}, // one more
		{`{"pid":"PID","offset":"EPOCH.` + strings.Repeat("z", 9000) + `"}`, RecoveryOffset},
		{`{"pid":"PID","offset":"EPOCH.-1"}`, RecoveryOffset},
		{`{"pid":"aaaaaaaaaaaaaaaaaaaaaaaa","offset":"OFFSET"}`, RecoveryUnknown},
		{`{"pid":"","offset":"OFFSET"}`, ""},
		{`{"pid":"short"}`, ""},
		{`{"pid":7}`, ""},
		{`{"pid":"PID","offset":"OFFSET"}`, RecoveryDone},
	} {
		v := &tab{stage: s}
		v.comes(t, hubtest.WebSocket)
		s.emits(to(v.sid), "x", `[]`)
		v.gets(t, `["x"]`)
		v.goes(t)
		outcomes = nil
		eventually(t, "nobody is there", func() bool { return joined() == 0 })
		again := &tab{stage: s, Browser: s.open()}
		again.Send("40" + strings.NewReplacer("PID", v.pid, "OFFSET", v.offset, "EPOCH", v.offset[:8]).Replace(row.auth))
		again.connected(t)
		if got := strings.Join(outcomes, " "); got != row.want || (again.sid == v.sid) != (row.want == RecoveryDone) {
			t.Errorf("%s: %q, want %q; %s after %s", row.auth, got, row.want, again.sid, v.sid)
		}
		s.server.Disconnect(nil, "/", everybody, Eviction{CloseTransport: true})
		again.WaitEnd()
	}
}

func TestRecovery_IsRefusedToAnotherUserAndAfterADenial(t *testing.T) {
	s := play(t, recovers())
	user := "ann"
	s.connect = func(a *Attempt) {
		if user == "" {
			_ = a.Deny("no", nil)
			return
		}
		_ = a.Accept(Acceptance{User: user, Memo: user})
	}
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	v.goes(t)
	s.emits(everybody, "for ann", `[]`)
	ann := *v
	user = "bob"
	v.comes(t, hubtest.WebSocket)
	if v.sid == ann.sid || v.pid == ann.pid || s.socket("/").Recovered() {
		t.Fatal("bob is ann")
	}
	s.emits(everybody, "for bob", `[]`)
	v.gets(t, `["for bob"]`)
	bob := *v
	v.goes(t)
	user = ""
	v.Browser = s.open()
	v.Send(`40{"pid":"` + v.pid + `"}`)
	v.Expect(`44{"message":"no"}`)
	user = "bob"
	for _, old := range []tab{ann, bob} {
		v.pid, v.offset = old.pid, ""
		v.comes(t, hubtest.WebSocket)
		if v.sid == old.sid {
			t.Fatal("the chance was used up")
		}
	}
	v.Abort()
}

// A browser that breaks off again before it is let in may still come.
func TestRecovery_IsKeptForOneThatLeavesBeforeTheDecision(t *testing.T) {
	s := play(t, recovers())
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	v.goes(t)
	asked := make(chan *Attempt, 1)
	s.connect = func(a *Attempt) { asked <- a }
	b := s.open()
	b.Send(`40{"pid":"` + v.pid + `"}`)
	a := <-asked
	s.emits(everybody, "x", `[]`)
	b.Abort()
	eventually(t, "it has gone", a.Gone)
	s.connect = nil
	v.comes(t, hubtest.WebSocket)
	v.gets(t, `["x"]`)
	v.Abort()
}

// The client is often faster than the end of its old connection.
func TestRecovery_WaitsForASessionThatIsJustLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t, recovers())
		v := &tab{stage: s}
		v.comes(t, hubtest.WebSocket)
		old, sid := v.Browser, v.sid
		early := s.open()
		early.Send(`40{"pid":"` + v.pid + `"}`)
		early.Quiet(20 * time.Millisecond)
		old.Abort()
		v.Browser = early
		v.connected(t)
		if v.sid != sid {
			t.Fatal("not recovered")
		}
		v.Abort()
		synctest.Wait()
	})
}

func TestRecovery_ALiveSessionIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t, recovers())
		v := &tab{stage: s}
		v.comes(t, hubtest.WebSocket)
		thief := *v
		start := time.Now()
		thief.comes(t, hubtest.WebSocket)
		if thief.sid == v.sid || time.Since(start) != takeoverWait {
			t.Fatalf("%s took %s after %s", thief.sid, v.sid, time.Since(start))
		}
		s.emits(to(v.sid), "x", `[]`)
		v.gets(t, `["x"]`)
		v.Abort()
		thief.Abort()
		synctest.Wait()
	})
}

func TestRecovery_EndsAfterItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t, recovers())
		for _, row := range []struct {
			away      time.Duration
			recovered bool
		}{{2*time.Minute - time.Millisecond, true}, {2*time.Minute + time.Millisecond, false}} {
			v := &tab{stage: s}
			v.comes(t, hubtest.WebSocket)
			v.Abort()
			synctest.Wait()
			virtualtime.Pass(row.away)
			v.comes(t, hubtest.WebSocket)
			if got := s.socket("/").Recovered(); got != row.recovered {
				t.Errorf("after %s: %v", row.away, got)
			}
			v.Abort()
			synctest.Wait()
		}
		virtualtime.Pass(5 * time.Minute)
		if sizes := s.server.recovery.Sizes(); sizes.Away != 0 || sizes.LogBytes != 0 || s.server.namespaces.lookup("/") != nil {
			t.Fatalf("left: %+v", sizes)
		}
	})
}

func TestRecovery_CommandsReachThoseWhoAreAway(t *testing.T) {
	s := play(t, recovers())
	s.connect = func(a *Attempt) { _ = a.Accept(Acceptance{User: "ann", Data: []byte(`{"a":1}`)}) }
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	v.goes(t)
	s.connect = func(a *Attempt) {
		if r := a.Recovery(); r == nil || !r.MustAsk {
			t.Errorf("asked about %+v", r)
		}
		_ = a.Accept(Acceptance{User: "ann"})
	}
	ann := cluster.Target{Users: []string{"ann"}}
	o, version, err := s.server.SetData("/", ann, DataChange{Data: []byte(`{"a":2}`)})
	if o != (Outcome{Stored: 1}) || version != 2 || err != nil {
		t.Fatalf("%+v %d %v", o, version, err)
	}
	if o := s.server.Disconnect(nil, "/", ann, Eviction{MayReturn: true}); o != (Outcome{Stored: 1}) {
		t.Fatalf("%+v", o)
	}
	v.comes(t, hubtest.WebSocket)
	if data, version := s.socket("/").Data(); string(data) != `{"a":2}` || version != 2 {
		t.Fatalf("%s %d", data, version)
	}
	v.goes(t)
	if o := s.server.Disconnect(nil, "/", ann, Eviction{}); o != (Outcome{Stored: 1}) {
		t.Fatalf("%+v", o)
	}
	s.connect = nil
	sid := v.sid
	v.comes(t, hubtest.WebSocket)
	if v.sid == sid {
		t.Fatal("came back after it was made to leave")
	}
	v.Abort()
}

// A polling browser whose connection breaks between two requests leaves nothing that the hub could notice.
func TestRecovery_APollingSessionWithoutARequestHasLeft(t *testing.T) {
	s := play(t, recovers())
	b := s.http.Get("EIO=4&transport=polling")
	old := "EIO=4&transport=polling&sid=" + b.Body[len(`0{"sid":"`):][:20]
	s.http.Post(old, "40")
	answer := s.http.Get(old).Body
	v := &tab{stage: s}
	v.sid, v.pid = s.socket("/").ID(), s.socket("/").recovery.PID()
	if answer != `40{"sid":"`+v.sid+`","pid":"`+v.pid+`"}` {
		t.Fatal(answer)
	}
	s.emits(everybody, "x", `[]`)
	sid := v.sid
	v.comes(t, hubtest.WebSocket)
	if v.sid != sid {
		t.Fatal("not recovered")
	}
	v.gets(t, `["x"]`)
	v.Abort()
}

func TestRecovery_APollingSessionWithARequestIsNotTaken(t *testing.T) {
	s := play(t, recovers())
	v := &tab{stage: s}
	v.comes(t, hubtest.Polling)
	thief := *v
	thief.comes(t, hubtest.WebSocket)
	if thief.sid == v.sid {
		t.Fatal("taken")
	}
	s.emits(to(v.sid), "x", `[]`)
	v.gets(t, `["x"]`)
	v.Abort()
	thief.Abort()
}
