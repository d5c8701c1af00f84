package clustertest

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/siohub/siohub/hub/cluster"
)

// odd are names that trip somebody up.
var odd = []string{
	"room", "a.b", "a b", "*", ">", "a#b", "größe", "😀", "user:7", "12345", "twenty-characters-aa", strings.Repeat("x", 256), "a\nb", "'\"\\",
	"\t", "-", "_", "$", "{}", "[]", "a/b",
}

func message(event, args string, attachments ...[]byte) *cluster.Message {
	return &cluster.Message{Event: event, Args: []byte(args), Attachments: attachments}
}

// everyCommand is one of each kind.
func everyCommand() (list []*cluster.Command) {
	five := uint64(1<<63 + 5)
	all := cluster.Target{All: true}
	big := `["` + strings.Repeat("x", 200_000) + `"]`
	for _, namespace := range served {
		for _, c := range []*cluster.Command{
			{Target: all, Message: message("news", `[9007199254740993,1e400,-0.0,"ü",null,{"a":[{}]}]`)},
			{Target: all, Message: message("big", big)},
			{Target: all, Message: &cluster.Message{Event: "flags", Args: []byte(`[]`), Volatile: true, NoCompress: true}},
			{Target: cluster.Target{Users: []string{"ann"}}, Message: message("binary", `[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, []byte{0, 1, 255}, bytes.Repeat([]byte{7}, 200_000))},
			{Target: cluster.Target{
				Sockets: []string{"s1", "s2"}, Rooms: odd, Users: []string{"ann"},
				ExceptSockets: []string{"s3"}, ExceptRooms: []string{"quiet"}, ExceptUsers: []string{"bob"},
			}, Message: message("many", `[]`)},
			{Target: cluster.Target{Rooms: []string{"twenty-characters-aa"}}, Message: message("own", `[1]`)},
			{Target: all, Join: odd, Leave: []string{"old"}},
			{Target: all, Leave: odd},
			{Target: all, Disconnect: &cluster.Disconnect{}},
			{Target: all, Disconnect: &cluster.Disconnect{CloseTransport: true, MayReturn: true, Forget: true, Detail: "maintenance"}},
			{Target: all, Data: &cluster.Data{JSON: []byte(`{"n":9007199254740993}`), Merge: true, Expected: &five}},
			{Target: all, Data: &cluster.Data{}},
			{ServerSide: message("hello", `["servers",{"_placeholder":true,"num":0}]`, []byte{1})},
		} {
			c.Namespace = namespace
			list = append(list, c)
		}
	}
	return append(list, &cluster.Command{Namespace: "/org/*", Target: all, Message: message("pattern", `[]`)}, &cluster.Command{Signal: []byte{0, 1, 2}})
}

// same compares what was sent with what has come. An empty list is none; what bytes are is not looked at one by one.
var same = cmp.Options{
	cmp.Comparer(bytes.Equal),
	cmp.Transformer("names", func(list []string) string { return strings.Join(list, "\x00") }),
	cmp.Transformer("blobs", func(list [][]byte) string { return fmt.Sprint(len(list)) + string(bytes.Join(list, []byte{0})) }),
}

// anyOrigin compares commands without where they come from.
var anyOrigin = append(cmp.Options{cmp.Comparer(func(cluster.Origin, cluster.Origin) bool { return true })}, same...)

func commands(t *testing.T, b *bench) {
	sent := everyCommand()
	for _, c := range sent {
		if err := b.Clusters[0].Publish(c); err != nil {
			t.Fatal(err)
		}
	}
	for i := 1; i < len(b.Clusters); i++ {
		await(t, "the commands", func() bool { return len(b.hosts[i].Commands()) >= len(sent) })
		// What is to the same namespace is in order; the kinds are told apart by their content.
		if d := cmp.Diff(byNamespace(sent), byNamespace(b.hosts[i].Commands()), anyOrigin); d != "" {
			t.Errorf("hub %d:\n%s", i, clip(d))
		}
	}
	if got := b.hosts[0].Commands(); len(got) > 0 {
		t.Errorf("the sender has got %d of its own back", len(got))
	}
}

func byNamespace(list []*cluster.Command) map[string][]*cluster.Command {
	of := map[string][]*cluster.Command{}
	for _, c := range list {
		of[c.Namespace] = append(of[c.Namespace], c)
	}
	return of
}

func clip(text string) string { return text[:min(len(text), 4000)] }

// order has every hub send at the same time, to one namespace.
func order(t *testing.T, b *bench) {
	const each = 500
	var sending sync.WaitGroup
	for i, c := range b.Clusters {
		sending.Go(func() {
			for n := range each {
				target := cluster.Target{All: true}
				if n%3 == 0 {
					target = cluster.Target{Rooms: []string{"a", "b"}}
				}
				if err := c.Publish(&cluster.Command{Namespace: "/chat", Target: target, Message: message(b.ids[i], fmt.Sprintf("[%d]", n))}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	sending.Wait()
	for i, h := range b.hosts {
		await(t, "what was sent", func() bool { return len(h.Commands()) >= each*(len(b.Clusters)-1) })
		next := map[string]int{}
		for _, c := range h.Commands() {
			if want := fmt.Sprintf("[%d]", next[c.Message.Event]); string(c.Message.Args) != want {
				t.Fatalf("hub %d has got %s of %s, want %s", i, c.Message.Args, c.Message.Event, want)
			}
			next[c.Message.Event]++
		}
	}
}

// rooms looks at engines that subscribe to rooms.
func rooms(t *testing.T, b *bench) {
	for i, c := range b.Clusters {
		r, ok := c.(cluster.RoomSubscriber)
		if !ok {
			t.Skip("it does not subscribe to rooms")
		}
		for _, room := range odd {
			r.Room("/chat", room, i != 2)
		}
	}
	for _, room := range odd {
		send := func() {
			_ = b.Clusters[0].Publish(&cluster.Command{Namespace: "/chat", Target: cluster.Target{Rooms: []string{room}}, Message: message("to", `[]`)})
		}
		send()
		await(t, "a message to room "+room, func() bool {
			for _, c := range b.hosts[1].Commands() {
				if c.Target.Rooms[0] == room {
					return true
				}
			}
			send() // subscriptions may take a moment
			return false
		})
	}
	r := b.Clusters[1].(cluster.RoomSubscriber)
	for _, room := range odd {
		r.Room("/chat", room, false)
	}
	for _, room := range odd { // and again, as names come back
		r.Room("/chat", room, true)
	}
	b.hosts[1].Forget()
	await(t, "a message after coming back", func() bool {
		_ = b.Clusters[0].Publish(&cluster.Command{Namespace: "/chat", Target: cluster.Target{Rooms: []string{"room"}}, Message: message("to", `[]`)})
		return len(b.hosts[1].Commands()) > 0
	})
}
