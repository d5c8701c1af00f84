package permit

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func mustCompile(t *testing.T, r Rules) *Set {
	t.Helper()
	s, err := Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A namespace that fits a pattern is not named by it.
func TestSet_NamesWhatItHasByName(t *testing.T) {
	for list, want := range map[string]bool{"/admin": true, "/*": false, "*": false, "/adm*": false, "/chat": false} {
		set, err := Compile(Rules{Namespaces: []string{list}})
		if err != nil {
			continue // such as /adm*, which is no pattern of namespaces
		}
		if set.Names("/admin") != want {
			t.Errorf("%s: %v", list, !want)
		}
	}
	if (*Set)(nil).Names("/admin") {
		t.Error("nobody's rules name it")
	}
}

func TestRefusal_NamesWhatIsMissing(t *testing.T) {
	set := mustCompile(t, Rules{
		Groups: []string{"chat"}, Roles: []string{"handler"}, Namespaces: []string{"/chat"}, Events: []string{"message"},
		Rooms: []string{"order:*"}, Users: []string{"ann"}, Verbs: []string{"attach", "emit", "rooms", "list_rooms", "list_users"},
	})
	chat := Target{Namespace: "/chat"}
	for want, got := range map[string]*Refusal{
		`group "other"`:     set.Attach("other"),
		`role "authorizer"`: set.Subscribe(Subscription{Role: Authorizer, Namespace: "/chat"}),
		`verb "observe"`:    set.Subscribe(Subscription{Role: Observer, Namespace: "/chat"}),
		`namespace "/x"`:    set.Subscribe(Subscription{Role: Handler, Namespace: "/x"}),
		`event "*"`:         set.Subscribe(Subscription{Role: Handler, Namespace: "/chat"}),
		`room "or*"`:        set.Subscribe(Subscription{Role: Handler, Namespace: "/chat", Events: []string{"message"}, Rooms: []string{"or*"}}),
		`verb "disconnect"`: set.Do(&Command{Verb: Disconnect, Target: chat}),
		`event "x"`:         set.Do(&Command{Verb: Emit, Target: chat, Event: "x"}),
		`target "all", which needs room "*"`: set.Do(&Command{
			Verb: Emit, Target: Target{Namespace: "/chat", All: true}, Event: "message",
		}),
		`target "sockets", which needs room "*"`: set.Do(&Command{
			Verb: Emit, Target: Target{Namespace: "/chat", Sockets: []string{"s"}}, Event: "message",
		}),
		`user "bob"`: set.Do(&Command{
			Verb: Emit, Target: Target{Namespace: "/chat", Users: []string{"ann", "bob"}}, Event: "message",
		}),
		`room "lobby"`:    set.Do(&Command{Verb: Rooms, Target: chat, Joins: []string{"order:1", "lobby"}}),
		`room "lobby2"`:   set.Do(&Command{Verb: Rooms, Target: chat, Leaves: []string{"lobby2"}}),
		`room "*"`:        set.Do(&Command{Verb: ListRooms, Target: chat, Lists: ListsRooms}),
		`room "order*"`:   set.Do(&Command{Verb: ListRooms, Target: chat, Lists: ListsRooms, Prefix: "order"}),
		`user "ann*"`:     set.Do(&Command{Verb: ListUsers, Target: chat, Lists: ListsUsers, Prefix: "ann"}),
		`namespace "/x" `: set.Do(&Command{Verb: Emit, Target: Target{Namespace: "/x"}}),
	} {
		if got == nil || got.Error() != "not permitted: "+strings.TrimSpace(want) {
			t.Errorf("%v, want %s", got, want)
		}
	}
	if r := set.Do(&Command{Verb: ListRooms, Target: chat, Lists: ListsRooms, Prefix: "order:1"}); r != nil {
		t.Error(r)
	}
}

// Whoever may see some rooms does not see the others by naming none.
func TestSubscribe_AnObserverStaysInItsRooms(t *testing.T) {
	with := func(rooms, users []string) *Set {
		return mustCompile(t, Rules{
			Roles: []string{"handler", "observer"}, Namespaces: []string{"/chat"}, Events: []string{"*"}, Rooms: rooms, Users: users,
			Verbs: []string{"observe"},
		})
	}
	orders, ann, none := []string{"order:*", "desk"}, []string{"ann"}, []string(nil)
	for _, c := range []struct {
		set                   *Set
		rooms, users, sockets []string
		want                  string
	}{
		{set: with(none, none)},
		{set: with(none, none), sockets: []string{"s"}},
		{set: with([]string{"*"}, ann)},
		{set: with([]string{"*", "desk"}, ann), sockets: []string{"s"}},
		{set: with(none, []string{"*"})},
		{set: with(orders, none), want: "observer of everybody; the identity may see some rooms: name rooms of those"},
		{set: with(orders, []string{"*"}), users: ann, want: "observer of everybody; the identity may see some rooms"},
		{set: with(orders, none), rooms: []string{"order:1", "desk", "order:2*"}},
		{set: with(orders, ann), rooms: []string{"desk"}, users: ann},
		{set: with(orders, none), rooms: []string{"*"}, want: `room "*"`},
		{set: with(orders, none), rooms: []string{"desk", "order*"}, want: `room "order*"`},
		{set: with(orders, none), rooms: []string{"desk"}, users: ann, want: `user "ann"`},
		{set: with(orders, none), rooms: []string{"desk"}, sockets: []string{"s"}, want: `target "sockets", which needs room "*"`},
		{set: with(none, ann), want: "observer of everybody; the identity may see some users: name users of those"},
		{set: with(none, ann), users: ann},
		{set: with(none, ann), users: ann, sockets: []string{"s"}, want: `target "sockets"`},
	} {
		sub := Subscription{Role: Observer, Namespace: "/chat", Rooms: c.rooms, Users: c.users, Sockets: c.sockets}
		r := c.set.Subscribe(sub)
		if (r == nil) != (c.want == "") || r != nil && !strings.Contains(r.Error(), c.want) {
			t.Errorf("rooms %q, users %q, sockets %q: %v, want %q", c.rooms, c.users, c.sockets, r, c.want)
		}
		sub.Role, sub.Rooms, sub.Users, sub.Sockets = Handler, nil, nil, nil
		if r := c.set.Subscribe(sub); r != nil {
			t.Errorf("a handler: %v", r)
		}
	}
}

// A handler whose rooms are restricted still answers the browser that asked.
func TestDo_TheSocketOfTheDeliveryIsPermitted(t *testing.T) {
	set := mustCompile(t, Rules{Namespaces: []string{"/chat"}, Events: []string{"*"}, Verbs: []string{"emit"}})
	emit := func(own string, sockets ...string) *Refusal {
		return set.Do(&Command{
			Verb: Emit, Target: Target{Namespace: "/chat", Sockets: sockets}, Event: "x", OwnSocket: own,
		})
	}
	if r := emit("s1", "s1"); r != nil {
		t.Error(r)
	}
	for _, r := range []*Refusal{emit("s1", "s2"), emit("s1", "s1", "s2"), emit("", ""), emit("", "s1")} {
		if r == nil {
			t.Error("another socket is permitted")
		}
	}
}

func TestCompile_BadRulesAreNamed(t *testing.T) {
	for field, r := range map[string]Rules{
		"roles": {Roles: []string{"handler", "boss"}}, "verbs": {Verbs: []string{"Emit"}},
		"namespaces": {Namespaces: []string{"chat"}}, "events": {Events: []string{"a*b"}}, "rooms": {Rooms: []string{""}},
		"users": {Users: []string{"\xff"}}, "groups": {Groups: []string{strings.Repeat("g", 257)}},
		"max_instances": {MaxInstances: -1}, "commands_per_second": {CommandsPerSecond: -1},
	} {
		_, err := Compile(r)
		var bad *RuleError
		if !errors.As(err, &bad) || bad.Field != field || bad.Allowed == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestNilSet_PermitsEverything(t *testing.T) {
	var set *Set
	for _, r := range []*Refusal{
		set.May(Admin), set.Attach("x"), set.Subscribe(Subscription{Role: Observer, Namespace: "*"}),
		set.Do(&Command{Verb: Emit, Target: Target{Namespace: "/", All: true}}),
	} {
		if r != nil {
			t.Error(r)
		}
	}
}

// A pattern that is covered has no name that does not fit.
func TestCovers_IsTrueForEachName(t *testing.T) {
	letter := rapid.StringOfN(rapid.RuneFrom([]rune("ab/")), 0, 4, -1)
	rapid.Check(t, func(t *rapid.T) {
		var list, spaces []string
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			star := rapid.SampledFrom([]string{"", "*"}).Draw(t, "star")
			list = append(list, letter.Draw(t, "rule")+star)
			spaces = append(spaces, "/"+strings.TrimSuffix(letter.Draw(t, "space"), "/")+strings.Repeat("/*", len(star)))
		}
		p, n := compile(list), namespaces{compile(spaces)}
		question, name := letter.Draw(t, "question"), letter.Draw(t, "name")
		if p.covers(question+"*") && !p.name(question+name) {
			t.Fatalf("%v covers %s* and not %s", list, question, question+name)
		}
		if name != "" && n.covers("/"+question+"/*") && !n.name("/"+question+"/"+name) {
			t.Fatalf("%v covers /%s/* and not /%s/%s", spaces, question, question, name)
		}
	})
}

func FuzzDo(f *testing.F) {
	f.Add("/chat", "message", "room", "order:*")
	f.Fuzz(func(t *testing.T, namespace, event, room, rule string) {
		set, err := Compile(Rules{
			Namespaces: []string{"*"}, Events: []string{"*"}, Rooms: []string{rule}, Verbs: []string{"emit"},
		})
		if err != nil {
			return
		}
		refusal := set.Do(&Command{Verb: Emit, Target: Target{Namespace: namespace, Rooms: []string{room}}, Event: event})
		prefix, wild := strings.CutSuffix(rule, "*")
		if fits := room == rule || (wild && strings.HasPrefix(room, prefix)); fits && !wild && refusal != nil {
			t.Errorf("rule %q refuses its own name", rule)
		} else if !fits && refusal == nil {
			t.Errorf("rule %q permits %q", rule, room)
		}
	})
}

func TestAllocs_CheckingAnEmitMakesNone(t *testing.T) {
	set := mustCompile(t, Rules{
		Namespaces: []string{"/chat"}, Events: []string{"message"}, Rooms: []string{"order:*"}, Verbs: []string{"emit"},
	})
	c := Command{Verb: Emit, Target: Target{Namespace: "/chat", Rooms: []string{"order:7"}}, Event: "message"}
	if n := testing.AllocsPerRun(100, func() {
		if set.Do(&c) != nil {
			t.Error("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
