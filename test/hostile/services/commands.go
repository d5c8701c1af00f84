package services

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// commandRow is a command that is wrong, or asks for nobody. It is given on a
// stream, and by Execute.
type commandRow struct {
	name    string
	command *hubv1.Command
	allow   []hostile.Outcome
}

var (
	wrong  = hostile.Outcomes("result INVALID_ARGUMENT")
	nobody = hostile.Outcomes("OK", "result NOT_FOUND")
	limit  = hostile.Outcomes("result INVALID_ARGUMENT", "result RESOURCE_EXHAUSTED")
)

func everybody() *hubv1.Target { return &hubv1.Target{Namespace: "/bystander", All: true} }

func nowhere() *hubv1.Target {
	return &hubv1.Target{Namespace: "/bystander", Rooms: []string{"nobody"}}
}

// Emit is the command to emit an event.
func Emit(t *hubv1.Target, event, args string, attachments ...[]byte) *hubv1.Command {
	return &hubv1.Command{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{Target: t, Event: event, Payload: &hubv1.Payload{Args: []byte(args), Attachments: attachments}}}}
}

func commandRows() []commandRow {
	rows := []commandRow{{name: "no operation", command: &hubv1.Command{}, allow: wrong}}
	for _, make := range []func() []commandRow{targetRows, eventCommandRows, payloadCommandRows, ackCommandRows, roomCommandRows, dataCommandRows, queryRows, callRows, lateRows} {
		rows = append(rows, make()...)
	}
	return rows
}

// targetRows: an empty target is never everybody, and a stranger is nobody.
func targetRows() []commandRow {
	var rows []commandRow
	bad := map[string]*hubv1.Target{
		"missing": nil, "empty": {}, "of a namespace alone": {Namespace: "/bystander"}, "without a namespace": {All: true}, "with a namespace without a slash": {Namespace: "bystander", All: true},
		"of all and rooms": {Namespace: "/bystander", All: true, Rooms: []string{"a"}}, "of all and sockets": {Namespace: "/bystander", All: true, Sockets: []string{"a"}}, "of all and users": {Namespace: "/bystander", All: true, Users: []string{"a"}},
		"of exceptions alone": {Namespace: "/bystander", ExceptRooms: []string{"a"}},
	}
	none := map[string]*hubv1.Target{
		"of a namespace that is none": {Namespace: "/nowhere", All: true}, "of a socket that is none": {Namespace: "/bystander", Sockets: []string{"AAAAAAAAAAAAAAAAAAAA"}}, "of a room that is none": nowhere(),
		"of a user that is none": {Namespace: "/bystander", Users: []string{"nobody"}}, "of odd names": {Namespace: "/bystander", Rooms: []string{"__proto__", "../..", "\x00", "é", "*", "user:x"}},
		"with an empty room": {Namespace: "/bystander", Rooms: []string{""}}, "with an empty socket": {Namespace: "/bystander", Sockets: []string{""}}, "with an empty user": {Namespace: "/bystander", Users: []string{""}},
		"of all but all": {Namespace: "/nowhere", All: true, ExceptRooms: []string{"a"}},
	}
	for op, make := range map[string]func(*hubv1.Target) *hubv1.Command{
		"emit": func(t *hubv1.Target) *hubv1.Command { return Emit(t, "x", "[]") },
		"count": func(t *hubv1.Target) *hubv1.Command {
			return &hubv1.Command{Op: &hubv1.Command_Count{Count: &hubv1.Count{Target: t}}}
		},
		"fetch": func(t *hubv1.Target) *hubv1.Command {
			return &hubv1.Command{Op: &hubv1.Command_Fetch{Fetch: &hubv1.Fetch{Target: t}}}
		},
		"update rooms": func(t *hubv1.Target) *hubv1.Command {
			return &hubv1.Command{Op: &hubv1.Command_UpdateRooms{UpdateRooms: &hubv1.UpdateRooms{Target: t, Join: []string{"r"}}}}
		},
		"disconnect": func(t *hubv1.Target) *hubv1.Command {
			return &hubv1.Command{Op: &hubv1.Command_Disconnect{Disconnect: &hubv1.Disconnect{Target: t, CloseTransport: true}}}
		},
		"set data": func(t *hubv1.Target) *hubv1.Command {
			return &hubv1.Command{Op: &hubv1.Command_SetData{SetData: &hubv1.SetData{Target: t, Data: []byte("{}")}}}
		},
	} {
		for name, t := range bad {
			rows = append(rows, commandRow{name: op + ", target " + name, command: make(t), allow: wrong})
		}
		for name, t := range none {
			rows = append(rows, commandRow{name: op + ", target " + name, command: make(t), allow: append(hostile.Outcomes("result INVALID_ARGUMENT"), nobody...)})
		}
	}
	return append(rows,
		commandRow{name: "target with a namespace of 64 KiB", command: Emit(&hubv1.Target{Namespace: "/" + strings.Repeat("n", 64<<10), All: true}, "x", "[]"), allow: append(limit, nobody...)},
		commandRow{name: "target with a room of 1 MiB", command: Emit(&hubv1.Target{Namespace: "/bystander", Rooms: []string{strings.Repeat("r", 1<<20)}}, "x", "[]"), allow: append(limit, nobody...)},
		commandRow{name: "target of 100000 rooms", command: Emit(&hubv1.Target{Namespace: "/bystander", Rooms: Many("r", 100_000)}, "x", "[]"), allow: slices.Concat(limit, tooLong, nobody)},
		commandRow{name: "target of 100000 sockets", command: Emit(&hubv1.Target{Namespace: "/bystander", Sockets: Many("s", 100_000)}, "x", "[]"), allow: slices.Concat(limit, tooLong, nobody)},
		commandRow{name: "target of nobody but 100000", command: Emit(&hubv1.Target{Namespace: "/bystander", Rooms: []string{"nobody"}, ExceptRooms: Many("r", 100_000)}, "x", "[]"), allow: slices.Concat(limit, tooLong, nobody)})
}

