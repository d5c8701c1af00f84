package hub_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/hub"
)

// outcome is an error in one word: the reason of an argument, or the limit.
func outcome(err error) string {
	var argument *hub.ArgumentError
	var limit *hub.LimitError
	switch {
	case errors.As(err, &argument):
		return argument.Field + " " + argument.Reason
	case errors.As(err, &limit):
		return limit.Field + " " + limit.Limit
	case err != nil:
		return err.Error()
	}
	return ""
}

func TestEmit_RefusesWhatNoBrowserMaySee(t *testing.T) {
	p := open(t, hub.Config{})
	b, _ := p.join()
	to := func(change func(*hub.Target)) hub.Target {
		target := hub.Target{Namespace: "/"}
		change(&target)
		return target
	}
	for _, row := range []struct {
		target  hub.Target
		message hub.Message
		want    string
	}{
		{hub.Target{}, hub.Message{Event: "x"}, "target.namespace BAD_NAMESPACE"},
		{hub.Target{Namespace: "chat", All: true}, hub.Message{Event: "x"}, "target.namespace BAD_NAMESPACE"},
		{to(func(*hub.Target) {}), hub.Message{Event: "x"}, "target EMPTY_TARGET"},
		{to(func(t *hub.Target) { t.ExceptRooms = []string{"a"} }), hub.Message{Event: "x"}, "target EMPTY_TARGET"},
		{to(func(t *hub.Target) { t.All, t.Rooms = true, []string{"a"} }), hub.Message{Event: "x"}, "target.all AMBIGUOUS_TARGET"},
		{all, hub.Message{}, "event EMPTY_EVENT"},
		{all, hub.Message{Event: "connect"}, "event RESERVED_EVENT"},
		{all, hub.Message{Event: "a\xff"}, "event INVALID_UTF8"},
		{all, hub.Message{Event: strings.Repeat("x", 129)}, "event limits.event_name_bytes"},
		{all, hub.Message{Event: "x", Args: []byte(`{}`)}, "payload.args BAD_ARGS"},
		{all, hub.Message{Event: "x", Args: []byte(`[1] [2]`)}, "payload.args BAD_ARGS"},
		{all, hub.Message{Event: "x", Args: []byte("[\"\xff\"]")}, "payload.args INVALID_UTF8"},
		{all, hub.Message{Event: "x", Args: []byte(strings.Repeat("[", 600))}, "payload.args limits.depth"},
		{all, hub.Message{Event: "x", Args: []byte("[0" + strings.Repeat(",0", 4096) + "]")}, "payload.args limits.arguments"},
		{all, hub.Message{Event: "x", Attachments: make([][]byte, 1)}, "payload.attachments BAD_PLACEHOLDERS"},
		{all, hub.Message{Event: "x", Args: []byte(`[{"_placeholder":true,"num":1}]`), Attachments: make([][]byte, 1)}, "payload.attachments BAD_PLACEHOLDERS"},
		{all, hub.Message{Event: "x", Attachments: make([][]byte, 11)}, "payload.args limits.attachments"},
		{all, hub.Message{Event: "x", Attachments: [][]byte{make([]byte, 4<<20)}}, "payload limits.event_bytes"},
		{all, hub.Message{Event: "x", Args: []byte(`[{"_placeholder":true,"num":1}]`)}, ""}, // data, without attachments
		{all, hub.Message{Event: strings.Repeat("x", 128), Args: []byte(" [ ] ")}, ""},
		{hub.Target{Namespace: "/nowhere", All: true}, hub.Message{Event: "x"}, ""},
	} {
		_, err := p.hub.Emit(nil, row.target, row.message, hub.EmitOptions{})
		if got := outcome(err); got != row.want {
			t.Errorf("%+.60v %.60s: got %q, want %q", row.target, row.message.Event, got, row.want)
		}
	}
	b.Expect(`42["x",{"_placeholder":true,"num":1}]`)
	if _, err := p.hub.EmitWithAck(nil, all, hub.Message{Event: "x"}, hub.EmitOptions{}, hub.AckOptions{}); outcome(err) != "ack.timeout BAD_TIMEOUT" {
		t.Error(err)
	}
}

