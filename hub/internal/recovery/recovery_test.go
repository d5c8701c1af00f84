package recovery

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/rooms"
	"github.com/siohub/siohub/internal/virtualtime"
)

func small() Config {
	return Config{
		MaxDuration: 2 * time.Minute, Detection: 45 * time.Second, Sessions: 10_000, SessionBytes: 64 << 10,
		LogBytes: 64 << 10, TotalBytes: 1 << 20,
	}
}

func entry(bytes int) *Entry {
	return NewEntry(cluster.Target{All: true}, cluster.Message{Event: "x", Args: make([]byte, bytes)})
}

func TestLog_IsBoundedInBytesAndSaysWhatHasGone(t *testing.T) {
	var full []string
	config := small()
	config.Full = func(limit string) { full = append(full, limit) }
	s := New(config)
	l := s.Logs.New(cluster.Position{})
	for range 1000 {
		if !put(l, entry(1000)) {
			t.Fatal("not kept")
		}
	}
	if l.bytes > config.LogBytes || l.Head().At != 1000 || len(full) == 0 || full[0] != FullLogBytes {
		t.Fatalf("%d bytes, head %d, %d times full", l.bytes, l.Head().At, len(full))
	}
	buf := make([]*Entry, 1000)
	if _, ok := l.Read(0, buf); ok {
		t.Error("the gap was not told")
	}
	if _, ok := l.Read(1001, buf); ok {
		t.Error("there is something behind the end")
	}
	if n, ok := l.Read(1000, buf); n != 0 || !ok {
		t.Error(n, ok)
	}
	kept := uint64(len(l.entries))
	if n, ok := l.Read(1000-kept, buf); uint64(n) != kept || !ok {
		t.Error(n, ok)
	}
	if put(l, entry(100<<10)) {
		t.Error("one that is larger than the log was kept")
	}
	if _, ok := l.Read(1000, buf); ok {
		t.Error("one that was not kept is no gap")
	}
	l.Close()
	if s.Logs.bytes.Load() != 0 {
		t.Errorf("%d bytes are left", s.Logs.bytes.Load())
	}
	if next := s.Logs.New(cluster.Position{}); next.Head().At != 1001 {
		t.Errorf("positions begin anew behind %d", next.Head().At)
	}
}

// The namespace that keeps most gives, and the others stay as they are.
func TestLog_AllTogetherAreBounded(t *testing.T) {
	config := small()
	config.LogBytes, config.TotalBytes = 1<<20, 256<<10
	s := New(config)
	quiet := s.Logs.New(cluster.Position{})
	put(quiet, entry(100))
	for range 20 {
		l := s.Logs.New(cluster.Position{})
		for range 100 {
			put(l, entry(1000))
		}
		if got := s.Logs.bytes.Load(); got > config.TotalBytes/2 {
			t.Fatalf("%d bytes", got)
		}
	}
	if n, ok := quiet.Read(0, make([]*Entry, 10)); n != 1 || !ok {
		t.Fatal("the quiet one gave")
	}
}

func TestLog_DropsWhatIsTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(small())
		l := s.Logs.New(cluster.Position{})
		put(l, entry(10))
		virtualtime.Pass(2*time.Minute + 45*time.Second)
		if _, ok := l.Read(0, make([]*Entry, 1)); !ok {
			t.Error("gone too early")
		}
		virtualtime.Pass(time.Minute)
		if _, ok := l.Read(0, make([]*Entry, 1)); ok || s.Logs.bytes.Load() != 0 {
			t.Error("still there")
		}
		s.Close()
	})
}

// depart makes a session that is away.
func depart(s *Store, holds int64) (*Session, bool) {
	one := s.Open("/", fmt.Sprint(rand.Uint64()), "")
	kept, _ := s.Leave(one, holds)
	s.Depart(one)
	return one, kept
}

// However many browsers go away, with as much as they may have: the oldest go.
func TestStore_TenThousandSessionsStayWithinTheBound(t *testing.T) {
	config := small()
	full := map[string]int{}
	config.Full = func(limit string) { full[limit]++ }
	s := New(config)
	first, _ := depart(s, 1000)
	for range 10_000 {
		if _, kept := depart(s, 1000); !kept {
			t.Fatal("the new one had to go")
		}
		if sizes := s.Sizes(); sizes.SessionBytes > config.TotalBytes/2 || sizes.Away > config.Sessions {
			t.Fatalf("%+v", sizes)
		}
	}
	if one, _ := s.Reserve(first.PID(), "/", nil); one != nil || len(s.sessions) != s.left.list.Len() {
		t.Fatalf("the oldest is there; %d are known, %d away", len(s.sessions), s.left.list.Len())
	}
	if _, kept := depart(s, config.SessionBytes); kept || full[FullSessionBytes] != 1 || full[FullTotalBytes] == 0 {
		t.Fatalf("one that is too large was kept: %v", full)
	}
	config.Sessions = 10
	s = New(config)
	for range 100 {
		depart(s, 0)
	}
	if s.Sizes().Away != 10 {
		t.Fatalf("%+v", s.Sizes())
	}
}

