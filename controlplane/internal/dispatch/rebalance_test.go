package dispatch

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// share lets time pass, with a call of Rebalance each second.
func (b *bench) share(d time.Duration) {
	for range int(d / time.Second) {
		pass(time.Second)
		b.Rebalance(time.Now())
	}
}

func TestRebalance_NewInstanceGetsItsShareOfIdleSockets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.Lifecycle = 1 << 20 })
		one := &book{terms: Terms{OnInstance: true}}
		a1, people := b.join("1", one, 4096, AttachOptions{}), []*person{}
		for i := range 1200 {
			p := b.person(fmt.Sprint(i))
			p.lane.Introduce(false)
			people = append(people, p)
		}
		settle(t, a1, one.take()...)
		// A third is busy, and stays.
		for _, p := range people[:400] {
			p.say("x")
		}
		busy := one.take()
		two := &book{terms: Terms{OnInstance: true}}
		a2 := b.join("2", two, 4096, AttachOptions{Weight: 3})
		b.share(3 * time.Second)
		if n := len(two.tries); n == 0 || n > 500 {
			t.Errorf("%d of 800 moved within 3 s: not gradually", n)
		}
		b.share(7 * time.Second)
		tries := two.take()
		if n := len(tries); n < 540 || n > 660 {
			t.Errorf("%d sockets moved, want 600", n)
		}
		if len(one.released) != len(tries) {
			t.Errorf("%d are released, %d introduced", len(one.released), len(tries))
		}
		seen := map[any]bool{}
		for _, try := range tries {
			if try.Kind != Connected || try.Attempt != 2 || seen[try.Body] {
				t.Fatalf("%v/%d", try.Body, try.Attempt)
			}
			seen[try.Body] = true
		}
		settle(t, a1, busy...)
		settle(t, a2, tries...)
		b.share(time.Minute)
		if more := two.take(); len(more) > 0 {
			t.Errorf("%d move later", len(more))
		}
		b.empty()
	})
}

// An instance that asks for less does not get sockets of one that asks for all.
func TestRebalance_NotToAPartialInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		one, two := &book{}, &book{}
		a1 := b.join("1", one, 100, AttachOptions{Complete: true})
		for i := range 50 {
			b.person(fmt.Sprint(i)).lane.Introduce(false)
		}
		settle(t, a1, one.take()...)
		b.join("2", two, 100, AttachOptions{})
		b.share(10 * time.Second)
		if n := b.count.moved[ReasonRebalanced]; n > 0 {
			t.Errorf("%d moved", n)
		}
	})
}

// An instance that keeps its sockets gives none away; it gets its share of others' nevertheless.
func TestRebalance_NotFromAnInstanceThatKeepsItsSockets(t *testing.T) {
	for _, keeps := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, func(c *Config) { c.Lifecycle = 1 << 20 })
			one, two := &book{}, &book{}
			a1 := b.join("1", one, 4096, AttachOptions{Keep: keeps})
			for i := range 600 {
				b.person(fmt.Sprint(i)).lane.Introduce(false)
			}
			settle(t, a1, one.take()...)
			a2 := b.join("2", two, 4096, AttachOptions{Keep: !keeps})
			b.share(10 * time.Second)
			want := 300
			if keeps {
				want = 0
			}
			if n := b.count.moved[ReasonRebalanced]; n != want {
				t.Errorf("keeps %v: %d moved, want %d", keeps, n, want)
			}
			settle(t, a2, two.take()...)
			b.person("new").say("x")
			if n := len(two.take()); n == 0 && keeps {
				t.Error("the instance that came got no new socket")
			}
			// What drains keeps nothing.
			a1.Drain()
			if n := b.count.moved[ReasonDrained]; n == 0 {
				t.Error("none moved from an instance that drains")
			}
		})
	}
}

// Two that come together do not take from each other.
func TestRebalance_TwoNewInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.Lifecycle = 1 << 20 })
		one := &book{}
		a1 := b.join("1", one, 4096, AttachOptions{})
		for i := range 900 {
			b.person(fmt.Sprint(i)).lane.Introduce(false)
		}
		settle(t, a1, one.take()...)
		b.attach("2", 100)
		b.attach("3", 100)
		b.share(10 * time.Second)
		for _, i := range b.Status().Instances {
			if i.Lanes < 270 || i.Lanes > 330 {
				t.Errorf("%s has %d of 900", i.ID, i.Lanes)
			}
		}
		if n := b.count.moved[ReasonRebalanced]; n > 660 {
			t.Errorf("%d moves", n)
		}
	})
}
