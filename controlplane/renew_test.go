package controlplane

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

// until is an accept whose authorization ends after a time. The authorizer is asked so
// long before; zero means that it is not.
func until(end, refresh time.Duration) *hubv1.Accept {
	m := &hubv1.Accept{ExpireTime: timestamppb.New(time.Now().Add(end))}
	if refresh > 0 {
		m.RefreshBefore = durationpb.New(refresh)
	}
	return m
}

// expiring waits for the question whether a socket may stay.
func expiring(t *testing.T, s *controlplanetest.Service) *hubv1.Delivery {
	t.Helper()
	d := s.Delivery()
	if d.GetAuthExpiring() == nil {
		t.Fatalf("no auth_expiring: %v", d)
	}
	return d
}

// renewing is a browser whose authorization ends, with its authorizer and its handler.
type renewing struct {
	*world
	gate, chat *controlplanetest.Service
	b          *browser
	start      time.Time
}

// inRenewal runs a test with a browser that was let in until a time.
func inRenewal(t *testing.T, end, refresh time.Duration, f func(t *testing.T, r *renewing)) {
	t.Helper()
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		r := &renewing{world: w, gate: w.gate("a"), chat: w.attach("chat", "h", controlplanetest.Handler("/chat"))}
		r.b = w.knock("")
		r.start = time.Now()
		r.gate.AcceptAs(r.gate.Attempt(), until(end, refresh))
		r.b.joined("/chat")
		r.chat.Done(r.chat.Connected())
		w.pass(0)
		f(t, r)
		if n := w.srv.renewals.len(); n != 0 {
			t.Errorf("%d authorizations are watched", n)
		}
	})
}

// expectEnd waits for the browser's end, so long after the start, for this reason.
func (r *renewing) expectEnd(after time.Duration, detail string) {
	r.t.Helper()
	r.b.WaitEnd()
	if took := time.Since(r.start); took < after || took > after+2*janitorTick {
		r.t.Errorf("ended after %v, not %v", took, after)
	}
	d := r.chat.Disconnected()
	r.chat.Done(d)
	if got := d.GetDisconnected(); got.Reason != "forced server close" || got.Detail != detail {
		r.t.Errorf("disconnected: %v", got)
	}
	r.pass(0)
}

func TestRenewal_ConnectionEndsWithTheAuthorization(t *testing.T) {
	inRenewal(t, 10*time.Second, 0, func(t *testing.T, r *renewing) {
		r.expectEnd(10*time.Second, "authorization expired")
		// Its client may return, and is decided upon anew.
		back := r.knock("")
		r.gate.Accept(r.gate.Attempt())
		back.joined("/chat")
		r.gate.Quiet(time.Minute)
	})
}

func TestRenewal_AuthorizerIsAskedAndRenews(t *testing.T) {
	inRenewal(t, 60*time.Second, 10*time.Second, func(t *testing.T, r *renewing) {
		d := expiring(t, r.gate)
		if took := time.Since(r.start); took < 50*time.Second || took > 50*time.Second+2*janitorTick {
			t.Errorf("asked after %v", took)
		}
		end := d.GetAuthExpiring().ExpireTime.AsTime()
		if d.Socket.GetId() != r.b.id || end.Before(r.start.Add(59*time.Second)) {
			t.Errorf("asked: %v", d)
		}
		renewed := until(100*time.Second, 20*time.Second)
		renewed.Data, renewed.Policy = []byte(`{"new":1}`), &hubv1.EdgePolicy{Events: []string{"say"}}
		r.gate.AcceptAs(d, renewed)
		r.pass(time.Second)
		r.b.emit(-1, "shout", "")
		r.b.emit(-1, "say", "")
		e := r.chat.Event("say")
		r.chat.Done(e)
		if string(e.Socket.Data) != `{"new":1}` {
			t.Errorf("data: %s", e.Socket.Data)
		}
		// It is asked again, and an accept without an end lets the browser stay for ever.
		r.pass(time.Minute)
		again := expiring(t, r.gate)
		if took := time.Since(r.start); took < 130*time.Second || took > 131*time.Second {
			t.Errorf("asked again after %v", took)
		}
		r.gate.Accept(again)
		r.gate.Quiet(5 * time.Minute)
		r.b.emit(-1, "say", "")
		r.chat.Event("say")
	})
}

// A question stands outside of the socket's order: an event that is not settled does
// not hold it up.
func TestRenewal_IsAskedBesideTheSocketsOrder(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		handler := controlplanetest.Handler("/chat")
		handler.Ordering = hubv1.Ordering_ORDERING_STRICT
		chat := w.attach("chat", "a", controlplanetest.Authorizer("/chat"), handler)
		b := w.knock("")
		chat.AcceptAs(chat.Attempt(), until(20*time.Second, 10*time.Second))
		b.joined("/chat")
		chat.Done(chat.Connected())
		b.emit(-1, "long", "")
		held := chat.Event("long")
		chat.Accept(expiring(t, chat))
		chat.Done(held)
		w.pass(time.Minute)
		b.emit(-1, "still", "")
		chat.Event("still")
	})
}

