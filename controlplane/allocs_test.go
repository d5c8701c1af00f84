//go:build !race

package controlplane

import (
	"context"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/internal/envelope"
)

// What the hot paths allocate, as measured. The service below and the browser
// allocate nothing; what the codec allocates is counted, gRPC's transport is not. An
// envelope has a single event here: what it costs by itself is counted with it.
// Whoever lowers a figure lowers the bound.
const (
	// allocsPerDelivery: an event of the hub, its item in an envelope, the envelope
	// encoded, the settlement decoded and done.
	allocsPerDelivery = 14
	// allocsPerEcho: the same between a browser's frame and the frame with its ack.
	allocsPerEcho = 20
)

// thriftyStream is a service that settles each delivery with the messages and
// buffers of the last one.
type thriftyStream struct {
	playedStream
	settlement hubv1.Settlement
	request    *hubv1.AttachRequest
	buf        []byte
	events     chan struct{} // an element for each event that was settled
}

func newThriftyStream(ctx context.Context) *thriftyStream {
	s := &thriftyStream{
		playedStream: playedStream{ctx: ctx, incoming: make(chan *envelope.Request, 16)},
		events:       make(chan struct{}, 1),
	}
	s.request = &hubv1.AttachRequest{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Settlement{Settlement: &s.settlement}}}}
	s.incoming <- requestOf(&hubv1.AttachRequest{Actions: []*hubv1.Action{helloAction(&hubv1.Hello{
		Group: "g", InstanceId: "i",
		Subscriptions: []*hubv1.Subscription{controlplanetest.Authorizer("/*"), controlplanetest.Handler("/*")},
	})}})
	return s
}

var (
	thriftyCodec  = envelope.Hub()
	thriftyAccept = &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}
	thriftyDone   = &hubv1.Settlement_Done{}
	thriftyReply  = &hubv1.Settlement_Reply{Reply: &hubv1.Reply{Payload: &hubv1.Payload{Args: echoArgs}}}
	echoArgs      = []byte(`["0123456789abcdef0123456789abcdef"]`)
)

// Send settles what is delivered.
func (s *thriftyStream) Send(r *hubv1.AttachResponse) error {
	data, err := thriftyCodec.Marshal(r)
	if err != nil {
		return err
	}
	data.Free()
	for _, item := range r.Items {
		d := item.GetDelivery()
		if d == nil {
			continue
		}
		s.settlement.DeliverySeq = d.DeliverySeq
		event := d.GetEvent()
		switch {
		case d.GetConnectAttempt() != nil:
			s.settlement.Outcome = thriftyAccept
		case event.GetWantsAck():
			s.settlement.Outcome = thriftyReply
		default:
			s.settlement.Outcome = thriftyDone
		}
		s.buf, _ = proto.MarshalOptions{}.MarshalAppend(s.buf[:0], s.request)
		request := &envelope.Request{}
		if err := thriftyCodec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(s.buf)}, request); err != nil {
			return err
		}
		s.incoming <- request
		if event != nil && !event.GetWantsAck() {
			s.events <- struct{}{}
		}
	}
	return nil
}

// thrifty attaches such a service to a hub.
func thrifty(t *testing.T) (*Server, *thriftyStream) {
	srv := newQuiet(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	stream := newThriftyStream(ctx)
	playBeside(t, srv, cancel, stream)
	return srv, stream
}

func TestAllocs_Delivery(t *testing.T) {
	srv, stream := thrifty(t)
	socket := joinMany(t, srv, 1)[0]
	n := testing.AllocsPerRun(500, func() {
		srv.Event(&hub.Event{Socket: socket, Name: "echo", Args: echoArgs, ReceiveTime: time.Now()})
		<-stream.events
	})
	if n > allocsPerDelivery {
		t.Errorf("%v allocations for a delivery and its settlement, bound %v", n, allocsPerDelivery)
	}
}

func TestAllocs_Echo(t *testing.T) {
	srv, _ := thrifty(t)
	browsers := hubtest.ServeTCP(t, srv.hub, nil)
	browsers.Path = "/socket.io/"
	browser := browsers.Frames("EIO=4&transport=websocket")
	_ = browser.Write("40/bench,")
	browser.Next() // the open packet
	browser.Next() // CONNECT
	packet := `42/bench,1["echo",` + string(echoArgs[1:])
	frame := append([]byte{0x81, 0x80 | byte(len(packet)), 0, 0, 0, 0}, packet...)
	back := make([]byte, 2+len(`43/bench,1`)+len(echoArgs))
	conn := browser.Conn.NetConn()
	n := testing.AllocsPerRun(500, func() {
		if _, err := conn.Write(frame); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, back); err != nil {
			t.Fatal(err)
		}
	})
	if n > allocsPerEcho {
		t.Errorf("%v allocations for an echo without gRPC's transport, bound %v", n, allocsPerEcho)
	}
}
