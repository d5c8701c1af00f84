package loadgen

import (
	"testing"
	"time"
)

// deliver plays the arrival of so many messages at a member and says how many rounds
// ended by it.
func deliver(m *membership, count int) (ended int) {
	for range count {
		if m.next().left.Add(-1) == 0 {
			ended++
		}
	}
	return ended
}

func newGroup(members, burst, depth int) (*group, []*membership) {
	g := &group{burst: burst, rounds: make([]round, depth)}
	all := make([]*membership, members)
	for i := range all {
		all[i] = g.add(&client{index: i})
	}
	return g, all
}

func TestGroup_RoundsEndInTheirOrder(t *testing.T) {
	g, m := newGroup(2, 3, 2)
	if g.begin(1) != m[0].client || g.begin(2) != m[0].client {
		t.Fatal("another one triggers")
	}
	if deliver(m[0], 6) != 0 || deliver(m[1], 2) != 0 {
		t.Error("a round ended while messages were to come")
	}
	if deliver(m[1], 1) != 1 || g.rounds[0].left.Load() != 0 || g.rounds[1].left.Load() != 3 {
		t.Errorf("%v", g.rounds)
	}
	g.begin(3) // takes the place of the first
	if deliver(m[1], 3) != 1 || deliver(m[0], 3) != 0 || deliver(m[1], 3) != 1 {
		t.Errorf("%v", g.rounds)
	}
}

// Nobody waits for what a lost connection would have received.
func TestGroup_LostMemberEndsWhatWaitedForIt(t *testing.T) {
	g, m := newGroup(3, 2, 2)
	g.begin(1)
	g.begin(2)
	deliver(m[0], 4)
	deliver(m[1], 3)
	deliver(m[2], 1)
	if ended, rests := g.remove(m[2].client); ended != 1 || rests {
		t.Errorf("ended %d, rests %v", ended, rests)
	}
	if deliver(m[1], 1) != 1 {
		t.Errorf("%v", g.rounds)
	}
	if g.begin(3); g.rounds[0].left.Load() != 4 {
		t.Errorf("%v", g.rounds)
	}
	if ended, rests := g.remove(m[2].client); ended != 0 || rests {
		t.Errorf("removed twice: ended %d, rests %v", ended, rests)
	}
}

// When it was to trigger, nobody knows what is still on its way.
func TestGroup_RestsWhenItsTriggerIsLost(t *testing.T) {
	g, m := newGroup(3, 1, 2)
	g.begin(1)
	if ended, rests := g.remove(m[0].client); ended != 1 || !rests {
		t.Errorf("ended %d, rests %v", ended, rests)
	}
	if g.begin(2) != nil || deliver(m[1], 1) != 0 {
		t.Error("it does not rest")
	}
	// Then another one takes over, and it does not matter who has received what.
	if g.resume() != 1 || g.begin(3) != m[1].client || deliver(m[1], 1) != 0 || deliver(m[2], 1) != 1 {
		t.Errorf("%v", g.rounds)
	}
	quiet, n := newGroup(2, 1, 1)
	if _, rests := quiet.remove(n[0].client); rests || quiet.begin(1) != n[1].client {
		t.Error("nothing was under way, and nobody else took over")
	}
}

func TestConfig_RoomsAreSpreadEvenly(t *testing.T) {
	c := Config{Scenario: Room, Connections: 60, Namespaces: 3, Rooms: 12, RoomsPerSocket: 2}.withDefaults()
	members := map[[2]int]int{}
	for i := range c.Connections {
		one := &client{index: i, namespace: i % c.Namespaces}
		for _, room := range c.roomsOf(one) {
			members[[2]int{one.namespace, room}]++
		}
	}
	if len(members) != 12 {
		t.Errorf("%d rooms", len(members))
	}
	for room, n := range members {
		if n != 10 {
			t.Errorf("room %v has %d members", room, n)
		}
	}
}

func TestPace_DueTimesDoNotDrift(t *testing.T) {
	c := Config{Rate: 3}
	if got := c.dueAfter(3_000_000); got != 1_000_000*time.Second {
		t.Errorf("got %v", got)
	}
	r := &run{config: c}
	if r.dueBy(now()) != 0 {
		t.Error("due before the first")
	}
	r.pacing.set(time.Second)
	if got := r.dueBy(3 * time.Second); got != 7 {
		t.Errorf("%d were due in 2 s", got)
	}
}
