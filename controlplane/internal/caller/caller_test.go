package caller

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/access"
	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/internal/virtualtime"
)

func callerWith(t *testing.T, r access.Rules) *Caller {
	t.Helper()
	p, err := access.NewPermissions(r)
	if err != nil {
		t.Fatal(err)
	}
	return &Caller{identity: &access.Identity{Name: "chat", Permissions: p}}
}

// everything is what one identity needs to be as free as without any rules.
func everything() access.Rules {
	return access.Rules{
		Groups: []string{"*"}, Roles: []string{"authorizer", "handler", "observer"}, Namespaces: []string{"*"},
		Events: []string{"*"}, Rooms: []string{"*"}, Users: []string{"*"},
		Verbs: []string{
			"attach", "emit", "rooms", "disconnect", "data", "fetch", "count", "list_rooms", "list_users", "call", "revoke",
			"acknowledge", "observe", "admin",
		},
	}
}

// A verb that commands have and permissions lack is refused to everybody with rules;
// this test says so before they do.
func TestCaller_EveryVerbIsAsked(t *testing.T) {
	free, bound := callerWith(t, everything()), callerWith(t, access.Rules{})
	for _, verb := range []command.Verb{
		command.VerbEmit, command.VerbRooms, command.VerbDisconnect, command.VerbData, command.VerbCall, command.VerbRevoke,
		command.VerbAcknowledge, command.VerbFetch, command.VerbCount, command.VerbListRooms, command.VerbListUsers, command.VerbAdmin,
	} {
		check := &command.Check{Verb: verb, Target: &hubv1.Target{Namespace: "/chat", All: true}}
		if f := free.Allow(check); f != nil {
			t.Errorf("%s: refused to whom everything is permitted: %v", verb, f)
		}
		if f := bound.Allow(check); f.Code() != hubv1.Code_CODE_PERMISSION_DENIED || !strings.Contains(f.Error(), "verb") {
			t.Errorf("%s: %v to whom nothing is permitted", verb, f)
		}
		if f := Of(t.Context()).Allow(check); f != nil {
			t.Errorf("%s: refused without any rules: %v", verb, f)
		}
	}
	if f := free.Allow(&command.Check{Verb: "new"}); f.Code() != hubv1.Code_CODE_PERMISSION_DENIED {
		t.Errorf("an unknown verb: %v", f)
	}
	if bound.MayAttach("chat") == nil || free.MayAttach("chat") != nil {
		t.Error("attach")
	}
}

func TestCaller_EveryRoleIsAsked(t *testing.T) {
	free, bound := callerWith(t, everything()), callerWith(t, access.Rules{})
	for number := range hubv1.Role_name {
		sub := &hubv1.Subscription{Role: hubv1.Role(number), Namespace: "/chat", Kinds: []hubv1.Kind{hubv1.Kind_KIND_USERS}}
		if f := free.MaySubscribe(sub); (f == nil) != (number != 0) {
			t.Errorf("%s: %v", sub.Role, f)
		}
		if bound.MaySubscribe(sub) == nil {
			t.Errorf("%s: permitted", sub.Role)
		}
	}
	few := callerWith(t, access.Rules{Roles: []string{"handler"}, Namespaces: []string{"/chat"}, Events: []string{"*"}, Users: []string{"a*"}})
	if f := few.MaySubscribe(&hubv1.Subscription{Role: hubv1.Role_ROLE_HANDLER, Namespace: "/chat", Kinds: []hubv1.Kind{hubv1.Kind_KIND_USERS}}); f == nil {
		t.Error("all users are told to whom some are permitted")
	}
}

