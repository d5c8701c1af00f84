package controlplane

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/access"
)

// first is an envelope with a hello that is right but for what is done to it.
func first(change func(*hubv1.Hello)) *hubv1.AttachRequest {
	hello := &hubv1.Hello{Group: "g", InstanceId: "i"}
	change(hello)
	return &hubv1.AttachRequest{Actions: []*hubv1.Action{helloAction(hello)}}
}

// wantSaid wants a stream to end with this status, said in an item and in the call's error.
func wantSaid(t *testing.T, s *wire, code codes.Code, reason string) {
	t.Helper()
	ended, err := s.said()
	if status.Code(err) != code || reasonOf(err) != reason {
		t.Fatalf("ended with %v, its reason is %q; want %v, %s", err, reasonOf(err), code, reason)
	}
	if got := ended.GetStatus(); got.GetCode() != hubv1.Code(code) || got.GetReason() != reason || got.GetMessage() == "" {
		t.Errorf("said %v before %v", got, err)
	}
}

// A stream that gets no welcome is told why like any other.
func TestEnded_SaysWhyBeforeTheWelcome(t *testing.T) {
	resume := &hubv1.Resume{Attachment: make([]byte, 16), HubId: "h"}
	cut := &hubv1.AttachRequest{}
	cut.ProtoReflect().SetUnknown([]byte{3<<3 | 2, 100}) // an action without its bytes
	for name, c := range map[string]struct {
		request *hubv1.AttachRequest
		code    codes.Code
		reason  string
	}{
		"no group":         {first(func(h *hubv1.Hello) { h.Group = "" }), codes.InvalidArgument, "BAD_NAME"},
		"no instance":      {first(func(h *hubv1.Hello) { h.InstanceId = "" }), codes.InvalidArgument, "BAD_NAME"},
		"long version":     {first(func(h *hubv1.Hello) { h.Version = string(make([]byte, 129)) }), codes.InvalidArgument, "TOO_LONG"},
		"subscriptions":    {first(func(h *hubv1.Hello) { h.Subscriptions = make([]*hubv1.Subscription, 257) }), codes.InvalidArgument, "TOO_MANY"},
		"many wishes":      {first(func(h *hubv1.Hello) { h.RequiredCapabilities = make([]string, 65) }), codes.InvalidArgument, "TOO_MANY"},
		"capability":       {first(func(h *hubv1.Hello) { h.RequiredCapabilities = []string{"nope"} }), codes.FailedPrecondition, "UNKNOWN_CAPABILITY"},
		"small envelope":   {first(func(h *hubv1.Hello) { h.MaxEnvelopeBytes = 1 }), codes.InvalidArgument, "TOO_SMALL"},
		"weight":           {first(func(h *hubv1.Hello) { h.Weight = 1001 }), codes.InvalidArgument, "TOO_MANY"},
		"anew and resume":  {first(func(h *hubv1.Hello) { h.Anew, h.Resume = true, resume }), codes.InvalidArgument, "NOT_ALLOWED"},
		"heartbeat":        {first(func(h *hubv1.Hello) { h.HeartbeatInterval = durationpb.New(-1) }), codes.InvalidArgument, "BAD_DURATION"},
		"bytes of a hello": {first(func(h *hubv1.Hello) { withField(h, 1, "\xff") }), codes.InvalidArgument, "INVALID_UTF8"},
		"resume beside others": {&hubv1.AttachRequest{Actions: []*hubv1.Action{
			helloAction(&hubv1.Hello{Group: "g", InstanceId: "i", Resume: resume}), {Kind: &hubv1.Action_Heartbeat{}},
		}}, codes.InvalidArgument, "NOT_ALLOWED"},
		"no hello":     {&hubv1.AttachRequest{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Heartbeat{}}}}, codes.FailedPrecondition, "HELLO_MISSING"},
		"no action":    {&hubv1.AttachRequest{EnvelopeSeq: 1}, codes.FailedPrecondition, "HELLO_MISSING"},
		"number":       {&hubv1.AttachRequest{EnvelopeSeq: 2, Actions: first(func(*hubv1.Hello) {}).Actions}, codes.InvalidArgument, "ENVELOPE_GAP"},
		"receipt":      {&hubv1.AttachRequest{AckEnvelopeSeq: 1, Actions: first(func(*hubv1.Hello) {}).Actions}, codes.InvalidArgument, "BAD_RECEIPT"},
		"many actions": {&hubv1.AttachRequest{Actions: make([]*hubv1.Action, 16_385)}, codes.InvalidArgument, "TOO_MANY_ACTIONS"},
		"no protobuf":  {cut, codes.InvalidArgument, "MALFORMED"},
		"late":         {nil, codes.DeadlineExceeded, "HELLO_LATE"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				s := openWire(t, w.conn)
				if c.request != nil {
					if err := s.stream.Send(c.request); err != nil {
						t.Fatal(err)
					}
				}
				wantSaid(t, s, c.code, c.reason)
			})
		})
	}
}

