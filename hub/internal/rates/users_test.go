package rates

import (
	"fmt"
	"testing"
	"time"
)

// tab is a session of a user in a simulation: it sends a portion, waits as it is told, and pauses.
type tab struct {
	messages int64
	pause    time.Duration
	next     time.Duration
	debt     Debt
	sent     int64
	longest  time.Duration
}

// simulate runs the sessions of one user for so long.
func simulate(u *Users, tabs []*tab, long time.Duration) (sum int64) {
	for {
		one := tabs[0]
		for _, other := range tabs {
			if other.next < one.next {
				one = other
			}
		}
		now := one.next
		if now >= long {
			break
		}
		if one.debt.Wait > 0 {
			u.Paid(one.debt)
			one.debt = Debt{}
			if one.next += one.pause; one.pause > 0 {
				continue
			}
		}
		one.sent += one.messages
		one.debt = u.Charge("u", one.messages, 0, now)
		one.longest = max(one.longest, one.debt.Wait)
		one.next = now + max(one.debt.Wait, time.Microsecond)
		if one.debt.Wait == 0 {
			one.next += one.pause
		}
	}
	for _, one := range tabs {
		sum += one.sent
	}
	return sum
}

// However many sessions a user has, together they keep the rate, and those that send as much as they can get the same.
func TestUsers_SessionsShareTheRate(t *testing.T) {
	const rate, seconds, portion = 1000, 60, 64
	for _, sessions := range []int{1, 2, 10, 200} {
		u := NewUsers(Pace{Messages: rate, Ahead: time.Second}, 1000)
		tabs := make([]*tab, sessions)
		for i := range tabs {
			tabs[i] = &tab{messages: portion, next: time.Duration(i) * time.Millisecond}
		}
		sum := simulate(u, tabs, seconds*time.Second)
		if most := int64(rate*(seconds+2) + 2*sessions*portion); sum > most || sum < rate*seconds {
			t.Errorf("%d sessions sent %d messages, %d a second allowed", sessions, sum, rate)
		}
		least, most := tabs[0].sent, int64(0)
		for _, one := range tabs {
			least, most = min(least, one.sent), max(most, one.sent)
		}
		if most -= 2*rate + portion; least < most/2 { // the first one has what is allowed ahead
			t.Errorf("%d sessions: the least sent %d, the most %d more than all at first", sessions, least, most)
		}
	}
}

// Many that each send little keep the rate together as well.
func TestUsers_ManyWhoSendLittle(t *testing.T) {
	const rate, seconds = 1000, 20
	u := NewUsers(Pace{Messages: rate, Ahead: time.Second}, 1000)
	tabs := make([]*tab, 60)
	for i := range tabs {
		tabs[i] = &tab{messages: 1, pause: 30 * time.Millisecond, next: time.Duration(i) * 331 * time.Microsecond}
	}
	if sum := simulate(u, tabs, seconds*time.Second); sum > rate*(seconds+5) || sum < rate*seconds {
		t.Errorf("%d messages, %d a second allowed", sum, rate)
	}
}

// Who sends little hardly waits for the user's other sessions, whatever they do.
func TestUsers_WhoSendsLittleHardlyWaits(t *testing.T) {
	u := NewUsers(Pace{Messages: 1000, Ahead: time.Second}, 1000)
	light := &tab{messages: 1, pause: 100 * time.Millisecond}
	tabs := []*tab{light}
	for range 20 {
		tabs = append(tabs, &tab{messages: 5000}) // five seconds' worth in a portion
	}
	if sum := simulate(u, tabs, 10*time.Minute); sum > 1000*600+20*5000*3 {
		t.Errorf("%d messages in all", sum)
	}
	if light.sent < 3000 || light.longest > time.Second {
		t.Errorf("%d messages in 10 min, at most ten a second; waited %v", light.sent, light.longest)
	}
}

func TestUsers_BoundedAndForgotten(t *testing.T) {
	u := NewUsers(Pace{Messages: 1000, Ahead: time.Second}, 1600)
	now := time.Duration(0)
	for n := range 20_000 {
		now += 100 * time.Microsecond
		if d := u.Charge(fmt.Sprint("user", n), 1, 0, now); d.Wait != 0 {
			t.Fatalf("waits %v", d.Wait)
		}
	}
	if n := u.Known(); n > 0 {
		t.Errorf("%d users are known that send little", n)
	}
	for n := range 10_000 {
		u.Charge(fmt.Sprint("busy", n), 5000, 0, now)
		u.Charge(fmt.Sprint("busy", n), 5000, 0, now)
	}
	if n := u.Known(); n > 1600 || n < 800 {
		t.Errorf("%d users are known, there is room for 1600", n)
	}
}

// A user who leaves and comes back has the debt of before.
func TestUsers_DebtStays(t *testing.T) {
	u := NewUsers(Pace{Bytes: 1000, Ahead: time.Second}, 16)
	d := u.Charge("u", 1, 3000, 0)
	if d.Wait != 2*time.Second || d.OfMessages || d.User != "u" {
		t.Errorf("%+v", d)
	}
	if d := u.Charge("v", 1, 10, 0); d.Wait != 0 {
		t.Errorf("another user waits: %+v", d)
	}
	u.Paid(d)
	d = u.Charge("u", 1, 1000, 2*time.Second)
	if d.Wait != time.Second {
		t.Errorf("%+v", d)
	}
	u.Paid(d)
	u.Paid(d) // it is not owed any more
	if d := u.Charge("u", 1, 10, time.Hour); d.Wait != 0 {
		t.Errorf("%+v", d)
	}
}

// Who need not wait is not one that does, though the user is known.
func TestUsers_WhoDoesNotWaitOwesNothing(t *testing.T) {
	u := NewUsers(Pace{Messages: 1000, Ahead: time.Second}, 16)
	u.Charge("u", 900, 0, 0)
	if d := u.Charge("u", 200, 0, 0); d != (Debt{}) || u.Known() != 1 {
		t.Errorf("%+v, %d known", d, u.Known())
	}
}

func TestUsers_NoLimit(t *testing.T) {
	if NewUsers(Pace{Ahead: time.Second}, 10) != nil {
		t.Error("limits nothing")
	}
}

func BenchmarkUsers_Charge(b *testing.B) {
	for name, messages := range map[string]int64{"little": 1, "too-much": 1000} {
		b.Run(name, func(b *testing.B) {
			u := NewUsers(Pace{Messages: 1_000_000, Ahead: time.Second}, 1<<16)
			var ids []string
			for n := range 1000 {
				ids = append(ids, fmt.Sprint("user-", n))
			}
			b.ReportAllocs()
			now := time.Duration(0)
			for n := 0; b.Loop(); n++ {
				now += time.Microsecond
				u.Charge(ids[n%len(ids)], messages, 20, now)
			}
		})
	}
}
