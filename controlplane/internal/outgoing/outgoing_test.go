package outgoing

import (
	"testing"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
)

// hint remembers whether what it told has come.
type hint struct{ untold int }

func (h *hint) Untell() { h.untold++ }

func TestOutgoing_KeepsOrderAndGathersNotices(t *testing.T) {
	o := New(func() { t.Error("overflow") }, func() {})
	d := &dispatch.Delivery{Kind: dispatch.Event}
	o.Deliver(dispatch.Try{Delivery: d, Seq: 1})
	o.Push(contract.ResultItem(&hubv1.Result{CommandId: 2}), true)
	for range 3 {
		o.Notice(hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, 2, &hubv1.Status{Reason: "WHY"})
	}
	batch, ok := o.Take(nil)
	if !ok || len(batch) != 3 {
		t.Fatalf("%d entries, %v", len(batch), ok)
	}
	if batch[0].Try.Seq != 1 || batch[1].Item.GetResult().GetCommandId() != 2 || !batch[1].Frees || batch[2].Item.GetNotice().GetCount() != 6 {
		t.Errorf("%+v", batch)
	}
	o.Heartbeat()
	if batch, ok := o.Take(nil); !ok || len(batch) != 0 {
		t.Errorf("a heartbeat has %d entries, %v", len(batch), ok)
	}
	o.Finish()
	if _, ok := o.Take(nil); ok {
		t.Error("there is more after the end")
	}
}

func TestEntry_AgainTellsDataAnew(t *testing.T) {
	h := &hint{}
	e := Entry{Try: dispatch.Try{Delivery: &dispatch.Delivery{Hint: h}}, Frees: true}
	e.Again()
	if h.untold != 1 || e.Frees {
		t.Errorf("untold %d times, frees %v", h.untold, e.Frees)
	}
}