func TestStore_ASessionIsReservedOnce(t *testing.T) {
	s := New(small())
	one := s.Open("/", "id", "ann")
	if got, taken := s.Reserve(one.PID(), "/", nil); got != one || taken {
		t.Fatal("a live one")
	}
	s.Leave(one, 0)
	if got, taken := s.Reserve(one.PID(), "/", nil); got != one || taken {
		t.Fatal("one that is just leaving")
	}
	s.Depart(one)
	if got, _ := s.Reserve(one.PID(), "/other", nil); got != nil {
		t.Fatal("in another namespace")
	}
	if got, taken := s.Reserve(one.PID(), "/", "a"); got != one || !taken || s.Holder(one) != "a" {
		t.Fatal("not reserved")
	}
	if got, taken := s.Reserve(one.PID(), "/", "b"); got != one || taken || s.Holder(one) != "a" {
		t.Fatal("reserved twice")
	}
	if s.Return(one) || s.Holder(one) != nil {
		t.Fatal("ended")
	}
	if got, _ := s.Reserve(one.PID(), "/", "b"); got != one || !s.Restore(one) || s.Restore(one) || s.Holder(one) != "b" {
		t.Fatal("not restored once")
	}
	s.Leave(one, 0)
	if s.Holder(one) != nil {
		t.Fatal("it is held by whoever has left")
	}
	s.Depart(one)
	s.Reserve(one.PID(), "/", nil)
	s.End(one)
	if s.Restore(one) || s.Sizes() != (Sizes{}) {
		t.Fatalf("restored after its end: %+v", s.Sizes())
	}
	if kept, _ := s.Leave(one, 0); kept || s.Sizes() != (Sizes{}) {
		t.Fatalf("away after its end: %+v", s.Sizes())
	}
}

// Whoever waits for a live session hears once that it has left, and nothing of the time then.
func TestStore_AWaitEndsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(small())
		var heard []string
		await := func(one *Session, forgo bool) bool {
			return s.Await(one, func() { heard = append(heard, "left") }, time.Second, func(w *Wait) {
				heard = append(heard, "late")
				if forgo && (!s.Forgo(w) || s.Forgo(w)) {
					t.Error("not forgone once")
				}
			})
		}
		for _, row := range []struct {
			do   func(*Session)
			want string
		}{
			{func(one *Session) { s.Leave(one, 0); s.Depart(one) }, "[left]"},
			{func(one *Session) { s.End(one); s.Depart(one) }, "[left]"},
			{func(one *Session) { virtualtime.Pass(time.Second); s.Leave(one, 0); s.Depart(one) }, "[late left]"},
		} {
			one := s.Open("/", "id", "")
			heard = nil
			if !await(one, false) {
				t.Fatal("it is live")
			}
			row.do(one)
			virtualtime.Pass(2 * time.Second)
			if got := fmt.Sprint(heard); got != row.want {
				t.Errorf("%s, want %s", got, row.want)
			}
			if await(one, false) {
				t.Error("waited for one that is not live")
			}
		}
		one, _ := depart(s, 0)
		s.Reserve(one.PID(), "/", nil)
		heard = nil
		if !await(one, false) || s.Return(one) || fmt.Sprint(heard) != "[left]" || await(one, false) {
			t.Errorf("of one that somebody had reserved: %v", heard)
		}
		one = s.Open("/", "id", "")
		heard = nil
		await(one, true)
		virtualtime.Pass(time.Second)
		s.Leave(one, 0)
		s.Depart(one)
		if fmt.Sprint(heard) != "[late]" || len(one.waiting) != 0 {
			t.Error(heard)
		}
		s.Close()
	})
}

// However soon somebody else takes a session that has left, or that was given back, those who have waited for it hear of it.
func TestStore_AWaitEndsThoughSomebodyIsFaster(t *testing.T) {
	s := New(small())
	heard := 0
	await := func(one *Session) {
		if !s.Await(one, func() { heard++ }, time.Hour, func(*Wait) {}) {
			t.Fatal("nobody has it")
		}
	}
	race := func(one *Session, letGo func()) {
		taken := make(chan struct{})
		go func() {
			defer close(taken)
			for ok := false; !ok; {
				_, ok = s.Reserve(one.PID(), "/", nil)
			}
		}()
		letGo()
		<-taken
	}
	for n := range 10_000 {
		one := s.Open("/", "id", "")
		s.Leave(one, 0)
		await(one)
		race(one, func() { s.Depart(one) })
		await(one)
		race(one, func() { s.Return(one) })
		if heard != 2*(n+1) {
			t.Fatalf("round %d: %d heard of it, want %d", n, heard, 2*(n+1))
		}
		s.End(one)
	}
	s.Close()
}

