package adminui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub"
)

// teller tells pages what happens, as it happens. Its methods are safe for concurrent use, but for those that Run calls: look, deliver, found
// and end.
type teller struct {
	*site
	pages *pages
	queue *queue
	// learn takes what other servers tell the pages here.
	learn func(hub.Message)

	// tells says that somebody looks and is to be told of each socket.
	tells atomic.Bool

	// searchAgain is when sockets of a target may be looked for again. Owned by Run.
	searchAgain time.Time
}

// look begins and ends telling what happens. The flag is written to only when it changes: all cores read it.
func (t *teller) look(now time.Time) {
	tells := t.options.Development && t.pages.looked(now)
	if t.tells.Load() == tells {
		return
	}
	t.tells.Store(tells)
	if tells {
		t.hub.SetOnlooker(&hub.Onlooker{Emitted: t.emitted, DataSet: t.dataSet})
	} else {
		t.hub.SetOnlooker(nil)
	}
}

// end ends it.
func (t *teller) end() {
	t.hub.SetOnlooker(nil)
	t.tells.Store(false)
}

// deliver emits what has been put into the queue.
func (t *teller) deliver(now time.Time) {
	for items := t.queue.take(); len(items) > 0; items = t.queue.take() {
		batch := t.hub.NewBatch()
		for _, i := range items {
			some := []item{i}
			if i.later != nil {
				some = i.later()
			}
			for _, i := range some {
				t.pages.emitToAll(batch, now, hub.Message{Event: i.event, Args: i.args, Attachments: i.attachments})
			}
		}
		batch.Flush()
	}
}

// connected tells of a socket that has come.
func (t *teller) connected(s *hub.Socket) {
	if t.queue.admits(ofChange, "socket_connected", 1) == 1 {
		t.queue.put(item{event: "socket_connected", args: arguments(shownOf(s), now())})
	}
}

// upgraded tells of a socket's new transport.
func (t *teller) upgraded(s *hub.Socket) {
	if t.queue.admits(ofChange, "socket_updated", 1) == 1 {
		t.queue.put(item{event: "socket_updated", args: arguments(struct {
			ID        string `json:"id"`
			NSP       string `json:"nsp"`
			Transport string `json:"transport"`
		}{s.ID(), s.Namespace(), s.Transport()})})
	}
}

// disconnected tells of a socket that has gone, and then of each room that it has left, as the page wants it: it does not
// take it out of them otherwise.
func (t *teller) disconnected(s *hub.Socket, d hub.Disconnect) {
	rooms := append([]string{s.ID()}, d.Rooms...)
	n := t.queue.admits(ofChange, "socket_disconnected", 1+len(rooms))
	if n == 0 {
		return
	}
	t.queue.put(item{event: "socket_disconnected", args: arguments(s.Namespace(), s.ID(), string(d.Reason), now())})
	for _, room := range rooms[:n-1] {
		t.queue.put(item{event: "room_left", args: arguments(s.Namespace(), room, s.ID(), now())})
	}
}

// roomsChanged tells of rooms that a socket has joined and left.
func (t *teller) roomsChanged(s *hub.Socket, change hub.RoomsChange) {
	for _, of := range []struct {
		event string
		rooms []string
	}{{"room_joined", change.Joined}, {"room_left", change.Left}} {
		n := t.queue.admits(ofChange, of.event, len(of.rooms))
		for _, room := range of.rooms[:n] {
			t.queue.put(item{event: of.event, args: arguments(s.Namespace(), room, s.ID(), now())})
		}
	}
}

// received tells what a browser has emitted.
func (t *teller) received(e *hub.Event) {
	if t.queue.admits(ofEvent, "event_received", 1) == 1 {
		args, attachments := content(e.Name, e.Args, e.Attachments)
		t.queue.put(item{event: "event_received", args: arguments(e.Socket.Namespace(), e.Socket.ID(), args, now()), attachments: attachments})
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
func (t *teller) emitted(to hub.Target, m hub.Message) {
	if t.mine(to.Namespace) {
		t.learn(m)
		return
	}
	if t.queue.admits(ofEvent, "event_sent", 1) == 0 {
		return
	}
	args, attachments := content(m.Event, m.Args, m.Attachments)
	at := now()
	t.putLater(to, ofEvent, "event_sent", func(s *hub.Socket) item {
		return item{event: "event_sent", args: arguments(s.Namespace(), s.ID(), args, at), attachments: attachments}
	})
}

// dataSet is hub.Onlooker.DataSet.
func (t *teller) dataSet(to hub.Target) {
	if t.mine(to.Namespace) || t.queue.admits(ofChange, "socket_updated", 1) == 0 {
		return
	}
	t.putLater(to, ofChange, "socket_updated", func(s *hub.Socket) item {
		data, _ := s.Data()
		return item{event: "socket_updated", args: arguments(struct {
			ID   string          `json:"id"`
			NSP  string          `json:"nsp"`
			Data json.RawMessage `json:"data"`
		}{s.ID(), s.Namespace(), dataShown(data)})}
	})
}

// putLater has Run find the sockets of a target, and tell of each of them. One was admitted already.
func (t *teller) putLater(to hub.Target, k kind, event string, describe func(*hub.Socket) item) {
	if names := len(to.Sockets) + len(to.Rooms) + len(to.Users) + len(to.ExceptSockets) + len(to.ExceptRooms) + len(to.ExceptUsers); names > maxNames {
		t.queue.lose(k, event)
		return
	}
	to = hub.Target{
		Namespace: to.Namespace, All: to.All, Sockets: slices.Clone(to.Sockets), Rooms: slices.Clone(to.Rooms), Users: slices.Clone(to.Users),
		ExceptSockets: slices.Clone(to.ExceptSockets), ExceptRooms: slices.Clone(to.ExceptRooms), ExceptUsers: slices.Clone(to.ExceptUsers),
	}
	t.queue.put(item{later: func() []item { return t.found(to, k, event, describe) }})
}

// found is what is told of the sockets of a target. It is called by Run: a target may be everybody, and finding them is bounded by time.
func (t *teller) found(to hub.Target, k kind, event string, describe func(*hub.Socket) item) (items []item) {
	begun := time.Now()
	if begun.Before(t.searchAgain) {
		t.queue.lose(k, event)
		return nil
	}
	sockets, err := t.hub.FetchSockets(to)
	if took := time.Since(begun); took > time.Millisecond {
		t.searchAgain = begun.Add(searchShare * took)
	}
	if err != nil || len(sockets) == 0 {
		return nil
	}
	most := len(sockets)
	if k == ofEvent {
		most = min(most, maxReceivers)
		t.options.Trace.Dropped(event, len(sockets)-most)
	}
	granted := 1 + t.queue.admits(k, event, most-1)
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
