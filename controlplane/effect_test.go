package controlplane

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/trace"
)

// busy is a log in which whoever says that a browser wants to join /slow stays until released: the hub is at work with that
// browser's connection meanwhile.
type busy struct{ came, released chan struct{} }

func (*busy) Enabled(context.Context, slog.Level) bool { return true }
func (b *busy) WithAttrs([]slog.Attr) slog.Handler     { return b }
func (b *busy) WithGroup(string) slog.Handler          { return b }

func (b *busy) Handle(_ context.Context, r slog.Record) error {
	slow := false
	r.Attrs(func(a slog.Attr) bool {
		slow = slow || a.Value.String() == "/slow"
		return true
	})
	if slow && r.Message == "connect attempt" {
		close(b.came)
		<-b.released
	}
	return nil
}

// The accept is carried out by whoever is at work with the browser's connection. What the service says after it finds the
// socket all the same.
func TestAccept_WhatFollowsFindsTheSocket(t *testing.T) {
	for _, late := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			log := &busy{make(chan struct{}), make(chan struct{})}
			slowed := make(chan trace.Slowed, 8)
			w := newWorld(t, Config{
				Logger: slog.New(log),
				Trace:  &trace.Hooks{Slowed: func(why trace.Slowed, _ time.Duration) { slowed <- why }},
			})
			chat := w.attach("chat", "a", controlplanetest.Authorizer("/*"), controlplanetest.Handler("/*"))
			b := w.browser()
			b.Send("40/chat,")
			attempt := chat.Attempt()
			b.Send("40/slow,")
			<-log.came
			chat.Accept(attempt)
			cmd := emit(target(attempt.Socket.Id), "welcome", `[1]`)
			cmd.CommandId = 7
			chat.Command(cmd)
			result := func() *hubv1.Result {
				for {
					if r := chat.Next().GetResult(); r != nil {
						return r
					}
				}
			}
			if late {
				// Longer than a browser may hold its service up.
				if r := result(); r.GetMatchedCount() != 0 {
					t.Errorf("found a socket that is not there: %v", r)
				}
				if why := <-slowed; why != trace.SlowedAccept {
					t.Error(why)
				}
				close(log.released)
				b.Expect(`40/chat,{"sid":"` + attempt.Socket.Id + `"}`)
				return
			}
			synctest.Wait()
			close(log.released)
			if r := result(); r.GetMatchedCount() != 1 {
				t.Errorf("the emit after the accept has found nobody: %v", r)
			}
			b.Expect(`40/chat,{"sid":"`+attempt.Socket.Id+`"}`, `42/chat,["welcome",1]`)
			if len(slowed) > 0 {
				t.Errorf("slowed: %v", <-slowed)
			}
		})
	}
}
