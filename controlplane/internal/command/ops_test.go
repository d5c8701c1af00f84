package command

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/internal/virtualtime"
)

func in(namespace string, sockets ...string) *hubv1.Target {
	return &hubv1.Target{Namespace: namespace, Sockets: sockets}
}

func everybody(namespace string) *hubv1.Target { return &hubv1.Target{Namespace: namespace, All: true} }

func payload(args string) *hubv1.Payload { return &hubv1.Payload{Args: []byte(args)} }

func emit(to *hubv1.Target, event, args string) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{Target: to, Event: event, Payload: payload(args)}}}
}

func emitAck(to *hubv1.Target, timeout time.Duration, mode hubv1.AckMode) *hubv1.Command {
	c := emit(to, "ask", "")
	c.GetEmit().Ack = &hubv1.AckRequest{Timeout: durationpb.New(timeout), Mode: mode}
	return c
}

func update(to *hubv1.Target, join, leave []string) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_UpdateRooms{UpdateRooms: &hubv1.UpdateRooms{Target: to, Join: join, Leave: leave}}}
}

func disconnect(to *hubv1.Target, transport bool) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_Disconnect{Disconnect: &hubv1.Disconnect{Target: to, CloseTransport: transport}}}
}

func setData(to *hubv1.Target, data string, merge bool, version *uint64) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_SetData{SetData: &hubv1.SetData{
		Target: to, Data: []byte(data), Merge: merge, ExpectedVersion: version,
	}}}
}

func revoke(users, sockets []string) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_Revoke{Revoke: &hubv1.Revoke{Users: users, Sockets: sockets}}}
}

func acknowledge(id []byte, args string) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_Acknowledge{Acknowledge: &hubv1.Acknowledge{DedupeId: id, Payload: payload(args)}}}
}

func call(group, namespace, name, args string, timeout time.Duration) *hubv1.Command {
	c := &hubv1.Call{Group: group, Namespace: namespace, Name: name, Payload: payload(args)}
	if timeout != 0 {
		c.Timeout = durationpb.New(timeout)
	}
	return &hubv1.Command{Op: &hubv1.Command_Call{Call: c}}
}

func fetch(to *hubv1.Target, size uint32) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_Fetch{Fetch: &hubv1.Fetch{Target: to, PageSize: size, IncludeHandshake: true}}}
}

func count(to *hubv1.Target) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_Count{Count: &hubv1.Count{Target: to}}}
}

func listRooms(namespace, prefix string, size uint32) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_ListRooms{ListRooms: &hubv1.ListRooms{Namespace: namespace, Prefix: prefix, PageSize: size}}}
}

func countUsers(namespace string) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_CountUsers{CountUsers: &hubv1.CountUsers{Namespace: namespace}}}
}

func listUsers(namespace, prefix string, size uint32) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_ListUsers{ListUsers: &hubv1.ListUsers{Namespace: namespace, Prefix: prefix, PageSize: size}}}
}

// anyOf has a valid command of every op.
func anyOf() map[string]*hubv1.Command {
	return map[string]*hubv1.Command{
		"emit": emit(everybody("/a"), "x", ""), "update_rooms": update(everybody("/a"), []string{"r"}, nil),
		"disconnect": disconnect(everybody("/a"), false), "set_data": setData(everybody("/a"), "1", false, nil),
		"call": call("", "/a", "x", "", 0), "revoke": revoke([]string{"ann"}, nil),
		"acknowledge": acknowledge(make([]byte, 16), ""), "fetch": fetch(everybody("/a"), 0), "count": count(everybody("/a")),
		"list_rooms": listRooms("/a", "", 0), "count_users": countUsers("/a"), "list_users": listUsers("/a", "", 0),
	}
}

func TestOps_AllAreInTheTablesOfThisPackage(t *testing.T) {
	ops := anyOf()
	fields := (&hubv1.Command{}).ProtoReflect().Descriptor().Oneofs().ByName("op").Fields()
	for i := range fields.Len() {
		name := string(fields.Get(i).Name())
		c := ops[name]
		if c == nil {
			t.Errorf("%s has no command in the tests", name)
			continue
		}
		if OpName(c) != name {
			t.Errorf("%s is called %s", name, OpName(c))
		}
		if check := checkOf(c); check == nil || check.Verb == "" {
			t.Errorf("%s asks for no permission", name)
		}
	}
}

