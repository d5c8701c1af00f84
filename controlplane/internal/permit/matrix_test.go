package permit

import (
	"slices"
	"strings"
	"testing"
)

// The matrix asks every identity for every verb in every namespace, with every event
// and every kind of target. What is right stands in `expected` as data: for each
// identity the words of the universe that it may use, written out by hand, so that
// nothing of the matching under test is used to judge it.

var universe = struct {
	namespaces, events []string
	targets            []cellTarget
}{
	namespaces: []string{"/", "/chat", "/shop", "/shop/eu", "/shop/eu/1", "/shopping"},
	events:     []string{"message", "order:new", "order:", "orders"},
	targets: []cellTarget{
		{name: "all", target: Target{All: true}},
		{name: "socket", target: Target{Sockets: []string{"s1"}}},
		{name: "order:1", target: Target{Rooms: []string{"order:1"}}},
		{name: "order:2", target: Target{Rooms: []string{"order:2"}}},
		{name: "lobby", target: Target{Rooms: []string{"lobby"}}},
		{name: "order:1+lobby", target: Target{Rooms: []string{"order:1", "lobby"}}},
		{name: "order:1+socket", target: Target{Rooms: []string{"order:1"}, Sockets: []string{"s1"}}},
		{name: "ann", target: Target{Users: []string{"ann"}}},
		{name: "bob", target: Target{Users: []string{"bob"}}},
		{name: "lobby+ann", target: Target{Rooms: []string{"lobby"}, Users: []string{"ann"}}},
	},
}

type cellTarget struct {
	name   string
	target Target
}

// expectation is what one identity may, each as words of the universe.
type expectation struct {
	rules *Rules // nil: no permissions are configured anywhere
	// verbs, namespaces, events and targets that it may use, separated by blanks.
	verbs, namespaces, events, targets string
	// moves are the targets whose rooms it may change.
	moves string
}

const (
	everyVerb   = "attach emit rooms disconnect data fetch count list_rooms list_users call revoke acknowledge observe admin"
	everyNsp    = "/ /chat /shop /shop/eu /shop/eu/1 /shopping"
	everyEvent  = "message order:new order: orders"
	everyTarget = "all socket order:1 order:2 lobby order:1+lobby order:1+socket ann bob lobby+ann"
)

var expected = map[string]expectation{
	"unrestricted": {nil, everyVerb, everyNsp, everyEvent, everyTarget, everyTarget},
	"nothing":      {&Rules{}, "", "", "", "", ""},
	"everything": {
		&Rules{
			Groups: []string{"*"}, Roles: RoleNames(), Namespaces: []string{"*"}, Events: []string{"*"},
			Rooms: []string{"*"}, Users: []string{"*"}, Verbs: VerbNames(),
		}, everyVerb, everyNsp, everyEvent, everyTarget, everyTarget,
	},
	"orders": {
		&Rules{
			Namespaces: []string{"/shop/*"}, Events: []string{"order:*"}, Rooms: []string{"order:*"},
			Verbs: []string{"emit", "rooms"},
		},
		"emit rooms", "/shop/eu /shop/eu/1", "order:new order:", "order:1 order:2", "socket order:1 order:2 order:1+socket",
	},
	"one room": {
		&Rules{
			Namespaces: []string{"/shop"}, Events: []string{"*"}, Rooms: []string{"order:1"},
			Verbs: []string{"emit", "fetch", "count", "disconnect", "data", "revoke"},
		},
		"emit fetch count disconnect data revoke", "/shop", everyEvent, "order:1", "",
	},
	"one user": {
		&Rules{
			Namespaces: []string{"/*"}, Events: []string{"message"}, Users: []string{"ann"},
			Verbs: []string{"emit", "disconnect", "rooms"},
		},
		"emit disconnect rooms", "/chat /shop /shop/eu /shop/eu/1 /shopping", "message", "ann", "socket ann",
	},
	"mailer": {
		&Rules{
			Namespaces: []string{"/", "/chat"}, Events: []string{"message", "orders"}, Rooms: []string{"lobby", "order:1"},
			Users: []string{"a*"}, Verbs: []string{"emit", "rooms", "call"},
		},
		"emit rooms call", "/ /chat", "message orders", "order:1 lobby order:1+lobby ann lobby+ann",
		"socket order:1 lobby order:1+lobby order:1+socket ann lobby+ann",
	},
	"reader": {
		&Rules{Namespaces: []string{"*"}, Rooms: []string{"*"}, Verbs: []string{"fetch", "count", "list_rooms"}},
		"fetch count list_rooms", everyNsp, "", "all socket order:1 order:2 lobby order:1+lobby order:1+socket", "",
	},
	"no verbs": {
		&Rules{Namespaces: []string{"*"}, Events: []string{"*"}, Rooms: []string{"*"}, Users: []string{"*"}},
		"", everyNsp, everyEvent, everyTarget, everyTarget,
	},
}

