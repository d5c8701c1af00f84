package dispatch

import (
	"slices"
	"testing"
)

// An event is not dropped because its introduction may not be parked: that is made when the
// event's turn comes.
func TestGroup_LifecycleLimitDropsNoEvent(t *testing.T) {
	for _, attached := range []bool{false, true} {
		b := newBench(t, func(c *Config) { c.Lifecycle = 1 })
		var a *Attachment
		sink := &book{}
		if attached {
			a = b.join("i", sink, 1, AttachOptions{})
		}
		ann, bob := b.person("ann"), b.person("bob")
		ann.lane.Introduce(false)
		if attached {
			b.person("zoe").lane.Introduce(false) // waits, as the window has one place
		}
		for _, text := range []string{"1", "2"} {
			if !bob.sayWith(text, Pause) {
				t.Fatal("an event is dropped")
			}
		}
		if !attached {
			a = b.join("i", sink, 1, AttachOptions{})
		}
		var got []string
		for tries := sink.take(); len(tries) > 0; tries = sink.take() {
			for _, try := range tries {
				if name := try.Lane().owner.(*person).name; name == "bob" {
					got = append(got, try.Body.(string))
				}
			}
			settle(t, a, tries...)
		}
		if len(got) != 3 || got[0] != "bob:connected:late" || got[1] != "bob:1" || got[2] != "bob:2" {
			t.Errorf("attached %v: %v", attached, got)
		}
		if n := b.TakeLost() + len(b.count.dropped); n != 0 {
			t.Errorf("attached %v: %d are lost or dropped", attached, n)
		}
		b.empty()
	}
}

// Nor is it handed over without its introduction, where another socket takes the last place for one at the same time.
func TestGroup_LifecycleLimitIsReachedMeanwhile(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Lifecycle = 1 })
	sink := &book{}
	a := b.join("i", sink, 2, AttachOptions{})
	bob, once := b.person("bob"), true
	sink.accepts = func(d *Delivery) (Terms, bool) {
		if d.Kind == Connected && once { // after bob has looked for a place
			once = false
			b.lifecycle.Add(1)
			return Terms{}, false // so that it is to be parked
		}
		return Terms{}, true
	}
	if !bob.sayWith("1", Pause) {
		t.Fatal("an event is dropped")
	}
	b.lifecycle.Add(-1)
	var got []string
	for tries := sink.take(); len(tries) > 0; tries = sink.take() {
		for _, try := range tries {
			got = append(got, try.Body.(string))
		}
		settle(t, a, tries...)
	}
	if want := []string{"bob:connected:late", "bob:1"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	b.empty()
}