// One row for each op that has one result, over both roads.
func TestOps_AreCarriedOutOnBothRoads(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		ann, bob := w.join("/a", "ann", "red"), w.join("/a", "bob")
		other := w.join("/b/c", "ann")
		one := func(c *hubv1.Command) *hubv1.Result {
			t.Helper()
			results := give(w, c)
			if len(results) != 1 || results[0].More {
				t.Fatalf("%s: %v", OpName(c), results)
			}
			return results[0]
		}
		counts := func(r *hubv1.Result) string {
			return fmt.Sprint(r.MatchedCount, r.QueuedCount, r.DroppedCount, " ", r.Status.GetReason())
		}
		expect := func(what, got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
		}
		expect("emit", counts(one(emit(&hubv1.Target{Namespace: "/a", Users: []string{"ann"}}, "hi", `[1]`))), "1 1 0 ")
		ann.Expect(`42/a,["hi",1]`)
		expect("emit to a pattern", counts(one(emit(everybody("/*"), "all", ""))), "3 3 0 ")
		ann.Expect(`42/a,["all"]`)
		bob.Expect(`42/a,["all"]`)
		other.Expect(`42/b/c,["all"]`)

		expect("update_rooms", counts(one(update(in("/a", bob.id), []string{"blue"}, nil))), "1 1 0 ")
		r := one(count(&hubv1.Target{Namespace: "/a", Rooms: []string{"blue", "red"}}))
		expect("count", fmt.Sprint(r.Count, r.Status), "2 <nil>")
		expect("count_users", fmt.Sprint(one(countUsers("/a")).Count, one(countUsers("/none")).Count), "2 0")

		r = one(setData(in("/a", ann.id), `{"a":1,"b":{"c":1}}`, false, nil))
		expect("set_data", fmt.Sprint(counts(r), r.DataVersion), "1 1 0 1")
		r = one(setData(in("/a", ann.id), `{"b":{"d":2},"a":null}`, true, nil))
		expect("merge", fmt.Sprint(counts(r), r.DataVersion), "1 1 0 2")
		sockets, err := w.hub.FetchSockets(targetOf(in("/a", ann.id)))
		if err != nil {
			t.Fatal(err)
		}
		data, _ := sockets[0].Data()
		expect("data", string(data), `{"b":{"c":1,"d":2}}`)
		old := uint64(1)
		expect("old version", counts(one(setData(in("/a", ann.id), `1`, false, &old))), "1 0 1 DATA_VERSION")

		expect("disconnect", counts(one(disconnect(in("/a", bob.id), false))), "1 1 0 ")
		bob.Expect("41/a,")
		if n := w.trace.command("emit OK"); n != 2 {
			t.Errorf("%d emits are counted", n)
		}
	})
}

func TestRevoke_ClosesTransportsAndEndsDecisions(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		ann, other, bob := w.join("/a", "ann"), w.join("/b", "ann"), w.join("/a", "bob")
		carol := w.join("/a", "carol")
		r := give(w, revoke([]string{"ann"}, []string{carol.id}))[0]
		if r.Status != nil || r.MatchedCount != 3 || r.QueuedCount != 3 {
			t.Errorf("result: %v", r)
		}
		if len(w.revoked) != 2 || w.revoked[0].Users[0] != "ann" || len(w.revoked[1].Sockets) != 3 {
			t.Errorf("decisions: %+v", w.revoked)
		}
		for _, b := range []*browser{ann, other, carol} {
			b.WaitEnd()
		}
		if got := give(w, emit(everybody("/a"), "x", ""))[0]; got.MatchedCount != 1 {
			t.Errorf("who is left: %v", got)
		}
		bob.Expect(`42/a,["x"]`)
		if s := give(w, revoke(nil, nil))[0].GetStatus(); s.GetReason() != "EMPTY_TARGET" {
			t.Errorf("of nobody: %v", s)
		}
	})
}