// may is the naive judge of one cell.
func (e expectation) may(verb, namespace, event, target string) bool {
	in := func(list, word string) bool { return slices.Contains(strings.Fields(list), word) }
	if !in(e.verbs, verb) {
		return false
	}
	switch verb {
	case "acknowledge", "admin":
		return true
	case "emit", "call":
		return in(e.namespaces, namespace) && in(e.events, event) && in(e.targets, target)
	case "rooms":
		return in(e.namespaces, namespace) && in(e.moves, target)
	}
	return in(e.namespaces, namespace) && in(e.targets, target)
}

func TestMatrix_AgreesWithTheTable(t *testing.T) {
	cells, permitted := 0, 0
	for name, e := range expected {
		var set *Set
		if e.rules != nil {
			var err error
			if set, err = Compile(*e.rules); err != nil {
				t.Fatal(err)
			}
		}
		for v := range verbs {
			if v == Attach || v == Observe {
				continue // no commands
			}
			for _, namespace := range universe.namespaces {
				for _, event := range universe.events {
					for _, target := range universe.targets {
						c := Command{Verb: v, Target: target.target, Event: event}
						c.Target.Namespace = namespace
						refusal := set.Do(&c)
						want := e.may(v.String(), namespace, event, target.name)
						if (refusal == nil) != want {
							t.Errorf("%s: %s %s %q to %s: %v, permitted should be %v",
								name, v, namespace, event, target.name, refusal, want)
						}
						cells++
						if want {
							permitted++
						}
					}
				}
			}
		}
	}
	if cells < 20_000 || permitted < cells/20 || permitted > cells*19/20 {
		t.Errorf("%d cells of which %d are permitted: the matrix says little", cells, permitted)
	}
}

// subscriptions of a hello, as data: who may have which.
func TestMatrix_Subscriptions(t *testing.T) {
	namespaces := []string{"*", "/*", "/", "/chat", "/shop", "/shop/*", "/shop/eu", "/shop/eu/*", "/shopping"}
	events := []string{"", "*", "order:*", "order:new", "order:new*", "o*", "message"}
	for _, e := range []struct {
		name                      string
		rules                     Rules
		roles, namespaces, events string
	}{
		{"nothing", Rules{}, "", "", ""},
		{
			"everything",
			Rules{Roles: RoleNames(), Namespaces: []string{"*"}, Events: []string{"*"}, Verbs: []string{"observe"}},
			"authorizer handler observer", strings.Join(namespaces, " "), "- * order:* order:new order:new* o* message",
		},
		{
			"shop", Rules{Roles: []string{"handler"}, Namespaces: []string{"/shop/*"}, Events: []string{"order:*"}},
			"handler", "/shop/* /shop/eu /shop/eu/*", "order:* order:new order:new*",
		},
		{
			"all but the root", Rules{Roles: []string{"handler"}, Namespaces: []string{"/*"}, Events: []string{"order:new", "message"}},
			"handler", "/* /chat /shop /shop/* /shop/eu /shop/eu/* /shopping", "order:new message",
		},
		{
			"both halves", Rules{Roles: []string{"handler", "observer"}, Namespaces: []string{"/*", "/"}, Events: []string{"o*"}},
			"handler", strings.Join(namespaces, " "), "order:* order:new order:new* o*",
		},
		{
			"observer", Rules{Roles: []string{"observer"}, Namespaces: []string{"/chat"}, Events: []string{"*"}, Verbs: []string{"observe"}},
			"observer", "/chat", "- * order:* order:new order:new* o* message",
		},
	} {
		set, err := Compile(e.rules)
		if err != nil {
			t.Fatal(err)
		}
		for role := range roles {
			for _, namespace := range namespaces {
				for _, event := range events {
					sub := Subscription{Role: role, Namespace: namespace}
					word := event
					if event == "" {
						word = "-"
					} else {
						sub.Events = []string{event}
					}
					want := slices.Contains(strings.Fields(e.roles), role.String()) &&
						slices.Contains(strings.Fields(e.namespaces), namespace) &&
						(role == Authorizer || slices.Contains(strings.Fields(e.events), word))
					if got := set.Subscribe(sub); (got == nil) != want {
						t.Errorf("%s: %s of %s %q: %v, permitted should be %v", e.name, role, namespace, event, got, want)
					}
				}
			}
		}
	}
}
