package envelope

import (
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// outcomeOf returns a settlement that is hot, and its reply; done has none.
func outcomeOf(a *hubv1.Action) (*hubv1.Settlement, *hubv1.Reply) {
	kind, ok := a.GetKind().(*hubv1.Action_Settlement)
	if !ok || kind == nil || kind.Settlement == nil || len(kind.Settlement.Commands) > 0 {
		return nil, nil
	}
	switch o := kind.Settlement.Outcome.(type) {
	case *hubv1.Settlement_Done:
		if o != nil && o.Done != nil {
			return kind.Settlement, nil
		}
	case *hubv1.Settlement_Reply:
		if o != nil && o.Reply != nil {
			return kind.Settlement, o.Reply
		}
	}
	return nil, nil
}

func sizeAction(a *hubv1.Action) int {
	s, reply := outcomeOf(a)
	if s == nil {
		return proto.Size(a)
	}
	return sizeBytes(sizeSettlement(s, reply))
}

func (w *writer) action(a *hubv1.Action) error {
	s, reply := outcomeOf(a)
	if s == nil {
		return w.message(a)
	}
	w.b = appendHead(w.b, tagActionSettlement, sizeSettlement(s, reply))
	w.b = appendVarint(w.b, tagDeliverySeq, s.DeliverySeq)
	switch {
	case reply != nil:
		w.b = appendHead(w.b, tagSettlementReply, sizePayload(reply.Payload))
		w.payload(tagReplyPayload, reply.Payload)
	case s.GetDone().AckLater:
		w.b = append(appendHead(w.b, tagSettlementDone, len(doneLaterBytes)), doneLaterBytes...)
	default:
		w.b = append(w.b, tagSettlementDone, 0)
	}
	return nil
}

func sizeSettlement(s *hubv1.Settlement, reply *hubv1.Reply) int {
	n := sizeVarint(s.DeliverySeq)
	switch {
	case reply == nil && s.GetDone().AckLater:
		return n + sizeBytes(len(doneLaterBytes))
	case reply == nil:
		return n + sizeBytes(0)
	}
	return n + sizeBytes(sizePayload(reply.Payload))
}