func TestAcknowledge_GivesAnOpenAcknowledgementOnce(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		b := w.join("/a", "ann")
		b.Send(`42/a,7["save",1]`)
		e := w.event()
		id := DedupeID{1, 2, 3}
		w.x.OpenAcks().Keep(OpenAck{ID: id, Socket: b.id, Group: "g", Event: e, Bytes: len(e.Args)})
		reason := func(c *hubv1.Command) string { return give(w, c)[0].GetStatus().GetReason() }
		if got := reason(acknowledge(id[:], `{}`)); got != "BAD_ARGS" {
			t.Errorf("no array: %s", got)
		}
		if got := reason(acknowledge(id[:3], ``)); got != "BAD_LENGTH" {
			t.Errorf("short id: %s", got)
		}
		group := w.caller
		w.caller = &Caller{Identity: "id", Group: "strangers"}
		if got := reason(acknowledge(id[:], `[1]`)); got != "NO_OPEN_ACK" {
			t.Errorf("by another group: %s", got)
		}
		w.caller = group
		if got := reason(acknowledge(id[:], `["done"]`)); got != "" {
			t.Errorf("acknowledge: %s", got)
		}
		b.Expect(`43/a,7["done"]`)
		if got := reason(acknowledge(id[:], `["again"]`)); got != "NO_OPEN_ACK" {
			t.Errorf("again: %s", got)
		}
		if n := w.x.OpenAcks().Len(); n != 0 {
			t.Errorf("%d are open", n)
		}
	})
}

func TestAcknowledge_OfABrowserThatHasGoneIsNotFound(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		b := w.join("/a", "")
		b.Send(`42/a,7["save"]`)
		id := DedupeID{1}
		w.x.OpenAcks().Keep(OpenAck{ID: id, Socket: b.id, Group: "g", Event: w.event()})
		b.Send("41/a,")
		w.gone(b)
		if s := give(w, acknowledge(id[:], `[]`))[0].GetStatus(); s.GetCode() != hubv1.Code_CODE_NOT_FOUND {
			t.Errorf("status: %v", s)
		}
	})
}

// gone waits until a socket of /a has left.
func (w *world) gone(b *browser) {
	w.t.Helper()
	for range 100 {
		if n, _ := w.hub.CountSockets(targetOf(in("/a", b.id))); n == 0 {
			return
		}
		virtualtime.Pass(10 * time.Millisecond)
	}
	w.t.Fatal("the socket stays")
}

func TestEmitWithAck_AnswersOnBothRoads(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		b := w.join("/a", "")
		go func() {
			b.Expect(`42/a,0["ask"]`)
			b.Send(`43/a,0[1]`)
		}()
		total := give(w, emitAck(in("/a", b.id), time.Second, 0))
		if len(total) != 1 || total[0].GetAckTotal().GetAckedCount() != 1 || string(total[0].GetAckTotal().Acks[0].Payload.Args) != "[1]" {
			t.Errorf("total: %v", total)
		}
	})
}

func TestEmitWithAck_EachHasMoreButTheLast(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		b, silent := w.join("/a", ""), w.join("/a", "")
		go func() {
			b.Expect(`42/a,0["ask"]`)
			b.Send(`43/a,0[1]`)
		}()
		results := w.onStream(emitAck(everybody("/a"), time.Second, hubv1.AckMode_ACK_MODE_EACH))
		if len(results) != 2 || !results[0].More || results[0].GetBrowserAck().GetSocketId() != b.id {
			t.Fatalf("results: %v", results)
		}
		if last := results[1]; last.More || last.Status.GetReason() != "ACKS_TIMED_OUT" || last.GetAckTotal().GetTimedOutCount() != 1 {
			t.Errorf("last: %v", last)
		}
		silent.Expect(`42/a,0["ask"]`)
	})
}

func TestControl_ForgetGroupAsksTheRoot(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		forget := func(group string) string {
			_, err := w.control.ForgetGroup(t.Context(), &hubv1.ForgetGroupRequest{Group: group})
			return fault.StatusOf(err).GetReason()
		}
		if got := forget("x"); got != "UNKNOWN_GROUP" {
			t.Errorf("without groups: %s", got)
		}
		w.x.config.Groups = groups{}
		for group, want := range map[string]string{"": "REQUIRED", "live": "GROUP_ATTACHED", "gone": ""} {
			if got := forget(group); got != want {
				t.Errorf("%q: %s, want %s", group, got, want)
			}
		}
		w.caller = &Caller{Permit: denies{}}
		if got := forget("gone"); got != "NOT_PERMITTED" {
			t.Errorf("not permitted: %s", got)
		}
	})
}

type groups struct{}

func (groups) Forget(group string) *fault.Fault {
	if group == "live" {
		return fault.New(fault.GroupAttached, "an instance is attached")
	}
	return nil
}

// denies is a Permit.
type denies struct{}

