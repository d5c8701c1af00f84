package decisions

import (
	"fmt"
	"iter"
	"testing"
	"time"
)

var start = time.Unix(1_700_000_000, 0)

// lines are names and values, in turn.
func lines(texts ...string) func() iter.Seq2[string, string] {
	return func() iter.Seq2[string, string] {
		return func(yield func(string, string) bool) {
			for i := 0; i+1 < len(texts); i += 2 {
				if !yield(texts[i], texts[i+1]) {
					return
				}
			}
		}
	}
}

func facts(auth string, header ...string) Facts {
	return Facts{Namespace: "/chat", Auth: []byte(auth), Lines: lines(header...)}
}

type counted struct {
	*Cache
	seen map[Event]int
}

func newCache(l Limits) counted {
	c := counted{seen: make(map[Event]int)}
	c.Cache = New(l, func(e Event) { c.seen[e]++ })
	return c
}

var roomy = Limits{Entries: 100, Bytes: 1 << 20}

func entry(f Facts, user string, headers ...string) *Entry {
	h := HeadersOf(headers)
	return &Entry{
		Namespace: f.Namespace, Headers: h, Key: f.Key(h), User: user, Group: "g", End: start.Add(time.Minute), Value: user,
	}
}

func (c counted) find(f Facts) string {
	if e := c.Find(f, "g", start); e != nil {
		return e.Value.(string)
	}
	return ""
}

func TestKey_TellsApart(t *testing.T) {
	headers := HeadersOf([]string{"x-a", "cookie", "Cookie", "X-B"})
	if fmt.Sprint(headers) != "[Cookie X-A X-B]" {
		t.Errorf("headers: %v", headers)
	}
	seen := make(map[Key]int)
	for i, f := range []Facts{
		facts(""), facts("{}"), facts("", "Cookie", ""), facts("", "Cookie", "a"), facts("", "Cookie", "a", "Cookie", "b"),
		facts("", "Cookie", "ab"), facts("", "Cookie", "b", "Cookie", "a"), facts("", "X-A", "a"), facts("", "X-B", "a"),
		{Namespace: "/chat{}", Lines: lines()}, {Namespace: "/chat", Auth: []byte("x"), Lines: lines("X-A", "")},
	} {
		key := f.Key(headers)
		if other, ok := seen[key]; ok {
			t.Errorf("facts %d and %d are alike", other, i)
		}
		seen[key] = i
	}
	a, b := facts("{}", "Cookie", "a", "User-Agent", "x"), facts("{}", "Cookie", "a", "User-Agent", "y")
	if a.Key(headers) != b.Key(headers) {
		t.Error("a header that is not listed counts")
	}
	if a.Key(headers) == a.Key(headers[:1]) {
		t.Error("the list does not count")
	}
}

func TestCache_FindsByEachListOfItsNamespace(t *testing.T) {
	c := newCache(roomy)
	ann, bob := facts(`{"t":1}`, "Cookie", "ann"), facts(`{"t":2}`, "Authorization", "bob")
	if !c.Keep(entry(ann, "ann", "cookie"), 0) || !c.Keep(entry(bob, "bob", "authorization"), 0) {
		t.Fatal("not kept")
	}
	if c.find(ann) != "ann" || c.find(bob) != "bob" || c.find(facts(`{"t":1}`, "Cookie", "eve")) != "" {
		t.Error("found the wrong ones")
	}
	if c.Find(ann, "other", start) != nil {
		t.Error("found for a group that has not decided it")
	}
	if c.seen[Hit] != 2 || c.seen[Kept] != 2 {
		t.Errorf("counted: %v", c.seen)
	}
	if c.Find(ann, "g", start.Add(time.Minute)) != nil || c.seen[Expired] != 1 {
		t.Error("found after its end")
	}
	if len(c.lists["/chat"]) != 1 {
		t.Error("a list without entries stays")
	}
}

func TestCache_ListsOfANamespaceAreBounded(t *testing.T) {
	c := newCache(roomy)
	for i := range maxLists {
		if !c.Keep(entry(facts("{}"), "u", fmt.Sprint("h", i)), 0) {
			t.Fatalf("list %d is not kept", i)
		}
	}
	if c.Keep(entry(facts("{}"), "u", "one-more"), 0) || c.seen[Refused] != 1 {
		t.Error("one list too many is kept")
	}
	if !c.Keep(entry(facts("other"), "u", "h1"), 0) {
		t.Error("a list that is in use is refused")
	}
}