// One of many that wait goes without the others' being copied.
func TestStore_ForgoingAWaitCopiesNothing(t *testing.T) {
	s := New(small())
	one := s.Open("/", "id", "")
	var waits []*Wait
	for range 100 {
		s.Await(one, func() {}, time.Hour, func(*Wait) {})
		waits = append(waits, one.waiting[len(one.waiting)-1])
	}
	n := 0
	if got := testing.AllocsPerRun(len(waits)/2, func() {
		if !s.Forgo(waits[n]) || s.Forgo(waits[n]) {
			t.Fatalf("wait %d was not there once", n)
		}
		n++
	}); got > 0 || len(one.waiting) != len(waits)-n {
		t.Errorf("%v allocations, %d are left", got, len(one.waiting))
	}
	for _, w := range waits {
		w.timer.Stop()
	}
	s.Close()
}

func TestStore_PrivateIDsAreLongAndDiffer(t *testing.T) {
	s := New(small())
	seen := map[string]bool{}
	for range 1000 {
		pid := s.Open("/", "", "").PID()
		if len(pid)*6 < 120 || !IsPID(pid) || seen[pid] {
			t.Fatal(pid)
		}
		seen[pid] = true
	}
}

func TestSplit_TakesOutWhatTheClientHasPutIn(t *testing.T) {
	pid := strings.Repeat("a", pidLength)
	for _, row := range []struct {
		auth, rest string
		want       Claim
		ok         bool
	}{
		{``, ``, Claim{}, false},
		{`{"token":"pid"}`, `{"token":"pid"}`, Claim{}, false},
		{`{"pid":"P"}`, ``, Claim{PID: pid}, true},
		{`{"pid":"P","offset":"o"}`, ``, Claim{pid, "o", true}, true},
		{`{"pid":"P","offset":null,"a" : 9007199254740993 , "b":{"pid":1}}`, `{"a" : 9007199254740993,"b":{"pid":1}}`, Claim{PID: pid}, true},
		{`{"a":1,"pid":"P","c":[2]}`, `{"a":1,"c":[2]}`, Claim{PID: pid}, true},
		{`{"pid":7,"offset":"o"}`, `{"pid":7,"offset":"o"}`, Claim{}, false},
		{`{"pid":"mine","offset":"o"}`, `{"pid":"mine","offset":"o"}`, Claim{}, false},
	} {
		auth := strings.Replace(row.auth, `"P"`, `"`+pid+`"`, 1)
		got, rest, ok := Split([]byte(auth), false)
		if got != row.want || string(rest) != row.rest || ok != row.ok {
			t.Errorf("%s: %+v %s %v", auth, got, rest, ok)
		}
	}
}

// put appends one of the hub's own.
func put(l *Log, e *Entry) bool { return l.Append(e, Mark{}, l.Next(Mark{})) }

// Each text has one position, and each position one text; nothing else is taken.
func FuzzParseOffset(f *testing.F) {
	s := New(small())
	for _, seed := range []string{"", "hello", ".1", s.Logs.epoch, s.Logs.epoch + ".", s.Logs.epoch + ".1", s.Logs.epoch + ".01", s.Logs.epoch + ".-1", s.Logs.epoch + ".+1",
		s.Logs.epoch + ".A", s.Logs.epoch + ".zzzzzzzzzzzzzzzzzzzz", "AAAAAAAA.1", "1-0", s.Logs.epoch + ".1 ", s.Logs.epoch + "..1", s.Logs.epoch + ".1_0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := s.Logs.ParseOffset(text)
		if ok && string(s.Logs.AppendOffset(nil, Point{At: at})) != text {
			t.Fatalf("%q is taken for %d", text, at)
		}
		if back, ok := s.Logs.ParseOffset(string(s.Logs.AppendOffset(nil, Point{At: at}))); !ok || back != at {
			t.Fatalf("%d does not come back", at)
		}
	})
}

