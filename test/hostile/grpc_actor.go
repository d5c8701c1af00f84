package hostile

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
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// rawCodec passes bytes on as they are, so that a message need not be one.
type rawCodec struct{}

// Marshal implements encoding.CodecV2.
func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

// Unmarshal implements encoding.CodecV2.
func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

// Name implements encoding.CodecV2.
func (rawCodec) Name() string { return "proto" }

// encode marshals without looking whether strings are UTF-8.
func encode(m proto.Message) []byte {
	b, err := proto.MarshalOptions{AllowPartial: true}.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b
}

// actor is a service that behaves as a row wants it to. For one goroutine.
type actor struct {
	probe     *probe
	stream    grpc.ClientStream
	cancel    context.CancelFunc
	namespace string
	queue     []*hubv1.Item
	ended     *hubv1.Ended // said before the end
}

var actors atomic.Int64

// control dials the services' port. The connection ends with the probe.
func (p *probe) control() *grpc.ClientConn {
	if p.target.control == "" {
		panic("no control address")
	}
	conn := must(grpc.NewClient("passthrough:///"+p.target.control, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20), grpc.MaxCallSendMsgSize(64<<20))))
	p.atEnd(func() { _ = conn.Close() })
	return conn
}

func (p *probe) context() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithDeadline(p.target.authorized(context.Background()), p.until)
	p.atEnd(cancel)
	return ctx, cancel
}

// attach opens a stream and says nothing.
func (p *probe) attach(options ...grpc.CallOption) *actor {
	return p.attachOn(p.control(), options...)
}

// attachOn opens it on a connection.
func (p *probe) attachOn(conn *grpc.ClientConn, options ...grpc.CallOption) *actor {
	ctx, cancel := p.context()
	options = append(options, grpc.ForceCodecV2(rawCodec{}))
	desc := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	stream := must(conn.NewStream(ctx, desc, hubv1.AttachService_Attach_FullMethodName, options...))
	return &actor{probe: p, stream: stream, cancel: cancel, namespace: fmt.Sprintf("/hostile-%d", actors.Add(1))}
}

// hello is a good introduction for a namespace of the actor's own.
func (a *actor) hello() *hubv1.Hello {
	return &hubv1.Hello{
		Group: "hostile" + a.namespace, InstanceId: "one",
		Subscriptions: []*hubv1.Subscription{
			{Role: hubv1.Role_ROLE_AUTHORIZER, Namespace: a.namespace},
			{Role: hubv1.Role_ROLE_HANDLER, Namespace: a.namespace},
		},
	}
}

// attached opens a stream and is welcomed.
func (p *probe) attached() *actor {
	a := p.attach()
	a.welcome()
	return a
}

func (a *actor) welcome() *hubv1.Welcome {
	a.do(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: a.hello()}})
	return must(a.await(func(i *hubv1.Item) bool { return i.GetWelcome() != nil })).GetWelcome()
}

// do sends actions in one envelope.
func (a *actor) do(actions ...*hubv1.Action) { a.say(encode(&hubv1.AttachRequest{Actions: actions})) }

// say sends a message as it is. An error is no outcome: the status is read next.
func (a *actor) say(message []byte) { _ = a.stream.SendMsg(message) }

// command and settle send one of these.
func (a *actor) command(c *hubv1.Command) {
	a.do(&hubv1.Action{Kind: &hubv1.Action_Command{Command: c}})
}

func (a *actor) settle(s *hubv1.Settlement) {
	a.do(&hubv1.Action{Kind: &hubv1.Action_Settlement{Settlement: s}})
}

// next returns the next item that is no heartbeat; those it answers.
func (a *actor) next() (*hubv1.Item, error) {
	for {
		for len(a.queue) == 0 {
			var b []byte
			if err := a.stream.RecvMsg(&b); err != nil {
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
			a.do(&hubv1.Action{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}})
		case item.GetEnded() != nil:
			a.ended = item.GetEnded()
		default:
			return item, nil
		}
	}
}

// sameEnd sees that the stream ends as the hub said before.
func (a *actor) sameEnd(err error) error {
	said := codes.Code(a.ended.GetStatus().GetCode())
	if a.ended == nil || status.Code(err) == said || errors.Is(err, io.EOF) && said == codes.OK {
		return err
	}
	return fmt.Errorf("the stream ended with %w, said was %v", err, a.ended)
}

// await passes over items until one is wanted.
func (a *actor) await(wanted func(*hubv1.Item) bool) (*hubv1.Item, error) {
	for {
		item, err := a.next()
		if err != nil || wanted(item) {
			return item, err
		}
	}
}

// delivery waits for the next delivery.
func (a *actor) delivery() *hubv1.Delivery {
	return must(a.await(func(i *hubv1.Item) bool { return i.GetDelivery() != nil })).GetDelivery()
}

// result waits for the next result.
func (a *actor) result() (*hubv1.Result, error) {
	item, err := a.await(func(i *hubv1.Item) bool { return i.GetResult() != nil })
	return item.GetResult(), err
}

// resultOutcome waits for the next result and names it, or the stream's end.
func (a *actor) resultOutcome() outcome {
	r, err := a.result()
	if err != nil {
		return streamEnd(err)
	}
	return statusOutcome(r.GetStatus())
}

// statusOutcome is "OK" or "result " and the code.
func statusOutcome(s *hubv1.Status) outcome {
	if s.GetCode() == hubv1.Code_CODE_UNSPECIFIED {
		return "OK"
	}
	return "result " + outcome(strings.TrimPrefix(s.GetCode().String(), "CODE_"))
}

// streamEnd is "stream " and the code in the contract's words.
func streamEnd(err error) outcome {
	code := status.Code(err)
	if code == codes.DeadlineExceeded && strings.Contains(err.Error(), "context deadline") {
		return hang
	}
	return "stream " + outcome(strings.TrimPrefix(hubv1.Code(code).String(), "CODE_"))
}

// ends waits for the end of the stream and names it.
func (a *actor) ends() outcome {
	for {
		if _, err := a.next(); err != nil {
			return streamEnd(err)
		}
	}
}

// lives sees that the stream still answers.
func (a *actor) lives() outcome {
	a.command(&hubv1.Command{CommandId: 1 << 60, Op: &hubv1.Command_Disconnect{Disconnect: &hubv1.Disconnect{
		Target: &hubv1.Target{Namespace: a.namespace, Rooms: []string{"nobody"}}}}})
	item, err := a.await(func(i *hubv1.Item) bool { return i.GetResult().GetCommandId() == 1<<60 })
	if err != nil {
		return streamEnd(err)
	}
	if s := item.GetResult().GetStatus(); s.GetCode() != 0 {
		return "lives, but " + statusOutcome(s)
	}
	return open
}

// browser opens a WebSocket session and asks for the actor's namespace.
func (a *actor) browser() *websocketSession {
	s := must(a.probe.websocket())
	s.send("0" + a.namespace + ",")
	return s
}

// joined has a browser in the namespace, its connected settled.
func (a *actor) joined() (*websocketSession, *hubv1.Socket) {
	s := a.browser()
	d := a.delivery()
	a.settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}})
	if m := must(s.next()); !strings.HasPrefix(m, "0"+a.namespace+`,{"sid":"`) {
		panic("not joined: " + m)
	}
	c := a.delivery()
	a.settle(&hubv1.Settlement{DeliverySeq: c.DeliverySeq, Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}})
	return s, c.Socket
}