func TestCaller_AnObserverStaysInItsRooms(t *testing.T) {
	rules := everything()
	rules.Rooms = []string{"order:*"}
	c := callerWith(t, rules)
	sub := &hubv1.Subscription{Role: hubv1.Role_ROLE_OBSERVER, Namespace: "/chat"}
	if f := c.MaySubscribe(sub); f.Code() != hubv1.Code_CODE_PERMISSION_DENIED || !strings.Contains(f.Error(), "name rooms") {
		t.Errorf("all rooms: %v", f)
	}
	if sub.Rooms = []string{"order:1"}; c.MaySubscribe(sub) != nil {
		t.Error("one of its rooms is refused")
	}
	if sub.Sockets = []string{"s"}; c.MaySubscribe(sub) == nil {
		t.Error("a socket that may be in any room is permitted")
	}
}

func TestCaller_RefusalNamesWhatIsMissing(t *testing.T) {
	c := callerWith(t, access.Rules{
		Namespaces: []string{"/chat"}, Events: []string{"message"}, Rooms: []string{"order:*"}, Verbs: []string{"emit", "list_rooms", "revoke"},
	})
	emit := func(event string, target *hubv1.Target) *command.Check {
		return &command.Check{Verb: command.VerbEmit, Target: target, Event: event}
	}
	for want, check := range map[string]*command.Check{
		`namespace "/x"`: emit("message", &hubv1.Target{Namespace: "/x", Rooms: []string{"order:1"}}),
		`event "x"`:      emit("x", &hubv1.Target{Namespace: "/chat", Rooms: []string{"order:1"}}),
		`target "all"`:   emit("message", &hubv1.Target{Namespace: "/chat", All: true}),
		`user "u"`:       emit("message", &hubv1.Target{Namespace: "/chat", Users: []string{"u"}}),
		`room "lobby"`:   emit("message", &hubv1.Target{Namespace: "/chat", Rooms: []string{"order:1", "lobby"}}),
		`room "*"`:       {Verb: command.VerbListRooms, Target: &hubv1.Target{Namespace: "/chat"}, Lists: command.ListsRooms},
		`namespace "*"`:  {Verb: command.VerbRevoke, Target: &hubv1.Target{Namespace: "*", Users: []string{"u"}}},
		`verb "rooms"`:   {Verb: command.VerbRooms},
	} {
		f := c.Allow(check)
		if f == nil || !strings.Contains(f.Error(), want) || f.Reason() != fault.NotPermitted {
			t.Errorf("%v, want %s", f, want)
		}
	}
	if f := c.Allow(emit("message", &hubv1.Target{Namespace: "/chat", Rooms: []string{"order:1"}})); f != nil {
		t.Error(f)
	}
	own := emit("message", &hubv1.Target{Namespace: "/chat", Sockets: []string{"own"}})
	own.OwnSocket = "own"
	if f := c.Allow(own); f != nil {
		t.Error(f)
	}
}

func TestCaller_LifeEndsByExpiryAndByRevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		life, revoke := context.WithCancelCause(context.Background())
		over, end := context.WithCancelCause(context.Background())
		end(errors.New("removed before"))
		for name, c := range map[string]struct {
			identity *access.Identity
			act      func()
			want     *access.Error
		}{
			"expiry":      {&access.Identity{ExpireTime: time.Now().Add(time.Hour)}, func() { virtualtime.Pass(time.Hour) }, access.ErrTokenExpired},
			"certificate": {&access.Identity{ExpireTime: time.Now(), Expired: access.ErrCertificateExpired}, func() {}, access.ErrCertificateExpired},
			"revocation":  {&access.Identity{Life: life}, func() { revoke(errors.New("removed")) }, access.ErrTokenRevoked},
			"revoked":     {&access.Identity{Life: over}, func() {}, access.ErrTokenRevoked},
		} {
			call, hangUp := context.WithCancel(t.Context())
			who := &Caller{identity: c.identity}
			ctx := who.live(call)
			c.act()
			synctest.Wait()
			if got := End(context.Cause(ctx)); got == nil || status.Code(got) != codes.Unauthenticated ||
				!strings.Contains(got.Error(), c.want.Message) {
				t.Errorf("%s: %v", name, got)
			}
			hangUp()
			who.release()
		}
		call, hangUp := context.WithCancel(t.Context())
		alive, drop := context.WithCancel(context.Background())
		defer drop()
		who := &Caller{identity: &access.Identity{Life: alive, ExpireTime: time.Now().Add(time.Hour)}}
		ctx := who.live(call)
		defer who.release()
		hangUp()
		synctest.Wait()
		if ctx.Err() == nil || End(context.Cause(ctx)) != nil {
			t.Error("a call that hangs up ends otherwise", context.Cause(ctx))
		}
	})
}

