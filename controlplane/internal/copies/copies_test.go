package copies

import (
	"testing"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/subscription"
	"github.com/siohub/siohub/hub"
)

func TestCopies_RingHasItemsAndBytes(t *testing.T) {
	c := New(func() {})
	for wish, want := range map[uint32]uint32{0: 1024, 1: 1, 5000: 5000, 1 << 30: 65_536} {
		if n := c.Resize(wish); n != want {
			t.Errorf("%d observations for a wish of %d", n, want)
		}
	}
	c.Resize(1 << 30)
	sub := &subscription.Subscription{Subscription: &hubv1.Subscription{Payloads: true}}
	o := &observation{sub: sub, kind: hubv1.Kind_KIND_EVENT, event: &hub.Event{Args: make([]byte, 100<<10)}}
	for range 200 {
		c.put(o, o.trim())
	}
	if n := c.ring.Bytes(); n > maxCopyBytes || n < maxCopyBytes*9/10 {
		t.Errorf("%d bytes", n)
	}
	_, gap, ok := c.take()
	if !ok || int(gap)+c.ring.Len()+1 != 200 {
		t.Errorf("a gap of %d, %d wait", gap, c.ring.Len())
	}
	c.Resize(1)
	if c.ring.Len() != 1 {
		t.Errorf("%d wait", c.ring.Len())
	}
}

func TestCopies_RouseOnceUntilAllIsTaken(t *testing.T) {
	nudged := 0
	c := New(func() { nudged++ })
	sub := subscription.New(&hubv1.Subscription{})
	for range 3 {
		c.observe(&observation{kind: hubv1.Kind_KIND_EVENT, name: "e"}, sub)
	}
	if nudged != 1 {
		t.Errorf("nudged %d times", nudged)
	}
	got := 0
	c.Each(1<<20, func(*hubv1.Item, int) { got++ })
	c.observe(&observation{kind: hubv1.Kind_KIND_EVENT, name: "e"}, sub)
	if got != 3 || nudged != 2 {
		t.Errorf("%d taken, nudged %d times", got, nudged)
	}
	c.Close()
	c.observe(&observation{kind: hubv1.Kind_KIND_EVENT, name: "e"}, sub)
	if c.Len() != 0 || nudged != 2 {
		t.Error("closed copies take one more")
	}
}

// Of a group one instance gets the copy: one that is attached and wants it, the same for all
// about one socket.
func TestAudience_OneOfAGroupGetsIt(t *testing.T) {
	wants := subscription.New(&hubv1.Subscription{Kinds: []hubv1.Kind{hubv1.Kind_KIND_EVENT}})
	other := subscription.New(&hubv1.Subscription{Kinds: []hubv1.Kind{hubv1.Kind_KIND_DROPS}})
	var all []Observer
	gone := false
	for _, o := range []Observer{
		{Group: "a", Instance: "1", Attached: func() bool { return true }, Wants: wants},
		{Group: "a", Instance: "2", Attached: func() bool { return !gone }, Wants: wants},
		{Group: "a", Instance: "3", Attached: func() bool { return true }, Wants: other},
		{Group: "b", Instance: "1", Attached: func() bool { return true }, Wants: wants},
	} {
		o.To = New(func() {})
		all = append(all, o)
	}
	a := newAudience(all)
	for range 10 {
		a.give(&observation{kind: hubv1.Kind_KIND_EVENT, name: "e"}, stranger("browser"))
	}
	if one, two := all[0].To.Len(), all[1].To.Len(); one*two != 0 || one+two != 10 {
		t.Errorf("%d and %d of one socket", one, two)
	}
	if all[2].To.Len() != 0 || all[3].To.Len() != 10 {
		t.Errorf("%d to one that does not want them, %d of 10 to the other group", all[2].To.Len(), all[3].To.Len())
	}
	gone = true
	before := all[0].To.Len()
	for i := range 50 {
		a.give(&observation{kind: hubv1.Kind_KIND_EVENT, name: "e"}, stranger(string(rune(0x61+i))))
	}
	if n := all[0].To.Len() - before; n != 50 {
		t.Errorf("%d of 50 went to the one that is attached", n)
	}
	if newAudience(nil) != nil {
		t.Error("nobody is an audience")
	}
}
