package route

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type claim = Claim[string, int]

func handler(group, namespace string, events ...string) *claim {
	return &claim{Group: group, Role: Handler, Namespace: namespace, Events: events}
}

func authorizer(group, namespace string) *claim {
	return &claim{Group: group, Role: Authorizer, Namespace: namespace}
}

func group(c *claim) string {
	if c == nil {
		return ""
	}
	return c.Group
}

// holder is the first claim that is in the way of another one.
func holder(t *Table[string, int], c *claim) *claim {
	for held := range t.Holders(c) {
		return held
	}
	return nil
}

func TestTable_MostSpecificHandlerWins(t *testing.T) {
	table := New([]*claim{
		handler("any", "/*"),
		handler("org", "/org/*", "message", "file:*"),
		handler("deep", "/org/a/*", "message"),
		handler("chat", "/chat", "message", "typing:*", "typing:start"),
		handler("rest", "/chat", "*"),
		handler("long", "/chat", "typing:very:*"),
		handler("root", "/"),
	})
	for _, c := range []struct{ namespace, event, want string }{
		{"/", "x", "root"},
		{"/chat", "message", "chat"},
		{"/chat", "typing:x", "chat"},
		{"/chat", "typing:very:x", "long"},
		{"/chat", "typing:", "chat"},
		{"/chat", "typing", "rest"},
		{"/chat", "", "rest"},
		{"/chat/sub", "message", "any"},
		{"/org", "message", "any"},
		{"/org/", "message", "any"},
		{"/org/b", "message", "org"},
		{"/org/b", "file:x", "org"},
		{"/org/b", "other", "any"},
		{"/org/a", "message", "org"},
		{"/org/a/b/c", "message", "deep"},
		{"/org/a/b", "file:1", "org"},
	} {
		if got := group(table.View(c.namespace).Handler(c.event)); got != c.want {
			t.Errorf("%s %q goes to %q, want %q", c.namespace, c.event, got, c.want)
		}
	}
}

func TestTable_Authorizer(t *testing.T) {
	table := New([]*claim{authorizer("wild", "/*"), authorizer("chat", "/chat"), handler("h", "/x")})
	for namespace, want := range map[string]string{"/": "", "/chat": "chat", "/x": "wild", "/chat/a": "wild"} {
		if got := group(table.View(namespace).Authorizer()); got != want {
			t.Errorf("%s is decided by %q, want %q", namespace, got, want)
		}
	}
}

func TestTable_HandlersLeaveOutTheShadowed(t *testing.T) {
	table := New([]*claim{
		handler("shadowed", "/*"), handler("a", "/chat", "x"), handler("b", "/chat"), handler("a", "/chat", "y"),
	})
	var got []string
	for _, c := range table.View("/chat").Handlers() {
		got = append(got, c.Group)
	}
	if diff := cmp.Diff([]string{"a", "b", "a"}, got); diff != "" {
		t.Error(diff)
	}
	if got := table.View("/other").Handlers(); len(got) != 1 || got[0].Group != "shadowed" {
		t.Errorf("handlers of /other: %v", got)
	}
}

func TestTable_ConflictIsTheSamePatternOfAnotherGroup(t *testing.T) {
	table := New([]*claim{authorizer("a", "/chat"), handler("a", "/chat", "x", "y*"), handler("a", "/all")})
	for _, c := range []struct {
		claim *claim
		want  string
	}{
		{authorizer("b", "/chat"), "a"},
		{authorizer("a", "/chat"), ""},
		{authorizer("b", "/*"), ""},
		{handler("b", "/chat", "x"), "a"},
		{handler("b", "/chat", "z", "y*"), "a"},
		{handler("b", "/chat", "y"), ""},
		{handler("b", "/chat"), ""},
		{handler("b", "/all", "*"), "a"},
		{handler("b", "/all/*"), ""},
	} {
		if got := group(holder(table, c.claim)); got != c.want {
			t.Errorf("%+v conflicts with %q, want %q", c.claim, got, c.want)
		}
	}
}

func TestTable_ZeroIsEmpty(t *testing.T) {
	var table Table[string, int]
	v := table.View("/chat")
	if v.Handler("x") != nil || v.Authorizer() != nil || len(v.Handlers()) != 0 {
		t.Error("an empty table found something")
	}
}

func TestCheckPatterns(t *testing.T) {
	for pattern, ok := range map[string]bool{
		"/": true, "/chat": true, "/org/*": true, "/*": true, "/a/b/*": true,
		"": false, "chat": false, "/or*": false, "/*/x": false, "/**": false, "/a,b": false,
		"/\xff": false, "/" + strings.Repeat("n", 256): false,
	} {
		if err := CheckNamespace(pattern); (err == nil) != ok {
			t.Errorf("namespace %q: %v", pattern, err)
		}
	}
	for pattern, ok := range map[string]bool{
		"": true, "x": true, "x*": true, "*": true, "x*y": false, "**": false, strings.Repeat("n", 129): false,
	} {
		if err := CheckEvent(pattern); (err == nil) != ok {
			t.Errorf("event %q: %v", pattern, err)
		}
	}
}

// A view finds what a walk over all claims finds.
func TestView_AgreesWithMatch(t *testing.T) {
	segment := rapid.SampledFrom([]string{"a", "b", "c"})
	rapid.Check(t, func(t *rapid.T) {
		namespace := "/" + strings.Join(rapid.SliceOfN(segment, 0, 4).Draw(t, "namespace"), "/")
		patterns := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			p := "/" + strings.Join(rapid.SliceOfN(segment, 0, 3).Draw(t, "segments"), "/")
			if rapid.Bool().Draw(t, "wild") {
				p = strings.TrimSuffix(p, "/") + "/*"
			}
			return p
		}), 0, 8).Draw(t, "patterns")
		var claims []*claim
		best := ""
		for _, p := range patterns {
			claims = append(claims, handler(p, p))
			if Match(p, namespace) && (len(p) > len(best) || p == namespace) && best != namespace {
				best = p
			}
		}
		if got := group(New(claims).View(namespace).Handler("e")); got != best {
			t.Fatalf("%s among %v: %q, want %q", namespace, patterns, got, best)
		}
	})
}

