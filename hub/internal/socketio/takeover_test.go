package socketio

import (
	"testing"
	"testing/synctest"

	"github.com/siohub/siohub/hub/hubtest"
)

// breaksOff opens a polling session that wants to take up a tab's, and is not seen again: its connection broke between two
// requests, which the hub cannot notice.
func (v *tab) breaksOff(s *stage) {
	b := s.http.Get("EIO=4&transport=polling")
	s.http.Post("EIO=4&transport=polling&sid="+b.Body[len(`0{"sid":"`):][:20], `40{"pid":"`+v.pid+`"}`)
}

// waits waits until so many attempts are open.
func (s *stage) waits(t *testing.T, attempts int) {
	t.Helper()
	eventually(t, "it waits", func() bool {
		a := &s.server.admission
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.open == attempts
	})
}

// A polling browser breaks off while it is decided about its return, and comes again. The session is its own, whenever
// the decision comes, and if there is none.
func TestRecovery_OfOneThatBreaksOffWhileItComesBack(t *testing.T) {
	accept := func(a *Attempt) { _ = a.Accept(Acceptance{}) }
	for name, row := range map[string]struct{ before, after func(*Attempt) }{
		"accepted before it comes again":  {accept, nil},
		"accepted when it has come again": {nil, accept},
		"nobody could decide":             {nil, func(a *Attempt) { _ = a.Undecided() }},
		"without a decision":              {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := play(t, recovers())
				v := &tab{stage: s}
				v.comes(t, hubtest.WebSocket)
				v.goes(t)
				sid := v.sid
				s.emits(everybody, "x", `[]`)
				asked := make(chan *Attempt, 1)
				s.connect = func(a *Attempt) { asked <- a }
				v.breaksOff(s)
				first := <-asked
				s.connect = nil
				attempts := 2
				if row.before != nil {
					row.before(first)
					attempts = 1
				}
				v.Browser = s.open()
				v.Send(`40{"pid":"` + v.pid + `"}`)
				s.waits(t, attempts)
				if row.after != nil {
					row.after(first)
				}
				v.connected(t)
				if v.sid != sid || !s.socket("/").Recovered() {
					t.Error("began anew")
				}
				v.gets(t, `["x"]`)
				v.Abort()
				synctest.Wait()
			})
		})
	}
}

// It may break off many times. Those that wait for the session have a turn each, and the last one is the browser.
func TestRecovery_OfOneThatBreaksOffWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t, recovers())
		v := &tab{stage: s}
		v.comes(t, hubtest.WebSocket)
		old, sid := v.Browser, v.sid
		for n := range maxTakeovers - 1 {
			v.breaksOff(s)
			s.waits(t, n+1)
		}
		last := s.open()
		last.Send(`40{"pid":"` + v.pid + `"}`)
		s.waits(t, maxTakeovers)
		old.Abort()
		v.Browser = last
		v.connected(t)
		if v.sid != sid {
			t.Error("began anew")
		}
		v.Abort()
		synctest.Wait()
	})
}
