package route

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A table that has changed often says what one says that was made of what is left.
func TestTable_ReplaceIsAsGoodAsAnew(t *testing.T) {
	namespaces := []string{"/", "/a", "/a/", "/a/b", "/a/*", "/a/b/*", "/*", "*"}
	patterns := []string{"x", "xy", "x*", "xy*", "xyz*", "*"}
	seen := append([]string{"/a/b/c", "/z"}, namespaces[:4]...)
	events := []string{"", "x", "xy", "xyzz", "other"}
	some := rapid.Custom(func(t *rapid.T) *claim {
		c := &claim{
			Role:      rapid.SampledFrom([]Role{Authorizer, Handler, Handler, Observer, Observer + 1}).Draw(t, "role"),
			Namespace: rapid.SampledFrom(namespaces).Draw(t, "namespace"), NoEvents: rapid.IntRange(0, 9).Draw(t, "none") == 0,
		}
		c.Events = rapid.SliceOfN(rapid.SampledFrom(patterns), 0, 3).Draw(t, "events")
		return c
	})
	rapid.Check(t, func(t *rapid.T) {
		table := &Table[string, int]{}
		var now [Late + 1][]*claim // of all groups, those that came first before others
		of := map[string][]*claim{}
		in := map[string]Tier{}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			name := rapid.SampledFrom([]string{"g", "h", "i"}).Draw(t, "group")
			claims := rapid.SliceOfN(some, 0, 4).Draw(t, "claims")
			for _, c := range claims {
				c.Group = name
			}
			was, to := in[name], Tier(rapid.IntRange(0, 1).Draw(t, "tier"))
			if was == to {
				table = table.Replace(to, of[name], claims)
			} else {
				table = table.Replace(was, of[name], nil).Replace(to, nil, claims)
			}
			now[was] = slices.DeleteFunc(now[was], func(c *claim) bool { return c.Group == name })
			now[to] = append(now[to], claims...)
			of[name], in[name] = claims, to
		}
		anew := New(now[Own]).Replace(Late, nil, now[Late])
		for _, namespace := range seen {
			was, is := anew.View(namespace), table.View(namespace)
			if is.Authorizer() != was.Authorizer() || !slices.Equal(is.Handlers(), was.Handlers()) || !slices.Equal(is.AllObservers(), was.AllObservers()) {
				t.Fatalf("%s differs", namespace)
			}
			for _, e := range events {
				if is.Handler(e) != was.Handler(e) {
					t.Fatalf("%s of %s differs", e, namespace)
				}
			}
		}
		for _, namespace := range namespaces {
			decided := slices.ContainsFunc(slices.Concat(now[:]...), func(c *claim) bool {
				return c.Role == Authorizer && (Match(namespace, c.Namespace) || Match(c.Namespace, namespace) || c.Namespace == namespace)
			})
			if table.Decided(namespace) != decided {
				t.Fatalf("that %s is decided: %v", namespace, !decided)
			}
			c := &claim{Group: "z", Role: Handler, Namespace: namespace, Events: patterns}
			if !slices.Equal(slices.Collect(table.Holders(c)), slices.Collect(anew.Holders(c))) {
				t.Fatalf("holders of %s differ", namespace)
			}
		}
		if !slices.Equal(table.Observers(), anew.Observers()) || table.Observed() != anew.Observed() {
			t.Fatal("observers differ")
		}
	})
}

// crowd is a table of groups that each have an authorizer and a handler in some namespaces of their own, and events in one
// that all share.
func crowd(groups int) *Table[string, int] {
	t := &Table[string, int]{}
	for i := range groups {
		t = t.Replace(Own, nil, claimsOf(fmt.Sprint("group", i)))
	}
	return t
}

func claimsOf(name string) []*claim {
	claims := []*claim{handler(name, "/shared", name, name+":*")}
	for i := range 3 {
		namespace := fmt.Sprintf("/%s/%d/*", name, i)
		claims = append(claims, authorizer(name, namespace), handler(name, namespace, "message", "typing:*"))
	}
	return claims
}