// tooLong is how a call is refused whose lists are longer than a message may have.
var tooLong = hostile.Outcomes("call RESOURCE_EXHAUSTED")

// Many makes n names that differ.
func Many(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(prefix, i)
	}
	return list
}

// eventCommandRows: names of events, before any browser hears them.
func eventCommandRows() []commandRow {
	rows := []commandRow{
		{name: "event without a name", command: Emit(everybody(), "", "[]"), allow: wrong},
		{name: "event with a name of 129 bytes", command: Emit(everybody(), strings.Repeat("e", 129), "[]"), allow: limit},
		{name: "event with a name of 1 MiB", command: Emit(everybody(), strings.Repeat("e", 1<<20), "[]"), allow: limit},
	}
	for _, name := range hostile.Reserved {
		rows = append(rows, commandRow{name: "event " + name, command: Emit(everybody(), name, "[]"), allow: wrong})
	}
	for _, name := range []string{"error", "__proto__", "\x00", "é", "\"", "\\", "\u2028"} {
		rows = append(rows, commandRow{name: fmt.Sprintf("event %q to nobody", name), command: Emit(nowhere(), name, "[]"), allow: nobody})
	}
	return rows
}

// payloadCommandRows: arguments are a JSON array, and attachments have seats.
func payloadCommandRows() []commandRow {
	var rows []commandRow
	for _, args := range []string{
		"{}", "1", `"x"`, "null", "[", "]", "[1,]", "[,]", "[1]x", "[1][2]", "x", "[NaN]", "['x']", "[\"\n\"]", "[\"\x00\"]", "[01]", "[1,,2]", "\ufeff[]", "[\"\xff\"]", "[\"\xed\xa0\x80\"]", "[undefined]", "[/**/]", " ", "[\"\\x\"]", "[1}",
		strings.Repeat("[", 100_000), "[" + strings.Repeat("{\"a\":", 50_000),
	} {
		allow := wrong
		if len(args) > 1000 {
			allow = limit
		}
		rows = append(rows, commandRow{name: fmt.Sprintf("arguments %.30q", args), command: Emit(everybody(), "x", args), allow: allow})
	}
	// Without attachments a placeholder is data, as in a browser's event.
	for _, num := range []any{0, -1, `"0"`, "null"} {
		rows = append(rows, commandRow{name: fmt.Sprintf("arguments with a seat %v but no attachment", num), command: Emit(nowhere(), "x", "["+hostile.Seat(num)+"]"), allow: append(hostile.Outcomes("OK"), wrong...)})
	}
	rows = append(rows, commandRow{name: "payload with a seat twice, two attachments", command: Emit(nowhere(), "x", "["+hostile.Seat(0)+","+hostile.Seat(0)+"]", []byte{1}, []byte{2}), allow: append(hostile.Outcomes("OK"), wrong...)})
	for name, c := range map[string]*hubv1.Command{
		"an attachment without a seat": Emit(everybody(), "x", "[1]", []byte{1}), "two seats, one attachment": Emit(everybody(), "x", "["+hostile.Seat(0)+","+hostile.Seat(1)+"]", []byte{1}), "a seat out of range": Emit(everybody(), "x", "["+hostile.Seat(1)+"]", []byte{1}),
		"a seat of a fraction": Emit(everybody(), "x", "["+hostile.Seat("0.5")+"]", []byte{1}), "a seat that is text": Emit(everybody(), "x", "["+hostile.Seat(`"splice"`)+"]", []byte{1}), "attachments without arguments": Emit(everybody(), "x", "", []byte{1}),
	} {
		rows = append(rows, commandRow{name: "payload with " + name, command: c, allow: wrong})
	}
	var seats []string
	var attachments [][]byte
	for i := range 5000 {
		seats, attachments = append(seats, hostile.Seat(i)), append(attachments, []byte{1})
	}
	return append(rows,
		commandRow{name: "payload of 5000 attachments", command: Emit(nowhere(), "x", "["+strings.Join(seats, ",")+"]", attachments...), allow: append(limit, nobody...)},
		commandRow{name: "payload of 3.5 MB", command: Emit(nowhere(), "x", `["`+strings.Repeat("p", 3_500_000)+`"]`), allow: append(limit, nobody...)},
		commandRow{name: "payload of 100000 arguments", command: Emit(nowhere(), "x", "["+strings.Repeat("1,", 99_999)+"1]"), allow: append(limit, nobody...)},
		commandRow{name: "payload 100000 deep", command: Emit(nowhere(), "x", strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)), allow: append(limit, nobody...)},
		commandRow{name: "payload without arguments", command: Emit(nowhere(), "x", ""), allow: nobody},
		commandRow{name: "payload missing", command: &hubv1.Command{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{Target: nowhere(), Event: "x"}}}, allow: nobody})
}

