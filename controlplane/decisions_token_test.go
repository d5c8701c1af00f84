package controlplane

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/access"
	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/hub/hubtest"
)

// byAuth decides in /chat: the auth value is what comes of it.
type byAuth struct{ pending atomic.Bool }

func (*byAuth) Decides(namespace string) bool { return namespace == "/chat" }

func (b *byAuth) Decide(f access.BrowserFacts) (access.BrowserDecision, error) {
	switch auth := string(f.Auth); {
	case b.pending.Load():
		return access.BrowserDecision{}, access.ErrKeysPending
	case strings.Contains(auth, "good"):
		return access.BrowserDecision{Verdict: access.BrowserAccepted, User: "u1", Rooms: []string{"r"}, Data: []byte(`{"a":1}`)}, nil
	case strings.Contains(auth, "claims"):
		return access.BrowserDecision{Verdict: access.BrowserAccepted, Rooms: []string{strings.Repeat("x", 300)}}, nil
	case strings.Contains(auth, "pass"):
		return access.BrowserDecision{Verdict: access.BrowserPassed}, nil
	}
	return access.BrowserDecision{Message: "no token", Data: []byte(`{"code":"TOKEN_MISSING"}`)}, nil
}

// nextDelivery is the next delivery; notices before it are passed over.
func nextDelivery(t *testing.T, s *controlplanetest.Service) *hubv1.Delivery {
	t.Helper()
	for {
		item := s.Next()
		if item.GetNotice() == nil {
			return item.GetDelivery()
		}
	}
}

func TestTokens_LetBrowsersInWithoutAnAuthorizer(t *testing.T) {
	inBubble(t, Config{BrowserTokens: &byAuth{}, StartGrace: -1}, func(t *testing.T, w *world) {
		s := w.attach("chat", "1", controlplanetest.Handler("/chat"))
		b := w.browser()
		b.Send(`40/chat,{"token":"good"}`)
		b.joined("/chat")
		d := nextDelivery(t, s)
		if c := d.GetConnected(); d.GetSocket().GetUser() != "u1" || len(c.GetRooms()) == 0 {
			t.Errorf("connected: %v", d)
		}
		s.Done(d)
		for auth, want := range map[string]string{
			``: `"code":"TOKEN_MISSING"`, `{"token":"bad"}`: `"message":"no token"`, `{"token":"claims"}`: `"code":"TOKEN_WRONG"`,
		} {
			b := w.browser()
			b.Send("40/chat," + auth)
			if p := b.Next(); !strings.HasPrefix(p, "44/chat,") || !strings.Contains(p, want) {
				t.Errorf("%s: %s", auth, p)
			}
		}
	})
}

func TestTokens_WhatIsPassedOnGoesToTheAuthorizer(t *testing.T) {
	inBubble(t, Config{BrowserTokens: &byAuth{}}, func(t *testing.T, w *world) {
		s := w.chat("1")
		b := w.browser()
		b.Send(`40/chat,{"token":"pass"}`)
		s.Accept(nextDelivery(t, s))
		b.joined("/chat")
		s.Done(nextDelivery(t, s))
	})
}

// Nobody else is asked while the keys are fetched, though an authorizer is there.
func TestTokens_AnAttemptWaitsForKeys(t *testing.T) {
	tokens := &byAuth{}
	tokens.pending.Store(true)
	inBubble(t, Config{BrowserTokens: tokens}, func(t *testing.T, w *world) {
		b := w.browser()
		b.Send(`40/chat,{"token":"good"}`)
		w.pass(3 * time.Second)
		s := w.chat("1")
		w.pass(3 * time.Second)
		if n := w.srv.Status().Undecided; n != 1 {
			t.Errorf("%d attempts wait", n)
		}
		tokens.pending.Store(false)
		b.joined("/chat")
		s.Done(nextDelivery(t, s))
		gone := w.browsers.Open(hubtest.Options{Transport: hubtest.WebSocket})
		tokens.pending.Store(true)
		gone.Send(`40/chat,{"token":"good"}`)
		w.pass(2 * time.Second)
		gone.Abort()
		w.pass(2 * time.Second)
		if n := w.srv.Status().Undecided; n != 0 {
			t.Errorf("%d attempts wait for a browser that has gone", n)
		}
	})
}
