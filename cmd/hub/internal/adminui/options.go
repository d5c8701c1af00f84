package adminui

import (
	"log/slog"
	"time"
)

// Options say how a UI behaves.
type Options struct {
	// Namespace is where pages connect, such as /admin. Required.
	Namespace string
	// Username and Password are what a page has to show. Required.
	Username string
	Password *Password
	// Secrets are what logins are signed with at this moment, so that each hub with the same ones, and the same namespace, name and
	// password, knows them: the first is used, each is taken. Nil, or none: a login is known to this hub alone.
	Secrets func() [][]byte
	// ReadOnly lets pages look and do nothing.
	ReadOnly bool
	// Development tells of each socket and each event; without it there are counts alone.
	Development bool
	// ServerID names this hub on the page. Required.
	ServerID string
	// Hostname and PID are shown beside it. Started is when the process began.
	Hostname string
	PID      int
	Started  time.Time
	// Traffic counts since the start. Required.
	Traffic func() Traffic
	// Namespaces are those that there are before anybody is in them: they are asked for at other servers too.
	Namespaces []string
	// Logger is required.
	Logger *slog.Logger
	// Trace is told what happens.
	Trace Trace
}

// Traffic is what has passed since the start of the process.
type Traffic struct {
	// Opened counts sessions, Closed those that have ended by reason.
	Opened uint64
	Closed map[string]uint64
	// PacketsIn and so on count Engine.IO packets and their bytes.
	PacketsIn, PacketsOut, BytesIn, BytesOut uint64
}

// Trace is told what happens. All functions are required; they are called at the same time, must not block, and must not call the UI.
type Trace struct {
	// Login: somebody wanted to come in: `accepted`, `session` (with the id of an earlier login), `refused`, or `limited`.
	Login func(result string)
	// Pages: so many pages are connected.
	Pages func(n int)
	// Dropped: the page is not told of so many, or what it said is not done: the name of the event.
	Dropped func(event string, n int)
	// Acted: a page has done something, by the name of its event, or tried to (`read_only`, `invalid`).
	Acted func(action, result string)
}

const (
	// statsPeriod is how often pages hear counts. They call a server unhealthy after 10 s without.
	statsPeriod = 2 * time.Second
	// maxPages is how many pages are let in.
	maxPages = 32
	// pageEvents is how many events a page may send in a second. It sends one for each button that is pressed.
	pageEvents = 20
)
