package service

import (
	"encoding/json"
	"testing"
)

// What an event and an emit cost in allocations is part of the promise to be cheap.
func TestAllocations(t *testing.T) {
	target := scripted(Options{}).To("room")
	emit := testing.AllocsPerRun(100, func() {
		if _, _, err := newEmit(target, "message", []any{"alice", "hello", 7}); err != nil {
			t.Fatal(err)
		}
	})
	var text string
	var raw json.RawMessage
	dst := []any{&text, &raw}
	args := []byte(`["hello",{"n":1}]`)
	bind := testing.AllocsPerRun(100, func() {
		if err := bindArgs(args, nil, dst); err != nil {
			t.Fatal(err)
		}
	})
	if emit > 2 || bind > 1 {
		t.Errorf("emit %v, want 2; bind %v, want 1 (the string)", emit, bind)
	}
}
