package servicetest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/siohub/siohub/internal/virtualtime"
	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/service/servicetest"
)

func newService() *service.Service {
	return service.New("test", service.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

func connect(t *testing.T, h *servicetest.Hub, namespace string, options ...servicetest.ConnectOption) *servicetest.Client {
	t.Helper()
	c, err := h.Connect(namespace, options...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConnect_CarriesTheHandshake(t *testing.T) {
	svc := newService()
	svc.Namespace("/").OnConnect(func(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		h := c.Handshake
		text := fmt.Sprint(string(c.Auth), " ", h.Header().Get("X-A"), " ", h.Query().Get("v"), " ", h.Origin(), " ",
			h.RemoteAddress(), " ", h.Transport(), " ", h.ProtocolVersion(), " ", h.URL(), " ", h.Secure())
		return service.Accept{Data: text, Rooms: []string{"b", "a"}}, nil
	})
	c := connect(t, servicetest.New(t, svc), "/", servicetest.Auth(map[string]int{"n": 1}), servicetest.Header("x-a", "1"),
		servicetest.Query("v", "a b"), servicetest.Origin("https://page.example"), servicetest.RemoteAddress("203.0.113.9"))
	want := `"{\"n\":1} 1 a b https://page.example 203.0.113.9 websocket 4 /socket.io/?EIO=4&transport=websocket&v=a+b false"`
	if c.Data() != want {
		t.Errorf("got  %s\nwant %s", c.Data(), want)
	}
	if diff := cmp.Diff([]string{"a", "b"}, c.Rooms()); diff != "" || c.ID() == "" {
		t.Error(diff)
	}
}

func TestConnect_RefusesAnAuthThatIsNoJSON(t *testing.T) {
	svc := newService()
	svc.Namespace("/").AllowAnyone()
	if _, err := servicetest.New(t, svc).Connect("/", servicetest.Auth(func() {})); err == nil {
		t.Error("accepted")
	}
}

func TestClient_EmitAfterItHasLeft(t *testing.T) {
	svc := newService()
	svc.Namespace("/").AllowAnyone()
	c := connect(t, servicetest.New(t, svc), "/")
	c.Disconnect()
	c.Disconnect()
	if _, err := c.EmitWithAck(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "client namespace disconnect") {
		t.Error(err)
	}
	if c.Gone() != "client namespace disconnect" {
		t.Error(c.Gone())
	}
}

func TestClient_InboxAndReceived(t *testing.T) {
	svc := newService()
	svc.Namespace("/").AllowAnyone()
	h := servicetest.New(t, svc)
	c := connect(t, h, "/")
	for n := range 3 {
		if err := svc.Emit(t.Context(), "n", n, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	m, err := c.Next(t.Context())
	if err != nil || m.Event != "n" || m.WantsAck || len(m.Payload().Attachments) != 1 {
		t.Error(m, err)
	}
	c.Expect("n")
	c.Expect("n")
	if len(c.Received()) != 3 {
		t.Error(c.Received())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestMessage_AckByHand(t *testing.T) {
	svc := newService()
	svc.Namespace("/").AllowAnyone()
	c := connect(t, servicetest.New(t, svc), "/")
	go func() {
		m := c.Expect("q")
		m.Ack("first")
		m.Ack("second")
	}()
	acks, err := svc.EmitWithAck(t.Context(), "q")
	if err != nil || len(acks.Acks) != 1 || string(acks.Acks[0].Args) != `["first"]` {
		t.Error(acks, err)
	}
}

// Patience runs out in virtual time, and the failure says what was waited for.
func TestWait_SaysWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := newService()
		release := make(chan struct{})
		svc.Namespace("/").AllowAnyone().On("slow", func(context.Context, *service.Event) error { <-release; return nil })
		failed := &recorder{TB: t}
		h := servicetest.New(failed, svc)
		c := connect(t, h, "/")
		c.Emit("slow")
		began := time.Now()
		func() {
			defer func() { _ = recover() }()
			h.Wait()
		}()
		if !strings.Contains(failed.text, "event slow of / "+c.ID()) || time.Since(began) != servicetest.Patience {
			t.Errorf("%q after %v", failed.text, time.Since(began))
		}
		close(release)
	})
}

// recorder is a test that fails by panic, to be looked at.
type recorder struct {
	testing.TB
	text string
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.text = fmt.Sprintf(format, args...)
	panic(r.text)
}

func TestNew_FailsForAServiceThatRefusesToStart(t *testing.T) {
	failed := &recorder{TB: t}
	func() {
		defer func() { _ = recover() }()
		svc := newService()
		svc.Namespace("/chat")
		servicetest.New(failed, svc)
	}()
	if !strings.Contains(failed.text, "who decides about connect attempts") {
		t.Errorf("%q", failed.text)
	}
}

// A long silence does not end the stream: the hub answers heartbeats.
func TestHub_StaysAttached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var detached atomic.Int32
		svc := service.New("test", service.Options{
			Logger: slog.New(slog.DiscardHandler),
			Trace:  &service.Trace{Detached: func(_ string, err error) { detached.Add(1) }},
		})
		svc.Namespace("/").AllowAnyone()
		h := servicetest.New(t, svc)
		c := connect(t, h, "/")
		for range 120 {
			virtualtime.Pass(time.Second)
			if err := svc.Emit(t.Context(), "tick"); err != nil {
				t.Fatal(err)
			}
			c.Expect("tick")
		}
		virtualtime.Pass(time.Minute)
		if detached.Load() != 0 {
			t.Errorf("detached %d times", detached.Load())
		}
	})
}

func TestIntroduceOnEvent_NamesASocketWithItsFirstEvent(t *testing.T) {
	svc := newService()
	var seen []string
	svc.Namespace("/").AllowAnyone().Set(service.IntroduceOnEvent()).
		OnConnected(func(context.Context, *service.Connected) error { seen = append(seen, "connected"); return nil }).
		OnDisconnect(func(context.Context, *service.Disconnect) error { seen = append(seen, "gone"); return nil }).
		On("x", func(context.Context, *service.Event) error { seen = append(seen, "x"); return nil })
	h := servicetest.New(t, svc)
	connect(t, h, "/").Disconnect() // never said anything
	c := connect(t, h, "/")
	c.Emit("x")
	c.Emit("x")
	c.Disconnect()
	h.Wait()
	if diff := cmp.Diff([]string{"connected", "x", "x", "gone"}, seen); diff != "" {
		t.Error(diff)
	}
}