func FuzzSplit(f *testing.F) {
	pid := strings.Repeat("a", pidLength)
	for _, seed := range []string{`{}`, `[]`, `{"pid"`, `{"pid":"` + pid + `"`, `{"pid":"` + pid + `","offset":"1","x":[{}]}`, `{"pid":"` + pid + `","pid":"` + pid + `"}`, `"pid"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, auth string) {
		c, rest, ok := Split([]byte(auth), false)
		if !ok && (string(rest) != auth || c != Claim{}) || ok && (!IsPID(c.PID) || len(rest) > len(auth)) {
			t.Fatalf("%q: %+v %q %v", auth, c, rest, ok)
		}
	})
}

// A session and a browser that never breaks off see the same, whatever rooms are joined, left and emitted to, and
// wherever the connection breaks.
func TestMissed_IsWhatALiveMemberWouldHaveGot(t *testing.T) {
	names := []string{"a", "b", "c", "id", "other"}
	moved, forgot := 0, 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		config := small()
		config.LogBytes = 1 << 20
		s := New(config)
		l := s.Logs.New(cluster.Position{})
		one := s.Open("/", "id", "ann")
		live := rooms.New(rooms.Watch{})
		live.Add(one)
		one.Trail.Join(l.Head())
		var got []uint64 // positions that it got, or would have
		some := func() (few []string) {
			for range r.IntN(3) {
				few = append(few, names[r.IntN(len(names))])
			}
			return few
		}
		const steps = 200
		handled, leaves := r.IntN(20), r.IntN(steps)
		for step := range steps {
			if step == leaves {
				one.Trail.Leave(l.Head())
			}
			if r.IntN(8) <= int(seed%7) {
				join, leave := some(), some()
				joined, left := live.Join(one, join...), live.Leave(one, leave...)
				one.Trail.Moved(l.Head(), joined, left)
				continue
			}
			to := cluster.Target{Rooms: some(), ExceptRooms: some(), All: r.IntN(5) == 0}
			switch r.IntN(6) {
			case 0:
				to.Sockets = []string{"id"}
			case 1:
				to.Users = []string{"ann"}
			case 2:
				to.ExceptUsers = []string{"bob", ""}
			}
			put(l, NewEntry(to, cluster.Message{}))
			if len(live.Select(to, nil)) > 0 {
				got = append(got, l.Head().At)
				if step < leaves {
					one.Trail.Sent(l.Head())
				}
			}
		}
		offset, named, rest := uint64(0), false, got
		if handled = min(handled, len(got)); handled > 0 && got[handled-1] <= one.Trail.left.At {
			offset, named, rest = got[handled-1], true, got[handled:]
		}
		from, err := one.Trail.Resume(offset, named)
		if err != nil {
			if one.Trail.forgotten == 0 || !errors.Is(err, ErrMoved) {
				t.Fatalf("seed %d: it cannot resume: %v", seed, err)
			}
			moved++
			continue
		}
		var missed []uint64
		m, err := one.Miss(l, from, live.Rooms(one))
		for end := false; !end && err == nil; {
			end, err = m.Next(func(*Entry) { missed = append(missed, m.at) })
		}
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if fmt.Sprint(missed) != fmt.Sprint(rest) {
			t.Fatalf("seed %d: missed %v, want %v; from %d, offset %d", seed, missed, rest, from, offset)
		}
		if one.Trail.forgotten > 0 {
			forgot++
		}
	}
	if moved < 50 || forgot < 20 {
		t.Errorf("%d had too many changes of rooms, %d had forgotten some that did not matter", moved, forgot)
	}
}

// Rooms that change while it is looked for what was missed are followed, or too many to be.
func TestMissed_RoomsChangeMeanwhile(t *testing.T) {
	for _, row := range []struct {
		before, meanwhile int
		want              error
	}{
		{0, 10, nil},
		{1, 10, nil},
		{1, MaxChanges, nil},
		{1, MaxChanges + 1, ErrMoved},
		{MaxChanges - 3, 40, nil},
	} {
		config := small()
		config.LogBytes = 1 << 20
		s := New(config)
		l := s.Logs.New(cluster.Position{})
		one := s.Open("/", "id", "")
		one.Trail.Join(Point{})
		one.Trail.Leave(Point{})
		in := false
		turn := func(times int) {
			for range times {
				if in = !in; in {
					one.Trail.Moved(l.Head(), []string{"a"}, nil)
				} else {
					one.Trail.Moved(l.Head(), nil, []string{"a"})
				}
			}
		}
		now := func() []string {
			if in {
				return []string{"a"}
			}
			return nil
		}
		turn(row.before)
		const entries = 300
		for range entries {
			put(l, NewEntry(cluster.Target{Rooms: []string{"a"}}, cluster.Message{}))
		}
		want := 0
		if in {
			want = entries
		}
		m, err := one.Miss(l, 0, now())
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		yield := func(*Entry) { got++ }
		if end, err := m.Next(yield); end || err != nil {
			t.Fatal(end, err)
		}
		turn(row.meanwhile)
		if _, err := m.Next(yield); !errors.Is(err, row.want) || err == nil && got != want {
			t.Errorf("%d and %d: %d, want %d; %v", row.before, row.meanwhile, got, want, err)
		}
	}
}
