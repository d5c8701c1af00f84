package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/client"
	"github.com/siohub/siohub/cmd/hub/internal/terminal"
	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// socketsCmd lists sockets.
type socketsCmd struct {
	Namespace string   `short:"n" default:"/" help:"Namespace. Default ${default}."`
	User      []string `help:"Sockets of this user. May be repeated." placeholder:"ID" sep:"none"`
	Room      []string `help:"Sockets in this room. May be repeated." placeholder:"NAME" sep:"none"`
	Socket    []string `help:"This socket. May be repeated." placeholder:"ID" sep:"none"`
	outputFlags
	hubFlags
}

// Help is shown by `hub sockets --help`.
func (socketsCmd) Help() string {
	return `Lists the sockets of a namespace that are connected now: all of them, or those of users, in rooms, or by id. The address is that of the browser, or of the proxy before the hub.`
}

// socketRow is a socket as `-o json` prints it.
type socketRow struct {
	ID          string    `json:"id"`
	Namespace   string    `json:"namespace"`
	User        string    `json:"user,omitempty"`
	Rooms       []string  `json:"rooms"`
	Transport   string    `json:"transport"`
	ConnectTime time.Time `json:"connect_time"`
	Address     string    `json:"address,omitempty"`
	HubID       string    `json:"hub_id,omitempty"`
	ClientID    string    `json:"client_id,omitempty"`
}

// Run implements `hub sockets`.
func (c *socketsCmd) Run(a *app) error {
	conn, err := c.dial(a)
	if err != nil {
		return err
	}
	defer conn.Close()
	out := c.list(a.stdout, "ID\tUSER\tROOMS\tTRANSPORT\tAGE\tADDRESS")
	if err := c.fetch(a.ctx, conn, out, time.Now()); err != nil {
		return errors.Join(err, out.flush())
	}
	return out.end()
}

func (c *socketsCmd) target() *hubv1.Target {
	return &hubv1.Target{
		Namespace: c.Namespace, Users: c.User, Rooms: c.Room, Sockets: c.Socket,
		All: len(c.User)+len(c.Room)+len(c.Socket) == 0,
	}
}

// fetch prints the sockets page by page. The time-out holds for each page.
func (c *socketsCmd) fetch(ctx context.Context, conn *client.Client, out *list, now time.Time) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := time.AfterFunc(c.Timeout, func() { cancel(context.DeadlineExceeded) })
	defer late.Stop()
	pages, err := conn.Control().FetchSockets(ctx, &hubv1.FetchSocketsRequest{Fetch: &hubv1.Fetch{
		Target: c.target(), PageSize: 1000, IncludeHandshake: true,
	}})
	for err == nil {
		var page *hubv1.FetchSocketsResponse
		if page, err = pages.Recv(); err != nil {
			break
		}
		late.Reset(c.Timeout)
		for _, s := range page.GetSockets() {
			if err := out.add(row(s), line(s, now)); err != nil {
				return err
			}
		}
	}
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		err = context.DeadlineExceeded
	}
	return conn.Explain(err, "fetch")
}

func row(s *hubv1.SocketInfo) socketRow {
	return socketRow{
		ID: s.GetSocket().GetId(), Namespace: s.GetSocket().GetNamespace(), User: s.GetSocket().GetUser(),
		Rooms: append([]string{}, s.GetRooms()...), Transport: s.GetSocket().GetTransport(), ConnectTime: s.GetConnectTime().AsTime(),
		Address: s.GetHandshake().GetRemoteAddress(), HubID: s.GetSocket().GetHubId(), ClientID: s.GetSocket().GetClientId(),
	}
}

// shownRooms is how many rooms of a socket a table has.
const shownRooms = 8

func line(s *hubv1.SocketInfo, now time.Time) string {
	age := max(now.Sub(s.GetConnectTime().AsTime()), 0).Round(time.Second)
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s", terminal.Clean(s.GetSocket().GetId()),
		dash(terminal.Clean(s.GetSocket().GetUser())), dash(terminal.Names(s.GetRooms(), shownRooms)),
		dash(terminal.Clean(s.GetSocket().GetTransport())), age, dash(terminal.Clean(s.GetHandshake().GetRemoteAddress())))
}