// With a call ends what its identity's life has taken.
func TestEnd_ReleasesTheCall(t *testing.T) {
	life, revoke := context.WithCancel(context.Background())
	defer revoke()
	begin := func() context.Context {
		who := &Caller{identity: &access.Identity{Life: life, ExpireTime: time.Now().Add(time.Hour)}}
		return context.WithValue(who.live(t.Context()), key{}, who)
	}
	unary, stream := begin(), begin()
	_, err := EndUnary(unary, nil, nil, func(ctx context.Context, _ any) (any, error) { return nil, ctx.Err() })
	err2 := EndStream(nil, contextStream{ctx: stream}, nil, func(_ any, s grpc.ServerStream) error { return s.Context().Err() })
	if err != nil || err2 != nil {
		t.Error("it has ended before", err, err2)
	}
	if unary.Err() == nil || stream.Err() == nil {
		t.Error("something of the call is still there")
	}
}

// contextStream has a context alone.
type contextStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s contextStream) Context() context.Context { return s.ctx }

func TestCaller_LimitsAreSharedByTheIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rules := everything()
		rules.MaxInstances, rules.CommandsPerSecond = 2, 10
		one := callerWith(t, rules)
		two := &Caller{identity: &access.Identity{Permissions: one.identity.Permissions}}
		if f := one.Attach(); f != nil {
			t.Error(f)
		}
		if f := two.Attach(); f != nil {
			t.Error(f)
		}
		if f := one.Attach(); f.Code() != hubv1.Code_CODE_RESOURCE_EXHAUSTED {
			t.Error("a third instance is attached")
		}
		two.Detach()
		if f := one.Attach(); f != nil {
			t.Error(f)
		}
		for i := range 12 {
			who := []*Caller{one, two}[i%2]
			if f := who.spend(1); (f == nil) != (i < 10) {
				t.Errorf("command %d: %v", i, f)
			}
		}
		virtualtime.Pass(time.Second)
		if f := two.spend(10); f != nil {
			t.Error(f)
		}
		if f := one.spend(1); f.Status().GetRetryAfter().AsDuration() <= 0 {
			t.Error("not limited, or without a time", f)
		}
	})
	free := Of(t.Context())
	if free.Attach() != nil || free.spend(1_000_000) != nil {
		t.Error("limited without limits")
	}
	free.Detach()
	empty := &Caller{identity: &access.Identity{Permissions: &access.Permissions{}}}
	if empty.MayAttach("chat") == nil || empty.Allow(&command.Check{Verb: command.VerbAdmin}) == nil {
		t.Error("the zero value permits")
	}
}

func TestCaller_ObserverNeedsPermission(t *testing.T) {
	rules := everything()
	rules.Namespaces, rules.Rooms = []string{"/chat"}, []string{"order:*"}
	bound := callerWith(t, rules)
	rules.Roles = []string{"handler"}
	handler := callerWith(t, rules)
	for _, c := range []struct {
		name      string
		caller    *Caller
		namespace string
		rooms     []string
		ok        bool
	}{
		{"room", bound, "/chat", []string{"order:*"}, true},
		{"other room", bound, "/chat", []string{"lobby"}, false},
		{"other namespace", bound, "*", []string{"order:1"}, false},
		{"no observer", handler, "/chat", []string{"order:1"}, false},
	} {
		sub := &hubv1.Subscription{Role: hubv1.Role_ROLE_OBSERVER, Namespace: c.namespace, Rooms: c.rooms}
		if f := c.caller.MaySubscribe(sub); (f == nil) != c.ok {
			t.Errorf("%s: %v", c.name, f)
		}
	}
}