// Some streams are refused for what the hub or the caller has already.
func TestEnded_SaysWhyToWhomThereIsNoRoomFor(t *testing.T) {
	permitted := func(rules access.Rules) *access.Identity {
		permissions, err := access.NewPermissions(rules)
		if err != nil {
			t.Fatal(err)
		}
		return &access.Identity{Name: "chat", Permissions: permissions}
	}
	for name, c := range map[string]struct {
		config Config
		code   codes.Code
		reason string
	}{
		"instances of the hub": {Config{Stream: StreamConfig{MaxInstances: 1}}, codes.ResourceExhausted, "TOO_MANY_INSTANCES"},
		"instances of the identity": {Config{Authenticator: lives{permitted(access.Rules{Groups: []string{"*"}, Verbs: []string{"attach"}, MaxInstances: 1})}},
			codes.ResourceExhausted, "TOO_MANY_INSTANCES"},
		"groups": {Config{Authenticator: lives{permitted(access.Rules{Groups: []string{"g1"}, Verbs: []string{"attach"}})}}, codes.PermissionDenied, "NOT_PERMITTED"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, c.config, func(t *testing.T, w *world) {
				for n := 1; n <= 2; n++ {
					s := openWire(t, w.conn)
					if n == 2 {
						_ = s.stream.Send(first(func(h *hubv1.Hello) { h.Group = "g2" })) // it may have ended before
						wantSaid(t, s, c.code, c.reason)
					} else if err := s.stream.Send(first(func(h *hubv1.Hello) { h.Group = fmt.Sprint("g", n) })); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
			})
		})
	}
}

// Credentials that end while a stream lives end its context too; it is told all the same.
func TestEnded_SaysWhyWhenCredentialsEnd(t *testing.T) {
	for _, welcomed := range []bool{false, true} {
		for range 20 {
			life, revoke := context.WithCancelCause(context.Background())
			config := Config{Authenticator: lives{&access.Identity{Name: "chat", Life: life}}, Stream: StreamConfig{HelloTimeout: time.Minute}}
			inBubble(t, config, func(t *testing.T, w *world) {
				s := openWire(t, w.conn)
				if welcomed {
					if err := s.stream.Send(first(func(*hubv1.Hello) {})); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Wait()
				revoke(access.ErrTokenRevoked)
				wantSaid(t, s, codes.Unauthenticated, "TOKEN_REVOKED")
			})
		}
	}
}

// A stream that ends without a welcome leaves nothing behind, whether the service reads or not.
func TestEnded_TheShutdownIsSaidBeforeTheWelcome(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		s := openWire(t, w.conn)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Second)
		defer cancel()
		_ = w.srv.Shutdown(ctx)
		wantSaid(t, s, codes.Unavailable, "SHUTDOWN")
	})
}