func TestUpdateRooms_RefusesReservedAndLongNames(t *testing.T) {
	counted := map[string]int{}
	p := open(t, hub.Config{Limits: hub.Limits{RoomsPerSocket: 3}, Trace: &hub.Trace{LimitReached: func(limit string) { counted[limit]++ }}})
	p.join()
	for _, row := range []struct {
		join, leave []string
		want        string
	}{
		{[]string{"a", "\x01user:ann"}, nil, "join[1] RESERVED_ROOM"},
		{nil, []string{"\x01user:ann"}, "leave[0] RESERVED_ROOM"},
		{[]string{""}, nil, "join[0] EMPTY_NAME"},
		{[]string{"a\xff"}, nil, "join[0] INVALID_UTF8"},
		{[]string{strings.Repeat("r", 257)}, nil, "join[0] limits.room_bytes"},
		{[]string{strings.Repeat("r", 1<<20)}, nil, "join[0] limits.room_bytes"},
		{make([]string, 4), nil, "join limits.rooms_per_socket"},
		{[]string{"a", "b"}, nil, ""},
		{[]string{"c", "d"}, nil, "join limits.rooms_per_socket"},
	} {
		_, err := p.hub.UpdateRooms(all, row.join, row.leave)
		if got := outcome(err); got != row.want {
			t.Errorf("%.80q: got %q, want %q", row, got, row.want)
		}
	}
	if counted["limits.room_bytes"] != 2 || counted["limits.rooms_per_socket"] != 2 {
		t.Errorf("counted %v", counted)
	}
}

func TestAccept_RefusedContentLeavesTheAttemptOpen(t *testing.T) {
	p := open(t, hub.Config{})
	p.connect = func(a *hub.ConnectAttempt) {
		for _, row := range []struct {
			acceptance hub.Acceptance
			want       string
		}{
			{hub.Acceptance{User: strings.Repeat("u", 257)}, "user TOO_LONG"},
			{hub.Acceptance{User: "\xff"}, "user INVALID_UTF8"},
			{hub.Acceptance{Rooms: []string{"\x01"}}, "rooms[0] RESERVED_ROOM"},
			{hub.Acceptance{Data: []byte(`{`)}, "data BAD_JSON"},
			{hub.Acceptance{Data: make([]byte, 65<<10)}, "data limits.data_bytes"},
		} {
			if got := outcome(a.Accept(row.acceptance)); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		}
		for message, data := range map[string]string{"\xff": "", "x": "{", strings.Repeat("x", 65<<10): ""} {
			if err := a.Deny(message, []byte(data)); err == nil {
				t.Errorf("denied with %.20q %s", message, data)
			}
		}
		if err := a.Accept(hub.Acceptance{User: strings.Repeat("u", 256)}); err != nil {
			t.Error(err)
		}
		if err := a.Undecided(); !errors.Is(err, hub.ErrAnswered) {
			t.Error(err)
		}
	}
	p.join()
}

func TestSetData_RefusesWhatIsNoJSON(t *testing.T) {
	p := open(t, hub.Config{})
	p.join()
	for data, want := range map[string]string{
		`{`: "data BAD_JSON", "\"\xff\"": "data INVALID_UTF8", strings.Repeat(" ", 65<<10): "data limits.data_bytes", "": "", "null": "",
	} {
		if _, err := p.hub.SetData(all, hub.DataChange{Data: []byte(data)}); outcome(err) != want {
			t.Errorf("%.20q: %v", data, err)
		}
	}
}

func TestEmitWithAck_BrowserThatOwesTooMany(t *testing.T) {
	p := open(t, hub.Config{Limits: hub.Limits{PendingAcksPerSocket: 1}})
	p.join()
	for _, want := range []string{"", "target limits.pending_acks_per_socket"} {
		_, err := p.hub.EmitWithAck(nil, all, hub.Message{Event: "q"}, hub.EmitOptions{}, hub.AckOptions{Timeout: time.Minute})
		if got := outcome(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
