package command

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/park"
)

// crowd lets seven browsers of three users in.
func (w *world) crowd() {
	for i := range 7 {
		w.join("/a", fmt.Sprint("user-", i%3), fmt.Sprint("room-", i%3), "all")
	}
}

func TestQuery_OnAStreamComesInPagesWithMoreButTheLast(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.crowd()
		for _, c := range []struct {
			command *hubv1.Command
			pages   string
		}{
			{fetch(everybody("/a"), 3), "[3 3 1]"},
			{fetch(everybody("/a"), 7), "[7]"},
			{fetch(everybody("/a"), 1001), "[7]"},
			{fetch(everybody("/none"), 0), "[0]"},
			{listRooms("/a", "", 2), "[2 2]"},
			{listRooms("/a", "room-", 0), "[3]"},
			{listUsers("/a", "", 2), "[2 1]"},
			{listUsers("/a", "user-2", 2), "[1]"},
			{listUsers("/none", "", 2), "[0]"},
		} {
			var pages []int
			results := w.onStream(c.command)
			for i, r := range results {
				pages = append(pages, len(r.Sockets)+len(r.Rooms)+len(r.Users))
				if last := i == len(results)-1; r.More == last || r.Status != nil {
					t.Errorf("%v: page %d: %v", c.command, i, r)
				}
			}
			if got := fmt.Sprint(pages); got != c.pages {
				t.Errorf("%v: %s, want %s", c.command, got, c.pages)
			}
		}
		s := w.onStream(fetch(everybody("/a"), 1))[0].Sockets[0]
		if s.Socket.HubId != "hub-1" || s.Socket.ClientId == "" || !strings.HasPrefix(s.Socket.User, "user-") ||
			s.ConnectTime == nil || s.Handshake.GetUrl() == "" || len(s.Rooms) != 2 {
			t.Errorf("socket: %v", s)
		}
		if n := w.trace.command("fetch OK"); n != 5 {
			t.Errorf("%d are counted", n)
		}
	})
}

// A query that is not read costs names and pointers, and a place in a budget.
func TestQuery_PagesAreMadeWhenTheyAreTaken(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.crowd()
		open := func() *taker {
			c := fetch(everybody("/a"), 2)
			c.CommandId = 1
			to := &taker{full: true}
			w.x.Run(Request{Command: c, Caller: &Caller{Stream: true}}, to)
			return to
		}
		to := open()
		if len(to.all()) != 0 || to.pages == nil || w.x.Held() == 0 {
			t.Fatalf("results: %v, %d bytes", to.all(), w.x.Held())
		}
		if r := to.pages.Next(); len(r.Sockets) != 2 || !r.More {
			t.Errorf("first page: %v", r)
		}
		// Who leaves meanwhile is in no page any more.
		w.onStream(disconnect(everybody("/a"), false))
		if r := to.pages.Next(); len(r.Sockets) > 1 || r.More {
			t.Errorf("page after all have left: %v", r)
		}
		if to.pages.Next() != nil || w.x.Held() != 0 {
			t.Errorf("%d bytes after the last", w.x.Held())
		}
		to = open()
		to.pages.Close()
		to.pages.Close()
		if w.x.Held() != 0 || to.pages.Next() != nil {
			t.Errorf("%d bytes after Close", w.x.Held())
		}
		w.x.queries.snapshots = park.NewBudget(1)
		to = open()
		if s := open().all()[0].GetStatus(); s.GetReason() != "QUERIES_OPEN" || s.RetryAfter == nil {
			t.Errorf("beyond the budget: %v", s)
		}
		to.pages.Close()
		if n := w.trace.bound(BoundSnapshots); n != 1 {
			t.Errorf("%d are counted", n)
		}
	})
}

