package controlplane

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"testing"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/internal/caller"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/hub"
)

// crowded is a server that knows many groups, which have come with a hello and stay.
func crowded(tb testing.TB, groups int) *Server {
	tb.Helper()
	srv, err := New(Config{Logger: slog.New(slog.DiscardHandler), Stream: StreamConfig{MaxInstances: groups + 1}})
	if err != nil {
		tb.Fatal(err)
	}
	h, err := hub.New(hub.Config{Application: srv, Logger: srv.log})
	if err != nil {
		tb.Fatal(err)
	}
	srv.Bind(h)
	tb.Cleanup(func() { _ = h.Shutdown(context.Background()) })
	for i := range groups {
		come(tb, srv, fmt.Sprint("group", i))
	}
	return srv
}

// come is what a hello of a group changes.
func come(tb testing.TB, srv *Server, group string) *attachment {
	st := &stream{srv: srv, caller: caller.Of(context.Background())}
	entered, f := srv.routes.enter(st, &hubv1.Hello{Group: group, InstanceId: "one", Subscriptions: []*hubv1.Subscription{
		controlplanetest.Authorizer("/" + group), controlplanetest.Handler("/" + group),
	}}, nil, false)
	if f != nil {
		tb.Fatal(f)
	}
	srv.handledBy(entered.attachment.group, rollAll)
	entered.attachment.lease.Load().Start(dispatch.Windows{}, false)
	return entered.attachment
}

// goes is what its end changes.
func goes(srv *Server, a *attachment) {
	a.lease.Load().Detach(true)
	srv.routes.leave(a)
}

// A hello, and the end of an attachment, change the table of routes by what they say, and do not make a new one: what that
// costs does not depend on who else is there. Otherwise a service that comes and goes many times a second takes a
// processor from everybody else.
func TestRoutes_AHelloDoesNotCostMoreBesideManyGroups(t *testing.T) {
	cost := func(groups int) float64 {
		srv := crowded(t, groups)
		var before, after runtime.MemStats
		const runs = 50
		for i := range runs + 1 {
			if i == 1 {
				runtime.ReadMemStats(&before)
			}
			goes(srv, come(t, srv, "comes and goes"))
		}
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc-before.TotalAlloc) / runs
	}
	if few, many := cost(32), cost(2048); many > 3*few {
		t.Errorf("beside 32 groups it allocates %.0f bytes, beside 2048 %.0f", few, many)
	}
}

func BenchmarkRoutes_Hello(b *testing.B) {
	for _, groups := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(groups, " groups"), func(b *testing.B) {
			srv := crowded(b, groups)
			b.ReportAllocs()
			for b.Loop() {
				goes(srv, come(b, srv, "comes and goes"))
			}
		})
	}
}
