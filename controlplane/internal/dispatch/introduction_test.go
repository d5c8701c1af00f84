package dispatch

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func onInstance() *book { return &book{terms: Terms{OnInstance: true}} }

func TestIntroduction_OnInstanceBeforeAnythingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		one, two := onInstance(), onInstance()
		a1, ann := b.join("1", one, 10, AttachOptions{}), b.person("ann")
		ann.lane.Introduce(false)
		first := one.tries
		expect(t, one, "ann:connected/1")
		settle(t, a1, first...)
		a2 := b.join("2", two, 10, AttachOptions{})
		a1.Resize(paused)
		ann.say("1")
		tries := two.tries
		expect(t, two, "ann:connected:moved/2", "ann:1/1")
		if tries[0].Identity != first[0].Identity {
			t.Errorf("identity %d, was %d", tries[0].Identity, first[0].Identity)
		}
		if fmt.Sprint(one.released) != fmt.Sprintf("[ann/%d]", ReasonPaused) {
			t.Errorf("released %v", one.released)
		}
		settle(t, a2, tries...)
		ann.say("2")
		expect(t, two, "ann:2/1")
	})
}

// Even when all that is left to say is that it has gone.
func TestIntroduction_OnInstanceBeforeDisconnected(t *testing.T) {
	b := newBench(t, nil)
	one, two := onInstance(), onInstance()
	a1, ann := b.join("1", one, 10, AttachOptions{}), b.person("ann")
	ann.lane.Introduce(false)
	settle(t, a1, one.take()...)
	b.join("2", two, 10, AttachOptions{})
	a1.Resize(paused)
	ann.leave()
	expect(t, two, "ann:connected:moved/2", "ann:disconnected/1")
}

// Idle sockets too, when their instance is lost for good.
func TestIntroduction_IdleSocketsAreIntroducedToWhoTakesThemOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		one, two := onInstance(), onInstance()
		a1 := b.join("1", one, 10, AttachOptions{})
		for i := range 3 {
			b.person(fmt.Sprint(i)).lane.Introduce(false)
		}
		settle(t, a1, one.take()...)
		a2 := b.join("2", two, 10, AttachOptions{})
		a1.Detach(false)
		pass(time.Second)
		tries := two.tries
		expect(t, two, "0:connected:moved/2", "1:connected:moved/2", "2:connected:moved/2")
		settle(t, a2, tries...)
		b.empty()
	})
}

// Another process of the same instance knows nobody.
func TestIntroduction_AnotherProcessIsToldOfItsSockets(t *testing.T) {
	b := newBench(t, nil)
	one, two := onInstance(), onInstance()
	a1, ann := b.join("1", one, 10, AttachOptions{}), b.person("ann")
	ann.lane.Introduce(false)
	settle(t, a1, one.take()...)
	a1.Detach(false)
	a2 := b.join("1", two, 10, AttachOptions{})
	tries := two.tries
	expect(t, two, "ann:connected:moved/2")
	settle(t, a2, tries...)
	if len(one.released)+len(two.released) > 0 {
		t.Errorf("released %v %v", one.released, two.released)
	}
	b.empty()
}

// A resumed process knows its sockets.
func TestIntroduction_ResumedProcessIsNotToldAgain(t *testing.T) {
	b := newBench(t, nil)
	one, two := onInstance(), onInstance()
	a1, ann := b.join("1", one, 10, AttachOptions{}), b.person("ann")
	ann.lane.Introduce(false)
	settle(t, a1, one.take()...)
	a1.Detach(false)
	b.resume("1", two)
	ann.say("1")
	expect(t, two, "ann:1/1")
}

// An instance that was never told of a socket is not told that it lost it.
func TestReleased_NotForSocketsThatWereNeverTold(t *testing.T) {
	b := newBench(t, nil)
	one := &book{accepts: func(d *Delivery) (Terms, bool) { return Terms{Silent: d.Kind != Event}, true }}
	a1, ann := b.join("1", one, 10, AttachOptions{}), b.person("ann")
	ann.say("1")
	settle(t, a1, one.take()...)
	b.attach("2", 10)
	a1.Drain()
	if len(one.released) > 0 {
		t.Errorf("released %v", one.released)
	}
	if s := b.Status(); s.Instances[1].Lanes != 1 {
		t.Errorf("%+v", s)
	}
}