func TestQuery_PagesFitAnEnvelope(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.crowd()
		w.onStream(setData(everybody("/a"), `"`+strings.Repeat("x", 60_000)+`"`, false, nil))
		for range 4 { // 7 of 60 KB fit; with many rooms they do not
			var rooms []string
			for i := range 600 {
				rooms = append(rooms, fmt.Sprint(i, strings.Repeat("r", 240)))
			}
			w.onStream(update(everybody("/a"), rooms, nil))
		}
		results := w.onStream(fetch(everybody("/a"), 0))
		if len(results) < 2 {
			t.Errorf("%d pages", len(results))
		}
		n := 0
		for _, r := range results {
			n += len(r.Sockets)
			size := 0
			for _, s := range r.Sockets {
				size += len(s.Socket.Data) + len(strings.Join(s.Rooms, ""))
			}
			if size > 1<<20 {
				t.Errorf("a page of %d bytes", size)
			}
		}
		if n != 7 {
			t.Errorf("%d sockets", n)
		}
	})
}

func TestControl_PagesByTokens(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.crowd()
		ctx := t.Context()
		var rooms, users []string
		token := ""
		for first := true; first || token != ""; first = false {
			page, err := w.control.ListRooms(ctx, &hubv1.ListRoomsRequest{ListRooms: &hubv1.ListRooms{Namespace: "/a", PageSize: 3, PageToken: token}})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Rooms {
				rooms = append(rooms, fmt.Sprint(r.Name, "=", r.SocketCount))
			}
			if strings.Contains(page.NextPageToken, "room") {
				t.Errorf("the token tells a name: %q", page.NextPageToken)
			}
			token = page.NextPageToken
		}
		roomToken := ""
		for first := true; first || token != ""; first = false {
			page, err := w.control.ListUsers(ctx, &hubv1.ListUsersRequest{ListUsers: &hubv1.ListUsers{Namespace: "/a", PageSize: 2, PageToken: token}})
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range page.Users {
				users = append(users, fmt.Sprint(u.Id, "=", u.SocketCount))
			}
			if token = page.NextPageToken; token != "" {
				roomToken = token
			}
		}
		if got := fmt.Sprint(rooms, users); got != "[all=7 room-0=3 room-1=2 room-2=2] [user-0=3 user-1=2 user-2=2]" {
			t.Errorf("lists: %s", got)
		}
		for _, bad := range []string{"room-1", "***", roomToken, "cg"} {
			_, err := w.control.ListRooms(ctx, &hubv1.ListRoomsRequest{ListRooms: &hubv1.ListRooms{Namespace: "/a", PageToken: bad}})
			if s := fault.StatusOf(err); s.GetReason() != "BAD_PAGE_TOKEN" || s.GetField() != "list_rooms.page_token" {
				t.Errorf("token %q: %v", bad, s)
			}
		}
		n, err := w.control.CountUsers(ctx, &hubv1.CountUsersRequest{CountUsers: &hubv1.CountUsers{Namespace: "/a"}})
		if err != nil || n.Count != 3 {
			t.Errorf("count: %v, %v", n, err)
		}
		wire := &serverStream[hubv1.FetchSocketsResponse]{ctx: ctx}
		err = w.control.FetchSockets(&hubv1.FetchSocketsRequest{Fetch: &hubv1.Fetch{Target: everybody("/a"), PageSize: 4}}, wire)
		if err != nil || len(wire.sent) != 2 || len(wire.sent[1].Sockets) != 3 {
			t.Errorf("fetch: %v, %v", wire.sent, err)
		}
		gone := &goneStream{serverStream[hubv1.FetchSocketsResponse]{ctx: ctx}}
		if err := w.control.FetchSockets(&hubv1.FetchSocketsRequest{Fetch: &hubv1.Fetch{Target: everybody("/a")}}, gone); !errors.Is(err, errGone) {
			t.Errorf("fetch of a caller that has gone: %v", err)
		}
	})
}

var errGone = errors.New("gone")

type goneStream struct {
	serverStream[hubv1.FetchSocketsResponse]
}

func (goneStream) Send(*hubv1.FetchSocketsResponse) error { return errGone }
