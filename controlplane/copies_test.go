package controlplane

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/internal/envelope"
	"github.com/siohub/siohub/internal/virtualtime"
)

// stuckStream is an observer that reads only while it is let.
type stuckStream struct {
	playedStream
	gate chan struct{} // full: it does not read

	mu           sync.Mutex // guards the fields below
	observations []*hubv1.Observation
}

// Send reads.
func (s *stuckStream) Send(r *hubv1.AttachResponse) error {
	s.gate <- struct{}{}
	<-s.gate
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, item := range r.Items {
		if o := item.GetObservation(); o != nil {
			s.observations = append(s.observations, o)
		}
	}
	return nil
}

// counts are how many observations came, and how many gaps told of.
func (s *stuckStream) counts() (sent, left uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.observations {
		if o.Kind != hubv1.Kind_KIND_UNSPECIFIED {
			sent++
		}
		left += o.Gap
	}
	return sent, left
}

// stuck attaches such an observer.
func stuck(t testing.TB, srv *Server, window *hubv1.Window, subs ...*hubv1.Subscription) *stuckStream {
	ctx, cancel := context.WithCancel(t.Context())
	s := &stuckStream{
		playedStream: playedStream{ctx: ctx, incoming: make(chan *envelope.Request, 16)}, gate: make(chan struct{}, 1),
	}
	s.incoming <- requestOf(&hubv1.AttachRequest{Actions: []*hubv1.Action{helloAction(&hubv1.Hello{
		Group: "watch", InstanceId: "i", Subscriptions: subs, Window: window,
	})}})
	playBeside(t, srv, cancel, s)
	for srv.routes.attachment("watch", "i") == nil {
		time.Sleep(time.Millisecond)
	}
	return s
}

// beat says that the observer lives.
func (s *stuckStream) beat() {
	s.incoming <- requestOf(&hubv1.AttachRequest{Actions: []*hubv1.Action{
		{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}},
	}})
}

var sayArgs = []byte(`["0123456789abcdef"]`)

// settler is a server with a service that settles whatever comes, and says so in free.
func settler(t testing.TB) (*Server, *echoStream) {
	srv := newQuiet(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	stream := &echoStream{
		playedStream: playedStream{ctx: ctx, incoming: make(chan *envelope.Request, 1<<10)},
		free:         make(chan struct{}, 512),
	}
	stream.incoming <- requestOf(&hubv1.AttachRequest{Actions: []*hubv1.Action{helloAction(&hubv1.Hello{
		Group: "g", InstanceId: "i",
		Subscriptions: []*hubv1.Subscription{controlplanetest.Authorizer("/*"), controlplanetest.Handler("/*")},
	})}})
	playBeside(t, srv, cancel, stream)
	return srv, stream
}

func TestCopies_EachIsSentOrInOneGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := settler(t)
		hs := joinMany(t, srv, 1)[0]
		sub := observerOf("/*", hubv1.Kind_KIND_EVENT)
		sub.Payloads = true
		s := stuck(t, srv, &hubv1.Window{Observations: 100}, sub)
		synctest.Wait()
		made := uint64(0)
		for range 100 {
			s.gate <- struct{}{}
			for range rand.IntN(300) {
				srv.observers.Event(hs.Tag().(*socket), &hub.Event{Socket: hs, Name: "say", Args: sayArgs, ReceiveTime: time.Now()})
				made++
			}
			<-s.gate
			if rand.IntN(2) == 0 {
				synctest.Wait()
			}
		}
		s.beat()
		synctest.Wait()
		if sent, left := s.counts(); sent+left != made || left == 0 {
			t.Errorf("%d sent and %d left out of %d", sent, left, made)
		}
	})
}

func TestCopies_OnesThatFitNoEnvelopeAreATrailingGap(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("1")
		introduced(t, chat)
		b := w.join(chat)
		sub := observerOf("/chat", hubv1.Kind_KIND_EVENT)
		sub.Payloads = true
		watch := controlplanetest.Attach(t, w.dial(), &hubv1.Hello{
			Group: "watch", InstanceId: "1", Subscriptions: []*hubv1.Subscription{sub}, MaxEnvelopeBytes: minEnvelope,
		})
		introduced(t, watch)
		b.emit(-1, "large", fmt.Sprintf("%q", strings.Repeat("x", minEnvelope*9/10)))
		if o := observed(t, watch, hubv1.Kind_KIND_EVENT); len(o.GetEvent().GetPayload().GetArgs()) < minEnvelope*8/10 {
			t.Error("payload is short")
		}
		hs := w.srv.liveSockets([]string{"/chat"})[0]
		w.srv.observers.Event(hs.Tag().(*socket), &hub.Event{Socket: hs, Name: "larger", Args: make([]byte, minEnvelope)})
		o := watch.Next().GetObservation()
		if o.GetGap() != 1 || o.Kind != 0 || o.Time != nil {
			t.Errorf("no gap: %v", o)
		}
	})
}

func TestObserver_ThatIsStuckLosesItsStreamAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, service := settler(t)
		hs := joinMany(t, srv, 1)[0]
		s := stuck(t, srv, nil, observerOf("*"))
		synctest.Wait()
		s.gate <- struct{}{}
		for range 5000 {
			srv.Event(&hub.Event{Socket: hs, Name: "echo", Args: sayArgs, ReceiveTime: time.Now()})
			<-service.free
		}
		a := srv.routes.attachment("watch", "i")
		if n := a.out.Copies.Len(); n != 1024 {
			t.Errorf("%d observations wait", n)
		}
		if n := a.out.Queue.Len(); n > 256 {
			t.Errorf("%d items wait", n)
		}
		for range 12 {
			virtualtime.Pass(time.Second)
			s.beat()
		}
		synctest.Wait()
		if a.current() != nil {
			t.Error("the stream of a stuck observer lives")
		}
		<-s.gate
	})
}
