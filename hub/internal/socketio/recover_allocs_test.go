//go:build !race

package socketio

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

// sessionsAway is how many sessions are measured: 200, or RECOVERY_SESSIONS.
func sessionsAway(t *testing.T) int {
	t.Helper()
	text := cmp.Or(os.Getenv("RECOVERY_SESSIONS"), "200")
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What is counted of sessions that are away is no less than what they take of the heap, and not much more.
func TestAllocs_SessionsThatAreAwayTakeNoMoreThanIsCounted(t *testing.T) {
	sessions := sessionsAway(t)
	long := func(what string, i, n int) string { return fmt.Sprintf("%s %d %s", what, i, strings.Repeat("x", n)) }
	for name, accept := range map[string]func(i int) Acceptance{
		"bare": func(int) Acceptance { return Acceptance{} },
		"with a user, data and rooms": func(i int) Acceptance {
			return Acceptance{
				User: long("user", i, 20), Data: []byte(`"` + long("data", i, 300) + `"`),
				Rooms: []string{"all", long("own", i, 20), long("half", i/2, 100)},
			}
		},
		"with many rooms of its own": func(i int) (a Acceptance) {
			for n := range 50 {
				a.Rooms = append(a.Rooms, fmt.Sprintf("room %d of %d", n, i))
			}
			return a
		},
		"with a policy": func(i int) Acceptance {
			return Acceptance{Policy: &Policy{Events: []string{long("event", i, 20), long("other", i, 20)}, EventsPerSecond: 1}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			takesNoMore(t, func() (took, counted int64) { return measureAway(t, sessions, accept) })
		})
	}
}

// takesNoMore takes the least of some measures: what else ends at the same time is in them as well.
func takesNoMore(t *testing.T, measure func() (took, counted int64)) {
	t.Helper()
	took, counted := measure()
	for range 4 {
		if took <= counted {
			break
		}
		again, same := measure()
		took, counted = min(took, again), same
	}
	t.Logf("%d bytes, counted %d", took, counted)
	if took > counted || took < counted/4 {
		t.Errorf("%d bytes of the heap, counted %d", took, counted)
	}
}

func measureAway(t *testing.T, sessions int, accept func(i int) Acceptance) (took, counted int64) {
	t.Helper()
	config := recovers()
	config.Recovery.TotalBytes = 256 << 20
	s := playOn(t, config, func(c *engineio.Config) { c.Rates.Handshakes, c.Rates.HandshakeBurst = 2*sessions, 2*sessions })
	n := 0
	s.connect = func(a *Attempt) {
		_ = a.Accept(accept(n))
		n++
	}
	keeper := &tab{stage: s} // holds the namespace
	keeper.comes(t, hubtest.WebSocket)
	for i := range sessions {
		v := &tab{stage: s}
		v.comes(t, hubtest.WebSocket)
		s.server.UpdateRooms("/", to(v.sid), []string{fmt.Sprint("joined and left ", i)}, []string{fmt.Sprint("joined and left ", i)})
		v.goes(t)
	}
	with, counted := hubtest.Heap(), s.server.recovery.Sizes().SessionBytes
	s.server.Disconnect(nil, "/", cluster.Target{All: true, ExceptSockets: []string{keeper.sid}}, Eviction{})
	if sizes := s.server.recovery.Sizes(); sizes.Away != 0 {
		t.Fatalf("%+v", sizes)
	}
	took = with - hubtest.Heap()
	keeper.Abort()
	return took, counted
}

// So it is with what was emitted for them.
func TestAllocs_WhatIsMissedTakesNoMoreThanIsCounted(t *testing.T) {
	const events = 2000
	for name, emit := range map[string]func(s *stage, i int){
		"small": func(s *stage, i int) { s.emits(everybody, fmt.Sprint("event ", i), fmt.Sprintf("[%d]", i)) },
		"1 KiB": func(s *stage, i int) { s.emits(everybody, "x", `["`+strings.Repeat("x", 1024)+`"]`) },
		"to many": func(s *stage, i int) {
			t := cluster.Target{All: true}
			for n := range 20 {
				t.ExceptRooms = append(t.ExceptRooms, fmt.Sprintf("room %d of %d", n, i))
			}
			s.emits(t, "x", `[]`)
		},
		"binary": func(s *stage, i int) {
			s.server.Emit(nil, "/", everybody, cluster.Message{
				Event: "x", Args: []byte(`[{"_placeholder":true,"num":0}]`), Attachments: [][]byte{make([]byte, 500)},
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			takesNoMore(t, func() (took, counted int64) { return measureLog(t, events, emit) })
		})
	}
}

func measureLog(t *testing.T, events int, emit func(s *stage, i int)) (took, counted int64) {
	t.Helper()
	config := recovers()
	config.Recovery.LogBytes = 8 << 20
	s := play(t, config)
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	v.goes(t)
	for i := range events {
		emit(s, i)
	}
	with, counted := hubtest.Heap(), s.server.recovery.Sizes().LogBytes
	s.server.namespaces.lookup("/").recovering.log.Close()
	return with - hubtest.Heap(), counted
}
