package services

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// unaryCall is one call of ControlService; what it returns is the outcome.
type unaryCall func(context.Context, hubv1.ControlServiceClient) error

// input is the row of a call.
func (call unaryCall) input(name string, allow ...hostile.Outcome) hostile.Input {
	return hostile.Input{Name: "call " + name, Allow: allow, Attack: func(p *hostile.Probe) hostile.Outcome {
		ctx, _ := CallContext(p)
		if err := call(ctx, hubv1.NewControlServiceClient(DialControl(p))); err != nil {
			return codeOnly(streamEnd(err))
		}
		return "OK"
	}}
}

// unaryInputs: calls without a stream.
func unaryInputs() []hostile.Input {
	return slices.Concat(executeInputs(), emitWithAckInputs(), fetchInputs(), listRoomsInputs())
}

func executeInputs() []hostile.Input {
	execute := func(commands ...*hubv1.Command) unaryCall {
		return func(ctx context.Context, c hubv1.ControlServiceClient) error {
			_, err := c.Execute(ctx, &hubv1.ExecuteRequest{Commands: commands})
			return err
		}
	}
	commands := make([]*hubv1.Command, 1001)
	for i := range commands {
		commands[i] = Emit(nowhere(), "x", "[]")
	}
	return []hostile.Input{
		execute().input("Execute with nothing", "INVALID_ARGUMENT"),
		execute(commands...).input("Execute with 1001 commands", "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"),
		execute(commands[:1000]...).input("Execute with 1000 commands", "OK"),
		execute(&hubv1.Command{}).input("Execute with an empty command", "OK"),
	}
}

func emitWithAckInputs() []hostile.Input {
	ack := func(c *hubv1.Command) unaryCall {
		return func(ctx context.Context, client hubv1.ControlServiceClient) error {
			s, err := client.EmitWithAck(ctx, &hubv1.EmitWithAckRequest{Command: c})
			if err == nil {
				_, err = s.Recv()
			}
			return err
		}
	}
	eternal := Emit(nowhere(), "x", "[]")
	eternal.GetEmit().Ack = &hubv1.AckRequest{Timeout: durationpb.New(time.Hour)}
	another := &hubv1.Command{Op: &hubv1.Command_Disconnect{Disconnect: &hubv1.Disconnect{Target: nowhere()}}}
	return []hostile.Input{
		ack(nil).input("EmitWithAck with nothing", "INVALID_ARGUMENT"),
		ack(&hubv1.Command{}).input("EmitWithAck with an empty command", "INVALID_ARGUMENT"),
		ack(Emit(nowhere(), "x", "[]")).input("EmitWithAck without an ack", "INVALID_ARGUMENT"),
		ack(another).input("EmitWithAck of another command", "INVALID_ARGUMENT"),
		ack(eternal).input("EmitWithAck for an hour", "INVALID_ARGUMENT", "OK"),
	}
}

func fetchInputs() []hostile.Input {
	fetch := func(f *hubv1.Fetch) unaryCall {
		return func(ctx context.Context, c hubv1.ControlServiceClient) error {
			s, err := c.FetchSockets(ctx, &hubv1.FetchSocketsRequest{Fetch: f})
			if err == nil {
				_, err = s.Recv()
			}
			return err
		}
	}
	count := func(t *hubv1.Target) unaryCall {
		return func(ctx context.Context, c hubv1.ControlServiceClient) error {
			_, err := c.CountSockets(ctx, &hubv1.CountSocketsRequest{Count: &hubv1.Count{Target: t}})
			return err
		}
	}
	largest := &hubv1.Fetch{Target: everybody(), PageSize: 1<<32 - 1, IncludeHandshake: true}
	all := []hostile.Input{fetch(largest).input("FetchSockets with the largest pages", "OK", "INVALID_ARGUMENT")}
	for name, t := range map[string]*hubv1.Target{"nothing": nil, "an empty target": {}, "no namespace": {All: true}, "all and rooms": {Namespace: "/", All: true, Rooms: []string{"a"}}, "a namespace without a slash": {Namespace: "x", All: true}} {
		all = append(all,
			fetch(&hubv1.Fetch{Target: t}).input("FetchSockets with "+name, "INVALID_ARGUMENT"),
			count(t).input("CountSockets with "+name, "INVALID_ARGUMENT"))
	}
	return all
}

func listRoomsInputs() []hostile.Input {
	rooms := func(l *hubv1.ListRooms) unaryCall {
		return func(ctx context.Context, c hubv1.ControlServiceClient) error {
			_, err := c.ListRooms(ctx, &hubv1.ListRoomsRequest{ListRooms: l})
			return err
		}
	}
	return []hostile.Input{
		rooms(nil).input("ListRooms with nothing", "INVALID_ARGUMENT"),
		rooms(&hubv1.ListRooms{Namespace: "x"}).input("ListRooms of a namespace without a slash", "INVALID_ARGUMENT", "OK"),
		rooms(&hubv1.ListRooms{Namespace: "/nowhere"}).input("ListRooms of nowhere", "OK", "NOT_FOUND"),
		rooms(&hubv1.ListRooms{Namespace: "/", PageToken: "\x00../../etc/passwd"}).input("ListRooms with a token that is none", "INVALID_ARGUMENT", "OK"),
		rooms(&hubv1.ListRooms{Namespace: "/", PageToken: strings.Repeat("t", 1<<20)}).input("ListRooms with a token of 1 MiB", "INVALID_ARGUMENT", "OK", "RESOURCE_EXHAUSTED"),
		rooms(&hubv1.ListRooms{Namespace: "/", PageSize: 1<<32 - 1, Prefix: strings.Repeat("p", 1000)}).input("ListRooms with the largest page", "OK", "INVALID_ARGUMENT"),
	}
}
