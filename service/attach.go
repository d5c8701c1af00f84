package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/internal/envelope"
	"github.com/siohub/siohub/service/internal/results"
)

const (
	// attachTimeout is how long connecting, hello and welcome may take together. The
	// hub gives a hello 5 s.
	attachTimeout = 10 * time.Second
	// defaultHeartbeat stands in for a welcome without an interval.
	defaultHeartbeat = 5 * time.Second
	// maxCommandWindow bounds what a welcome may make this process keep.
	maxCommandWindow = 1 << 16
)

// attach opens a stream on a new connection: hello, then welcome. The attachment that
// is given is taken up, if the hub knows it; nil begins a new one. It ends with what
// hangs the connection up.
func (l *link) attach(resume *attachment) (*stream, func(), error) {
	conn, hangUp, err := l.run.dial(l)
	if err != nil {
		return nil, nil, err
	}
	defer l.run.takeTurn()()
	rpcCtx, cancel := context.WithCancel(l.run.base)
	timer := time.AfterFunc(attachTimeout, cancel)
	stop := func() bool { return true }
	if resume == nil { // one that is suspended is worth an attempt on the way out, too
		stop = context.AfterFunc(l.svc.life.closing, cancel)
	}
	st := &stream{svc: l.svc, conn: conn, cancel: cancel, att: resume}
	hello := newHello(l, resume)
	l.run.greets(l, hello.GetAttachedHubIds())
	defer l.run.greeted(l)
	welcome, err := st.greet(rpcCtx, hello)
	if (!timer.Stop() || !stop()) && err == nil {
		err = context.Canceled // too late, or on the way out
	}
	if err == nil {
		err = l.welcome(st, hello, welcome, resume)
	}
	if err != nil {
		cancel()
		hangUp()
		return nil, nil, err
	}
	return st, hangUp, nil
}

// greet says hello and waits for the welcome.
func (st *stream) greet(ctx context.Context, hello *hubv1.Hello) (*hubv1.AttachResponse, error) {
	rpc, err := hubv1.NewAttachServiceClient(st.conn).Attach(ctx,
		grpc.ForceCodecV2(envelope.Service()), grpc.MaxCallRecvMsgSize(st.svc.opts.MaxEnvelopeBytes))
	if err != nil {
		return nil, endError(err, nil)
	}
	st.rpc = rpc
	request := &hubv1.AttachRequest{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Hello{Hello: hello}}}}
	if hello.Resume == nil {
		request.EnvelopeSeq = 1 // one that resumes is not counted
	}
	err = rpc.Send(request)
	if err != nil && !errors.Is(err, io.EOF) { // EOF: Recv knows why
		return nil, endError(err, nil)
	}
	first, err := rpc.Recv()
	if err != nil {
		return nil, refusal(endError(err, nil))
	}
	items := first.GetItems()
	if len(items) > 0 && items[0].GetEnded() != nil {
		return nil, refusal(asError(statusError(items[0].GetEnded().GetStatus())))
	}
	if len(items) == 0 || items[0].GetWelcome() == nil {
		return nil, &StatusError{Code: codes.Internal, Message: "the first answer was no welcome"}
	}
	return first, nil
}

// refusal is the error of a hello that the hub refused.
func refusal(err error) error {
	var status *StatusError
	if errors.As(err, &status) && status.Code == codes.AlreadyExists {
		return errAlias
	}
	return err
}

func newHello(l *link, resume *attachment) *hubv1.Hello {
	s := l.svc
	hello := &hubv1.Hello{
		Group:                s.group,
		InstanceId:           s.opts.InstanceID,
		Version:              s.opts.Version,
		RequiredCapabilities: s.opts.RequiredCapabilities,
		Subscriptions:        s.registry.asked,
		Window: &hubv1.Window{
			Deliveries: uint32(s.opts.Window.Deliveries), Bytes: uint64(s.opts.Window.Bytes),
			Observations: uint32(s.opts.Window.Observations),
		},
		Weight: uint32(s.opts.Weight), KeepSockets: s.opts.KeepSockets, MaxEnvelopeBytes: uint32(s.opts.MaxEnvelopeBytes),
		AttachedHubIds: s.hubs.attachedBut(l),
	}
	if s.opts.Heartbeat > 0 {
		hello.HeartbeatInterval = durationpb.New(s.opts.Heartbeat)
	}
	if resume != nil && len(resume.id) > 0 {
		hello.Resume = &hubv1.Resume{
			Attachment: resume.id, HubId: resume.peer.hubID, AckEnvelopeSeq: resume.received.Load(),
		}
	}
	hello.Anew = hello.Resume == nil && s.hubs.isLost(l.expected)
	return hello
}

