package nats

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// heard is what a set of subscriptions hears: each room once, and never more subjects than the bound allows.
func checkRooms(t *testing.T, r *rooms, subs map[string]bool, occupied map[[2]string]bool) {
	t.Helper()
	exact := 0
	for subject := range subs {
		if subject[len(subject)-1] != '*' {
			exact++
		}
	}
	if exact > r.max || exact != r.exact {
		t.Fatalf("%d rooms are subscribed to, counted %d, at most %d", exact, r.exact, r.max)
	}
	for key := range occupied {
		one, all := subs[r.subjects.room(key[0], key[1])], subs[r.subjects.rooms(key[0])]
		if one == all {
			t.Fatalf("%v: by itself %v, with its namespace %v", key, one, all)
		}
	}
	if len(occupied) == 0 && (len(subs) != 0 || len(r.spaces) != 0) {
		t.Fatalf("nobody is in a room, subscribed to %v", subs)
	}
}

func TestRooms_EachIsHeardOnceWithinTheBound(t *testing.T) {
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := &rooms{subjects: subjects{"p"}, max: 1 + random.IntN(40), spaces: map[string]*space{}}
		subs, occupied := map[string]bool{}, map[[2]string]bool{}
		change := func(subject string, wanted bool) {
			if subs[subject] == wanted {
				t.Fatalf("%s: %v again", subject, wanted)
			}
			if subs[subject] = wanted; !wanted {
				delete(subs, subject)
			}
		}
		for n := range 2000 {
			key := [2]string{fmt.Sprint("/", random.IntN(3)), fmt.Sprint(random.IntN(60))}
			enter := random.IntN(100) < 60
			if n > 1500 {
				enter = false
			}
			if r.set(key[0], key[1], enter, change); enter {
				occupied[key] = true
			} else {
				delete(occupied, key)
			}
			checkRooms(t, r, subs, occupied)
		}
		for key := range occupied {
			r.set(key[0], key[1], false, change)
			delete(occupied, key)
		}
		checkRooms(t, r, subs, occupied)
	}
}
