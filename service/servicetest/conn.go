package servicetest

import (
	"context"
	"io"
	"reflect"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// conn plays gRPC between the service and the hub. Messages go through their wire
// form, so that what could not be sent cannot be tested either.
type conn struct{ hub *Hub }

// Invoke is a unary call.
func (c conn) Invoke(ctx context.Context, method string, args, reply any, _ ...grpc.CallOption) error {
	response, err := c.hub.unary(ctx, method, args.(proto.Message))
	if err != nil {
		return err
	}
	return pass(response, reply.(proto.Message))
}

// NewStream is a call with a stream on either side.
func (c conn) NewStream(ctx context.Context, _ *grpc.StreamDesc, method string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	return newCall(ctx, c.hub, method)
}

// pass copies a message over the wire.
func pass(from, to proto.Message) error {
	data, err := proto.Marshal(from)
	if err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	return proto.Unmarshal(data, to)
}

// copyOf is pass into a new message.
func copyOf[M proto.Message](m M) (M, error) {
	to := reflect.New(reflect.TypeOf(m).Elem()).Interface().(M)
	return to, pass(m, to)
}

// call is the client's end of a stream. What the hub says is queued until it is
// received; what the service says is dealt with before SendMsg returns.
type call struct {
	ctx  context.Context
	hub  *Hub
	take func(m proto.Message) error // a message of the service; with hub.mu held
	gone func()                      // the service has closed its side; with hub.mu held

	// Guarded by hub.mu.
	queue []proto.Message
	err   error // what RecvMsg returns once the queue is empty
}

func (c *call) SendMsg(m any) error {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	if c.err != nil || c.ctx.Err() != nil {
		return io.EOF // RecvMsg knows why
	}
	message, err := copyOf(m.(proto.Message))
	if err != nil {
		c.endLocked(err)
		return err
	}
	defer c.hub.changedLocked()
	return c.take(message)
}

func (c *call) CloseSend() error {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	if c.gone != nil && c.err == nil {
		c.gone()
	}
	return nil
}

func (c *call) RecvMsg(m any) error {
	for {
		c.hub.mu.Lock()
		changed := c.hub.changed
		switch {
		case c.ctx.Err() != nil:
			c.endLocked(status.FromContextError(c.ctx.Err()).Err())
			fallthrough
		case len(c.queue) == 0 && c.err != nil:
			err := c.err
			c.hub.mu.Unlock()
			return err
		case len(c.queue) > 0:
			message := c.queue[0]
			c.queue = c.queue[1:]
			c.hub.mu.Unlock()
			return pass(message, m.(proto.Message))
		}
		c.hub.mu.Unlock()
		select {
		case <-changed:
		case <-c.ctx.Done():
		}
	}
}

// endLocked ends the stream with an error, io.EOF for a clean end.
func (c *call) endLocked(err error) {
	if c.err == nil {
		c.err = err
		c.hub.changedLocked()
	}
}

func (c *call) Header() (metadata.MD, error) { return nil, nil }
func (c *call) Trailer() metadata.MD         { return nil }
func (c *call) Context() context.Context     { return c.ctx }