// ackCommandRows: an acknowledgement needs a time.
func ackCommandRows() []commandRow {
	var rows []commandRow
	for name, d := range map[string]*durationpb.Duration{
		"missing": nil, "zero": durationpb.New(0), "negative": durationpb.New(-time.Second), "of six minutes": durationpb.New(6 * time.Minute), "of ten thousand years": {Seconds: 315_576_000_000}, "beyond its range": {Seconds: 1 << 62},
		"with signs that differ": {Seconds: 1, Nanos: -1}, "with too many nanoseconds": {Seconds: 1, Nanos: 1 << 30},
	} {
		c := Emit(everybody(), "x", "[]")
		c.GetEmit().Ack = &hubv1.AckRequest{Timeout: d}
		rows = append(rows, commandRow{name: "ack time " + name, command: c, allow: wrong})
	}
	unknown := Emit(nowhere(), "x", "[]")
	unknown.GetEmit().Ack = &hubv1.AckRequest{Timeout: durationpb.New(time.Second), Mode: 99}
	volatile := Emit(nowhere(), "x", "[]")
	volatile.GetEmit().Volatile, volatile.GetEmit().Ack = true, &hubv1.AckRequest{Timeout: durationpb.New(time.Second)}
	return append(rows, commandRow{name: "ack mode unknown", command: unknown, allow: hostile.Outcomes("result UNIMPLEMENTED")}, commandRow{name: "ack of a volatile emit to nobody", command: volatile, allow: append(hostile.Outcomes("result INVALID_ARGUMENT"), nobody...)})
}

