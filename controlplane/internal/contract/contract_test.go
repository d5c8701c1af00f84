package contract

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/hub"
)

func TestEventItem_HasTheEventAsItIs(t *testing.T) {
	now := time.Now()
	e := &hub.Event{Name: "message", Args: []byte(`["hi"]`), Attachments: [][]byte{{1, 2}}, WantsAck: true, ReceiveTime: now}
	var slab EventItem
	item, d := slab.Fill(&dispatch.Try{Delivery: &dispatch.Delivery{Kind: dispatch.Event, Body: e}, Seq: 7, Attempt: 2}, [16]byte{15: 1})
	if item.GetDelivery() != d || d.DeliverySeq != 7 || d.Attempt != 2 || len(d.DedupeId) != 16 || d.DedupeId[15] != 1 {
		t.Errorf("%v", item)
	}
	got := d.GetEvent()
	if got.GetName() != e.Name || string(got.GetPayload().GetArgs()) != string(e.Args) || !got.GetWantsAck() || !got.GetReceiveTime().AsTime().Equal(now) {
		t.Errorf("%v", got)
	}
}

// An envelope is filled by rough sizes: they must not be less than the exact ones.
func TestRoughSize_IsNoLess(t *testing.T) {
	for _, n := range []int{0, 1, 1000, 100_000} {
		e := &hub.Event{Name: strings.Repeat("n", n%300), Args: make([]byte, n), Attachments: [][]byte{make([]byte, n)}}
		var slab EventItem
		item, _ := slab.Fill(&dispatch.Try{Delivery: &dispatch.Delivery{Kind: dispatch.Event, Body: e}, Seq: 1 << 40, Attempt: 1}, [16]byte{})
		if rough, exact := RoughSize(item), proto.Size(item); rough < exact {
			t.Errorf("%d bytes: %d, exactly %d", n, rough, exact)
		}
	}
}

func TestRedact_TakesSecretsOut(t *testing.T) {
	h := redact(&hubv1.Handshake{
		Url:     "/socket.io/?token=s3cret",
		Headers: []*hubv1.Header{{Name: "Cookie", Value: "s3cret"}, {Name: "Referer", Value: "https://a/b?s3cret#s3cret"}, {Name: "Accept", Value: "*/*"}},
		Query:   []*hubv1.QueryParameter{{Name: "EIO", Value: "4"}, {Name: "token", Value: "s3cret"}},
	})
	if text := h.String(); strings.Contains(text, "s3cret") || !strings.Contains(text, "*/*") {
		t.Error(text)
	}
}

func TestZeroValues_AreAbsent(t *testing.T) {
	if DurationOf(0) != nil || TimeOf(time.Time{}) != nil || HandshakeOf(nil) != nil || PolicyOf(nil) != nil {
		t.Error("something is made of nothing")
	}
	if Readable("a\xff") != "a\uFFFD" {
		t.Error("text of a browser is not made readable")
	}
}
