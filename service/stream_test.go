package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

func TestHello_SaysWhatWasRegistered(t *testing.T) {
	svc := scripted(Options{InstanceID: "i-1", Version: "v2", Window: Window{Deliveries: 7}, Weight: 3, KeepSockets: true})
	nothing := func(context.Context, *Event) error { return nil }
	svc.Namespace("/a").AllowAnyone().On("x", nothing).On("y*", nothing).On("move", nothing, AtMostOnce()).Set(IntroduceOnEvent())
	svc.Namespace("/b/*").AuthorizedElsewhere().On("*", nothing).On("z", nothing)
	svc.Namespace("/c").AuthorizedElsewhere().OnDisconnect(func(context.Context, *Disconnect) error { return nil })
	svc.Namespace("/d").AllowAnyone()
	hello := (<-play(t, svc, nil).streams).welcome()
	if hello.GetWeight() != 3 || !hello.GetKeepSockets() {
		t.Errorf("weight %d, keep_sockets %v", hello.GetWeight(), hello.GetKeepSockets())
	}
	var got []string
	for _, s := range hello.GetSubscriptions() {
		got = append(got, strings.Join([]string{
			strings.TrimPrefix(s.GetRole().String(), "ROLE_"), s.GetNamespace(), strings.Join(s.GetEvents(), ","),
			strings.TrimPrefix(s.GetGuarantee().String(), "GUARANTEE_"), strings.TrimPrefix(s.GetIntroduction().String(), "INTRODUCTION_"),
			fmt.Sprint(s.GetKinds(), " ", s.GetId()),
		}, " "))
	}
	want := []string{
		"AUTHORIZER /a  UNSPECIFIED UNSPECIFIED [] 1",
		"HANDLER /a x AT_LEAST_ONCE ON_EVENT [KIND_EVENT] 2",
		"HANDLER /a move AT_MOST_ONCE ON_EVENT [KIND_EVENT] 3",
		"HANDLER /a y* AT_LEAST_ONCE ON_EVENT [KIND_EVENT] 4",
		"HANDLER /b/* z AT_LEAST_ONCE UNSPECIFIED [KIND_EVENT] 5",
		"HANDLER /b/*  AT_LEAST_ONCE UNSPECIFIED [KIND_EVENT] 6",
		"HANDLER /c  AT_LEAST_ONCE UNSPECIFIED [KIND_CONNECTED KIND_DISCONNECTED] 7",
		"AUTHORIZER /d  UNSPECIFIED UNSPECIFIED [] 8",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if hello.GetGroup() != "script" || hello.GetInstanceId() != "i-1" || hello.GetVersion() != "v2" || hello.GetWindow().GetDeliveries() != 7 {
		t.Error(hello)
	}
}

func TestHeartbeat_EachInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := play(t, scripted(Options{}), nil)
		st := <-hub.streams
		st.welcome()
		began := time.Now()
		for n := range 10 {
			if (<-st.up).GetActions()[0].GetHeartbeat() == nil || time.Since(began) != time.Duration(n+1)*time.Second {
				t.Error(n, time.Since(began))
			}
			st.say(&hubv1.Item{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}})
		}
		if hub.opened.Load() != 1 {
			t.Error("reconnected")
		}
	})
}

func TestHeartbeat_ThreeMissedEndTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(Options{Backoff: Backoff{Min: time.Millisecond, Max: time.Millisecond}})
		var lost error
		svc.opts.Trace.Detached = func(_ string, err error) {
			if lost == nil {
				lost = err
			}
		}
		hub := play(t, svc, nil)
		st := <-hub.streams
		st.welcome()
		began := time.Now()
		go func() {
			for range st.up { // reads, and says nothing
			}
		}()
		next := <-hub.streams
		if d := time.Since(began); d < 3*time.Second || d > 4*time.Second || !errors.Is(lost, errSilent) {
			t.Error(d, lost)
		}
		next.welcome()
		close(st.up)
	})
}

