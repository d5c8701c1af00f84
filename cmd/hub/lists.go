package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/siohub/siohub/cmd/hub/internal/client"
	"github.com/siohub/siohub/cmd/hub/internal/terminal"
	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// roomsCmd lists rooms.
type roomsCmd struct {
	Namespace string `short:"n" default:"/" help:"Namespace. Default ${default}."`
	Prefix    string `help:"Only rooms whose names start with it." placeholder:"TEXT"`
	outputFlags
	hubFlags
}

// Help is shown by `hub rooms --help`.
func (roomsCmd) Help() string {
	return `Lists the rooms of a namespace with how many sockets are in each. The room that each socket has for itself is not among them.`
}

// usersCmd lists users.
type usersCmd struct {
	Namespace string `short:"n" default:"/" help:"Namespace. Default ${default}."`
	Prefix    string `help:"Only users whose ids start with it." placeholder:"TEXT"`
	outputFlags
	hubFlags
}

// Help is shown by `hub users --help`.
func (usersCmd) Help() string {
	return `Lists the users who have a socket in a namespace, with how many each has.`
}

// countedRow is a room or a user as `-o json` prints it.
type countedRow struct {
	Room    string `json:"room,omitempty"`
	User    string `json:"user,omitempty"`
	Sockets uint32 `json:"sockets"`
}

// Run implements `hub rooms`.
func (c *roomsCmd) Run(a *app) error {
	conn, err := c.dial(a)
	if err != nil {
		return err
	}
	defer conn.Close()
	out := c.list(a.stdout, "ROOM\tSOCKETS")
	return paged(a.ctx, conn, out, "list_rooms", func(ctx context.Context, token string) ([]countedRow, string, error) {
		page, err := conn.Control().ListRooms(ctx, &hubv1.ListRoomsRequest{ListRooms: &hubv1.ListRooms{
			Namespace: c.Namespace, Prefix: c.Prefix, PageSize: pageSize, PageToken: token,
		}})
		var rows []countedRow
		for _, r := range page.GetRooms() {
			rows = append(rows, countedRow{Room: r.GetName(), Sockets: r.GetSocketCount()})
		}
		return rows, page.GetNextPageToken(), err
	})
}

// Run implements `hub users`.
func (c *usersCmd) Run(a *app) error {
	conn, err := c.dial(a)
	if err != nil {
		return err
	}
	defer conn.Close()
	out := c.list(a.stdout, "USER\tSOCKETS")
	return paged(a.ctx, conn, out, "list_users", func(ctx context.Context, token string) ([]countedRow, string, error) {
		page, err := conn.Control().ListUsers(ctx, &hubv1.ListUsersRequest{ListUsers: &hubv1.ListUsers{
			Namespace: c.Namespace, Prefix: c.Prefix, PageSize: pageSize, PageToken: token,
		}})
		var rows []countedRow
		for _, u := range page.GetUsers() {
			rows = append(rows, countedRow{User: u.GetId(), Sockets: u.GetSocketCount()})
		}
		return rows, page.GetNextPageToken(), err
	})
}

// pageSize is the largest page that a hub gives.
const pageSize = 1000

// paged prints what a list has, page by page. The time-out holds for each page.
func paged(ctx context.Context, conn *client.Client, out *list, verb string,
	ask func(ctx context.Context, token string) ([]countedRow, string, error),
) error {
	for token := ""; ; {
		page, cancel := conn.Within(ctx)
		rows, next, err := ask(page, token)
		cancel()
		if err != nil {
			return errors.Join(conn.Explain(err, verb), out.flush())
		}
		for _, r := range rows {
			if err := out.add(r, fmt.Sprintf("%s\t%d", terminal.Clean(r.Room+r.User), r.Sockets)); err != nil {
				return err
			}
		}
		if next == "" || next == token {
			return out.end()
		}
		token = next
	}
}
