package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/internal/envelope"
)

const (
	// attachTimeout is how long connecting, hello and welcome may take together. The
	// hub gives a hello 5 s.
	attachTimeout = 10 * time.Second
	// defaultHeartbeat stands in for a welcome without an interval.
	defaultHeartbeat = 5 * time.Second
	// maxCommandWindow bounds what a welcome may make this process keep.
	maxCommandWindow = 1 << 16
	// defaultMaxEnvelope is what gRPC takes unless told otherwise.
	defaultMaxEnvelope = 4 << 20
)

// attach opens a stream on a new connection: hello, then welcome. It ends with what
// hangs the connection up.
func (r *runner) attach() (*stream, func(), error) {
	conn, hangUp, err := r.dial()
	if err != nil {
		return nil, nil, err
	}
	rpcCtx, cancel := context.WithCancel(r.base)
	timer := time.AfterFunc(attachTimeout, cancel)
	stop := context.AfterFunc(r.svc.closing, cancel)
	st := &stream{svc: r.svc, conn: conn, cancel: cancel, out: newSendQueue()}
	err = st.greet(rpcCtx)
	if (!timer.Stop() || !stop()) && err == nil {
		err = context.Canceled // too late, or on the way out
	}
	if err != nil {
		cancel()
		hangUp()
		return nil, nil, err
	}
	st.ctx, st.lose = context.WithCancelCause(r.base)
	return st, hangUp, nil
}

func (st *stream) greet(ctx context.Context) error {
	rpc, err := hubv1.NewAttachServiceClient(st.conn).Attach(ctx, grpc.ForceCodecV2(envelope.Service()))
	if err != nil {
		return endError(err)
	}
	st.rpc = rpc
	hello := &hubv1.Action{Kind: &hubv1.Action_Hello{Hello: st.svc.hello()}}
	err = rpc.Send(&hubv1.AttachRequest{Actions: []*hubv1.Action{hello}})
	if err != nil && !errors.Is(err, io.EOF) { // EOF: Recv knows why
		return endError(err)
	}
	first, err := rpc.Recv()
	if err != nil {
		return endError(err)
	}
	items := first.GetItems()
	if len(items) == 0 || items[0].GetWelcome() == nil {
		return &StatusError{Code: codes.Internal, Message: "the first answer was no welcome"}
	}
	if err := st.welcome(items[0].GetWelcome()); err != nil {
		return err
	}
	// Deliveries may stand in the same envelope; they wait for serve.
	st.early = items[1:]
	return nil
}

func (s *Service) hello() *hubv1.Hello {
	return &hubv1.Hello{
		Group:         s.group,
		InstanceId:    s.opts.InstanceID,
		Version:       s.opts.Version,
		Subscriptions: s.registry.subscriptions(),
		Window:        newWindow(s.opts.Window.Deliveries, s.opts.Window.Bytes),
	}
}

func (st *stream) welcome(w *hubv1.Welcome) error {
	for i, result := range w.GetSubscriptions() {
		status := result.GetStatus()
		name := result.GetEffective().GetNamespace()
		if subs := st.svc.registry.subscriptions(); i < len(subs) {
			name = subs[i].GetRole().String() + " of " + subs[i].GetNamespace()
		}
		if err := statusError(status); err != nil {
			return fmt.Errorf("service: the subscription as %s is refused: %w", name, err)
		}
		if status.GetReason() != "" {
			st.svc.log.Warn("subscription", "as", name, "reason", status.GetReason(), "message", status.GetMessage())
		}
	}
	st.hubID = w.GetHubId()
	st.heartbeat = w.GetHeartbeatInterval().AsDuration()
	if st.heartbeat <= 0 {
		st.heartbeat = defaultHeartbeat
	}
	st.maxEnvelope = int(w.GetMaxEnvelopeBytes())
	if st.maxEnvelope <= 0 {
		st.maxEnvelope = defaultMaxEnvelope
	}
	st.results = newResults(int(min(max(w.GetCommandWindow(), 1), maxCommandWindow)))
	return nil
}
