package contract

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/hub"
)

// DurationOf is nil for zero.
func DurationOf(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// TimeOf is nil for the zero time.
func TimeOf(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// Readable makes text that may come from a browser valid UTF-8.
func Readable(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// RevokeReason is a reason in the contract's words.
func RevokeReason(why dispatch.Reason) string {
	switch why {
	case dispatch.ReasonTimeout:
		return "TIMEOUT"
	case dispatch.ReasonDecided:
		return "DECIDED"
	case dispatch.ReasonBrowserGone:
		return "BROWSER_GONE"
	case dispatch.ReasonCancelled:
		return "EXPIRED"
	case dispatch.ReasonDrained:
		return "DRAINED"
	case dispatch.ReasonRebalanced:
		return "REBALANCED"
	}
	return "MOVED"
}

// AcceptanceOf is an accept in the hub's words.
func AcceptanceOf(m *hubv1.Accept) hub.Acceptance {
	return hub.Acceptance{
		User: m.GetUser(), Rooms: m.GetRooms(), Data: m.GetData(), Policy: PolicyOf(m.GetPolicy()),
	}
}

// PolicyOf is an edge policy in the hub's words. Nil for nil.
func PolicyOf(p *hubv1.EdgePolicy) *hub.Policy {
	if p == nil {
		return nil
	}
	return &hub.Policy{
		Events: p.GetEvents(), EventsPerSecond: float64(p.GetEventsPerSecond()), EventsBurst: int(p.GetBurst()),
		BytesPerSecond: int64(p.GetBytesPerSecond()),
	}
}

// NoticeItem wraps a notice.
func NoticeItem(n *hubv1.Notice) *hubv1.Item { return &hubv1.Item{Kind: &hubv1.Item_Notice{Notice: n}} }

// ResultItem wraps a result.
func ResultItem(r *hubv1.Result) *hubv1.Item { return &hubv1.Item{Kind: &hubv1.Item_Result{Result: r}} }
