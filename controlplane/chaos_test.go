package controlplane

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

// worker is an instance that answers everything until it is killed. It remembers
// the order in which it sees the events of a socket.
type worker struct {
	kill context.CancelFunc
	over chan struct{}
}

// startWorker attaches an instance. Seen is told of every event.
func startWorker(conn *grpc.ClientConn, id string, seen func(d *hubv1.Delivery)) *worker {
	ctx, cancel := context.WithCancel(context.Background())
	k := &worker{kill: cancel, over: make(chan struct{})}
	go func() {
		defer close(k.over)
		stream, err := hubv1.NewAttachServiceClient(conn).Attach(ctx)
		if err != nil {
			return
		}
		actions := []*hubv1.Action{helloAction(&hubv1.Hello{
			Group: "chat", InstanceId: id, Subscriptions: []*hubv1.Subscription{
				controlplanetest.Authorizer("/chat"), controlplanetest.Handler("/chat"),
			},
		})}
		for {
			if stream.Send(&hubv1.AttachRequest{Actions: actions}) != nil {
				return
			}
			envelope, err := stream.Recv()
			if err != nil {
				return
			}
			actions = nil
			for _, item := range envelope.Items {
				if d := item.GetDelivery(); d != nil {
					actions = append(actions, settleAction(echo(d)))
					seen(d)
				}
			}
		}
	}()
	return k
}

// echo settles a delivery the way an echo service does.
func echo(d *hubv1.Delivery) *hubv1.Settlement {
	s := done(d.DeliverySeq)
	switch {
	case d.GetConnectAttempt() != nil:
		s.Outcome = &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}
	case d.GetEvent() != nil:
		s.Outcome = &hubv1.Settlement_Reply{Reply: &hubv1.Reply{Payload: d.GetEvent().Payload}}
	}
	return s
}

// Instances are killed every second while browsers speak: every event gets its one
// acknowledgement, in order, and nobody is disconnected.
func TestChaos_NoAckIsLostOrReordered(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 7))
		var mu sync.Mutex
		first := make(map[string]string) // the last first try of each socket
		seen := func(d *hubv1.Delivery) {
			mu.Lock()
			defer mu.Unlock()
			if e := d.GetEvent(); e != nil && d.Attempt == 1 {
				args := fmt.Sprintf("%12s", e.Payload.Args)
				if args <= first[d.Socket.Id] {
					t.Errorf("event %s is first seen after %s", args, first[d.Socket.Id])
				}
				first[d.Socket.Id] = args
			}
		}
		workers := make([]*worker, 3)
		for i := range workers {
			workers[i] = startWorker(w.dial(), fmt.Sprint(i), seen)
		}
		const browsers, events = 10, 120
		var speakers sync.WaitGroup
		for range browsers {
			b := w.browser()
			b.Send("40/chat,")
			b.joined("/chat")
			speakers.Go(func() {
				for n := range events {
					if err := b.TrySend(fmt.Sprintf(`42/chat,%d["echo",%d]`, n, n)); err != nil {
						t.Error(err)
					}
					<-time.After(time.Duration(1+n%17) * 5 * time.Millisecond)
				}
			})
			speakers.Go(func() {
				for n := range events {
					b.Expect(fmt.Sprintf(`43/chat,%d[%d]`, n, n))
				}
			})
		}
		idle := make(chan struct{})
		go func() {
			speakers.Wait()
			close(idle)
		}()
		for running := true; running; {
			select {
			case <-idle:
				running = false
			case <-time.After(time.Second):
				i := random.IntN(len(workers))
				workers[i].kill()
				<-workers[i].over
				<-time.After(time.Duration(random.IntN(300)) * time.Millisecond)
				workers[i] = startWorker(w.dial(), fmt.Sprint(i), seen)
			}
		}
		w.pass(time.Second)
		if n := w.hub.Stats().Sockets["/chat"]; n != browsers {
			t.Errorf("%d of %d browsers are still there", n, browsers)
		}
		for _, k := range workers {
			k.kill()
			<-k.over
		}
	})
}
