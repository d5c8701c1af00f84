package hub

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/siopacket"
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

// target checks a target and says it in the cluster's words.
func (c *checks) target(t Target) (cluster.Target, error) {
	if c.closed.Load() {
		return cluster.Target{}, ErrShutdown
	}
	switch {
	case isPattern(t.Namespace):
		return cluster.Target{}, wrong("target.namespace", "PATTERN", "%q is a pattern: only an emit to all takes one", clip(t.Namespace))
	case !strings.HasPrefix(t.Namespace, "/"):
		return cluster.Target{}, wrong("target.namespace", "BAD_NAMESPACE", "%q has no leading slash", clip(t.Namespace))
	}
	named := len(t.Sockets) + len(t.Rooms) + len(t.Users)
	if t.All && named > 0 {
		return cluster.Target{}, wrong("target.all", "AMBIGUOUS_TARGET", "the whole namespace excludes sockets, rooms and users")
	}
	if !t.All && named == 0 {
		return cluster.Target{}, wrong("target", "EMPTY_TARGET", "names nobody")
	}
	if err := reserved("target.rooms", t.Rooms); err != nil {
		return cluster.Target{}, err
	}
	if err := reserved("target.except_rooms", t.ExceptRooms); err != nil {
		return cluster.Target{}, err
	}
	return cluster.Target{
		All: t.All, Sockets: t.Sockets, Rooms: t.Rooms, Users: t.Users,
		ExceptSockets: t.ExceptSockets, ExceptRooms: t.ExceptRooms, ExceptUsers: t.ExceptUsers,
	}, nil
}

// reservedPrefix begins names that no room may have: they are what users are called between hubs.
const reservedPrefix = "\x01"

// reserved refuses rooms whose names are kept for the hub itself.
func reserved(field string, rooms []string) error {
	for i, room := range rooms {
		if strings.HasPrefix(room, reservedPrefix) {
			return wrong(fmt.Sprintf("%s[%d]", field, i), "RESERVED_ROOM", "%q starts with U+0001", clip(room))
		}
	}
	return nil
}

// isPattern reports whether a namespace stands for many.
func isPattern(namespace string) bool { return strings.HasSuffix(namespace, "*") }

// checkPattern returns what the namespaces of a pattern start with; they are longer than that.
func checkPattern(pattern string) (prefix string, err error) {
	prefix = strings.TrimSuffix(pattern, "*")
	if prefix != "" && (prefix[0] != '/' || prefix[len(prefix)-1] != '/') || strings.Contains(prefix, "*") {
		return "", wrong("target.namespace", "BAD_PATTERN", "%q is none of *, /* and /name/*", clip(pattern))
	}
	return prefix, nil
}

// maxDetailBytes bounds DisconnectOptions.Detail.
const maxDetailBytes = 256

func checkDetail(detail string) error {
	switch {
	case len(detail) > maxDetailBytes:
		return wrong("detail", "TOO_LONG", "has %d bytes, %d are allowed", len(detail), maxDetailBytes)
	case !utf8.ValidString(detail):
		return wrong("detail", "INVALID_UTF8", "is not UTF-8")
	}
	return nil
}

// message checks an emission.
func (c *checks) message(m Message) error {
	switch {
	case m.Event == "":
		return wrong("event", "EMPTY_EVENT", "has no name")
	case len(m.Event) > c.limits.Event.NameBytes:
		return c.tooMuch("event", "event_name_bytes", "has %d bytes, %d are allowed", len(m.Event), c.limits.Event.NameBytes)
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
	if size > c.limits.Event.Bytes {
		return c.tooMuch("payload", "event_bytes", "has %d bytes, %d are allowed", size, c.limits.Event.Bytes)
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

// maxUserBytes bounds a user id.
const maxUserBytes = 256

// acceptance checks what comes with an accepted attempt.
func (c *checks) acceptance(a Acceptance) error {
	switch {
	case len(a.User) > maxUserBytes:
		return wrong("user", "TOO_LONG", "has %d bytes, %d are allowed", len(a.User), maxUserBytes)
	case !utf8.ValidString(a.User):
		return wrong("user", "INVALID_UTF8", "is not UTF-8")
	}
	if err := c.rooms("rooms", a.Rooms); err != nil {
		return err
	}
	if err := a.Policy.check(); err != nil {
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
		switch most := c.limits.RoomBytes; {
		case room == "":
			return wrong(at(), "EMPTY_NAME", "is empty")
		case len(room) > most:
			return c.tooMuch(at(), "room_bytes", "has %d bytes, %d are allowed", len(room), most)
		case !utf8.ValidString(room):
			return wrong(at(), "INVALID_UTF8", "is not UTF-8")
		}
	}
	return reserved(field, rooms)
}

// clip shortens a text for an error.
func clip(text string) string {
	const most = 64
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
