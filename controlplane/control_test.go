package controlplane

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

func TestControl_ExecuteStopsAtTheFirstError(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.join(chat)
		client := hubv1.NewControlServiceClient(w.conn)
		commands := []*hubv1.Command{
			emit(target(b.id), "one", ""), emit(target(), "bad", ""), emit(target(b.id), "two", ""),
		}
		resp, err := client.Execute(t.Context(), &hubv1.ExecuteRequest{Commands: commands, StopOnError: true})
		if err != nil {
			t.Fatal(err)
		}
		want := []hubv1.Code{0, hubv1.Code_CODE_INVALID_ARGUMENT, hubv1.Code_CODE_CANCELLED}
		for i, r := range resp.Results {
			if r.GetStatus().GetCode() != want[i] {
				t.Errorf("result %d: %v", i, r)
			}
		}
		b.Expect(`42/chat,["one"]`)
		b.Quiet(time.Second)
		resp, err = client.Execute(t.Context(), &hubv1.ExecuteRequest{Commands: commands})
		if err != nil || len(resp.Results) != 3 || resp.Results[2].Status != nil {
			t.Errorf("without stopping: %v, %v", resp, err)
		}
		b.Expect(`42/chat,["one"]`, `42/chat,["two"]`)
	})
}

func TestControl_BadCallsAreRefusedWhole(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		client := hubv1.NewControlServiceClient(w.conn)
		ctx := t.Context()
		stream := func(next func() error, err error) error {
			for err == nil {
				err = next()
			}
			return err
		}
		fetch := func(req *hubv1.FetchSocketsRequest) error {
			s, err := client.FetchSockets(ctx, req)
			return stream(func() error { _, err := s.Recv(); return err }, err)
		}
		ack := func(c *hubv1.Command) error {
			s, err := client.EmitWithAck(ctx, &hubv1.EmitWithAckRequest{Command: c})
			return stream(func() error { _, err := s.Recv(); return err }, err)
		}
		everybody := &hubv1.Target{Namespace: "/chat", All: true}
		for name, call := range map[string]func() error{
			"no commands": func() error { _, err := client.Execute(ctx, &hubv1.ExecuteRequest{}); return err },
			"1001 commands": func() error {
				_, err := client.Execute(ctx, &hubv1.ExecuteRequest{Commands: make([]*hubv1.Command, 1001)})
				return err
			},
			"count nobody": func() error { _, err := client.CountSockets(ctx, &hubv1.CountSocketsRequest{}); return err },
			"no namespace": func() error { _, err := client.ListRooms(ctx, &hubv1.ListRoomsRequest{}); return err },
			"foreign token": func() error {
				_, err := client.ListRooms(ctx, &hubv1.ListRoomsRequest{ListRooms: &hubv1.ListRooms{Namespace: "/", PageToken: "room"}})
				return err
			},
			"fetch nobody":   func() error { return fetch(&hubv1.FetchSocketsRequest{Fetch: &hubv1.Fetch{Target: target()}}) },
			"no command":     func() error { return ack(nil) },
			"no ack":         func() error { return ack(emit(everybody, "x", "")) },
			"ack of nobody":  func() error { return ack(emitAck(target(), time.Second, 0)) },
			"ack no timeout": func() error { return ack(emitAck(everybody, 0, 0)) },
		} {
			if err := call(); status.Code(err) != codes.InvalidArgument {
				t.Errorf("%s: %v", name, err)
			}
		}
		c := emit(everybody, "x", "")
		c.DeliverySeq = 1
		resp, err := client.Execute(ctx, &hubv1.ExecuteRequest{Commands: []*hubv1.Command{c}})
		if err != nil || resp.Results[0].GetStatus().GetField() != "delivery_seq" {
			t.Errorf("command of a delivery: %v, %v", resp, err)
		}
	})
}

func TestControl_EmitWithAckStreamsAcksAndTheTotal(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		ann, bob := w.join(chat), w.join(chat)
		stream, err := hubv1.NewControlServiceClient(w.conn).EmitWithAck(t.Context(), &hubv1.EmitWithAckRequest{
			Command: emitAck(target(ann.id, bob.id), 5*time.Second, 0),
		})
		if err != nil {
			t.Fatal(err)
		}
		ann.Expect(`42/chat,0["ask"]`)
		ann.Send(`43/chat,0[1]`)
		r, err := stream.Recv()
		if err != nil || r.Result.GetBrowserAck().GetSocketId() != ann.id {
			t.Errorf("acknowledgement: %v, %v", r, err)
		}
		r, err = stream.Recv()
		if err != nil || r.Result.GetAckTotal().GetTimedOutCount() != 1 || r.Result.GetStatus().GetCode() != hubv1.Code_CODE_DEADLINE_EXCEEDED {
			t.Errorf("total: %v, %v", r, err)
		}
		if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
			t.Errorf("end: %v", err)
		}
		bob.Expect(`42/chat,0["ask"]`)
	})
}

func TestControl_FetchCountAndList(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		client := hubv1.NewControlServiceClient(w.conn)
		ctx := t.Context()
		const n = 7
		for i := range n {
			b := w.browser()
			b.Send("40/chat,")
			chat.AcceptAs(chat.Attempt(), &hubv1.Accept{User: "u", Rooms: []string{fmt.Sprint("room-", i%3), "all"}, Data: []byte("1")})
			b.joined("/chat")
			chat.Done(chat.Connected())
		}
		everybody := &hubv1.Target{Namespace: "/chat", All: true}
		count, err := client.CountSockets(ctx, &hubv1.CountSocketsRequest{Count: &hubv1.Count{Target: everybody}})
		if err != nil || count.Count != n {
			t.Errorf("count: %v, %v", count, err)
		}
		stream, err := client.FetchSockets(ctx, &hubv1.FetchSocketsRequest{Fetch: &hubv1.Fetch{Target: everybody, PageSize: 3, IncludeHandshake: true}})
		if err != nil {
			t.Fatal(err)
		}
		var pages []int
		seen := map[string]bool{}
		for {
			page, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			pages = append(pages, len(page.Sockets))
			for _, s := range page.Sockets {
				seen[s.Socket.Id] = true
				if s.Socket.User != "u" || string(s.Socket.Data) != "1" || s.Socket.Transport != "websocket" ||
					s.Handshake.GetProtocolVersion() != 4 || len(s.Rooms) != 2 || s.ConnectTime == nil {
					t.Errorf("socket: %v", s)
				}
			}
		}
		if fmt.Sprint(pages) != "[3 3 1]" || len(seen) != n {
			t.Errorf("pages %v with %d sockets", pages, len(seen))
		}
		var rooms []string
		token := ""
		for first := true; first || token != ""; first = false {
			page, err := client.ListRooms(ctx, &hubv1.ListRoomsRequest{ListRooms: &hubv1.ListRooms{Namespace: "/chat", Prefix: "", PageSize: 2, PageToken: token}})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Rooms {
				rooms = append(rooms, fmt.Sprint(r.Name, "=", r.SocketCount))
			}
			token = page.NextPageToken
		}
		if fmt.Sprint(rooms) != "[all=7 room-0=3 room-1=2 room-2=2]" {
			t.Errorf("rooms: %v", rooms)
		}
		page, err := client.ListRooms(ctx, &hubv1.ListRoomsRequest{ListRooms: &hubv1.ListRooms{Namespace: "/chat", Prefix: "room-1"}})
		if err != nil || len(page.Rooms) != 1 || page.NextPageToken != "" {
			t.Errorf("prefix: %v, %v", page, err)
		}
	})
}
