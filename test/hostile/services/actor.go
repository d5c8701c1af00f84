package services

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// RawCodec passes bytes on as they are, so that a message need not be one.
type RawCodec struct{}

// Marshal implements encoding.CodecV2.
func (RawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

// Unmarshal implements encoding.CodecV2.
func (RawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

// Name implements encoding.CodecV2.
func (RawCodec) Name() string { return "proto" }

// Encode marshals without looking whether strings are UTF-8.
func Encode(m proto.Message) []byte {
	b, err := proto.MarshalOptions{AllowPartial: true}.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b
}

// Actor is a service that behaves as a row wants it to. For one goroutine.
type Actor struct {
	probe     *hostile.Probe
	Stream    grpc.ClientStream
	Cancel    context.CancelFunc
	namespace string
	queue     []*hubv1.Item
	ended     *hubv1.Ended // said before the end
}

var actors atomic.Int64

// DialControl dials the services' port. The connection ends with the probe.
func DialControl(p *hostile.Probe) *grpc.ClientConn {
	if p.Target.Control == "" {
		panic("no control address")
	}
	conn := hostile.Must(grpc.NewClient("passthrough:///"+p.Target.Control, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20), grpc.MaxCallSendMsgSize(64<<20))))
	p.AtEnd(func() { _ = conn.Close() })
	return conn
}

// CallContext has the target's token and ends with the probe.
func CallContext(p *hostile.Probe) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithDeadline(authorized(context.Background(), p.Target), p.Until)
	p.AtEnd(cancel)
	return ctx, cancel
}

// authorized adds the token that the target's services need.
func authorized(ctx context.Context, t *hostile.Target) context.Context {
	if t.Token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+t.Token)
}

// Attach opens a stream and says nothing.
func Attach(p *hostile.Probe, options ...grpc.CallOption) *Actor {
	return AttachOn(p, DialControl(p), options...)
}

// AttachOn opens it on a connection.
func AttachOn(p *hostile.Probe, conn *grpc.ClientConn, options ...grpc.CallOption) *Actor {
	ctx, cancel := CallContext(p)
	options = append(options, grpc.ForceCodecV2(RawCodec{}))
	desc := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	stream := hostile.Must(conn.NewStream(ctx, desc, hubv1.AttachService_Attach_FullMethodName, options...))
	return &Actor{probe: p, Stream: stream, Cancel: cancel, namespace: fmt.Sprintf("/hostile-%d", actors.Add(1))}
}

// Hello is a good introduction for a namespace of the actor's own.
func (a *Actor) Hello() *hubv1.Hello {
	return &hubv1.Hello{
		Group: "hostile" + a.namespace, InstanceId: "one",
		Subscriptions: []*hubv1.Subscription{
			{Role: hubv1.Role_ROLE_AUTHORIZER, Namespace: a.namespace},
			{Role: hubv1.Role_ROLE_HANDLER, Namespace: a.namespace},
		},
	}
}

// Attached opens a stream and is welcomed.
func Attached(p *hostile.Probe) *Actor {
	a := Attach(p)
	a.welcome()
	return a
}

func (a *Actor) welcome() *hubv1.Welcome {
	a.Do(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: a.Hello()}})
	return hostile.Must(a.await(func(i *hubv1.Item) bool { return i.GetWelcome() != nil })).GetWelcome()
}

// Do sends actions in one envelope.
func (a *Actor) Do(actions ...*hubv1.Action) { a.Say(Encode(&hubv1.AttachRequest{Actions: actions})) }

// Say sends a message as it is. An error is no outcome: the status is read next.
func (a *Actor) Say(message []byte) { _ = a.Stream.SendMsg(message) }

// command and settle send one of these.
func (a *Actor) command(c *hubv1.Command) {
	a.Do(&hubv1.Action{Kind: &hubv1.Action_Command{Command: c}})
}

func (a *Actor) settle(s *hubv1.Settlement) {
	a.Do(&hubv1.Action{Kind: &hubv1.Action_Settlement{Settlement: s}})
}

