package relay

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestTable_LooksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var there []Peer
		looks := 0
		table := NewTable(func() []Peer { looks++; return there })
		a, b := Peer{ID: "a", Address: "a:1", Alive: true}, Peer{ID: "b", Address: "b:1", Alive: true}
		if _, ok := table.Locate(Key("a")); ok {
			t.Error("nobody is there")
		}
		there = []Peer{a, b}
		time.Sleep(newAge)
		if p, ok := table.Locate(Key("a")); !ok || p != a || len(table.All()) != 2 {
			t.Errorf("one that has come: %+v %v", p, ok)
		}
		for range 1000 { // keys that somebody makes up
			table.Locate("zzzzzz")
		}
		if looks > 2 {
			t.Errorf("looked %d times", looks)
		}
		there = []Peer{a}
		time.Sleep(tableAge)
		if p, ok := table.Locate(Key("b")); ok {
			t.Errorf("one that has gone: %+v", p)
		}
	})
}

// A request may come for a hub that has not been heard of yet. For one that is gone nobody waits.
func TestTable_WaitsForANewcomer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var there atomic.Pointer[[]Peer]
		there.Store(&[]Peer{{ID: "a", Address: "a:1", Alive: true}})
		table := NewTable(func() []Peer { return *there.Load() })
		begun := time.Now()
		time.AfterFunc(newcomerTime/2, func() { there.Store(&[]Peer{{ID: "b", Address: "b:1", Alive: true}}) })
		if p, ok := table.Find(t.Context(), Key("b")); !ok || p.ID != "b" || time.Since(begun) > newcomerTime/2+2*newAge {
			t.Errorf("%+v %v after %v", p, ok, time.Since(begun))
		}
		begun = time.Now()
		if p, ok := table.Find(t.Context(), Key("a")); ok || time.Since(begun) > 0 {
			t.Errorf("one that is gone: %+v %v after %v", p, ok, time.Since(begun))
		}
		if _, ok := table.Find(t.Context(), "zzzzzz"); ok || time.Since(begun) != newcomerTime {
			t.Errorf("nobody: %v after %v", ok, time.Since(begun))
		}
	})
}