// welcome applies the hub's answer: it takes the attachment up, or makes a new one.
func (l *link) welcome(st *stream, hello *hubv1.Hello, first *hubv1.AttachResponse, resume *attachment) error {
	w := first.GetItems()[0].GetWelcome()
	l.expected = w.GetHubId()
	if err := checkSubscriptions(l.svc, w); err != nil {
		return err
	}
	st.heartbeat = w.GetHeartbeatInterval().AsDuration()
	if st.heartbeat <= 0 {
		st.heartbeat = defaultHeartbeat
	}
	// Deliveries may stand in the same envelope; they wait for serve.
	st.early = first.GetItems()[1:]
	if resume != nil && w.GetResumed() {
		if err := l.svc.hubs.resumed(l, resume.peer, w); err != nil {
			return err
		}
		err := resume.takeUp(w, first.GetEnvelopeSeq())
		if err != nil {
			l.svc.hubs.ended(l, resume.peer)
		}
		return err
	}
	l.drop(ErrLeaseLost)
	peer, err := l.svc.hubs.meet(l, w, hello.Anew)
	if err != nil {
		return err
	}
	att := newAttachment(l)
	att.peer, att.id, att.capabilities = peer, w.GetAttachment(), w.GetCapabilities()
	att.maxEnvelope = int(w.GetMaxEnvelopeBytes())
	if att.maxEnvelope <= 0 {
		att.maxEnvelope = defaultMaxEnvelope
	}
	att.results = results.New(int(min(max(w.GetCommandWindow(), 1), maxCommandWindow)))
	if len(att.id) > 0 {
		att.out.queue.Keep(roomForResume)
	}
	if resume == nil || len(resume.id) == 0 {
		att.out.queue.Number(0) // the hello's
	}
	att.received.Store(first.GetEnvelopeSeq())
	st.att, l.att = att, att
	l.svc.hubs.attach(peer, att)
	return nil
}

// takeUp goes on where the last stream ended. The envelope of the welcome has a number
// of the hub's count.
func (a *attachment) takeUp(w *hubv1.Welcome, number uint64) error {
	if err := a.out.queue.Rewind(w.GetAckEnvelopeSeq(), nil); err != nil {
		return fmt.Errorf("%w: %w", errNotResumed, err)
	}
	a.until = time.Time{}
	if number == a.received.Load()+1 {
		a.received.Store(number)
	}
	a.revoke(w.GetRevoked(), &RevokedError{Reason: "MOVED"})
	return nil
}

// errNotResumed says that this side has forgotten what the hub asks for.
var errNotResumed = errors.New("service: the attachment cannot be resumed")

func checkSubscriptions(s *Service, w *hubv1.Welcome) error {
	for i, result := range w.GetSubscriptions() {
		name := result.GetEffective().GetNamespace()
		if i < len(s.registry.asked) {
			name = s.registry.asked[i].GetRole().String() + " of " + s.registry.asked[i].GetNamespace()
		}
		if err := statusError(result.GetStatus()); err != nil {
			return &subscriptionError{as: name, err: err}
		}
		for _, warning := range result.GetWarnings() {
			s.log.Warn("subscription", "as", name, "reason", warning.GetReason(), "message", warning.GetMessage())
		}
	}
	return nil
}

// subscriptionError is a subscription that the hub refuses.
type subscriptionError struct {
	as  string
	err *StatusError
}

func (e *subscriptionError) Error() string {
	return fmt.Sprintf("service: the subscription as %s is refused: %v", e.as, e.err)
}

func (e *subscriptionError) Unwrap() error { return e.err }
