package controlplane

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

// slowConn is a connection whose reader can be held up.
type slowConn struct {
	net.Conn
	gate chan struct{} // holds a token while reading is allowed
}

func (c slowConn) Read(b []byte) (int, error) {
	<-c.gate
	c.gate <- struct{}{}
	return c.Conn.Read(b)
}

// slowChat is the usual service on a connection that reads only while the gate has a
// token.
func (w *world) slowChat() (s *controlplanetest.Service, gate chan struct{}) {
	gate = make(chan struct{}, 1)
	gate <- struct{}{}
	conn := w.dial(grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		c, err := w.listener.DialContext(ctx)
		return slowConn{c, gate}, err
	}))
	return controlplanetest.Attach(w.t, conn, &hubv1.Hello{
		Group: "chat", InstanceId: "slow",
		Subscriptions: []*hubv1.Subscription{controlplanetest.Authorizer("/chat"), controlplanetest.Handler("/chat")},
	}), gate
}

// What browsers send must not end a service's stream, however much it is: here 27 MB
// of acknowledgements come at once while the network is slow.
func TestCommand_LargeAcknowledgementsDoNotEndTheStream(t *testing.T) {
	large := `43/chat,0["` + strings.Repeat("x", 900_000) + `"]`
	for mode, commands := range map[hubv1.AckMode]int{hubv1.AckMode_ACK_MODE_EACH: 1, hubv1.AckMode_ACK_MODE_TOTAL: 30} {
		t.Run(mode.String(), func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				chat, gate := w.slowChat()
				var browsers []*browser
				var ids []string
				for range 30 {
					b := w.join(chat)
					browsers, ids = append(browsers, b), append(ids, b.id)
				}
				if commands == 1 {
					chat.Command(emitAck(target(ids...), time.Minute, mode))
				} else {
					for _, id := range ids {
						chat.Command(emitAck(target(id), time.Minute, mode))
					}
				}
				synctest.Wait()
				<-gate
				for _, b := range browsers {
					id := strings.TrimSuffix(strings.TrimPrefix(b.Next(), "42/chat,"), `["ask"]`)
					b.Send(strings.Replace(large, "43/chat,0", "43/chat,"+id, 1))
				}
				w.pass(5 * time.Second)
				gate <- struct{}{}
				got, omitted, totals := 0, 0, 0
				for totals < commands {
					r := chat.Result()
					if r.GetBrowserAck() != nil {
						got++
						continue
					}
					totals++
					got += len(r.GetAckTotal().Acks)
					omitted += int(r.GetAckTotal().OmittedCount)
				}
				if got == 0 || omitted == 0 || got+omitted != 30 {
					t.Errorf("%d acknowledgements, %d omitted", got, omitted)
				}
			})
		})
	}
}

// A response has to fit what callers take, 4 MiB, and one that is refused for its
// size would hide what was carried out.
func TestExecute_ResponseFitsWhatCallersTake(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		req := &hubv1.ExecuteRequest{}
		var browsers []*browser
		for range 8 {
			b := w.join(chat)
			browsers = append(browsers, b)
			req.Commands = append(req.Commands, emitAck(target(b.id), time.Minute, 0))
		}
		go func() {
			for _, b := range browsers {
				id := strings.TrimSuffix(strings.TrimPrefix(b.Next(), "42/chat,"), `["ask"]`)
				b.Send("43/chat," + id + `["` + strings.Repeat("x", 900_000) + `"]`)
			}
		}()
		resp, err := hubv1.NewControlServiceClient(w.conn).Execute(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		acks, omitted := 0, 0
		for _, r := range resp.Results {
			acks += len(r.GetAckTotal().Acks)
			omitted += int(r.GetAckTotal().OmittedCount)
		}
		if acks != 3 || omitted != 5 {
			t.Errorf("%d acknowledgements, %d omitted", acks, omitted)
		}
	})
}

// The key of a command that had nothing to acknowledge is that of another command.
func TestEmitWithAck_RefusesTheKeyOfAnotherCommand(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		b := w.join(w.chat("a"))
		client := hubv1.NewControlServiceClient(w.conn)
		plain, ask := emit(target(b.id), "x", ""), emitAck(target(b.id), time.Second, 0)
		plain.IdempotencyKey, ask.IdempotencyKey = "k", "k"
		if _, err := client.Execute(t.Context(), &hubv1.ExecuteRequest{Commands: []*hubv1.Command{plain}}); err != nil {
			t.Fatal(err)
		}
		stream, err := client.EmitWithAck(t.Context(), &hubv1.EmitWithAckRequest{Command: ask})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := stream.Recv()
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "idempotency_key") {
			t.Errorf("%v, %v", resp, err)
		}
	})
}
