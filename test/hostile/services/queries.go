package services

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// queryRows: what is asked for in pages has a call of its own instead of Execute, and
// a query has no key.
func queryRows() []commandRow {
	rooms := func(q *hubv1.ListRooms) *hubv1.Command {
		return &hubv1.Command{Op: &hubv1.Command_ListRooms{ListRooms: q}}
	}
	users := func(q *hubv1.ListUsers) *hubv1.Command {
		return &hubv1.Command{Op: &hubv1.Command_ListUsers{ListUsers: q}}
	}
	fetch := &hubv1.Command{Op: &hubv1.Command_Fetch{Fetch: &hubv1.Fetch{Target: everybody(), PageSize: 1 << 31}}}
	count := &hubv1.Command{Op: &hubv1.Command_Count{Count: &hubv1.Count{Target: nowhere()}}}
	paged := append(hostile.Outcomes("OK"), wrong...)
	var rows []commandRow
	for _, namespace := range []string{"", "bystander", "*", "/*", "/bystander/*", "/a,b", "/a?b", "/" + strings.Repeat("n", 64<<10)} {
		name := fmt.Sprintf("namespace %.20q", namespace)
		rows = append(rows,
			commandRow{name: "list rooms, " + name, command: rooms(&hubv1.ListRooms{Namespace: namespace}), allow: wrong},
			commandRow{name: "list users, " + name, command: users(&hubv1.ListUsers{Namespace: namespace}), allow: wrong},
			commandRow{name: "count users, " + name, command: &hubv1.Command{Op: &hubv1.Command_CountUsers{CountUsers: &hubv1.CountUsers{Namespace: namespace}}}, allow: wrong})
	}
	for _, token := range []string{"x", "!", "cg", "dQ", strings.Repeat("A", 1<<20)} {
		rows = append(rows,
			commandRow{name: fmt.Sprintf("list rooms, token %.20q", token), command: rooms(&hubv1.ListRooms{Namespace: "/bystander", PageToken: token}), allow: wrong},
			commandRow{name: fmt.Sprintf("list users, token %.20q", token), command: users(&hubv1.ListUsers{Namespace: "/bystander", PageToken: token}), allow: wrong})
	}
	return append(rows,
		commandRow{name: "fetch, pages of 2^31", command: fetch, allow: paged},
		commandRow{name: "fetch without a message", command: &hubv1.Command{Op: &hubv1.Command_Fetch{}}, allow: wrong},
		commandRow{name: "list rooms, prefix of 1 MiB", command: rooms(&hubv1.ListRooms{Namespace: "/bystander", Prefix: strings.Repeat("r", 1<<20)}), allow: paged},
		commandRow{name: "list users, pages of 2^32-1", command: users(&hubv1.ListUsers{Namespace: "/bystander", PageSize: 1<<32 - 1}), allow: paged},
		commandRow{name: "count with a key", command: &hubv1.Command{IdempotencyKey: "k", Op: count.Op}, allow: wrong},
		commandRow{name: "fetch with a key", command: &hubv1.Command{IdempotencyKey: "k", Op: fetch.Op}, allow: wrong})
}

// callRows: a call of nobody is over at once.
func callRows() []commandRow {
	call := func(c *hubv1.Call) *hubv1.Command { return &hubv1.Command{Op: &hubv1.Command_Call{Call: c}} }
	good := func(change func(*hubv1.Call)) *hubv1.Command {
		c := &hubv1.Call{Group: "nobody", Namespace: "/bystander", Name: "x", Timeout: durationpb.New(time.Minute)}
		change(c)
		return call(c)
	}
	rows := []commandRow{
		{name: "call of nobody", command: good(func(*hubv1.Call) {}), allow: nobody},
		{name: "call without a message", command: call(nil), allow: wrong},
		{name: "call without a namespace", command: good(func(c *hubv1.Call) { c.Namespace = "" }), allow: wrong},
		{name: "call in a pattern", command: good(func(c *hubv1.Call) { c.Namespace = "/*" }), allow: wrong},
		{name: "call without a name", command: good(func(c *hubv1.Call) { c.Name = "" }), allow: wrong},
		{name: "call, name of 1 MiB", command: good(func(c *hubv1.Call) { c.Name = strings.Repeat("n", 1<<20) }), allow: wrong},
		{name: "call, group of 1 MiB", command: good(func(c *hubv1.Call) { c.Group = strings.Repeat("g", 1<<20) }), allow: wrong},
		{name: "call, payload of 3.5 MB", command: good(func(c *hubv1.Call) {
			c.Payload = &hubv1.Payload{Args: []byte(`["` + strings.Repeat("p", 3_500_000) + `"]`)}
		}), allow: limit},
	}
	for _, args := range []string{"{", "{}", "[", "[NaN]", "[\"\xff\"]", "null"} {
		rows = append(rows, commandRow{
			name:    fmt.Sprintf("call, arguments %q", args),
			command: good(func(c *hubv1.Call) { c.Payload = &hubv1.Payload{Args: []byte(args)} }), allow: wrong,
		})
	}
	for name, d := range map[string]*durationpb.Duration{
		"negative": durationpb.New(-time.Second), "of six minutes": durationpb.New(6 * time.Minute), "beyond its range": {Seconds: 1 << 62},
		"with signs that differ": {Seconds: 1, Nanos: -1},
	} {
		rows = append(rows, commandRow{name: "call, time " + name, command: good(func(c *hubv1.Call) { c.Timeout = d }), allow: wrong})
	}
	return rows
}

// lateRows: acknowledgements that nobody left open, users who are not there, and trace
// contexts that are none.
func lateRows() []commandRow {
	rows := []commandRow{
		{name: "revoke nobody", command: &hubv1.Command{Op: &hubv1.Command_Revoke{Revoke: &hubv1.Revoke{}}}, allow: wrong},
		{name: "revoke strangers", command: &hubv1.Command{Op: &hubv1.Command_Revoke{Revoke: &hubv1.Revoke{
			Users: Many("u", 8_000), Sockets: Many("s", 8_000),
		}}}, allow: nobody},
	}
	for _, n := range []int{0, 1, 15, 17, 1 << 20} {
		rows = append(rows, commandRow{name: fmt.Sprintf("acknowledge with an id of %d bytes", n), command: &hubv1.Command{
			Op: &hubv1.Command_Acknowledge{Acknowledge: &hubv1.Acknowledge{DedupeId: make([]byte, n)}},
		}, allow: wrong})
	}
	rows = append(rows, commandRow{name: "acknowledge what is not open", command: &hubv1.Command{
		Op: &hubv1.Command_Acknowledge{Acknowledge: &hubv1.Acknowledge{DedupeId: make([]byte, 16)}},
	}, allow: hostile.Outcomes("result NOT_FOUND")})
	for _, parent := range []string{"x", "00-00-00-00", strings.Repeat("0", 55), strings.Repeat("x", 1<<20), "00-00000000000000000000000000000000-0000000000000000-00"} {
		c := Emit(everybody(), "x", "[]")
		c.Traceparent = parent
		rows = append(rows, commandRow{name: fmt.Sprintf("traceparent %.20q", parent), command: c, allow: wrong})
	}
	state := Emit(everybody(), "x", "[]")
	state.Traceparent, state.Tracestate = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", strings.Repeat("s", 1<<20)
	return append(rows, commandRow{name: "tracestate of 1 MiB", command: state, allow: wrong})
}