// A service may ask for 256 times 256 patterns: that must not hold the others up.
// Sixteen times as many patterns are no sixteen times as long to search.
func TestTable_ManyPatternsAreCheap(t *testing.T) {
	few, many := searches(t, 16), searches(t, 256)
	if many > 8*few {
		t.Errorf("%d searches of 4096 patterns took %v of a processor, of 65536 patterns %v", searched, few, many)
	}
}

const searched = 4096

// searches makes a table of so many groups with 256 patterns each, and tells what searching it takes, the least of three times.
func searches(t *testing.T, groups int) time.Duration {
	var claims []*claim
	for i := range groups {
		c := handler("g", "/chat")
		for j := range 256 {
			c.Events = append(c.Events, fmt.Sprintf("%d:%d:*", i, j))
		}
		claims = append(claims, c)
	}
	table := New(claims)
	view := table.View("/chat")
	var least time.Duration
	for range 3 {
		begun := processorTime()
		for n := range searched {
			i := n % groups
			if c := view.Handler(fmt.Sprintf("%d:7:x", i)); c != claims[i] {
				t.Fatalf("%d goes elsewhere", i)
			}
			if c := holder(table, handler("other", "/chat", fmt.Sprintf("%d:7:*", i))); c != claims[i] {
				t.Fatalf("%d is free", i)
			}
		}
		if took := processorTime() - begun; least == 0 || took < least {
			least = took
		}
	}
	return least
}

// processorTime is what this process has had of the processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestView_ObserversAreAllOfTheNamespace(t *testing.T) {
	observer := func(group, namespace string, events ...string) *Claim[string, int] {
		return &Claim[string, int]{Group: group, Role: Observer, Namespace: namespace, Events: events}
	}
	table := New([]*Claim[string, int]{
		{Group: "h", Role: Handler, Namespace: "/chat"},
		observer("a", "/chat", "message"), observer("b", "*"), observer("c", "/*", "m*"), observer("d", "/other"),
	})
	names := func(namespace string) (groups string) {
		for _, c := range table.View(namespace).AllObservers() {
			groups += c.Group
		}
		return groups
	}
	for _, c := range []struct{ namespace, want string }{{"/chat", "acb"}, {"/other", "dcb"}, {"/", "b"}, {"/x/y", "cb"}} {
		if got := names(c.namespace); got != c.want {
			t.Errorf("%s is seen by %q, want %q", c.namespace, got, c.want)
		}
	}
	if holder(table, observer("z", "/chat", "message")) != nil {
		t.Error("observers are in each other's way")
	}
	if h := table.View("/chat").Handler("message"); h == nil || h.Group != "h" {
		t.Error("an observer handles the event")
	}
	if !table.View("/").Observed() || New[string, int](nil).View("/").Observed() {
		t.Error("observed")
	}
}

func TestTable_UnknownRoleGetsNothing(t *testing.T) {
	table := New([]*Claim[string, int]{{Group: "x", Role: Observer + 1, Namespace: "/"}, {Group: "y", Namespace: "/"}})
	v := table.View("/")
	if v.Authorizer() != nil || v.Handler("e") != nil || len(v.Handlers()) != 0 || v.Observed() {
		t.Error("a claim of an unknown role is in force")
	}
}

func TestTable_WithoutEventsIsInNobodysWay(t *testing.T) {
	idle := &Claim[string, int]{Group: "presence", Role: Handler, Namespace: "/chat", NoEvents: true}
	chat := &Claim[string, int]{Group: "chat", Role: Handler, Namespace: "/chat"}
	table := New([]*Claim[string, int]{idle, chat})
	if h := table.View("/chat").Handler("e"); h != chat {
		t.Error("the event goes to who wants none")
	}
	far := &Claim[string, int]{Group: "far", Role: Handler, Namespace: "*", NoEvents: true}
	if len(New([]*Claim[string, int]{chat, far}).View("/chat").Handlers()) != 2 {
		t.Error("who wants no events is passed over")
	}
	if len(table.View("/chat").Handlers()) != 2 || holder(table, idle) != nil {
		t.Error("lifecycle is for both")
	}
}

// What a group that has been away for long asks for goes to whoever asks for it less precisely, and waits for the
// group where nobody does.
func TestTable_ClaimsThatYieldComeLast(t *testing.T) {
	own := New([]*Claim[string, int]{
		{Group: "all", Role: Handler, Namespace: "/*", Events: []string{"message"}},
		{Group: "all", Role: Authorizer, Namespace: "*"},
	})
	table := own.Replace(Late, nil, []*Claim[string, int]{
		{Group: "away", Role: Handler, Namespace: "/chat"},
		{Group: "away", Role: Authorizer, Namespace: "/chat"},
	})
	v := table.View("/chat")
	for event, want := range map[string]string{"message": "all", "other": "away"} {
		if c := v.Handler(event); c == nil || c.Group != want {
			t.Errorf("%s goes to %+v", event, c)
		}
	}
	if c := v.Authorizer(); c.Group != "all" {
		t.Errorf("%+v decides", c)
	}
	if len(v.Handlers()) != 2 || own.View("/chat").Handler("other") != nil {
		t.Error("something of one of them is missing, or the first one has changed")
	}
}
