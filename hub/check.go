package hub

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/adapter"
	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// checks look at what comes from the application, before anything of it reaches a browser.
type checks struct {
	json   *siopacket.JSON
	limits Limits
	closed atomic.Bool // the hub is shutting down
	// limitReached counts what was refused because of a limit. May be nil.
	limitReached func(limit string)
}

func wrong(field, reason, format string, args ...any) error {
	return &ArgumentError{Field: field, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

func tooMuch(field, limit, format string, args ...any) error {
	return &LimitError{Field: field, Limit: "limits." + limit, Message: fmt.Sprintf(format, args...)}
}

// tooMuch is the error of that name, counted.
func (c *checks) tooMuch(field, limit, format string, args ...any) error {
	if c.limitReached != nil {
		c.limitReached("limits." + limit)
	}
	return tooMuch(field, limit, format, args...)
}

// target checks a target and says it in the adapter's words.
func (c *checks) target(t Target) (adapter.Target, error) {
	if c.closed.Load() {
		return adapter.Target{}, ErrShutdown
	}
	if !strings.HasPrefix(t.Namespace, "/") {
		return adapter.Target{}, wrong("target.namespace", "BAD_NAMESPACE", "%q has no leading slash", clip(t.Namespace))
	}
	named := len(t.Sockets) + len(t.Rooms) + len(t.Users)
	if t.All && named > 0 {
		return adapter.Target{}, wrong("target.all", "AMBIGUOUS_TARGET", "the whole namespace excludes sockets, rooms and users")
	}
	if !t.All && named == 0 {
		return adapter.Target{}, wrong("target", "EMPTY_TARGET", "names nobody")
	}
	return adapter.Target{
		All:    t.All,
		Rooms:  names(t.Sockets, t.Rooms, t.Users),
		Except: names(t.ExceptSockets, t.ExceptRooms, t.ExceptUsers),
	}, nil
}

// names is all of a target's names as rooms: without a copy when they are of one kind that is a room
// already.
func names(sockets, rooms, users []string) []string {
	switch {
	case len(users) == 0 && len(rooms) == 0:
		return sockets
	case len(users) == 0 && len(sockets) == 0:
		return rooms
	}
	all := make([]string, 0, len(sockets)+len(rooms)+len(users))
	all = append(append(all, sockets...), rooms...)
	for _, user := range users {
		all = append(all, socketio.UserRoom(user))
	}
	return all
}

// message checks an emission.
func (c *checks) message(m Message) error {
	switch {
	case m.Event == "":
		return wrong("event", "EMPTY_EVENT", "has no name")
	case len(m.Event) > c.limits.EventNameBytes:
		return c.tooMuch("event", "event_name_bytes", "has %d bytes, %d are allowed", len(m.Event), c.limits.EventNameBytes)
	case siopacket.Reserved(m.Event):
		return wrong("event", "RESERVED_EVENT", "%q means something to Socket.IO itself", m.Event)
	case !utf8.ValidString(m.Event):
		return wrong("event", "INVALID_UTF8", "is not UTF-8")
	}
	return c.payload(m.Args, m.Attachments)
}

// payload checks arguments and their attachments.
func (c *checks) payload(args []byte, attachments [][]byte) error {
	size := int64(len(args))
	for _, attachment := range attachments {
		size += int64(len(attachment))
	}
	if size > c.limits.EventBytes {
		return c.tooMuch("payload", "event_bytes", "has %d bytes, %d are allowed", size, c.limits.EventBytes)
	}
	if err := c.json.CheckArgs(args, len(attachments)); err != nil {
		return c.badJSON("payload.args", "BAD_ARGS", err)
	}
	if !utf8.Valid(args) {
		return wrong("payload.args", "INVALID_UTF8", "are not UTF-8")
	}
	return nil
}

// value checks that a text is JSON.
func (c *checks) value(field string, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if err := c.json.CheckValue(data); err != nil {
		return c.badJSON(field, "BAD_JSON", err)
	}
	if !utf8.Valid(data) {
		return wrong(field, "INVALID_UTF8", "is not UTF-8")
	}
	return nil
}

func (c *checks) data(data []byte) error {
	if len(data) > c.limits.DataBytes {
		return c.tooMuch("data", "data_bytes", "has %d bytes, %d are allowed", len(data), c.limits.DataBytes)
	}
	return c.value("data", data)
}

// badJSON translates what the packet scanner says.
func (c *checks) badJSON(field, reason string, err error) error {
	var e *siopacket.Error
	if !errors.As(err, &e) {
		return wrong(field, reason, "%v", err)
	}
	if e.Limit != "" {
		return c.tooMuch(field, e.Limit, "%s", e.Text())
	}
	if e == siopacket.ErrPlaceholder {
		return wrong("payload.attachments", "BAD_PLACEHOLDERS", "%s", e.Text())
	}
	return wrong(field, reason, "%s", e.Text())
}

// acceptance checks what comes with an accepted attempt.
func (c *checks) acceptance(a Acceptance) error {
	if a.User != "" {
		field := func() string { return "user" }
		if err := c.name(field, a.User, c.limits.RoomBytes-len(socketio.UserPrefix)); err != nil {
			return err
		}
	}
	if err := c.rooms("rooms", a.Rooms); err != nil {
		return err
	}
	return c.data(a.Data)
}

// rooms checks rooms that are to be joined or left.
func (c *checks) rooms(field string, rooms []string) error {
	if len(rooms) > c.limits.RoomsPerSocket {
		return c.tooMuch(field, "rooms_per_socket", "are %d rooms, %d are allowed", len(rooms), c.limits.RoomsPerSocket)
	}
	for i, room := range rooms {
		at := func() string { return fmt.Sprintf("%s[%d]", field, i) }
		if strings.HasPrefix(room, socketio.UserPrefix) {
			return wrong(at(), "RESERVED_ROOM", "%q is kept for a user", clip(room))
		}
		if err := c.name(at, room, c.limits.RoomBytes); err != nil {
			return err
		}
	}
	return nil
}

// name checks a room's name or a user id.
func (c *checks) name(field func() string, name string, most int) error {
	switch {
	case name == "":
		return wrong(field(), "EMPTY_NAME", "is empty")
	case len(name) > most:
		return c.tooMuch(field(), "room_bytes", "has %d bytes, %d are allowed", len(name), most)
	case !utf8.ValidString(name):
		return wrong(field(), "INVALID_UTF8", "is not UTF-8")
	}
	return nil
}

// clip shortens a text for an error.
func clip(text string) string {
	const most = 64
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
