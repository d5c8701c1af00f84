package controlplane

import (
	"strings"
	"testing"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
)

func numbered(id uint64) *hubv1.Item { return resultItem(&hubv1.Result{CommandId: id}) }

func TestOutbox_TakesABatchInOrder(t *testing.T) {
	o := newOutbox(func() { t.Error("overflow") })
	for i := range uint64(300) {
		o.push(numbered(i), false)
	}
	var got uint64
	for _, want := range []int{batchItems, 300 - batchItems} {
		batch, _, ok := o.take(nil)
		if !ok || len(batch) != want {
			t.Fatalf("%d items in a batch, want %d", len(batch), want)
		}
		for _, e := range batch {
			if e.item.GetResult().CommandId != got {
				t.Fatalf("%d comes as number %d", e.item.GetResult().CommandId, got)
			}
			got++
		}
	}
}

func TestOutbox_ABatchHasAboutFortyEightKiB(t *testing.T) {
	o := newOutbox(func() { t.Error("overflow") })
	for range 10 {
		o.deliver(dispatch.Try{Delivery: &dispatch.Delivery{Kind: dispatch.Event, Bytes: 20 << 10}})
	}
	if batch, _, _ := o.take(nil); len(batch) != 2 {
		t.Errorf("%d deliveries of 20 KiB in a batch", len(batch))
	}
	o.deliver(dispatch.Try{Delivery: &dispatch.Delivery{Kind: dispatch.Event, Bytes: 1 << 20}})
	for range 5 {
		if batch, _, _ := o.take(nil); len(batch) == 0 {
			t.Fatal("nothing is taken")
		}
	}
}

func TestOutbox_NoticesAreGatheredByKindAndReason(t *testing.T) {
	o := newOutbox(func() { t.Error("overflow") })
	o.heartbeat()
	for i := range 100 {
		reason := "A"
		if i%3 == 0 {
			reason = "B"
		}
		o.notice(hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, 1, &hubv1.Status{Reason: reason})
	}
	_, asides, _ := o.take(nil)
	if len(asides) != 2 || asides[0].GetNotice().Count != 34 || asides[1].GetNotice().Count != 66 {
		t.Errorf("notices: %v", asides)
	}
	for i := range 100 {
		o.notice(hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, 1, &hubv1.Status{Reason: strings.Repeat("x", i)})
	}
	_, asides, _ = o.take(nil)
	total := uint64(0)
	for _, n := range asides {
		total += uint64(n.GetNotice().Count)
	}
	if len(asides) > maxNotices || total != 100 {
		t.Errorf("%d notices for %d failures", len(asides), total)
	}
	o.heartbeat()
	if _, asides, _ = o.take(nil); len(asides) != 1 || asides[0].GetHeartbeat() == nil {
		t.Errorf("heartbeat: %v", asides)
	}
}

func TestOutbox_FinishKeepsResultsAndDropsDeliveries(t *testing.T) {
	o := newOutbox(func() { t.Error("overflow") })
	o.deliver(dispatch.Try{Delivery: &dispatch.Delivery{}})
	o.push(numbered(1), false)
	o.finish()
	o.deliver(dispatch.Try{Delivery: &dispatch.Delivery{}})
	if o.push(numbered(2), false) {
		t.Error("something is taken after the end")
	}
	batch, _, ok := o.take(nil)
	if !ok || len(batch) != 1 || batch[0].item.GetResult().CommandId != 1 {
		t.Errorf("rest: %v", batch)
	}
	if _, _, ok := o.take(nil); ok {
		t.Error("no end")
	}
}

func TestOutbox_OverflowEndsTheStream(t *testing.T) {
	over := 0
	o := newOutbox(func() { over++ })
	large := resultItem(&hubv1.Result{Status: &hubv1.Status{Message: strings.Repeat("x", 1<<20)}})
	taken := 0
	for range 20 {
		if o.push(large, false) {
			taken++
		}
	}
	if over == 0 || taken > 16 {
		t.Errorf("%d MiB are taken, overflow %d times", taken, over)
	}
	over = 0
	o = newOutbox(func() { over++ })
	for range outboxResults {
		o.push(numbered(0), false)
	}
	if over != 0 || o.push(numbered(0), false) || over != 1 {
		t.Errorf("overflow %d times", over)
	}
}

func TestWatchdog_BitesWhenTheSameSendIsSeenForLong(t *testing.T) {
	w := watchdog{limit: 3}
	steps := []struct {
		sending bool
		number  uint64
		bites   bool
	}{
		{true, 1, false}, {true, 1, false}, {true, 1, false}, {true, 2, false}, {true, 2, false}, {false, 2, false},
		{true, 3, false}, {true, 3, false}, {true, 3, false}, {true, 3, true},
	}
	for i, s := range steps {
		if got := w.bites(s.sending, s.number); got != s.bites {
			t.Errorf("step %d: %v", i, got)
		}
	}
}

func TestNamespaces_AreBounded(t *testing.T) {
	n := &namespaces{}
	for range 3 {
		patterns := make([]string, 30_000)
		for i := range patterns {
			patterns[i] = "/" + strings.Repeat("n", len(n.exact)%200) + string(rune('a'+i%26)) + strings.Repeat("x", i/26%100)
		}
		n = n.with(patterns)
	}
	if len(n.exact) > maxNamespaces {
		t.Errorf("%d are remembered", len(n.exact))
	}
	n = (&namespaces{}).with([]string{"/a", "/b/*", "/b/*"})
	if !n.has("/a") || !n.has("/b/c") || n.has("/b") || len(n.wild) != 1 {
		t.Error("patterns do not match")
	}
}
