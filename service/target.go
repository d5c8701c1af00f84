package service

import (
	"slices"
	"time"
)

// Target picks sockets of one namespace: the union of sockets, rooms and users,
// each socket once, less the exceptions. It is a value: each method returns a
// changed copy and leaves its receiver alone, so that a Target may be kept and
// shared. A Target that picks nothing is an error of the command, never
// everybody; a name that nobody has matches nobody, which is no error.
//
// ListRooms, CountUsers and ListUsers ask about its whole namespace, whoever it picks.
type Target struct {
	space

	sockets, rooms, users                   []string
	exceptSockets, exceptRooms, exceptUsers []string
	all                                     bool
	holder                                  string // hub of the first of sockets, where it is known

	volatile, noCompress bool
	timeout              time.Duration
	idempotencyKey       string
	expectedVersion      *uint64
}

// space is a namespace of a service's hub: what is asked about all of it.
type space struct {
	svc       *Service
	namespace string
}

// To adds the members of rooms.
func (t Target) To(rooms ...string) Target { t.rooms = with(t.rooms, rooms); return t }

// Sockets adds sockets by their ids.
func (t Target) Sockets(ids ...string) Target { t.sockets = with(t.sockets, ids); return t }

// Users adds all sockets of users.
func (t Target) Users(ids ...string) Target { t.users = with(t.users, ids); return t }

// All picks the whole namespace. It excludes To, Sockets and Users.
func (t Target) All() Target { t.all = true; return t }

// Except leaves the members of rooms out.
func (t Target) Except(rooms ...string) Target { t.exceptRooms = with(t.exceptRooms, rooms); return t }

// ExceptSockets leaves sockets out.
func (t Target) ExceptSockets(ids ...string) Target {
	t.exceptSockets = with(t.exceptSockets, ids)
	return t
}

// ExceptUsers leaves all sockets of users out.
func (t Target) ExceptUsers(ids ...string) Target {
	t.exceptUsers = with(t.exceptUsers, ids)
	return t
}

// Volatile lets an emit be dropped for a browser that cannot take it at this
// moment.
func (t Target) Volatile() Target { t.volatile = true; return t }

// NoCompress sends an emit without compression, even where it is on.
func (t Target) NoCompress() Target { t.noCompress = true; return t }

// Timeout is how long EmitWithAck and EmitEachAck wait for browsers: more than
// zero, at most 5 minutes. The default is the time left to the context's
// deadline, or Options.AckTimeout.
func (t Target) Timeout(d time.Duration) Target { t.timeout = d; return t }

// IdempotencyKey makes a command safe to repeat: within 5 minutes the hub answers
// a second one under this key with the result of the first, and does nothing. With several
// hubs the second one goes to the same hub, or fails with ErrOutcomeUnknown while that is
// away. A second
// one that is another command, but for its time-out, is refused (INVALID_ARGUMENT, IDEMPOTENCY_REUSED). At most
// 128 bytes.
func (t Target) IdempotencyKey(key string) Target { t.idempotencyKey = key; return t }

// ExpectVersion makes SetData leave sockets alone whose data has another version.
func (t Target) ExpectVersion(version uint64) Target { t.expectedVersion = &version; return t }

// heldBy is the hub that alone holds what the target picks, as far as this process knows.
// Empty where there is none, or only one hub.
func (t Target) heldBy() (hub string) {
	if t.svc == nil || !t.svc.line.several.Load() || t.all || len(t.rooms)+len(t.users) > 0 {
		return ""
	}
	for i, id := range t.sockets {
		at := t.holder
		if i > 0 || at == "" {
			at = t.svc.hubs.holder(id)
		}
		if at == "" || i > 0 && at != hub {
			return ""
		}
		hub = at
	}
	return hub
}

// with is append that never writes into memory that another Target may share.
func with(have, more []string) []string { return append(slices.Clip(have), more...) }
