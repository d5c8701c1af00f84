package dispatch

import (
	"fmt"
	"strings"
	"testing"

	"github.com/siohub/siohub/controlplane/internal/park"
)

// versions is a group in which an instance of an old version works, while all instances
// of a new one are full, and lanes that want these wait in the pool.
type versions struct {
	group *Group
	old   *Attachment
	sink  *versionSink
	asked int // how often the new ones were asked
	lane  *Lane
}

func newVersions(tb testing.TB, instances int) *versions {
	tb.Helper()
	config := testConfig
	config.Lifecycle, config.GroupBytes = 1<<20, 1<<30
	v := &versions{group: New(config).NewGroup("g", newCounter()), sink: &versionSink{version: "a", asked: new(int)}}
	v.old, _, _, _ = v.group.Attach("old", v.sink, AttachOptions{})
	v.old.Start(some(1024), false)
	v.lane = v.group.NewLane(&person{name: "a"}, &park.Meter{})
	v.lane.Introduce(false)
	v.sink.settle(tb, v.old)
	for range 1000 {
		v.group.NewLane(&person{name: "b"}, &park.Meter{}).Push(&Delivery{Kind: Event, Body: "b", Bytes: 32})
	}
	for i := range instances {
		a, _, _, _ := v.group.Attach(fmt.Sprint("new", i), &versionSink{version: "b", asked: &v.asked}, AttachOptions{})
		a.Start(some(1), false)
	}
	v.asked = 0
	return v
}

// work has the old instance settle an event.
func (v *versions) work(tb testing.TB) {
	v.lane.Push(&Delivery{Kind: Event, Body: "a", Bytes: 32})
	v.sink.settle(tb, v.old)
}

// versionSink takes what begins with its version.
type versionSink struct {
	lastSink
	version string
	asked   *int
}

func (s *versionSink) Accepts(d *Delivery) (Terms, bool) {
	*s.asked++
	body, _ := d.Body.(string)
	return Terms{}, strings.HasPrefix(body, s.version)
}

// Whoever has room takes what it can from the pool, and does not have all others asked
// about lanes that are not for it.
func TestSettle_AsksNobodyElseAboutThePool(t *testing.T) {
	v := newVersions(t, 16)
	if n := v.group.pool.backlog[sockets].Load(); n < 900 {
		t.Fatalf("%d lanes wait", n)
	}
	for range 10 {
		v.work(t)
	}
	if v.asked > 100 {
		t.Errorf("the full instances were asked %d times", v.asked)
	}
}

// BenchmarkSettle_BesideAFullVersion is what a settlement costs then.
func BenchmarkSettle_BesideAFullVersion(b *testing.B) {
	for _, n := range []int{0, 16, 256} {
		b.Run(fmt.Sprint("instances=", n), func(b *testing.B) {
			v := newVersions(b, n)
			b.ReportAllocs()
			for b.Loop() {
				v.work(b)
			}
		})
	}
}
