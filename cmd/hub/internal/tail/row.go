package tail

import (
	"encoding/json"
	"strings"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Row is an observation as it is printed: `-o json` has it as one line. What an
// observation does not have is left out.
type Row struct {
	Time time.Time `json:"time"`
	// Kind is one of Kinds, or `gap`.
	Kind string `json:"kind"`
	// Gap is how many observations were left out before this one.
	Gap       uint64 `json:"gap,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Socket    string `json:"socket,omitempty"`
	User      string `json:"user,omitempty"`
	Transport string `json:"transport,omitempty"`
	Address   string `json:"address,omitempty"`
	// Event is the name of an event or of an emit, WantsAck whether its sender waits.
	Event    string   `json:"event,omitempty"`
	WantsAck bool     `json:"wants_ack,omitempty"`
	Payload  *Payload `json:"payload,omitempty"`
	// Group is the service that decided, emitted, or did not get it.
	Group string `json:"group,omitempty"`
	// Reason of a disconnect, a failed connect or a drop; Detail has more about it, or is
	// the message of a decision.
	Reason string `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Outcome is what was decided, By by whom, or the kind of what was dropped.
	Outcome string `json:"outcome,omitempty"`
	By      string `json:"by,omitempty"`
	Origin  string `json:"origin,omitempty"`
	Code    *int32 `json:"code,omitempty"`
	Emit    *Emit  `json:"emit,omitempty"`
}

// Payload is what an event carried.
type Payload struct {
	// Bytes are those of the arguments and the attachments.
	Bytes int `json:"bytes"`
	// Args are the arguments as they came.
	Args json.RawMessage `json:"args"`
	// AttachmentBytes are the sizes of the attachments.
	AttachmentBytes []int `json:"attachment_bytes,omitempty"`
}

// Emit is whom an emit was for, and how many it reached.
type Emit struct {
	All     bool     `json:"all,omitempty"`
	Sockets []string `json:"sockets,omitempty"`
	Rooms   []string `json:"rooms,omitempty"`
	Users   []string `json:"users,omitempty"`
	Matched uint32   `json:"matched"`
	Queued  uint32   `json:"queued"`
	Dropped uint32   `json:"dropped"`
}

// kinds are what can be observed, by the word for it.
var kinds = []hubv1.Kind{
	hubv1.Kind_KIND_CONNECTED, hubv1.Kind_KIND_EVENT, hubv1.Kind_KIND_DISCONNECTED, hubv1.Kind_KIND_DECISIONS,
	hubv1.Kind_KIND_EMITS, hubv1.Kind_KIND_FAILED_CONNECTS, hubv1.Kind_KIND_DROPS,
}

// Kinds are the words for what can be watched.
func Kinds() []string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = word(k)
	}
	return words
}

// KindOf is the kind of a word. It reports false for a word that is none of Kinds.
func KindOf(s string) (hubv1.Kind, bool) {
	for _, k := range kinds {
		if word(k) == s {
			return k, true
		}
	}
	return 0, false
}

func word(k hubv1.Kind) string {
	if k == hubv1.Kind_KIND_UNSPECIFIED {
		return "gap"
	}
	return strings.ToLower(strings.TrimPrefix(k.String(), "KIND_"))
}

// RowOf makes the row of an observation.
func RowOf(o *hubv1.Observation) *Row {
	r := &Row{
		Kind: word(o.GetKind()), Gap: o.GetGap(),
		Namespace: o.GetSocket().GetNamespace(), Socket: o.GetSocket().GetId(), User: o.GetSocket().GetUser(),
	}
	if o.GetTime() != nil {
		r.Time = o.GetTime().AsTime()
	}
	switch b := o.GetBody().(type) {
	case *hubv1.Observation_Connected:
		r.Transport, r.Address = o.GetSocket().GetTransport(), b.Connected.GetHandshake().GetRemoteAddress()
	case *hubv1.Observation_Event:
		r.Event, r.WantsAck, r.Payload = b.Event.GetName(), b.Event.GetWantsAck(), payloadOf(b.Event.GetPayload())
	case *hubv1.Observation_Disconnected:
		r.Reason, r.Detail = b.Disconnected.GetReason(), b.Disconnected.GetDetail()
	case *hubv1.Observation_Decision:
		r.Outcome, r.By, r.Group, r.Detail = b.Decision.GetOutcome(), b.Decision.GetBy(), b.Decision.GetGroup(), b.Decision.GetMessage()
	case *hubv1.Observation_Emitted:
		r.emitted(b.Emitted)
	case *hubv1.Observation_FailedConnect:
		f := b.FailedConnect
		code := f.GetCode()
		r.Namespace, r.Code, r.Reason, r.Origin, r.Address = f.GetNamespace(), &code, f.GetReason(), f.GetOrigin(), f.GetRemoteAddress()
	case *hubv1.Observation_Dropped:
		d := b.Dropped
		r.By, r.Event, r.Reason, r.Group = word(d.GetKind()), d.GetEvent(), d.GetReason(), d.GetGroup()
	}
	return r
}

func (r *Row) emitted(e *hubv1.Emitted) {
	t := e.GetEmit().GetTarget()
	r.Namespace, r.Event, r.Group = t.GetNamespace(), e.GetEmit().GetEvent(), e.GetGroup()
	r.WantsAck, r.Payload = e.GetEmit().GetAck() != nil, payloadOf(e.GetEmit().GetPayload())
	r.Emit = &Emit{
		All: t.GetAll(), Sockets: t.GetSockets(), Rooms: t.GetRooms(), Users: t.GetUsers(),
		Matched: e.GetMatchedCount(), Queued: e.GetQueuedCount(), Dropped: e.GetDroppedCount(),
	}
}

// payloadOf is nil without a payload: that it was not asked for.
func payloadOf(p *hubv1.Payload) *Payload {
	if p == nil {
		return nil
	}
	args := json.RawMessage(p.GetArgs())
	if len(args) == 0 {
		args = json.RawMessage("[]")
	}
	out := &Payload{Args: args, Bytes: len(p.GetArgs())}
	for _, a := range p.GetAttachments() {
		out.AttachmentBytes = append(out.AttachmentBytes, len(a))
		out.Bytes += len(a)
	}
	if !json.Valid(args) { // it is no argument list; as a text it still can be printed
		out.Args, _ = json.Marshal(string(args))
	}
	return out
}
