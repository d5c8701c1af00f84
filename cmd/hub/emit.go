package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// emitCmd sends one event.
type emitCmd struct {
	Event string   `arg:"" help:"Name of the event."`
	Args  []string `arg:"" optional:"" help:"Arguments, each one JSON: 42, '\"text\"', '{\"a\":1}'."`

	Namespace  string   `short:"n" default:"/" help:"Namespace. Default ${default}."`
	Room       []string `help:"Everybody in the room. May be repeated." placeholder:"NAME" sep:"none"`
	User       []string `help:"Everybody who is this user. May be repeated." placeholder:"ID" sep:"none"`
	Socket     []string `help:"One socket. May be repeated." placeholder:"ID" sep:"none"`
	All        bool     `help:"Everybody in the namespace."`
	ExceptRoom []string `help:"But nobody in this room. May be repeated." placeholder:"NAME" sep:"none"`
	Volatile   bool     `help:"Only browsers that can take it this moment."`

	Hub       string        `default:"127.0.0.1:7420" env:"HUB_ADDRESS" placeholder:"HOST:PORT" help:"Control listener of the hub. Default ${default}."`
	TokenFile string        `placeholder:"FILE" help:"File with the bearer token, where the hub wants one; or the variable HUB_TOKEN."`
	Timeout   time.Duration `default:"10s" help:"How long to wait for the hub. Default ${default}."`
}

// Help is shown by `hub emit --help`.
func (emitCmd) Help() string {
	return `For example:

  hub emit -n /chat --room lobby message '{"text":"hello"}'
  hub emit -n /chat --all notice '"the hub restarts at noon"'

Prints how many sockets matched, in how many queues the event was put, and for how many it was dropped.`
}

// Run implements `hub emit`.
func (c *emitCmd) Run(a *app) error {
	command, err := c.command()
	if err != nil {
		return &usageError{err: err}
	}
	token, err := c.token(a)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(a.ctx, c.Timeout)
	defer cancel()
	result, err := c.execute(ctx, token, command)
	if err != nil {
		return err
	}
	if s := result.GetStatus(); s.GetCode() != hubv1.Code_CODE_UNSPECIFIED {
		return fmt.Errorf("the hub refused it: %s", strings.TrimPrefix(s.GetField()+": "+s.GetMessage(), ": "))
	}
	_, err = fmt.Fprintf(a.stdout, "matched %d, queued %d, dropped %d\n",
		result.GetMatchedCount(), result.GetQueuedCount(), result.GetDroppedCount())
	return err
}

// command puts the message together and checks what the hub could only refuse.
func (c *emitCmd) command() (*hubv1.Command, error) {
	if !c.All && len(c.Room)+len(c.User)+len(c.Socket) == 0 {
		return nil, errors.New("who should get it? Give --room, --user, --socket or --all")
	}
	if c.All && len(c.Room)+len(c.User)+len(c.Socket) > 0 {
		return nil, errors.New("--all is everybody already; leave out --room, --user and --socket")
	}
	var args bytes.Buffer
	args.WriteByte('[')
	for i, arg := range c.Args {
		if !json.Valid([]byte(arg)) {
			return nil, fmt.Errorf("argument %d is not JSON: %s; text needs its own quotes: '%q'", i+1, arg, arg)
		}
		if i > 0 {
			args.WriteByte(',')
		}
		args.WriteString(strings.TrimSpace(arg))
	}
	args.WriteByte(']')
	return &hubv1.Command{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{
		Target: &hubv1.Target{
			Namespace: c.Namespace, All: c.All, Rooms: c.Room, Users: c.User, Sockets: c.Socket, ExceptRooms: c.ExceptRoom,
		},
		Event: c.Event, Payload: &hubv1.Payload{Args: args.Bytes()}, Volatile: c.Volatile,
	}}}, nil
}

// token reads the bearer token from the file or the environment.
func (c *emitCmd) token(a *app) (string, error) {
	if c.TokenFile == "" {
		return variable(a.environ, config.EnvToken), nil
	}
	data, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// execute asks the hub and explains what goes wrong on the way.
func (c *emitCmd) execute(ctx context.Context, token string, command *hubv1.Command) (*hubv1.Result, error) {
	conn, err := grpc.NewClient(c.Hub, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("--hub %s: %w", c.Hub, err)
	}
	defer func() { _ = conn.Close() }()
	if token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	res, err := hubv1.NewControlServiceClient(conn).Execute(ctx, &hubv1.ExecuteRequest{Commands: []*hubv1.Command{command}})
	switch status.Code(err) {
	case codes.OK:
	case codes.Unavailable:
		return nil, fmt.Errorf("no hub answers at %s; start one with `hub serve`, or give its control listener with --hub", c.Hub)
	case codes.Unauthenticated:
		return nil, errors.New("the hub wants a token; give it with --token-file or in HUB_TOKEN")
	case codes.DeadlineExceeded:
		return nil, fmt.Errorf("%s did not answer within %s", c.Hub, c.Timeout)
	default:
		return nil, errors.New(status.Convert(err).Message())
	}
	if len(res.GetResults()) != 1 {
		return nil, fmt.Errorf("%s gave %d results to one command", c.Hub, len(res.GetResults()))
	}
	return res.GetResults()[0], nil
}
