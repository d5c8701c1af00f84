package adminui

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/siohub/siohub/hub"
)

// maxActions is how many things that pages want done wait.
const maxActions = 64

// action is something that a page wants done.
type action struct {
	name        string
	args        []byte
	attachments [][]byte
	address     string
}

// commands are what pages want done. They are carried out by Run.
type commands struct {
	*site
	waiting chan action
}

// said takes what a page says. It is done by Run: it may be about many sockets.
func (c *commands) said(e *hub.Event) {
	switch e.Name {
	case "join", "leave", "_disconnect", "emit":
	default:
		c.options.Trace.Acted("other", "invalid") // its name is whatever the page likes
		return
	}
	select {
	case c.waiting <- action{e.Name, e.Args, e.Attachments, e.Socket.Handshake().RemoteAddress()}:
	default:
		c.options.Trace.Dropped(e.Name, 1)
	}
}

// act does what a page wants done.
func (c *commands) act(a action) {
	if c.options.ReadOnly {
		c.options.Trace.Acted(a.name, "read_only")
		c.refused.Warn("a page of the admin UI may do nothing", "action", a.name, "address", a.address, "option", "admin_ui.read_only")
		return
	}
	var args []json.RawMessage
	if json.Unmarshal(a.args, &args) != nil {
		args = nil
	}
	done, about := c.carryOut(a, arguable(args))
	if done == nil {
		c.options.Trace.Acted(a.name, "invalid")
		return
	}
	outcome, err := done()
	if err != nil {
		c.options.Trace.Acted(a.name, "invalid")
		c.options.Logger.Warn("what a page of the admin UI wants cannot be done", append(about, "address", a.address, "error", err)...)
		return
	}
	c.options.Trace.Acted(a.name, "done")
	c.options.Logger.Info("a page of the admin UI has acted", append(about, "address", a.address, "sockets", outcome.Matched)...)
}

// carryOut says how an action is done, and what the log has of it. Nil: its arguments are none of its.
//
// Source: @socket.io/admin-ui 0.5, registerFeatureHandlers.
func (c *commands) carryOut(a action, args arguable) (done func() (hub.Outcome, error), about []any) {
	namespace := args.text(0)
	if namespace == "" || strings.HasSuffix(namespace, "*") {
		return nil, nil
	}
	room, filter := args.text(1), args.text(2)
	switch a.name {
	case "join":
		t := targetOf(namespace, filter)
		done = func() (hub.Outcome, error) { return c.hub.UpdateRooms(t, []string{room}, nil) }
	case "leave":
		if filter == "" {
			filter = room // whoever else there is cannot leave it
		}
		t := targetOf(namespace, filter)
		done = func() (hub.Outcome, error) { return c.hub.UpdateRooms(t, nil, []string{room}) }
	case "_disconnect":
		t := targetOf(namespace, filter)
		o := hub.DisconnectOptions{CloseTransport: args.truth(1), Detail: "admin UI"}
		return func() (hub.Outcome, error) { return c.hub.Disconnect(nil, t, o) }, []any{"action", a.name, "namespace", namespace, "filter", filter}
	case "emit":
		return c.carryOutEmit(a, args, namespace)
	}
	if room == "" {
		return nil, nil
	}
	return done, []any{"action", a.name, "namespace", namespace, "room", room, "filter", filter}
}

// carryOutEmit is carryOut of `emit`: namespace, filter, name and arguments.
func (c *commands) carryOutEmit(a action, args arguable, namespace string) (done func() (hub.Outcome, error), about []any) {
	if len(args) < 3 {
		return nil, nil
	}
	m := hub.Message{Event: args.text(2), Args: append(append([]byte{'['}, bytes.Join(args.bytes(3), []byte(","))...), ']'), Attachments: a.attachments}
	t := targetOf(namespace, args.text(1))
	return func() (hub.Outcome, error) { return c.hub.Emit(nil, t, m, hub.EmitOptions{}) },
		[]any{"action", a.name, "namespace", namespace, "filter", args.text(1), "event", m.Event}
}

// targetOf is whom a page means: all, or those in a room, which may be a socket's own.
func targetOf(namespace, filter string) hub.Target {
	if filter == "" {
		return hub.Target{Namespace: namespace, All: true}
	}
	return hub.Target{Namespace: namespace, Rooms: []string{filter}}
}

// arguable are arguments of a page.
type arguable []json.RawMessage

// text is one that is a text; of any other it is empty.
func (a arguable) text(i int) (s string) {
	if i < len(a) && json.Unmarshal(a[i], &s) != nil {
		return ""
	}
	return s
}

// truth is one that is true.
func (a arguable) truth(i int) bool { return i < len(a) && string(a[i]) == "true" }

// bytes are those from the one on.
func (a arguable) bytes(from int) (all [][]byte) {
	for _, one := range a[min(from, len(a)):] {
		all = append(all, one)
	}
	return all
}
