package command

import (
	"strings"
	"testing"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

func TestResultQueue_CallerWhoDoesNotReadLosesAcksAndIsTold(t *testing.T) {
	q := newResultQueue()
	args := []byte(strings.Repeat("x", 100_000))
	omitted := 0
	for range 20 {
		ack := &hubv1.BrowserAck{Payload: &hubv1.Payload{Args: args}}
		if !q.Give(&hubv1.Result{More: true, Ack: &hubv1.Result_BrowserAck{BrowserAck: ack}}) {
			omitted++
		}
	}
	q.Give(&hubv1.Result{Ack: &hubv1.Result_AckTotal{AckTotal: &hubv1.AckTotal{AckedCount: 20}}})
	acks := 0
	for {
		r, f := q.next(t.Context())
		if f != nil {
			t.Fatal(f)
		}
		if !r.More {
			if acks != 10 || omitted != 10 || r.GetAckTotal() == nil {
				t.Errorf("%d acks, %d omitted, then %v", acks, omitted, r)
			}
			return
		}
		acks++
	}
}
