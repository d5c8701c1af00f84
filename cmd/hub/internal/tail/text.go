package tail

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/siohub/siohub/cmd/hub/internal/terminal"
)

// shownNames is how many receivers of an emit a line names.
const shownNames = 4

// Text is the row as a line for people, without its end: time, kind, namespace, socket,
// user, and what happened.
func (r *Row) Text() string {
	if r.Kind == "gap" {
		return fmt.Sprintf("%s  %-15s %s", r.clock(), r.Kind, r.leftOut())
	}
	dash := func(s string) string { return terminal.Clean(cmp.Or(s, "-")) }
	line := fmt.Sprintf("%s  %-15s %s  %-20s  %s  %s",
		r.clock(), r.Kind, dash(r.Namespace), dash(r.Socket), dash(r.User), terminal.Clean(strings.Join(r.facts(), ", ")))
	if r.Gap > 0 {
		line += "  (" + r.leftOut() + ")"
	}
	return strings.TrimRight(line, " ")
}

func (r *Row) clock() string {
	if r.Time.IsZero() {
		return "--:--:--.---"
	}
	return r.Time.Local().Format("15:04:05.000")
}

func (r *Row) leftOut() string { return fmt.Sprintf("%d left out before", r.Gap) }

// facts are what happened, in words.
func (r *Row) facts() []string {
	var f []string
	add := func(is bool, format string, args ...any) {
		if is {
			f = append(f, fmt.Sprintf(format, args...))
		}
	}
	switch r.Kind {
	case "decisions":
		add(true, "%s", r.Outcome)
		add(r.By != "", "by %s", strings.TrimSpace(r.By+" "+r.Group))
	case "drops":
		add(true, "%s %s", r.By, r.Reason)
		add(r.Event != "", "event %s", r.Event)
		add(r.Group != "", "for %s", r.Group)
	default:
		add(r.Event != "", "%s", r.Event)
		add(r.Reason != "", "%s", r.Reason)
		add(r.Group != "", "by %s", r.Group)
	}
	add(r.Detail != "", "%s", r.Detail)
	add(r.Transport != "", "%s", r.Transport)
	add(r.Code != nil && *r.Code >= 0, "code %d", value(r.Code))
	add(r.Address != "", "from %s", r.Address)
	add(r.Origin != "", "origin %s", r.Origin)
	add(r.WantsAck, "wants ack")
	if r.Emit != nil {
		f = append(f, r.Emit.facts()...)
	}
	if p := r.Payload; p != nil {
		add(true, "%d bytes", p.Bytes)
		add(len(p.AttachmentBytes) > 0, "%d attachments", len(p.AttachmentBytes))
		add(true, "%s", p.Args)
	}
	return f
}

func (e *Emit) facts() []string {
	var f []string
	if e.All {
		f = append(f, "to all")
	}
	for _, to := range []struct {
		noun  string
		names []string
	}{{"socket", e.Sockets}, {"room", e.Rooms}, {"user", e.Users}} {
		if len(to.names) > 0 {
			f = append(f, fmt.Sprintf("to %s %s", to.noun, terminal.Names(to.names, shownNames)))
		}
	}
	return append(f, fmt.Sprintf("matched %d, queued %d, dropped %d", e.Matched, e.Queued, e.Dropped))
}

func value(n *int32) int32 {
	if n == nil {
		return 0
	}
	return *n
}