// roomCommandRows: names of rooms.
func roomCommandRows() []commandRow {
	var rows []commandRow
	update := func(join, leave []string) *hubv1.Command {
		return &hubv1.Command{Op: &hubv1.Command_UpdateRooms{UpdateRooms: &hubv1.UpdateRooms{Target: everybody(), Join: join, Leave: leave}}}
	}
	for name, rooms := range map[string][]string{"empty": {""}, "reserved": {"\x01user:x"}, "reserved alone": {"\x01"}, "too long": {strings.Repeat("r", 257)}, "of 1 MiB": {strings.Repeat("r", 1<<20)}, "one bad of three": {"a", "", "b"}} {
		rows = append(rows, commandRow{name: "join a room " + name, command: update(rooms, nil), allow: limit}, commandRow{name: "leave a room " + name, command: update(nil, rooms), allow: append(limit, nobody...)})
	}
	return append(rows,
		commandRow{name: "join 100000 rooms", command: update(Many("r", 100_000), nil), allow: slices.Concat(limit, tooLong)},
		commandRow{name: "join 1025 rooms", command: update(Many("r", 1025), nil), allow: append(hostile.Outcomes("OK"), limit...)},
		commandRow{name: "leave what it joins", command: update([]string{"a"}, []string{"a"}), allow: hostile.Outcomes("OK")},
		commandRow{name: "update no rooms", command: update(nil, nil), allow: append(hostile.Outcomes("OK"), wrong...)})
}

// dataCommandRows: socket.data is JSON, and versions count.
func dataCommandRows() []commandRow {
	var rows []commandRow
	set := func(t *hubv1.Target, data string, version *uint64) *hubv1.Command {
		return &hubv1.Command{Op: &hubv1.Command_SetData{SetData: &hubv1.SetData{Target: t, Data: []byte(data), ExpectedVersion: version}}}
	}
	for _, data := range []string{"{", "x", "1 2", "{}{}", "[1,]", "NaN", "\xff", "\"\xff\"", "\"\n\"", "{\"a\":}", "\ufeff{}", "\x00"} {
		rows = append(rows, commandRow{name: fmt.Sprintf("data %q", data), command: set(everybody(), data, nil), allow: wrong})
	}
	return append(rows,
		commandRow{name: "data of 65 KiB", command: set(everybody(), `"`+strings.Repeat("d", 65<<10)+`"`, nil), allow: limit},
		commandRow{name: "data 100000 deep", command: set(nowhere(), strings.Repeat("[", 30_000)+strings.Repeat("]", 30_000), nil), allow: append(limit, nobody...)},
		commandRow{name: "data of a version that never was", command: set(nowhere(), "{}", new(uint64(1<<63))), allow: append(hostile.Outcomes("result FAILED_PRECONDITION"), nobody...)},
		commandRow{name: "idempotency key of 129 bytes", command: &hubv1.Command{IdempotencyKey: strings.Repeat("k", 129), Op: Emit(nowhere(), "x", "[]").Op}, allow: limit},
		commandRow{name: "idempotency key of 1 MiB", command: &hubv1.Command{IdempotencyKey: strings.Repeat("k", 1<<20), Op: Emit(nowhere(), "x", "[]").Op}, allow: limit},
		commandRow{name: "a delivery that never was", command: &hubv1.Command{DeliverySeq: 1 << 62, Op: Emit(everybody(), "x", "[]").Op}, allow: hostile.Outcomes("result ABORTED", "result NOT_FOUND", "result INVALID_ARGUMENT")})
}
