package adminui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/siohub/siohub/hub"
)

// tellConnected tells of a socket that has come.
func (u *UI) tellConnected(s *hub.Socket) {
	if u.queue.admits(ofChange, "socket_connected", 1) == 1 {
		u.queue.put(item{event: "socket_connected", args: arguments(shownOf(s), now())})
	}
}

// tellUpgraded tells of a socket's new transport.
func (u *UI) tellUpgraded(s *hub.Socket) {
	if u.queue.admits(ofChange, "socket_updated", 1) == 1 {
		u.queue.put(item{event: "socket_updated", args: arguments(struct {
			ID        string `json:"id"`
			NSP       string `json:"nsp"`
			Transport string `json:"transport"`
		}{s.ID(), s.Namespace(), s.Transport()})})
	}
}

// tellDisconnected tells of a socket that has gone, and then of each room that it has left, as the page wants it: it does not
// take it out of them otherwise.
func (u *UI) tellDisconnected(s *hub.Socket, d hub.Disconnect) {
	rooms := append([]string{s.ID()}, d.Rooms...)
	n := u.queue.admits(ofChange, "socket_disconnected", 1+len(rooms))
	if n == 0 {
		return
	}
	u.queue.put(item{event: "socket_disconnected", args: arguments(s.Namespace(), s.ID(), string(d.Reason), now())})
	for _, room := range rooms[:n-1] {
		u.queue.put(item{event: "room_left", args: arguments(s.Namespace(), room, s.ID(), now())})
	}
}

// tellRooms tells of rooms that a socket has joined and left.
func (u *UI) tellRooms(s *hub.Socket, change hub.RoomsChange) {
	for _, of := range []struct {
		event string
		rooms []string
	}{{"room_joined", change.Joined}, {"room_left", change.Left}} {
		n := u.queue.admits(ofChange, of.event, len(of.rooms))
		for _, room := range of.rooms[:n] {
			u.queue.put(item{event: of.event, args: arguments(s.Namespace(), room, s.ID(), now())})
		}
	}
}

// tellReceived tells what a browser has emitted.
func (u *UI) tellReceived(e *hub.Event) {
	if u.queue.admits(ofEvent, "event_received", 1) == 1 {
		args, attachments := content(e.Name, e.Args, e.Attachments)
		u.queue.put(item{event: "event_received", args: arguments(e.Socket.Namespace(), e.Socket.ID(), args, now()), attachments: attachments})
	}
}

const (
	// maxReceivers is of how many receivers of one emission is told.
	maxReceivers = 10
	// maxNames is how many rooms, users and sockets a target may name of which is told.
	maxNames = 100
	// searchShare is the share of one core that may be spent on finding them: a tenth.
	searchShare = 10
)

// emitted is hub.Onlooker.Emitted: it tells what was sent, of some of those to whom.
func (u *UI) emitted(t hub.Target, m hub.Message) {
	if u.mine(t.Namespace) {
		u.hear(m)
		return
	}
	if u.queue.admits(ofEvent, "event_sent", 1) == 0 {
		return
	}
	args, attachments := content(m.Event, m.Args, m.Attachments)
	at := now()
	u.putLater(t, ofEvent, "event_sent", func(s *hub.Socket) item {
		return item{event: "event_sent", args: arguments(s.Namespace(), s.ID(), args, at), attachments: attachments}
	})
}

// dataSet is hub.Onlooker.DataSet.
func (u *UI) dataSet(t hub.Target) {
	if u.mine(t.Namespace) || u.queue.admits(ofChange, "socket_updated", 1) == 0 {
		return
	}
	u.putLater(t, ofChange, "socket_updated", func(s *hub.Socket) item {
		data, _ := s.Data()
		return item{event: "socket_updated", args: arguments(struct {
			ID   string          `json:"id"`
			NSP  string          `json:"nsp"`
			Data json.RawMessage `json:"data"`
		}{s.ID(), s.Namespace(), dataShown(data)})}
	})
}

// putLater has Run find the sockets of a target, and tell of each of them. One was admitted already.
func (u *UI) putLater(t hub.Target, k kind, event string, describe func(*hub.Socket) item) {
	if names := len(t.Sockets) + len(t.Rooms) + len(t.Users) + len(t.ExceptSockets) + len(t.ExceptRooms) + len(t.ExceptUsers); names > maxNames {
		u.queue.lose(k, event)
		return
	}
	t = hub.Target{
		Namespace: t.Namespace, All: t.All, Sockets: slices.Clone(t.Sockets), Rooms: slices.Clone(t.Rooms), Users: slices.Clone(t.Users),
		ExceptSockets: slices.Clone(t.ExceptSockets), ExceptRooms: slices.Clone(t.ExceptRooms), ExceptUsers: slices.Clone(t.ExceptUsers),
	}
	u.queue.put(item{later: func() []item { return u.found(t, k, event, describe) }})
}

// found is what is told of the sockets of a target. It is called by Run: a target may be everybody, and finding them is bounded by time.
func (u *UI) found(t hub.Target, k kind, event string, describe func(*hub.Socket) item) (items []item) {
	begun := time.Now()
	if begun.Before(u.searchAgain) {
		u.queue.lose(k, event)
		return nil
	}
	sockets, err := u.hub.FetchSockets(t)
	if took := time.Since(begun); took > time.Millisecond {
		u.searchAgain = begun.Add(searchShare * took)
	}
	if err != nil || len(sockets) == 0 {
		return nil
	}
	most := len(sockets)
	if k == ofEvent {
		most = min(most, maxReceivers)
		u.options.Trace.Dropped(event, len(sockets)-most)
	}
	granted := 1 + u.queue.admits(k, event, most-1)
	for _, s := range sockets[:granted] {
		items = append(items, describe(s))
	}
	return items
}

// content is an event as the page has it: an array of its name and its arguments. Its bytes are its own. One that is large is not
// shown.
func content(name string, args []byte, attachments [][]byte) (json.RawMessage, [][]byte) {
	size := len(name) + len(args)
	for _, a := range attachments {
		size += len(a)
	}
	if size > maxShown {
		return encode([]string{shorter(name), fmt.Sprintf("(%d bytes, not shown)", size)}), nil
	}
	args = bytes.TrimSpace(args)
	inner := []byte{}
	if len(args) >= 2 {
		inner = bytes.TrimSpace(args[1 : len(args)-1])
	}
	out := append([]byte{'['}, encode(name)...)
	if len(inner) > 0 {
		out = append(append(out, ','), inner...)
	}
	return append(out, ']'), attachments
}

// shorter is a text as far as it is shown.
func shorter(s string) string {
	const most = 256
	if len(s) <= most {
		return s
	}
	return string(bytes.ToValidUTF8([]byte(s[:most]), nil)) + "…"
}

// arguments is a JSON array.
func arguments(args ...any) []byte { return encode(args) }

// encode is JSON. Text of browsers in it is left as it is, also where HTML means something by it.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("null") // raw JSON that is none: what the hub keeps has been checked
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// now is a time as the page has it.
func now() string { return timeShown(time.Now()) }

// timeShown is a time as JavaScript writes it in JSON.
func timeShown(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
