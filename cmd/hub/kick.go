package main

import (
	"errors"
	"fmt"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// kickCmd disconnects sockets.
type kickCmd struct {
	Namespace string   `short:"n" default:"/" help:"Namespace. Default ${default}."`
	Socket    []string `help:"This socket. May be repeated." placeholder:"ID" sep:"none"`
	User      []string `help:"All sockets of this user. May be repeated." placeholder:"ID" sep:"none"`
	Room      []string `help:"All sockets in this room. May be repeated." placeholder:"NAME" sep:"none"`
	Close     bool     `help:"Close the whole connection, with all its namespaces; the browser comes back by itself."`
	Revoke    bool     `help:"End the authorization, in every namespace: the connection is closed, and the browser, when it comes back, is decided upon anew. With --user and --socket."`
	hubFlags
}

// Help is shown by `hub kick --help`.
func (kickCmd) Help() string {
	return `Makes sockets leave the namespace; their clients do not come back by themselves, unless --close or --revoke is given. Says how many sockets it was. For example:

  hub kick -n /chat --user ann
  hub kick --user ann --revoke`
}

// Run implements `hub kick`.
func (c *kickCmd) Run(a *app) error {
	command, verb, err := c.command()
	if err != nil {
		return &usageError{err: err}
	}
	result, err := c.do(a, verb, command)
	if err != nil {
		return err
	}
	done := map[string]string{"disconnect": "disconnected", "revoke": "revoked"}[verb]
	_, err = fmt.Fprintf(a.stdout, "%s %s\n", done, sockets(result.GetMatchedCount()))
	return err
}

func (c *kickCmd) command() (command *hubv1.Command, verb string, err error) {
	switch {
	case len(c.Socket)+len(c.User)+len(c.Room) == 0:
		return nil, "", errors.New("who should leave? Give --socket, --user or --room")
	case c.Revoke && len(c.Room) > 0:
		return nil, "", errors.New("--revoke is for users and sockets; a room has no authorization of its own")
	case c.Revoke && c.Close:
		return nil, "", errors.New("--revoke closes the connection already; leave out --close")
	case c.Revoke:
		return &hubv1.Command{Op: &hubv1.Command_Revoke{Revoke: &hubv1.Revoke{Users: c.User, Sockets: c.Socket}}}, "revoke", nil
	}
	return &hubv1.Command{Op: &hubv1.Command_Disconnect{Disconnect: &hubv1.Disconnect{
		Target:         &hubv1.Target{Namespace: c.Namespace, Sockets: c.Socket, Users: c.User, Rooms: c.Room},
		CloseTransport: c.Close,
	}}}, "disconnect", nil
}