func TestRenewal_WhatAnAcceptMustNotChangeIsRefused(t *testing.T) {
	for field, m := range map[string]*hubv1.Accept{
		"user": {User: "eve"}, "rooms": {Rooms: []string{"r"}}, "keep_auth": {KeepAuth: true},
		"cache": {Cache: cachedFor(time.Minute)},
	} {
		inRenewal(t, 20*time.Second, 10*time.Second, func(t *testing.T, r *renewing) {
			r.gate.AcceptAs(expiring(t, r.gate), m)
			if s := r.gate.Result().Status; s.GetField() != "accept."+field || s.GetCode() != hubv1.Code_CODE_INVALID_ARGUMENT {
				t.Errorf("%s: %v", field, s)
			}
			r.expectEnd(20*time.Second, "authorization expired")
		})
	}
}

func TestRenewal_DenyEndsTheConnectionAtOnce(t *testing.T) {
	inRenewal(t, 20*time.Second, 10*time.Second, func(t *testing.T, r *renewing) {
		r.gate.Settle(deny(expiring(t, r.gate), "no", ""))
		r.expectEnd(10*time.Second, "authorization denied")
		r.gate.Quiet(time.Minute)
	})
}

func TestRenewal_SilenceEndsTheConnectionAtItsTime(t *testing.T) {
	inRenewal(t, 20*time.Second, 10*time.Second, func(t *testing.T, r *renewing) {
		d := expiring(t, r.gate)
		r.expectEnd(20*time.Second, "authorization expired")
		r.gate.Revoked()
		r.gate.Accept(d)
		expectStatus(t, r.gate, d, hubv1.Code_CODE_ABORTED, "")
	})
}

func TestRenewal_IsTakenBackWhenTheBrowserGoes(t *testing.T) {
	inRenewal(t, 20*time.Second, 10*time.Second, func(t *testing.T, r *renewing) {
		d := expiring(t, r.gate)
		r.b.CloseFrame(1001)
		r.b.WaitEnd()
		expectRevoked(t, r.gate, d, "BROWSER_GONE")
		r.gate.AcceptAs(d, until(time.Hour, 0))
		expectStatus(t, r.gate, d, hubv1.Code_CODE_ABORTED, "")
		r.gate.Quiet(time.Minute)
	})
}

func TestRenewal_IsAskedAtOnceWhenLittleTimeIsLeft(t *testing.T) {
	inRenewal(t, 5*time.Second, time.Hour, func(t *testing.T, r *renewing) {
		d := expiring(t, r.gate)
		if took := time.Since(r.start); took > 2*janitorTick {
			t.Errorf("asked after %v", took)
		}
		r.gate.Accept(d)
		r.gate.Quiet(time.Minute)
	})
}

// The authorizer is away when the question is due, and comes back in time.
func TestRenewal_WaitsForAnAuthorizer(t *testing.T) {
	inRenewal(t, 10*time.Minute, 9*time.Minute, func(t *testing.T, r *renewing) {
		r.gate.Kill()
		r.pass(5 * time.Minute)
		r.gate = r.world.gate("b")
		r.gate.Accept(expiring(t, r.gate))
		r.pass(15 * time.Minute)
		r.b.emit(-1, "still", "")
		r.chat.Event("still")
	})
}

// A browser leaves while its question is handed over: nothing of it stays.
func TestRenewal_AskingAndLeavingRace(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.gate("a")
		for range 20 {
			b := w.knock("")
			d := gate.Delivery()
			for d.GetConnectAttempt() == nil {
				d = gate.Delivery() // the question for another one
			}
			gate.AcceptAs(d, until(time.Second, time.Minute))
			b.joined("/chat")
			go b.Abort()
			w.srv.renewals.tend(time.Now())
		}
		w.pass(5 * time.Second)
		if n := w.srv.renewals.len(); n != 0 {
			t.Errorf("%d are watched", n)
		}
		if s := w.srv.Status().Groups[0]; s.Unbound != 0 || s.Instances[0].Deliveries != 0 {
			t.Errorf("left over: %+v", s)
		}
	})
}

func TestRevoke_ClosesTheConnectionsOfItsUser(t *testing.T) {
	inRenewal(t, time.Hour, time.Minute, func(t *testing.T, r *renewing) {
		r.gate.Command(revoke(nil, r.b.id))
		r.expectEnd(0, "revoked")
	})
}
