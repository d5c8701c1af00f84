package conform

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Stream is one call of Attach, from its beginning to its end.
type Stream struct {
	hub *Hub
	t   *T
	rpc grpc.BidiStreamingServer[hubv1.AttachRequest, hubv1.AttachResponse]
	out chan *hubv1.AttachResponse
	end chan error // has the one that ends it
	bye chan struct{}

	// Guarded by t.mu.
	opened, closed time.Time
	refused        bool // at its beginning
	att            *Attachment
	hello          *hubv1.Hello
	requests       []*hubv1.AttachRequest
	last           time.Time // when something came
	frozen         bool      // what comes is noted and not applied
	halfClosed     bool
	silent         bool // sends no heartbeats
}

// outBound is how much a case may say ahead.
const outBound = 1 << 15

func newStream(h *Hub, rpc grpc.BidiStreamingServer[hubv1.AttachRequest, hubv1.AttachResponse]) *Stream {
	return &Stream{
		hub: h, t: h.t, rpc: rpc, out: make(chan *hubv1.AttachResponse, outBound), end: make(chan error, 1),
		bye: make(chan struct{}), opened: time.Now(),
	}
}

// send is the only one that sends. It returns how the call ends.
func (st *Stream) send() error {
	beat := time.NewTicker(st.hub.beat())
	defer beat.Stop()
	for {
		select { // what was said comes before the end
		case envelope := <-st.out:
			if err := st.rpc.Send(envelope); err != nil {
				return err
			}
			continue
		default:
		}
		select {
		case envelope := <-st.out:
			if err := st.rpc.Send(envelope); err != nil {
				return err
			}
		case <-beat.C:
			st.beat()
		case err := <-st.end:
			return err
		case <-st.rpc.Context().Done():
			return st.rpc.Context().Err()
		}
	}
}

func (h *Hub) beat() time.Duration {
	h.t.mu.Lock()
	defer h.t.mu.Unlock()
	return h.heartbeat
}

// beat says that the hub lives.
func (st *Stream) beat() {
	st.t.mu.Lock()
	defer st.t.mu.Unlock()
	if st.att != nil && st.att.stream == st && !st.silent {
		st.att.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}})
	}
}

// receive ends with the rpc.
func (st *Stream) receive() {
	for {
		request, err := st.rpc.Recv()
		st.t.mu.Lock()
		if err != nil {
			if strings.Contains(err.Error(), "UTF-8") || strings.Contains(err.Error(), "unmarshal") {
				st.t.violate("P4", "protobuf whose texts are UTF-8", "%v", err)
			}
			st.halfClosed = err.Error() == "EOF"
			st.t.touch()
			if st.halfClosed && st.att != nil && st.att.stream == st {
				st.finish(nil)
			}
			st.t.mu.Unlock()
			return
		}
		st.requests = append(st.requests, request)
		st.last = time.Now()
		st.take(request)
		st.t.touch()
		st.t.mu.Unlock()
	}
}

// take looks at an envelope, and applies it. It needs t.mu.
func (st *Stream) take(r *hubv1.AttachRequest) {
	if len(st.requests) == 1 {
		st.greet(r)
		return
	}
	for _, a := range r.GetActions() {
		if a.GetHello() != nil {
			st.t.violate("S1", "one hello on a stream", "a second one")
		}
	}
	if st.att == nil { // no welcome yet: allowed after a hello that does not resume
		if st.hello.GetResume() != nil && len(r.GetActions()) > 0 {
			st.t.violate("R3", "nothing but the hello before the welcome", "%s", describeActions(r))
		}
		return // applied with the welcome
	}
	if !st.frozen {
		st.att.apply(r, st)
	}
}

// greet looks at the first envelope. It needs t.mu.
func (st *Stream) greet(r *hubv1.AttachRequest) {
	if len(r.GetActions()) == 0 || r.GetActions()[0].GetHello() == nil {
		st.t.violate("S1", "a hello as the first action", "%s", describeActions(r))
		st.hello = &hubv1.Hello{}
		return
	}
	st.hello = r.GetActions()[0].GetHello()
	switch {
	case r.GetAckEnvelopeSeq() != 0:
		st.t.violate("R1", "no receipt in the envelope of a hello", "ack_envelope_seq %d", r.GetAckEnvelopeSeq())
	case st.hello.GetResume() != nil && (r.GetEnvelopeSeq() != 0 || len(r.GetActions()) != 1):
		st.t.violate("R2", "a hello with resume alone in its envelope, number 0", "number %d, %s", r.GetEnvelopeSeq(), describeActions(r))
	case st.hello.GetResume() == nil && r.GetEnvelopeSeq() != 1:
		st.t.violate("R1", "number 1 for the envelope of a new attachment's hello", "number %d", r.GetEnvelopeSeq())
	}
	for _, a := range r.GetActions()[1:] {
		if a.GetHello() != nil {
			st.t.violate("S1", "one hello on a stream", "two in one envelope")
		}
	}
}

// raw sends an envelope as it is.
func (st *Stream) raw(envelope *hubv1.AttachResponse) { st.out <- envelope }

// finish ends the call; the first one counts. It needs t.mu or nothing.
func (st *Stream) finish(err error) {
	select {
	case st.end <- err:
	default:
	}
}

// over notes the end.
func (st *Stream) over(error) {
	st.t.mu.Lock()
	defer st.t.mu.Unlock()
	st.closed = time.Now()
	close(st.bye)
	st.t.touch()
}

// summary tells what came, for people. It needs t.mu.
func (st *Stream) summary() string {
	state := "open"
	if !st.closed.IsZero() {
		state = "ended"
	}
	if st.refused {
		return "a stream to " + st.hub.ID + " that was refused"
	}
	var parts []string
	n := len(st.requests)
	for i, r := range st.requests {
		if i >= n-4 {
			parts = append(parts, fmt.Sprintf("#%d ack %d %s", r.GetEnvelopeSeq(), r.GetAckEnvelopeSeq(), describeActions(r)))
		}
	}
	return fmt.Sprintf("a stream to %s (%s, %d envelopes) that ended in [%s]", st.hub.ID, state, n, strings.Join(parts, " | "))
}

// describeActions tells an envelope in one short line.
func describeActions(r *hubv1.AttachRequest) string {
	var parts []string
	for _, a := range r.GetActions() {
		parts = append(parts, describeAction(a))
	}
	if len(parts) > 6 {
		parts = append(parts[:6], fmt.Sprintf("and %d more", len(r.GetActions())-6))
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

func describeAction(a *hubv1.Action) string {
	switch kind := a.GetKind().(type) {
	case *hubv1.Action_Hello:
		return "hello " + short(kind.Hello)
	case *hubv1.Action_Settlement:
		return "settlement " + short(kind.Settlement)
	case *hubv1.Action_Command:
		return "command " + short(kind.Command)
	case *hubv1.Action_Window:
		return "window"
	case *hubv1.Action_Heartbeat:
		return "heartbeat"
	case *hubv1.Action_Drain:
		return "drain"
	}
	return "an action of no kind"
}

func short(m proto.Message) string {
	if proto.Size(m) > 4096 {
		return fmt.Sprintf("of %d bytes", proto.Size(m))
	}
	text := fmt.Sprint(m)
	if len(text) > 160 {
		text = text[:160] + "…"
	}
	return "{" + text + "}"
}