// allocated is how many bytes f allocates, of several runs.
func allocated(f func()) float64 {
	const runs = 50
	f()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / runs
}

// Whoever comes or goes costs what it asks for itself, however many others there are. Only the lists of a namespace that it shares
// with others are copied, a pointer for each of these.
func TestTable_ReplaceDoesNotCostMoreWithMoreRoutes(t *testing.T) {
	come := func(groups int) float64 {
		table, claims := crowd(groups), claimsOf("one more")
		return allocated(func() { table.Replace(Own, nil, claims).Replace(Own, claims, nil) })
	}
	const few, many, pointer = 64, 4096, 8
	// Twice the list that is shared; and trees that are two levels deeper, of at most 32 pointers to interfaces each.
	least, most := come(few), come(many)
	if limit := 3*least + 2*2*pointer*many; most > limit {
		t.Errorf("beside %d groups it allocates %.0f bytes, beside %d %.0f: more than %.0f", few, least, many, most, limit)
	}
}

func TestNamespaces_WithDoesNotCostMoreWithMoreOfThem(t *testing.T) {
	with := func(n int) float64 {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprint("/n", i), fmt.Sprintf("/n%d/*", i))
		}
		set := (&Namespaces{}).With(all)
		return allocated(func() { set.With([]string{"/one", "/one/*"}).Without([]string{"/one", "/one/*"}) })
	}
	if few, many := with(64), with(16_384); many > 4*few {
		t.Errorf("with few it allocates %.0f bytes, with many %.0f", few, many)
	}
}

func TestNamespaces_Has(t *testing.T) {
	set := (&Namespaces{}).With([]string{"/chat", "/org/*", "/chat"})
	for namespace, want := range map[string]bool{
		"/chat": true, "/chat/a": false, "/org": false, "/org/": false, "/org/a": true, "/org/a/b": true, "/": false, "": false,
	} {
		if set.Has(namespace) != want {
			t.Errorf("%q is in the set: %v", namespace, !want)
		}
	}
	less := set.Without([]string{"/org/*", "/none"})
	if less.Has("/org/a") || !less.Has("/chat") || !set.Has("/org/a") {
		t.Error("the set less a pattern")
	}
	everywhere := set.With([]string{"*"})
	if !everywhere.Has("/x") || everywhere.Has("") {
		t.Error("the set with the pattern of all namespaces")
	}
	var full []string
	for i := range maxNamespaces {
		full = append(full, fmt.Sprint("/", i))
	}
	if bounded := set.With(full); bounded.Has(full[maxNamespaces-1]) || !bounded.Has(full[maxNamespaces-3]) {
		t.Error("the set has more than its limit, or less")
	}
}

func BenchmarkTable_Replace(b *testing.B) {
	for _, groups := range []int{1, 100, 1000, 10_000} {
		b.Run(fmt.Sprint(groups, " groups"), func(b *testing.B) {
			table, claims := crowd(groups), claimsOf("one more")
			b.ReportAllocs()
			for b.Loop() {
				table.Replace(Own, nil, claims).Replace(Own, claims, nil)
			}
		})
	}
}

func BenchmarkView(b *testing.B) {
	table := crowd(1000)
	b.Run("look", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			table.View("/group7/2/room")
		}
	})
	view := table.View("/group7/2/room")
	for _, event := range []string{"message", "typing:start", "none"} {
		b.Run(event, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				view.Handler(event)
			}
		})
	}
}

// An event is looked up without an allocation.
func TestView_HandlerAllocatesNothing(t *testing.T) {
	view := crowd(10).View("/group7/2/room")
	event := "typing:" + strings.Repeat("x", 100)
	if n := testing.AllocsPerRun(100, func() { view.Handler(event) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if diff := cmp.Diff("group7", group(view.Handler(event))); diff != "" {
		t.Error(diff)
	}
}
