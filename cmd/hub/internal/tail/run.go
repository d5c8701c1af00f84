package tail

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

const (
	// queueLength is how many observations wait to be shown.
	queueLength = 1024
	// leaveTime is how long the hub has to end a stream in order.
	leaveTime = 2 * time.Second
)

// ErrEnded means that the hub ended the stream without an error.
var ErrEnded = errors.New("tail: the hub ended the stream")

// RefusedError means that the hub refused the subscription.
type RefusedError struct{ Status *hubv1.Status }

// Error implements error.
func (e *RefusedError) Error() string { return "tail: refused: " + e.Status.GetMessage() }

// Watch says what is watched.
type Watch struct {
	// Group is the name under which the hub knows the observer. Required.
	Group string
	// Version is told to the hub. It may be empty.
	Version string
	// Subscription says what is copied. Required, with ROLE_OBSERVER.
	Subscription *hubv1.Subscription
	// Timeout is how long the hub has for its welcome. Required.
	Timeout time.Duration
}

// stream is one Run.
type stream struct {
	wire    grpc.BidiStreamingClient[hubv1.AttachRequest, hubv1.AttachResponse]
	welcome chan *hubv1.Welcome
	queue   chan *hubv1.Observation
	done    chan struct{} // closed by receive when it ends

	// Owned by receive; read after done is closed.
	skipped uint64
	ended   *hubv1.Status
	err     error
}

// Run attaches and shows observations one by one, until ctx has ended, which is no error,
// or show returns an error, which Run then returns. Ready is called once the hub has
// welcomed the observer. An error of the hub is a *RefusedError, ErrEnded, or that of
// gRPC.
func Run(ctx context.Context, attach hubv1.AttachServiceClient, w Watch, ready func(), show func(*hubv1.Observation) error) error {
	// The stream outlives ctx, so that it ends in order.
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	wire, err := attach.Attach(life)
	if err != nil {
		return err
	}
	s := &stream{
		wire: wire, welcome: make(chan *hubv1.Welcome, 1),
		queue: make(chan *hubv1.Observation, queueLength), done: make(chan struct{}),
	}
	// An error of Send is io.EOF; Recv has the real one.
	_ = wire.Send(&hubv1.AttachRequest{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Hello{Hello: &hubv1.Hello{
		Group: w.Group, InstanceId: "tail-" + rand.Text(), Version: w.Version, Subscriptions: []*hubv1.Subscription{w.Subscription},
	}}}}})
	go s.receive() // ends with the stream, which cancel ends at the latest
	err = s.watch(ctx, w, ready, show)
	cancel()
	<-s.done
	return err
}

// receive queues what comes, until the stream has ended.
func (s *stream) receive() {
	defer close(s.done)
	defer close(s.queue)
	for {
		envelope, err := s.wire.Recv()
		if err != nil {
			s.err = err
			s.push(&hubv1.Observation{})
			return
		}
		for _, item := range envelope.GetItems() {
			switch kind := item.GetKind().(type) {
			case *hubv1.Item_Welcome:
				select {
				case s.welcome <- kind.Welcome:
				default: // a second one; there is none
				}
			case *hubv1.Item_Observation:
				s.push(kind.Observation)
			case *hubv1.Item_Ended:
				s.ended = kind.Ended.GetStatus()
			}
		}
	}
}

// push queues an observation, with what was left out before it. One that tells nothing
// is not queued.
func (s *stream) push(o *hubv1.Observation) {
	if o.GetKind() == hubv1.Kind_KIND_UNSPECIFIED && o.GetGap()+s.skipped == 0 {
		return
	}
	o.Gap += s.skipped
	select {
	case s.queue <- o:
		s.skipped = 0
	default:
		s.skipped = o.Gap
		if o.GetKind() != hubv1.Kind_KIND_UNSPECIFIED {
			s.skipped++
		}
	}
}

// watch waits for the welcome, and then shows what is queued.
func (s *stream) watch(ctx context.Context, w Watch, ready func(), show func(*hubv1.Observation) error) error {
	welcome, err := s.welcomed(ctx, w.Timeout)
	if welcome == nil {
		return err
	}
	for _, r := range welcome.GetSubscriptions() {
		if r.GetStatus().GetCode() != hubv1.Code_CODE_UNSPECIFIED {
			return &RefusedError{r.GetStatus()}
		}
	}
	ready()
	gone, beaten := make(chan struct{}), make(chan struct{})
	go func() { // ends with ctx or with watch, which waits for it
		defer close(beaten)
		s.beat(ctx, gone, welcome.GetHeartbeatInterval().AsDuration())
	}()
	defer func() { <-beaten }()
	defer close(gone)
	return s.showAll(ctx, show)
}

// welcomed waits for the welcome. Without one it says why; neither means that ctx has ended.
func (s *stream) welcomed(ctx context.Context, timeout time.Duration) (*hubv1.Welcome, error) {
	late := time.NewTimer(timeout)
	defer late.Stop()
	var why error
	select {
	case welcome := <-s.welcome:
		return welcome, nil
	case <-s.done:
		why = s.end()
	case <-late.C:
		why = context.DeadlineExceeded
	case <-ctx.Done():
	}
	select {
	case welcome := <-s.welcome: // at the same moment; one that refuses says more than the end behind it
		return welcome, nil
	default:
		return nil, why
	}
}

func (s *stream) showAll(ctx context.Context, show func(*hubv1.Observation) error) error {
	for {
		select {
		case <-ctx.Done():
			return s.leave(show)
		case o, open := <-s.queue:
			if !open {
				return s.end()
			}
			if err := show(o); err != nil {
				return err
			}
		}
	}
}

// leave shows what is there when somebody has had enough, and gives the hub a moment to
// end the stream. Beat has closed this side.
func (s *stream) leave(show func(*hubv1.Observation) error) error {
	late := time.NewTimer(leaveTime)
	defer late.Stop()
	for {
		select {
		case <-late.C:
			return nil
		case o, open := <-s.queue:
			if !open {
				return nil
			}
			if err := show(o); err != nil {
				return err
			}
		}
	}
}

// beat says that the observer lives, and closes its side when ctx has ended.
func (s *stream) beat(ctx context.Context, gone <-chan struct{}, every time.Duration) {
	if every <= 0 {
		every = 5 * time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-gone:
			return
		case <-ctx.Done():
			_ = s.wire.CloseSend() // never fails
			return
		case <-tick.C:
			beat := &hubv1.AttachRequest{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}}}
			_ = s.wire.Send(beat) // Recv has the error
		}
	}
}

// end is why the stream ended. Receive has ended.
func (s *stream) end() error {
	switch {
	case s.ended.GetCode() != hubv1.Code_CODE_UNSPECIFIED:
		return &RefusedError{s.ended}
	case errors.Is(s.err, io.EOF):
		return ErrEnded
	}
	return s.err
}
