package controlplane

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

// echoStream is a service without a network: it settles whatever it is sent, an
// envelope for each envelope.
type echoStream struct {
	playedStream
	free chan struct{} // a token for each delivery that may be unsettled
	buf  []byte
}

func (e *echoStream) Send(r *hubv1.AttachResponse) error {
	e.buf, _ = proto.MarshalOptions{}.MarshalAppend(e.buf[:0], r)
	answer := &hubv1.AttachRequest{}
	deliveries := 0
	for _, item := range r.Items {
		d := item.GetDelivery()
		if d == nil {
			continue
		}
		s := &hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Done{}}
		if d.GetConnectAttempt() != nil {
			s.Outcome = &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}
		}
		if d.GetEvent() != nil {
			deliveries++
		}
		answer.Actions = append(answer.Actions, settleAction(s))
	}
	e.incoming <- requestOf(answer)
	for range deliveries {
		e.free <- struct{}{}
	}
	return nil
}

// BenchmarkEnvelope takes an event from the hub into an envelope, encodes it, and
// settles it: the control plane's share of an echo, without gRPC and the hub.
func BenchmarkEnvelope(b *testing.B) {
	srv, stream := settler(b)
	sockets := joinMany(b, srv, 100)
	for range cap(stream.free) {
		stream.free <- struct{}{}
	}
	args := []byte(`["0123456789abcdef0123456789abcdef"]`)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		<-stream.free
		n++
		srv.Event(&hub.Event{Socket: sockets[n%len(sockets)], Name: "echo", Args: args, ReceiveTime: time.Now()})
	}
	b.StopTimer()
}

// joinMany lets browsers join and returns their sockets.
func joinMany(b testing.TB, srv *Server, n int) []*hub.Socket {
	browsers := hubtest.Serve(b, srv.hub, nil)
	browsers.Path = "/socket.io/"
	for range n {
		browser := browsers.Open(hubtest.Options{Transport: hubtest.WebSocket})
		browser.Send("40/bench,")
		browser.Next()
	}
	sockets, err := srv.hub.FetchSockets(hub.Target{Namespace: "/bench", All: true})
	if err != nil || len(sockets) != n {
		b.Fatalf("%d sockets: %v", len(sockets), err)
	}
	return sockets
}
