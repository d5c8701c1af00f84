package relay

import (
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
