package socketio

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/recovery"
	"github.com/siohub/siohub/internal/sampledlog"
)

// A session remembers so many changes of its rooms. Whoever may have missed something from before them begins anew, which
// is told as what it is; changes with nothing in between cost nobody the session.
func TestRecovery_OfOneWhoseRoomsHaveChangedTooOften(t *testing.T) {
	for name, row := range map[string]struct {
		before, meanwhile int // changes before it comes, and while it is decided about it
		missed            string
		want              string
	}{
		"as many as are remembered":  {recovery.MaxChanges, 0, "red", RecoveryDone},
		"more":                       {recovery.MaxChanges + 1, 0, "red", RecoveryRooms},
		"more, of which some later":  {recovery.MaxChanges, 1, "red", RecoveryRooms},
		"more, with nothing between": {3 * recovery.MaxChanges, 0, "", RecoveryDone},
	} {
		t.Run(name, func(t *testing.T) {
			log, outcomes := &page{}, make(chan string, 1)
			config := recovers()
			config.Trace = &Trace{Recovery: func(outcome string) { outcomes <- outcome }}
			s := play(t, config)
			s.server.moved = sampledlog.New(slog.New(slog.NewTextHandler(log, nil)), recoveryWarnEvery)
			s.connect = func(a *Attempt) { _ = a.Accept(Acceptance{Rooms: []string{"red"}}) }
			v := &tab{stage: s}
			v.comes(t, hubtest.WebSocket)
			v.goes(t)
			sid, n := v.sid, 0
			change := func(times int) {
				for range times {
					n++
					if o, _ := s.server.UpdateRooms("/", to(sid), []string{fmt.Sprint("room ", n)}, nil); o.Stored != 1 {
						t.Fatalf("%+v", o)
					}
				}
			}
			if row.missed != "" {
				s.emits(to(row.missed), "missed", `[]`)
			}
			change(row.before)
			s.emits(to("room 1"), "last", `[]`)
			s.connect = func(a *Attempt) {
				change(row.meanwhile)
				_ = a.Accept(Acceptance{Rooms: []string{"red"}})
			}
			v.comes(t, hubtest.WebSocket)
			if got := <-outcomes; got != row.want || (v.sid == sid) != (row.want == RecoveryDone) {
				t.Fatalf("%s; %s after %s", got, v.sid, sid)
			}
			if row.want == RecoveryDone {
				if row.missed != "" {
					v.gets(t, `["missed"]`)
				}
				v.gets(t, `["last"]`)
			}
			lines := 0
			if row.want == RecoveryRooms {
				lines = 1
			}
			if got := log.String(); strings.Count(got, "most=64") != lines || strings.Count(got, "\n") != lines {
				t.Errorf("log is %q", got)
			}
			v.Abort()
		})
	}
}