func TestHeartbeat_AHubThatDoesNotReadIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(Options{})
		var lost error
		svc.opts.Trace.Detached = func(_ string, err error) {
			if lost == nil {
				lost = err
			}
		}
		hub := play(t, svc, nil)
		st := <-hub.streams
		st.welcome()
		go func() { // speaks, and reads nothing
			beat := time.NewTicker(time.Second)
			defer beat.Stop()
			for {
				select {
				case <-beat.C:
				case <-st.ctx.Done():
					return
				}
				st.say(&hubv1.Item{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}})
			}
		}()
		(<-hub.streams).welcome()
		if !errors.Is(lost, errStalled) {
			t.Error(lost)
		}
	})
}

func TestReconnect_FirstRefusalEndsRun(t *testing.T) {
	for _, code := range []codes.Code{codes.Unauthenticated, codes.InvalidArgument, codes.FailedPrecondition, codes.PermissionDenied} {
		hub := newScript()
		refusal := status.Error(code, "no")
		hub.refuse.Store(&refusal)
		var err *StatusError
		if got := scripted(Options{}).RunOn(t.Context(), hub); !errors.As(got, &err) || err.Code != code {
			t.Errorf("%v: %v", code, got)
		}
	}
}

func TestReconnect_RefusedSubscriptionEndsRun(t *testing.T) {
	svc := scripted(Options{})
	svc.Namespace("/chat").AllowAnyone()
	hub := newScript()
	go func() {
		(<-hub.streams).welcome(func(w *hubv1.Welcome) {
			w.Subscriptions[0].Status = &hubv1.Status{Code: hubv1.Code_CODE_ALREADY_EXISTS, Message: "group `other` has it"}
		})
	}()
	want := "service: the subscription as ROLE_AUTHORIZER of /chat is refused: service: hub answered AlreadyExists: group `other` has it"
	if err := svc.RunOn(t.Context(), hub); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// Once attached a subscription that another service holds for a moment is asked for
// again.
func TestReconnect_LaterRefusedSubscriptionIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := scripted(Options{})
		svc.Namespace("/").AllowAnyone()
		hub := play(t, svc, nil)
		st := <-hub.streams
		st.welcome()
		st.end <- status.Error(codes.Unavailable, "restart")
		for range 5 {
			(<-hub.streams).welcome(func(w *hubv1.Welcome) {
				w.Subscriptions[0].Status = &hubv1.Status{Code: hubv1.Code_CODE_ALREADY_EXISTS}
			})
		}
		(<-hub.streams).welcome()
		if err := svc.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A refusal ends a process that was attached, too, where the hello cannot change.
func TestReconnect_LaterRefusalEndsRun(t *testing.T) {
	for _, code := range []codes.Code{codes.Unauthenticated, codes.PermissionDenied, codes.InvalidArgument, codes.Unimplemented, codes.FailedPrecondition} {
		svc := scripted(Options{})
		hub := newScript()
		go func() {
			st := <-hub.streams
			st.welcome()
			st.end <- status.Error(code, "no more")
		}()
		var err *StatusError
		if got := svc.RunOn(t.Context(), hub); !errors.As(got, &err) || err.Code != code {
			t.Errorf("%v: %v", code, got)
		}
	}
}

func TestReconnect_AnotherProcessWithThisID(t *testing.T) {
	svc := scripted(Options{})
	hub := play(t, svc, ErrSuperseded)
	st := <-hub.streams
	st.welcome()
	st.end <- status.Error(codes.Aborted, "taken over")
	<-svc.life.done
}

func TestReconnect_WelcomeThatNeverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := play(t, scripted(Options{}), nil)
		first := <-hub.streams
		<-first.up // the hello
		began := time.Now()
		second := <-hub.streams
		if d := time.Since(began); d < attachTimeout || d > attachTimeout+defaultBackoffMin {
			t.Error(d)
		}
		second.welcome()
	})
}

func TestBackoff_IsJitteredAndBounded(t *testing.T) {
	b := backoff{limits: Backoff{Min: 100 * time.Millisecond, Max: 10 * time.Second}}
	limit, different := 100*time.Millisecond, map[time.Duration]bool{}
	for range 100 {
		d := b.next()
		if d < 0 || d > limit {
			t.Fatalf("%v, limit %v", d, limit)
		}
		different[d] = true
		limit = min(2*limit, 10*time.Second)
	}
	if len(different) < 50 {
		t.Errorf("%d different waits of 100", len(different))
	}
}
