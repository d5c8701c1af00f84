package controlplane

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/outgoing"
)

func fetch(namespace string, size uint32) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_Fetch{Fetch: &hubv1.Fetch{
		Target: &hubv1.Target{Namespace: namespace, All: true}, PageSize: size,
	}}}
}

func TestQuery_StreamGetsPagesWithMoreButTheLast(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		for range 5 {
			w.join(chat)
		}
		first, second := chat.Command(fetch("/chat", 2)), chat.Command(emit(&hubv1.Target{Namespace: "/chat", All: true}, "x", ""))
		var pages []int
		answered := false
		for more := true; more || !answered; {
			r := chat.Result()
			switch r.CommandId {
			case first:
				pages, more = append(pages, len(r.Sockets)), r.More
			case second:
				answered = true
			}
			if r.Status != nil {
				t.Errorf("result: %v", r)
			}
		}
		if got := fmt.Sprint(pages); got != "[2 2 1]" {
			t.Errorf("pages %s", got)
		}
	})
}

// A query has a slot of the command window until its last page is sent, and none of its
// pages exists before there is room for it.
func TestQuery_HoldsItsSlotWhileTheServiceDoesNotRead(t *testing.T) {
	inBubble(t, Config{Window: WindowConfig{Commands: 2}}, func(t *testing.T, w *world) {
		chat, gate := w.slowChat()
		const sockets = 12 // many more pages than gRPC takes before a Send waits
		for range sockets {
			b := w.join(chat)
			chat.Command(setData(target(b.id), `"`+strings.Repeat("0", 60_000)+`"`, nil))
			chat.Result()
		}
		synctest.Wait()
		<-gate
		ids := []uint64{chat.Command(fetch("/chat", 1)), chat.Command(fetch("/chat", 1)), chat.Command(fetch("/chat", 1))}
		w.pass(time.Second)
		gate <- struct{}{}
		pages := map[uint64]int{}
		for over := 0; over < 3; {
			r := chat.Result()
			if r.CommandId == ids[2] {
				if r.Status.GetReason() != "COMMAND_WINDOW" {
					t.Errorf("the third: %v", r)
				}
				over++
				continue
			}
			pages[r.CommandId] += len(r.Sockets)
			if !r.More {
				over++
			}
		}
		if pages[ids[0]] != sockets || pages[ids[1]] != sockets {
			t.Errorf("sockets: %v", pages)
		}
		w.pass(time.Second)
		chat.Command(fetch("/chat", 0))
		if r := chat.Result(); r.Status != nil || len(r.Sockets) != sockets {
			t.Errorf("a slot is free: %v", r.Status)
		}
	})
}

func TestQuery_OfAStreamThatIsLostIsGivenUp(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat, gate := w.slowChat()
		for range 4 {
			b := w.join(chat)
			chat.Command(setData(target(b.id), `"`+strings.Repeat("0", 60_000)+`"`, nil))
			chat.Result()
		}
		synctest.Wait()
		<-gate
		for range 20 {
			chat.Command(fetch("/chat", 1))
		}
		w.pass(time.Second)
		if w.srv.commands.Held() == 0 {
			t.Error("nothing is held while the service does not read")
		}
		chat.Kill()
		gate <- struct{}{}
		w.pass(time.Minute)
		if n := w.srv.commands.Held(); n != 0 {
			t.Errorf("%d bytes are held for a stream that is lost", n)
		}
	})
}

func TestControl_ForgetGroupEndsWhatTheHubRemembers(t *testing.T) {
	inBubble(t, Config{StartGrace: -1}, func(t *testing.T, w *world) {
		client := hubv1.NewControlServiceClient(w.conn)
		forget := func() error {
			_, err := client.ForgetGroup(t.Context(), &hubv1.ForgetGroupRequest{Group: "chat"})
			return err
		}
		reason := func() string { return fault.StatusOf(forget()).GetReason() }
		if got := reason(); got != "UNKNOWN_GROUP" {
			t.Errorf("before: %s", got)
		}
		w.attach("other", "i", controlplanetest.Authorizer("/other"))
		chat := w.chat("a")
		if got := reason(); got != "GROUP_ATTACHED" {
			t.Errorf("attached: %s", got)
		}
		chat.Leave()
		w.pass(time.Second)
		if !w.srv.Knows("/chat") {
			t.Error("the namespace is forgotten with the stream")
		}
		if err := forget(); err != nil {
			t.Errorf("absent: %v", err)
		}
		if w.srv.Knows("/chat") {
			t.Error("the namespace is still known")
		}
		if err := forget(); status.Code(err) != codes.NotFound {
			t.Errorf("again: %v", err)
		}
	})
}

func TestControl_UsersAreCountedAndListed(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		for _, user := range []string{"ann", "bob", "ann"} {
			b := w.browser()
			b.Send("40/chat,")
			chat.AcceptAs(chat.Attempt(), &hubv1.Accept{User: user})
			b.joined("/chat")
			chat.Done(chat.Connected())
		}
		client := hubv1.NewControlServiceClient(w.conn)
		n, err := client.CountUsers(t.Context(), &hubv1.CountUsersRequest{CountUsers: &hubv1.CountUsers{Namespace: "/chat"}})
		if err != nil || n.Count != 2 {
			t.Errorf("count: %v, %v", n, err)
		}
		list, err := client.ListUsers(t.Context(), &hubv1.ListUsersRequest{ListUsers: &hubv1.ListUsers{Namespace: "/chat"}})
		if err != nil || len(list.Users) != 2 || list.Users[0].Id != "ann" || list.Users[0].SocketCount != 2 {
			t.Errorf("list: %v, %v", list, err)
		}
		wire, err := client.FetchSockets(t.Context(), &hubv1.FetchSocketsRequest{})
		if err == nil {
			_, err = wire.Recv()
		}
		if s := fault.StatusOf(err); errors.Is(err, io.EOF) || s.GetReason() != "BAD_NAMESPACE" {
			t.Errorf("the error of a call has a status: %v", err)
		}
	})
}

// pulled are answers whose pages go to an outgoing queue.
type pulled struct {
	t  *testing.T
	to *outgoing.Outgoing
}

func (p pulled) Give(r *hubv1.Result) bool {
	p.t.Errorf("result: %v", r)
	return true
}

func (p pulled) Pull(pages *command.Pages) { p.to.Pull(1, pages) }

func TestOutgoing_OnePageOfAllQueriesWaitsAtATime(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		for range 4 {
			w.join(chat)
		}
		o := outgoing.New(func() { t.Error("overflow") }, func() {})
		for range 10 {
			c := fetch("/chat", 1)
			c.CommandId = 1
			w.srv.commands.Run(command.Request{Command: c, Caller: &command.Caller{Stream: true}}, pulled{t, o})
		}
		pages, last := 0, 0
		for last < 10 {
			batch, _ := o.Take(nil)
			if n := len(batch); n > 1 {
				t.Fatalf("%d pages wait", n)
			}
			for _, e := range batch {
				pages++
				if e.Frees {
					last++
				}
			}
			o.Queue.Number(len(batch))
		}
		if pages != 40 {
			t.Errorf("%d pages", pages)
		}
	})
}