func (denies) Allow(c *Check) *fault.Fault { return fault.New(fault.NotPermitted, string(c.Verb)) }

// Names implements Permit.
func (denies) Names(string) bool { return false }

// names permits everything, and names a namespace.
type names string

func (names) Allow(*Check) *fault.Fault     { return nil }
func (n names) Names(namespace string) bool { return string(n) == namespace }

// A private namespace is for those alone whose permissions name it, whatever else they permit.
func TestPermit_APrivateNamespaceHasToBeNamed(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		w.x.config.Private = []string{"/a"}
		for _, permit := range []Permit{nil, names("/b"), names("/a")} {
			w.caller.Permit = permit
			for name, c := range anyOf() {
				if name == "revoke" || name == "acknowledge" {
					continue // which name no namespace
				}
				reason := give(w, c)[0].GetStatus().GetReason()
				if refused := reason == "NOT_PERMITTED"; reason != "NOT_IN_EXECUTE" && refused != (permit != names("/a")) {
					t.Errorf("%v: %s: %q", permit, name, reason)
				}
			}
		}
	})
	inBubble(t, func(t *testing.T, w *world) {
		w.x.config.Private = []string{"/a"}
		for name, err := range w.queries("/a") {
			if s := fault.StatusOf(err); s.GetReason() != "NOT_PERMITTED" {
				t.Errorf("%s: %v", name, s)
			}
		}
		for name, err := range w.queries("/b") {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestPermit_IsAskedForEveryOpOnBothRoads(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		w.caller.Permit = denies{}
		for name, c := range anyOf() {
			r := give(w, c)[0]
			if s := r.GetStatus(); s.GetCode() != hubv1.Code_CODE_PERMISSION_DENIED &&
				(s.GetReason() != "NOT_IN_EXECUTE" || !isPaged(c)) {
				t.Errorf("%s: %v", name, s)
			}
		}
	})
	inBubble(t, func(t *testing.T, w *world) {
		w.caller.Permit = denies{}
		for name, err := range w.queries("/a") {
			if s := fault.StatusOf(err); s.GetReason() != "NOT_PERMITTED" {
				t.Errorf("%s: %v", name, s)
			}
		}
	})
}

// queries makes every call of the service that asks something of a namespace.
func (w *world) queries(namespace string) map[string]error {
	ctx := w.t.Context()
	errs := map[string]error{}
	to := everybody(namespace)
	_, errs["count"] = w.control.CountSockets(ctx, &hubv1.CountSocketsRequest{Count: &hubv1.Count{Target: to}})
	_, errs["rooms"] = w.control.ListRooms(ctx, &hubv1.ListRoomsRequest{ListRooms: &hubv1.ListRooms{Namespace: namespace}})
	_, errs["users"] = w.control.ListUsers(ctx, &hubv1.ListUsersRequest{ListUsers: &hubv1.ListUsers{Namespace: namespace}})
	_, errs["count users"] = w.control.CountUsers(ctx, &hubv1.CountUsersRequest{CountUsers: &hubv1.CountUsers{Namespace: namespace}})
	errs["fetch"] = w.control.FetchSockets(&hubv1.FetchSocketsRequest{Fetch: &hubv1.Fetch{Target: to}},
		&serverStream[hubv1.FetchSocketsResponse]{ctx: ctx})
	return errs
}

func TestQueries_BadOnesAreRefusedWhole(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		for _, namespace := range []string{"", "a", "/a/*", "*", "/" + strings.Repeat("n", 300)} {
			for name, err := range w.queries(namespace) {
				if s := fault.StatusOf(err); s.GetCode() != hubv1.Code_CODE_INVALID_ARGUMENT &&
					!(len(namespace) > 300 && (name == "count" || name == "fetch")) {
					t.Errorf("%s of %.10q: %v", name, namespace, s)
				}
			}
		}
	})
}

// A count of nothing says what is missing, on both roads.
func TestQueries_ACountOfNothingNamesItsTarget(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		s := give(w, &hubv1.Command{Op: &hubv1.Command_Count{}})[0].GetStatus()
		if !strings.HasPrefix(s.GetField(), "count.target") {
			t.Errorf("command: %v", s)
		}
		_, err := w.control.CountSockets(t.Context(), &hubv1.CountSocketsRequest{})
		if s := fault.StatusOf(err); !strings.HasPrefix(s.GetField(), "count.target") {
			t.Errorf("call: %v", s)
		}
	})
}
