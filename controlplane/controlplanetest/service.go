package controlplanetest

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// patience is how long a method waits for what is expected.
const patience = 60 * time.Second

// heartbeat is how often a Service says that it lives.
const heartbeat = 5 * time.Second

// Dialer opens a connection to a control plane.
type Dialer func(context.Context) (net.Conn, error)

// Dial makes a client of a control plane. The test's cleanup closes it.
func Dial(t testing.TB, dial Dialer, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	opts = append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return dial(ctx) }),
	}, opts...)
	conn, err := grpc.NewClient("passthrough:hub", opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Service is one instance of an application service.
type Service struct {
	// Welcome is the hub's answer to the hello. Nil when there was none.
	Welcome *hubv1.Welcome

	t      testing.TB
	stream grpc.BidiStreamingClient[hubv1.AttachRequest, hubv1.AttachResponse]
	cancel context.CancelFunc
	items  chan *hubv1.Item
	lastID uint64
	asides

	// sending holds one while a Send goes on. In virtual time whoever waits for a mutex keeps the clock from going on.
	sending chan struct{}
}

// Open opens a stream and says nothing.
func Open(t testing.TB, conn *grpc.ClientConn, opts ...grpc.CallOption) *Service {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := hubv1.NewAttachServiceClient(conn).Attach(ctx, opts...)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	s := &Service{
		t: t, sending: make(chan struct{}, 1), stream: stream, cancel: cancel, items: make(chan *hubv1.Item, 1<<16), asides: newAsides(t),
	}
	go s.receive()
	t.Cleanup(s.Kill)
	return s
}

// Attach opens a stream, says hello and waits for the welcome. Heartbeats are sent
// from then on, and those of the hub are passed over.
func Attach(t testing.TB, conn *grpc.ClientConn, hello *hubv1.Hello, opts ...grpc.CallOption) *Service {
	t.Helper()
	s := Open(t, conn, opts...)
	s.Send(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: hello}})
	s.Welcome = s.Next().GetWelcome()
	if s.Welcome == nil {
		t.Fatal("the first item is no welcome")
	}
	go s.beat()
	return s
}

// receive takes what comes, until the stream ends.
func (s *Service) receive() {
	defer close(s.ended)
	for {
		envelope, err := s.stream.Recv()
		if err != nil {
			s.err = err
			return
		}
		for _, item := range envelope.Items {
			s.sort(item)
		}
	}
}

// sort keeps items for Next, but for heartbeats and what the stream says of itself.
func (s *Service) sort(item *hubv1.Item) {
	switch {
	case item.GetHeartbeat() != nil:
	case item.GetNotice().GetKind() == hubv1.NoticeKind_NOTICE_KIND_INTRODUCED:
		s.introduced <- struct{}{}
	case item.GetRevoked() != nil:
		s.revoked <- item.GetRevoked()
	case item.GetReleased() != nil:
		s.released <- item.GetReleased()
	case item.GetDrain() != nil:
		s.drains <- item.GetDrain()
	case item.GetEnded() != nil:
		s.said = item.GetEnded().GetStatus()
	default:
		s.items <- item
	}
}

// beat sends heartbeats until the stream ends.
func (s *Service) beat() {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-s.ended:
			return
		case <-tick.C:
			_ = s.TrySend(&hubv1.Action{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}})
		}
	}
}

// Send sends actions in one envelope.
func (s *Service) Send(actions ...*hubv1.Action) {
	s.t.Helper()
	if err := s.TrySend(actions...); err != nil {
		s.t.Fatal(err)
	}
}

// TrySend is Send that returns the error.
func (s *Service) TrySend(actions ...*hubv1.Action) error {
	return s.SendEnvelope(&hubv1.AttachRequest{Actions: actions})
}

// SendEnvelope sends an envelope as it is.
func (s *Service) SendEnvelope(envelope *hubv1.AttachRequest) error {
	s.sending <- struct{}{}
	defer func() { <-s.sending }()
	return s.stream.Send(envelope)
}

// Next waits for the next item that is no heartbeat.
func (s *Service) Next() *hubv1.Item {
	s.t.Helper()
	select {
	case item := <-s.items:
		return item
	default:
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case item := <-s.items:
		return item
	case <-s.ended:
		s.t.Fatalf("the stream has ended: %v", s.err)
	case <-timeout.C:
		s.t.Fatal("nothing came")
	}
	return nil
}

// Quiet fails the test if an item comes within a time.
func (s *Service) Quiet(d time.Duration) {
	s.t.Helper()
	timeout := time.NewTimer(d)
	defer timeout.Stop()
	select {
	case item := <-s.items:
		s.t.Fatalf("unexpected: %v", item)
	case <-s.ended:
		s.t.Fatalf("the stream has ended: %v", s.err)
	case <-timeout.C:
	}
}

// Leave closes the service's side in order, and waits for the end.
func (s *Service) Leave() error {
	s.sending <- struct{}{}
	_ = s.stream.CloseSend()
	<-s.sending
	return s.End()
}

// Kill breaks the stream, as a killed process does, and waits until it is over.
func (s *Service) Kill() {
	s.cancel()
	<-s.ended
}

// End waits for the end of the stream and returns its error.
func (s *Service) End() error {
	s.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-s.ended:
		return s.err
	case <-timeout.C:
		s.t.Fatal("the stream does not end")
		return nil
	}
}

// TryNext returns an item that has come already.
func (s *Service) TryNext() (*hubv1.Item, bool) {
	select {
	case item := <-s.items:
		return item, true
	default:
		return nil, false
	}
}
