package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

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
	hubFlags
}

// Help is shown by `hub emit --help`.
func (emitCmd) Help() string {
	return `For example:

  hub emit -n /chat --room lobby message '{"text":"hello"}'
  hub emit -n /chat --all notice '"the hub restarts at noon"'

Prints how many sockets matched, in how many queues the event was put, and for how many it was dropped. That nobody matched is no error; that the namespace is one that nobody knows is, once start_grace (30s) has passed or where namespaces are configured.`
}

// Run implements `hub emit`.
func (c *emitCmd) Run(a *app) error {
	command, err := c.command()
	if err != nil {
		return &usageError{err: err}
	}
	result, err := c.do(a, "emit", command)
	if err != nil {
		return err
	}
	// A status without a code is a warning: the emit was carried out.
	if result.GetStatus().GetReason() == "UNKNOWN_NAMESPACE" {
		return fmt.Errorf("nobody got it: no service and no browser knows the namespace %s; \"hub status\" shows those that are there", c.Namespace)
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