func TestCache_TheOldestMakesRoom(t *testing.T) {
	c := newCache(Limits{Entries: 3, Bytes: 10 << 10})
	for i := range 4 {
		c.Keep(entry(facts(fmt.Sprint(i)), fmt.Sprint(i)), 0)
	}
	if c.find(facts("0")) != "" || c.find(facts("1")) != "1" || c.seen[Evicted] != 1 {
		t.Errorf("not the oldest: %v", c.seen)
	}
	large := entry(facts("large"), "large")
	large.Bytes = 8800
	if !c.Keep(large, 0) {
		t.Error("a large one is not kept")
	}
	if n, bytes := c.sizes(); n != 2 || bytes > 10<<10 {
		t.Errorf("%d entries, %d bytes", n, bytes)
	}
	huge := entry(facts("huge"), "huge")
	huge.Bytes = 11 << 10
	if c.Keep(huge, 0) || c.find(facts("large")) != "large" {
		t.Error("one that is larger than all may be has made room")
	}
}

func TestCache_ANewerAcceptReplaces(t *testing.T) {
	c := newCache(Limits{Entries: 1, Bytes: 1 << 20})
	old := entry(facts("{}"), "old")
	c.Keep(old, 0)
	c.Keep(entry(facts("{}"), "new"), 0)
	if c.find(facts("{}")) != "new" || c.Live(old) || c.seen[Evicted] != 0 {
		t.Errorf("not replaced: %v", c.seen)
	}
}

func TestCache_RevocationEndsWhatIsKept(t *testing.T) {
	c := newCache(roomy)
	kept := make([]*Entry, 0, 6)
	for i, user := range []string{"ann", "bob", "ann", "", "ann", "bob"} {
		kept = append(kept, entry(facts(fmt.Sprint(i)), user))
		c.Keep(kept[i], 0)
	}
	c.RevokeUser("ann")
	c.RevokeUser("")
	c.RevokeKey(kept[3].Key)
	for i, want := range []bool{false, true, false, false, false, true} {
		if c.Live(kept[i]) != want {
			t.Errorf("entry %d lives: %v", i, !want)
		}
	}
	if c.seen[Revoked] != 4 {
		t.Errorf("counted: %v", c.seen)
	}
}

func TestCache_RevocationIsNotUndoneByAnAcceptThatWasUnderWay(t *testing.T) {
	c := newCache(roomy)
	before := c.Generation()
	c.RevokeUser("ann")
	c.RevokeKey(entry(facts("k"), "").Key)
	if c.Keep(entry(facts("a"), "ann"), before) || c.Keep(entry(facts("k"), ""), before) {
		t.Error("kept")
	}
	if !c.Keep(entry(facts("b"), "bob"), before) {
		t.Error("somebody else's is not kept")
	}
	if !c.Keep(entry(facts("a"), "ann"), c.Generation()) {
		t.Error("one that was asked after the revocation is not kept")
	}
	// Also when more were revoked than are remembered one by one.
	before = c.Generation()
	c.RevokeUser("ann")
	for i := range 3 * maxRevocations {
		c.RevokeUser(fmt.Sprint("user", i))
	}
	if c.Keep(entry(facts("a"), "ann"), before) {
		t.Error("kept once the revocation is forgotten")
	}
	if len(c.revoked.last) > maxRevocations {
		t.Errorf("%d are remembered", len(c.revoked.last))
	}
}

func TestCache_LeavingAndSweepingGiveEverythingBack(t *testing.T) {
	c := newCache(roomy)
	for i := range 50 {
		e := entry(facts(fmt.Sprint(i)), fmt.Sprint(i%7), fmt.Sprint("h", i%3))
		if i%2 == 0 {
			e.Group = "other"
		}
		c.Keep(e, 0)
	}
	c.Leave("other")
	if n, _ := c.sizes(); n != 25 || c.seen[Left] != 25 {
		t.Errorf("%d are left, counted: %v", n, c.seen)
	}
	c.Sweep(start)
	c.Sweep(start.Add(time.Minute))
	if n, bytes := c.sizes(); n != 0 || bytes != 0 || c.seen[Expired] != 25 {
		t.Errorf("%d entries, %d bytes, counted: %v", n, bytes, c.seen)
	}
	if len(c.lists)+len(c.byUser.entries)+len(c.byGroup.entries) != 0 || c.ages != (ages{}) {
		t.Error("something stays")
	}
}

// sizes are the entries and their bytes.
func (c *Cache) sizes() (entries int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries), c.bytes
}