// Greetings wait for room, take none from events, and do not count as parked.
func TestIntroduction_GreetingsGoBehindEvents(t *testing.T) {
	b := newBench(t, nil)
	one, two := onInstance(), onInstance()
	a1 := b.join("1", one, 100, AttachOptions{})
	var people []*person
	for i := range 50 {
		p := b.person(fmt.Sprint(i))
		p.lane.Introduce(false)
		people = append(people, p)
	}
	settle(t, a1, one.take()...)
	a1.Detach(false)
	a2 := b.join("1", two, 3, AttachOptions{})
	if s := b.Status(); s.Lifecycle != 0 || a2.greetings() != 47 {
		t.Fatalf("%d greetings, %+v", a2.greetings(), s)
	}
	people[40].say("x")
	people[41].leave()
	seen := two.take()
	settle(t, a2, seen...)
	next := two.take()
	settle(t, a2, next...)
	for i, want := range []string{"40:connected:moved", "41:connected:moved", "40:x"} {
		if next[i].Body != want {
			t.Errorf("%d: %v, want %s", i, next[i].Body, want)
		}
	}
	seen = append(seen, next...)
	for more := two.take(); len(more) > 0; more = two.take() {
		settle(t, a2, more...)
		seen = append(seen, more...)
	}
	if len(seen) != 52 || a2.greetings() != 0 {
		t.Errorf("%d deliveries, %d greetings", len(seen), a2.greetings())
	}
	b.empty()
}

// Whoever told its program that its sockets are lost hears of them as facts of their own.
func TestIntroduction_AnewHasIdentitiesOfItsOwn(t *testing.T) {
	b := newBench(t, nil)
	one, two := onInstance(), onInstance()
	a1, ann := b.join("1", one, 10, AttachOptions{}), b.person("ann")
	ann.lane.Introduce(false)
	old := one.take()
	settle(t, a1, old...)
	a1.Detach(false)
	a2 := b.join("1", two, 10, AttachOptions{Anew: true})
	tries := two.tries
	expect(t, two, "ann:connected:late/1")
	if tries[0].Identity == old[0].Identity {
		t.Error("it has the identity of before")
	}
	settle(t, a2, tries...)
	b.empty()
}

// What was under way to a process that told its program that the socket is lost, its Disconnected, is of no life that the
// program knows: it cancels out with a Connected that nobody saw, or has one before it where events lie between.
func TestIntroduction_AnewAndGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, beside := range []bool{false, true} {
			b := newBench(t, nil)
			a1, one := b.attach("1", 10)
			ann, bob := b.person("ann"), b.person("bob")
			ann.lane.Introduce(false)
			bob.lane.Introduce(false)
			old := one.take()
			settle(t, a1, old...)
			bob.say("x")
			ann.leave()
			bob.leave()
			a1.Detach(false)
			if beside {
				b.join("2", &book{accepts: func(*Delivery) (Terms, bool) { return Terms{}, false }}, 10, AttachOptions{})
			}
			two := &book{}
			a2 := b.join("1", two, 10, AttachOptions{Anew: true})
			pass(time.Second) // what was lost is spaced
			tries := two.take()
			var got []string
			for _, d := range tries {
				got = append(got, fmt.Sprint(d.Body))
			}
			if want := "[bob:connected:late bob:x bob:disconnected]"; fmt.Sprint(got) != want {
				t.Errorf("got %v, want %v", got, want)
			} else if tries[0].Identity == old[1].Identity {
				t.Error("it has the identity of before")
			}
			settle(t, a2, tries...)
			b.empty()
		}
	})
}

// A socket that has moved meanwhile is introduced where it is now.
func TestIntroduction_AnewOfWhatHasMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a1, one := b.attach("1", 10)
		ann, bob := b.person("ann"), b.person("bob")
		ann.lane.Introduce(false)
		bob.lane.Introduce(false)
		old := one.take()
		settle(t, a1, old...)
		a1.Detach(false)
		a2, two := b.attach("2", 10)
		pass(2 * time.Second)
		ann.say("1")
		bob.say("1")
		settle(t, a2, two.take()...)
		b.join("1", &book{}, 10, AttachOptions{Anew: true})
		ann.say("2")
		bob.leave()
		tries := two.take()
		if len(tries) != 2 || tries[0].Body != "ann:connected:late" || tries[1].Body != "ann:2" || tries[0].Identity == old[0].Identity {
			t.Errorf("got %v", tries)
		}
		settle(t, a2, tries...)
		b.empty()
	})
}

// What a socket has said while nobody was there comes after the introduction, though all sockets are introduced at once: those too
// that are still another instance's.
func TestIntroduction_AnewBeforeWhatIsParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a1, one := b.attach("1", 10)
		ann := b.person("ann")
		ann.lane.Introduce(false)
		settle(t, a1, one.take()...)
		a1.Detach(false)
		ann.say("x")
		two := &book{}
		a2 := b.join("2", two, 10, AttachOptions{Anew: true})
		ann.lane.Introduce(true)
		pass(2 * time.Second) // it moves
		tries := two.take()
		var got []string
		for _, d := range tries {
			got = append(got, fmt.Sprint(d.Body))
		}
		if want := "[ann:connected:late ann:x]"; fmt.Sprint(got) != want {
			t.Errorf("got %v, want %v", got, want)
		}
		settle(t, a2, tries...)
		b.empty()
	})
}
