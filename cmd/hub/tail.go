package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/siohub/siohub/cmd/hub/internal/client"
	"github.com/siohub/siohub/cmd/hub/internal/tail"
	"github.com/siohub/siohub/cmd/hub/internal/terminal"
	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// tailCmd watches a hub.
type tailCmd struct {
	Namespace string   `short:"n" default:"*" help:"Namespace, or a pattern: /org/* for all below it, * for every one. Default ${default}."`
	User      []string `help:"What concerns this user. May be repeated." placeholder:"ID" sep:"none"`
	Room      []string `help:"What concerns sockets in this room, or a prefix and *. May be repeated." placeholder:"NAME" sep:"none"`
	Socket    []string `help:"What concerns this socket. May be repeated." placeholder:"ID" sep:"none"`
	Event     []string `help:"Events of this name, or a prefix and *. May be repeated." placeholder:"NAME" sep:"none"`
	Kinds     []string `help:"Some of connected, event, disconnected, decisions, emits, failed_connects, drops. Default all." placeholder:"KIND,..."`
	Payloads  bool     `help:"Show the arguments of events and emits, and their sizes."`
	Sample    uint32   `help:"One in N events and emits." placeholder:"N"`
	Output    string   `short:"o" default:"text" enum:"text,json" placeholder:"FORM" help:"text, or json: one object a line. Default ${default}."`
	Group     string   `default:"hub-tail" help:"Name under which the hub knows the observer. Default ${default}."`
	hubFlags
}

// Help is shown by `hub tail --help`.
func (tailCmd) Help() string {
	return `Shows a line for each connect, decision, event, emit, drop and disconnect, as it happens, until Ctrl-C:

  TIME  KIND  NAMESPACE  SOCKET  USER  WHAT

It is an observer on the ordinary stream: nothing waits for it, and what it is too slow for is left out and counted ("12 left out before"). Several that watch one hub at the same time share the sockets among them, unless each has a --group of its own. Where identities are configured it needs the role observer, the verbs attach and observe, the group (hub-tail, or that of --group), and the namespaces, events, rooms and users that it watches. For example:

  hub tail --user ann
  hub tail -n /chat --kinds event,emits --payloads -o json`
}

// Run implements `hub tail`.
func (c *tailCmd) Run(a *app) error {
	subscription, err := c.subscription()
	if err != nil {
		return &usageError{err: err}
	}
	conn, err := c.dial(a)
	if err != nil {
		return err
	}
	defer conn.Close()
	watch := tail.Watch{Group: c.Group, Version: "hub tail " + hubVersion(), Subscription: subscription, Timeout: c.Timeout}
	ready := func() { _, _ = fmt.Fprintf(a.stderr, "watching %s at %s; Ctrl-C ends it\n", c.Namespace, c.Hub) }
	enc := json.NewEncoder(terminal.JSON(a.stdout))
	enc.SetEscapeHTML(false)
	var unwritten error
	err = tail.Run(a.ctx, conn.Attach(), watch, ready, func(o *hubv1.Observation) error {
		if c.Output == "json" {
			unwritten = enc.Encode(tail.RowOf(o))
		} else {
			_, unwritten = fmt.Fprintln(a.stdout, tail.RowOf(o).Text())
		}
		return unwritten
	})
	if unwritten != nil {
		return unwritten
	}
	return explainTail(conn, err)
}

func (c *tailCmd) subscription() (*hubv1.Subscription, error) {
	s := &hubv1.Subscription{
		Role: hubv1.Role_ROLE_OBSERVER, Id: 1, Namespace: c.Namespace, Events: c.Event, Rooms: c.Room, Users: c.User,
		Sockets: c.Socket, Payloads: c.Payloads, Sample: c.Sample, Handshake: hubv1.HandshakeDetail_HANDSHAKE_DETAIL_REDACTED,
	}
	words := c.Kinds
	if len(words) == 0 {
		words = tail.Kinds()
	}
	for _, w := range words {
		kind, ok := tail.KindOf(w)
		if !ok {
			return nil, fmt.Errorf("--kinds = %q: want some of %s", w, strings.Join(tail.Kinds(), ", "))
		}
		if !slices.Contains(s.Kinds, kind) {
			s.Kinds = append(s.Kinds, kind)
		}
	}
	return s, nil
}

// explainTail says why a stream ended.
func explainTail(conn *client.Client, err error) error {
	var refused *tail.RefusedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return conn.Refused(refused.Status, "observe")
	case errors.Is(err, tail.ErrEnded):
		return errors.New("the hub ended the stream; start `hub tail` again once it is back")
	}
	return conn.Explain(err, "observe")
}