// next returns the next item that is no heartbeat; those it answers.
func (a *Actor) next() (*hubv1.Item, error) {
	for {
		for len(a.queue) == 0 {
			var b []byte
			if err := a.Stream.RecvMsg(&b); err != nil {
				return nil, a.sameEnd(err)
			}
			var r hubv1.AttachResponse
			if err := proto.Unmarshal(b, &r); err != nil {
				return nil, err
			}
			a.queue = r.Items
		}
		item := a.queue[0]
		a.queue = a.queue[1:]
		switch {
		case item.GetHeartbeat() != nil:
			a.Do(&hubv1.Action{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}})
		case item.GetEnded() != nil:
			a.ended = item.GetEnded()
		default:
			return item, nil
		}
	}
}

// sameEnd sees that the stream ends as the hub said before.
func (a *Actor) sameEnd(err error) error {
	said := codes.Code(a.ended.GetStatus().GetCode())
	if a.ended == nil || status.Code(err) == said || errors.Is(err, io.EOF) && said == codes.OK {
		return err
	}
	return fmt.Errorf("the stream ended with %w, said was %v", err, a.ended)
}

// await passes over items until one is wanted.
func (a *Actor) await(wanted func(*hubv1.Item) bool) (*hubv1.Item, error) {
	for {
		item, err := a.next()
		if err != nil || wanted(item) {
			return item, err
		}
	}
}

// delivery waits for the next delivery.
func (a *Actor) delivery() *hubv1.Delivery {
	return hostile.Must(a.await(func(i *hubv1.Item) bool { return i.GetDelivery() != nil })).GetDelivery()
}

// result waits for the next result.
func (a *Actor) result() (*hubv1.Result, error) {
	item, err := a.await(func(i *hubv1.Item) bool { return i.GetResult() != nil })
	return item.GetResult(), err
}

// resultOutcome waits for the next result and names it, or the stream's end.
func (a *Actor) resultOutcome() hostile.Outcome {
	r, err := a.result()
	if err != nil {
		return streamEnd(err)
	}
	return statusOutcome(r.GetStatus())
}

// statusOutcome is "OK" or "result " and the code.
func statusOutcome(s *hubv1.Status) hostile.Outcome {
	if s.GetCode() == hubv1.Code_CODE_UNSPECIFIED {
		return "OK"
	}
	return "result " + hostile.Outcome(strings.TrimPrefix(s.GetCode().String(), "CODE_"))
}

// streamEnd is "stream " and the code in the contract's words.
func streamEnd(err error) hostile.Outcome {
	code := status.Code(err)
	if code == codes.DeadlineExceeded && strings.Contains(err.Error(), "context deadline") {
		return hostile.Hang
	}
	return "stream " + hostile.Outcome(strings.TrimPrefix(hubv1.Code(code).String(), "CODE_"))
}

// Ends waits for the end of the stream and names it.
func (a *Actor) Ends() hostile.Outcome {
	for {
		if _, err := a.next(); err != nil {
			return streamEnd(err)
		}
	}
}

// Lives sees that the stream still answers.
func (a *Actor) Lives() hostile.Outcome {
	a.command(&hubv1.Command{CommandId: 1 << 60, Op: &hubv1.Command_Disconnect{Disconnect: &hubv1.Disconnect{
		Target: &hubv1.Target{Namespace: a.namespace, Rooms: []string{"nobody"}}}}})
	item, err := a.await(func(i *hubv1.Item) bool { return i.GetResult().GetCommandId() == 1<<60 })
	if err != nil {
		return streamEnd(err)
	}
	if s := item.GetResult().GetStatus(); s.GetCode() != 0 {
		return "lives, but " + statusOutcome(s)
	}
	return hostile.Open
}

// browser opens a WebSocket session and asks for the actor's namespace.
func (a *Actor) browser() *hostile.WebSocketSession {
	s := hostile.Must(a.probe.WebSocket())
	s.Send("0" + a.namespace + ",")
	return s
}

// joined has a browser in the namespace, its connected settled.
func (a *Actor) joined() (*hostile.WebSocketSession, *hubv1.Socket) {
	s := a.browser()
	d := a.delivery()
	a.settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}})
	if m := hostile.Must(s.Next()); !strings.HasPrefix(m, "0"+a.namespace+`,{"sid":"`) {
		panic("not joined: " + m)
	}
	c := a.delivery()
	a.settle(&hubv1.Settlement{DeliverySeq: c.DeliverySeq, Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}})
	return s, c.Socket
}
